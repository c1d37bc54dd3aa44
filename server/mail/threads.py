"""Which conversation a mail belongs to, and what is known of that conversation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.accounts.domains import is_free_mail
from server.accounts.models import Account
from server.ids import new_id
from server.mail.incoming import Incoming, Party, sender_of
from server.mail.models import (
    LinkRule,
    LinkState,
    MailCopy,
    MailLink,
    MailMessage,
    MailParticipant,
    MailReference,
    MailThread,
    ThreadDecision,
)

_ENOUGH_MAILS = 200  # of one conversation; who took part is known from its latest ones


@dataclass(kw_only=True, slots=True)
class _Side:
    """One account in a conversation: who of it, or beside it, wrote or was written to."""

    account: str
    keys: set[str] = field(default_factory=set)
    registrables: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadFacts:
    """`decided` are a person's words for the whole conversation, by account: (account's name, linked or not, who)."""

    thread_id: uuid.UUID | None = None
    sides: dict[uuid.UUID, _Side] = field(default_factory=dict)
    decided: dict[uuid.UUID, tuple[str, LinkState, uuid.UUID]] = field(default_factory=dict)

    def admits(self, sender: Party | None) -> bool:
        """Whether the sender is ours or in the conversation: anybody can forge References and slip a mail in."""
        return sender is not None and (sender.is_ours or bool(self.accounts_of(sender)))

    def accounts_of(self, party: Party) -> list[tuple[uuid.UUID, str]]:
        """Those whose people share the party's domain; else all in whose mails the party took part."""
        colleagues = [
            (account_id, side.account)
            for account_id, side in self.sides.items()
            if party.registrable in side.registrables
        ]
        return colleagues or [
            (account_id, side.account) for account_id, side in self.sides.items() if party.key in side.keys
        ]


def find_thread(session: Session, incoming: Incoming, parties: Sequence[Party]) -> uuid.UUID | None:
    """The conversation that Gmail put it into, or else one that its References name and its sender was in."""
    if incoming.gmail_thread_id and incoming.mailbox_id:
        found = session.scalars(
            select(MailMessage.mail_thread_id)
            .join(MailCopy, MailCopy.mail_message_id == MailMessage.id)
            .where(MailCopy.mailbox_id == incoming.mailbox_id, MailCopy.gmail_thread_id == incoming.gmail_thread_id)
            .limit(1)
        ).first()
        if found is not None:
            return found
    return _by_references(session, incoming, parties)


def _by_references(session: Session, incoming: Incoming, parties: Sequence[Party]) -> uuid.UUID | None:
    named = incoming.envelope.references
    own = incoming.envelope.rfc_message_id
    ids = [*named, own] if own else list(named)
    if not ids:
        return None
    # Not by the own id: broken senders repeat one, and the second mail is no answer to the first.
    direct = select(MailMessage.mail_thread_id).where(MailMessage.rfc_message_id.in_(named))
    shared = (
        select(MailMessage.mail_thread_id)
        .join(MailReference, MailReference.mail_message_id == MailMessage.id)
        .where(MailReference.rfc_message_id.in_(ids))
    )
    found = [*(session.scalars(direct.limit(20)) if named else ()), *session.scalars(shared.limit(20))]
    threads = dict.fromkeys(found)
    return next((thread_id for thread_id in threads if _belongs(session, thread_id, parties)), None)


def _belongs(session: Session, thread_id: uuid.UUID, parties: Sequence[Party]) -> bool:
    """Message-IDs are no secret: the sender must be ours, or in that conversation, or of the same company."""
    sender = sender_of(parties)
    if sender is None:
        return False
    here = select(MailParticipant.match_key, MailParticipant.registrable, MailParticipant.is_ours).join(
        MailMessage, MailMessage.id == MailParticipant.mail_message_id
    )
    people = session.execute(here.where(MailMessage.mail_thread_id == thread_id).limit(2_000)).all()
    keys = {key for key, _, is_ours in people if not is_ours}
    if sender.is_ours:
        return any(party.key in keys for party in parties if not party.is_ours)
    companies = {registrable for _, registrable, is_ours in people if not is_ours and not _is_anybodys(registrable)}
    return sender.key in keys or sender.registrable in companies


def _is_anybodys(registrable: str) -> bool:
    return not registrable or is_free_mail(registrable)


def facts_of(session: Session, thread_id: uuid.UUID | None, *, without: uuid.UUID | None = None) -> ThreadFacts:
    """`without`: a mail that is decided anew, so that it does not vouch for itself."""
    if thread_id is None:
        return ThreadFacts()
    latest = select(MailMessage.id).where(MailMessage.mail_thread_id == thread_id)
    if without is not None:
        latest = latest.where(MailMessage.id != without)
    latest = latest.order_by(MailMessage.sent_at.desc()).limit(_ENOUGH_MAILS)
    statement = (
        select(
            MailLink.account_id,
            Account.name,
            MailLink.rule,
            MailParticipant.account_id,
            MailParticipant.contact_id,
            MailParticipant.match_key,
            MailParticipant.registrable,
        )
        .distinct()
        .join(Account, Account.id == MailLink.account_id)
        .join(MailParticipant, MailParticipant.mail_message_id == MailLink.mail_message_id)
        .where(
            MailLink.mail_message_id.in_(latest),
            MailLink.state == LinkState.LINKED,
            MailParticipant.is_ours.is_(False),
        )
    )
    sides: dict[uuid.UUID, _Side] = {}
    for account_id, name, rule, theirs, contact_id, key, registrable in session.execute(statement):
        side = sides.setdefault(account_id, _Side(account=name))
        # Where a person put a mail, all in it are part of that account's conversation, whosever they are.
        if rule == LinkRule.PERSON or theirs in (None, account_id):
            side.keys.add(key)
        # A contact's colleagues are the account's; those of somebody who merely took part are not.
        if contact_id is not None and theirs == account_id and not _is_anybodys(registrable):
            side.registrables.add(registrable)
    return ThreadFacts(thread_id=thread_id, sides=sides, decided=_decisions(session, thread_id))


def _decisions(session: Session, thread_id: uuid.UUID) -> dict[uuid.UUID, tuple[str, LinkState, uuid.UUID]]:
    statement = (
        select(ThreadDecision.account_id, Account.name, ThreadDecision.state, ThreadDecision.by_person_id)
        .join(Account, Account.id == ThreadDecision.account_id)
        .where(ThreadDecision.mail_thread_id == thread_id)
    )
    return {
        account_id: (name, LinkState(state), by_person_id)
        for account_id, name, state, by_person_id in session.execute(statement)
    }


def new_thread(session: Session, now: datetime) -> uuid.UUID:
    thread = MailThread(id=new_id(), created_at=now)
    session.add(thread)
    session.flush()
    return thread.id


def merge_threads(session: Session, keep: uuid.UUID, other: uuid.UUID) -> None:
    """One conversation that was seen as two, each from another mailbox, becomes one."""
    session.execute(update(MailMessage).where(MailMessage.mail_thread_id == other).values(mail_thread_id=keep))
    known = select(ThreadDecision.account_id).where(ThreadDecision.mail_thread_id == keep)
    session.execute(
        update(ThreadDecision)
        .where(ThreadDecision.mail_thread_id == other, ThreadDecision.account_id.not_in(known))
        .values(mail_thread_id=keep)
    )
