"""Mail that does not come from Gmail's API: by Bcc, by forwarding, from files. It takes the same path as the others."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import Clock
from server.db import Database
from server.errors import Conflict
from server.mail import chosen, forwarded, same_mail, store
from server.mail.decide import Decision, LinkTo, Outcome, decide
from server.mail.holders import Holder
from server.mail.incoming import Incoming, parties_of
from server.mail.models import MailKey, MailMessage, MailState, Route
from server.mail.rules import Rules, hold_rules, load_rules
from server.mail.same_mail import Rival
from server.messages.model import Mail
from server.messages.read import Unreadable, read_mail

_BY_SMTP = (Route.BCC, Route.FORWARD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """How some bytes came to us, and for whom. `received_at` stands in for a date that the mail does not have.

    `source` is a digest of the bytes: what came before is known by it. `labels` are Gmail label ids.
    """

    holder: Holder
    route: Route
    source: str
    level: str
    received_at: datetime
    labels: frozenset[str] = frozenset()
    gmail_thread_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingested:
    """What became of one mail. `reason` as in Decision. `is_new` is False for a mail that was known before."""

    outcome: Outcome
    reason: str
    message_id: uuid.UUID | None
    links: tuple[LinkTo, ...]
    is_new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """What would become of a mail, and the mail that it is a copy of, if that is known. Nothing is stored."""

    incoming: Incoming
    decision: Decision
    known: MailMessage | None


def source_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def ingest(session: Session, rules: Rules, raw: bytes, arrival: Arrival, *, now: datetime) -> list[Ingested]:
    """Read, decide and store, in the caller's transaction; a forward may hold several. What is excluded is not stored.

    Raises Unreadable, and Rival or IntegrityError when another worker stored the same mail at this moment: then all
    of it must be done again in a new transaction (see Intake).
    """
    return [keep(session, rules, incoming, now=now) for incoming in mails_in(raw, read_mail(raw), arrival)]


def mails_in(raw: bytes, mail: Mail, arrival: Arrival) -> list[Incoming]:
    """The mail itself, or those inside it if a person forwarded them to us. Raises Unreadable for a forward of none."""
    sender = mail.envelope.sender
    if arrival.route is not Route.FORWARD or sender is None or not arrival.holder.owns(sender.email):
        return [_incoming(mail, arrival, arrival.source, arrival.received_at)]
    inside = forwarded.mails_inside(raw, mail)
    if not inside:
        raise Unreadable(
            "There is no forwarded mail in it that could be read.",
            cure="Forward the mail as an attachment, or put this address into Bcc when you write one.",
        )
    return [
        # When it came to us says nothing of when it was written.
        _incoming(one, arrival, f"{arrival.source}:{number}", one.envelope.sent_at or arrival.received_at)
        for number, one in enumerate(inside)
    ]


def _incoming(mail: Mail, arrival: Arrival, source: str, received_at: datetime) -> Incoming:
    envelope = mail.envelope
    is_own = envelope.sender is not None and arrival.holder.owns(envelope.sender.email)
    return Incoming(
        envelope=envelope,
        user_id=arrival.holder.user_id,
        mailbox_id=arrival.holder.mailbox_id,
        level=arrival.level,
        route=arrival.route,
        source=source,
        gmail_message_id=None,
        gmail_thread_id=arrival.gmail_thread_id,
        labels=arrival.labels | {"SENT"} if is_own else arrival.labels,
        received_at=received_at,
        mail=mail,
    )


def keep(session: Session, rules: Rules, incoming: Incoming, *, now: datetime) -> Ingested:
    """Decide and store, all or nothing. Raises Rival and IntegrityError as `ingest` does."""
    # A choice of a minute ago holds for what is stored now.
    rules = rules if hold_rules(session) == rules.version else load_rules(session)
    before = _by_copy(session, rules, incoming)
    if before is not None:
        return _as_it_stands(before, links=(), is_new=False)
    foreseen = _foreseen(session, rules, incoming)
    decision = foreseen.decision
    if decision.outcome is Outcome.EXCLUDED:
        chosen.leave_out(session, foreseen.incoming, decision, salt=rules.salt, now=now)
        return Ingested(
            outcome=Outcome.EXCLUDED, reason=decision.reason, message_id=None, links=(), is_new=foreseen.known is None
        )
    message = store.take_in(session, foreseen.incoming, decision, salt=rules.salt, now=now)
    # Of two who bring the same bytes at once one waits here, and then finds what the other one stored.
    if same_mail.claim_keys(session, message.id, [_copy_key(rules, incoming)]):
        raise Rival
    return _as_it_stands(message, links=decision.links, is_new=foreseen.known is None)


def foresee(session: Session, rules: Rules, incoming: Incoming) -> Foreseen:
    """What `keep` would do; reads only."""
    before = _by_copy(session, rules, incoming)
    foreseen = _foreseen(session, rules, incoming)
    return foreseen if before is None else replace(foreseen, known=before)


def _foreseen(session: Session, rules: Rules, incoming: Incoming) -> Foreseen:
    if incoming.route is Route.FORWARD:
        incoming = forwarded.as_the_original(session, incoming)
    known = _known(session, rules, incoming)
    if known is not None and incoming.route in _BY_SMTP and not forwarded.says_all_of(session, incoming, known):
        # Whoever holds a mail sees all of it, and an id and a date can be guessed. This one is a mail of its own.
        incoming = replace(incoming, envelope=replace(incoming.envelope, rfc_message_id=None))
        known = _known(session, rules, incoming)
    decision = decide(session, incoming, rules, message_id=known.id if known else None)
    return Foreseen(incoming=incoming, decision=decision, known=known)


def _known(session: Session, rules: Rules, incoming: Incoming) -> MailMessage | None:
    keys = same_mail.keys_of(incoming, parties_of(incoming, rules), rules.salt)
    return same_mail.find(session, incoming, keys)


def _by_copy(session: Session, rules: Rules, incoming: Incoming) -> MailMessage | None:
    """The mail that these same bytes brought before, whatever is missing in them."""
    return session.scalars(
        select(MailMessage)
        .join(MailKey, MailKey.mail_message_id == MailMessage.id)
        .where(MailKey.key == _copy_key(rules, incoming))
    ).one_or_none()


def _copy_key(rules: Rules, incoming: Incoming) -> str:
    return source_of("\0".join((rules.salt, "copy", str(incoming.user_id), incoming.source)).encode())


def _as_it_stands(message: MailMessage, *, links: tuple[LinkTo, ...], is_new: bool) -> Ingested:
    if message.state == MailState.REMOVED:
        return Ingested(outcome=Outcome.EXCLUDED, reason="unlinked", message_id=None, links=(), is_new=False)
    is_linked = message.state == MailState.LINKED
    return Ingested(
        outcome=Outcome.LINKED if is_linked else Outcome.WAITING,
        reason="" if is_linked else message.waiting_reason or "nobody_known",
        message_id=message.id,
        links=links,
        is_new=is_new,
    )


class Intake:
    """Taking mails in, each set in a transaction of its own, and again when rivals stored the same at this moment.

    The rules are read once for `rules_last` calls.
    """

    def __init__(self, db: Database, clock: Clock, *, rules_last: int = 1) -> None:
        self._db = db
        self._clock = clock
        self._rules_last = rules_last
        self._rules: Rules | None = None
        self._calls = 0

    def rules(self) -> Rules:
        if self._rules is None or self._calls % self._rules_last == 0:
            with self._db.transaction() as session:
                self._rules = load_rules(session)
        self._calls += 1
        return self._rules

    def take(self, incomings: Sequence[Incoming]) -> list[Ingested]:
        """Raises Conflict when others were faster again and again, and what the database raises."""
        rules = self.rules()

        def keep_all(session: Session) -> list[Ingested]:
            return [keep(session, rules, incoming, now=self._clock.now()) for incoming in incomings]

        try:
            return same_mail.until_stored(self._db, keep_all)
        except Rival:
            what = "Somebody else is storing the same mail again and again."
            raise Conflict(what, cure="Try it once more in a minute.") from None
