"""Reading what a mailbox's ledger has on its list: the envelope first, the text only of what is linked.

One message is one transaction: the mail, its links, its timeline entries and the ledger's row stand together.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.clock import Clock
from server.contacts.addresses import address_of
from server.db import Database
from server.errors import Invalid
from server.logs import logger
from server.mail import chosen, removal, same_mail, store
from server.mail.decide import Decision, Outcome, decide
from server.mail.exclude import CHOSEN
from server.mail.incoming import Incoming
from server.mail.models import MailContent, MailCopy, MailMessage, MailState, Route
from server.mail.rules import Rules, hold_rules, load_rules
from server.mailboxes import aliases, ledger
from server.mailboxes.models import LedgerState, MailboxMessage
from server.mailboxes.reading import LaneLost, hold, still_holds
from server.messages.envelope import read_envelope
from server.messages.model import MailKind
from server.messages.read import read_mail
from server.ports.errors import AccessLost, Missing, PortError, Throttled
from server.ports.gmail import GmailMailbox, GmailMessage, MessageFormat

BATCH = 50
TEXTS_AT_ONCE = 25
# What Gmail does with a mail after it was logged does not unlog it, nor does what is chosen for mail to come.
_KEEPS_WHAT_STANDS = (
    *("trash", "draft", "bulk", "internal_only", "before_window", "mailbox_level"),
    removal.ERASED,  # what stands of such a mail is without the person
)
# By what the sender of a mail chose for it alone it is decided anew: that may have come a moment ago.
_MAY_BE_CHOSEN = (CHOSEN, ledger.MAILBOX_LEVEL)
# When so many texts asked for alone do not come and none did before, it is Gmail that does not answer.
_ALONE_IN_VAIN = 2

log = logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Whose mailbox, and how `holder`, who has its lane, is to read it. `window_from`: older mail is not kept.

    `bytes_at_once` bounds the texts of one call; of a mail above `largest_text` (bytes) only the envelope is kept.
    """

    db: Database
    clock: Clock
    gmail: GmailMailbox
    mailbox_id: uuid.UUID
    user_id: uuid.UUID
    holder: str
    level: str
    window_from: datetime
    may_read_text: bool
    bytes_at_once: int = 20_000_000
    largest_text: int = 35_000_000

    def read_batch(self) -> int:
        """Read at most a batch of what is due; how many rows it was about. 0: nothing is due.

        Raises what the port raises of the mailbox as a whole, and LaneLost; what was read until then is kept.
        """
        with self.db.reading() as session:
            rows = ledger.due(session, self.mailbox_id, self.clock.now(), limit=BATCH)
        if rows:
            self._read(rows)
        return len(rows)

    def _read(self, rows: Sequence[MailboxMessage]) -> None:
        by_id = {row.gmail_message_id: row for row in rows}
        got = self._fetch(list(by_id), MessageFormat.METADATA)
        work = _Work(reader=self, rules=self._rules(got.messages))
        wanted: list[_Piece] = []
        for gmail_id, message in _as_they_left(got.messages):
            row = by_id[gmail_id]
            if message is None:
                self._gone(row)
                continue
            piece = self._guarded(row, partial(work.first_look, row, message))
            if piece is not None:
                wanted.append(piece)
        self._put_off(by_id, got)
        if got.worst is not None:
            raise got.worst
        for pieces in self._loads(wanted):
            self._read_texts(work, pieces)

    def _loads(self, pieces: Sequence[_Piece]) -> Iterator[Sequence[_Piece]]:
        """In their order, as many at once as one answer may hold."""
        load: list[_Piece] = []
        for piece in pieces:
            is_full = len(load) == TEXTS_AT_ONCE or sum(one.size for one in load) + piece.size > self.bytes_at_once
            if load and is_full:
                yield load
                load = []
            load.append(piece)
        if load:
            yield load

    def _read_texts(self, work: _Work, pieces: Sequence[_Piece]) -> None:
        """What does not come together is asked for in halves: one text that Gmail chokes on must not cost the others.

        Raises what the port raises of the mailbox as a whole.
        """
        loads = [pieces]
        alone, came = 0, False
        while loads:
            some = loads.pop()
            failed = self._read_load(work, some)
            if failed is None:
                came = True
            elif isinstance(failed, (Throttled, AccessLost)):
                raise failed
            elif len(some) > 1:
                loads += [some[len(some) // 2 :], some[: len(some) // 2]]
            else:
                self._later(some[0].row, failed)
                alone += 1
                if alone >= _ALONE_IN_VAIN and not came:
                    raise failed

    def _read_load(self, work: _Work, pieces: Sequence[_Piece]) -> PortError | None:
        """What became of the whole, if it failed; what came is kept."""
        by_id = {piece.row.gmail_message_id: piece for piece in pieces}
        got = self._fetch(list(by_id), MessageFormat.RAW)
        for gmail_id, message in got.messages.items():
            piece = by_id[gmail_id]
            if message is None:
                self._gone(piece.row)
            else:
                self._guarded(piece.row, partial(work.with_text, piece, message))
        self._put_off({gmail_id: piece.row for gmail_id, piece in by_id.items()}, got)
        return got.worst

    def _fetch(self, gmail_ids: Sequence[str], message_format: MessageFormat) -> _Got:
        """What came is used before what failed is heeded; a failure of the whole is no try of any message.

        Raises LaneLost when this mailbox must not be called any more.
        """
        with self.db.reading() as session:
            if not still_holds(session, self.mailbox_id, holder=self.holder, now=self.clock.now()):
                raise LaneLost
        try:
            batch = self.gmail.get_messages(gmail_ids, message_format=message_format)
        except PortError as error:
            return _Got(messages={}, failures={}, worst=error)
        stops = batch.failed if isinstance(batch.failed, (Throttled, AccessLost)) else None
        return _Got(messages=batch.found, failures=batch.failures, worst=stops)

    def _put_off(self, rows: Mapping[str, MailboxMessage], got: _Got) -> None:
        """Those that did not come: waiting for a quota is no try of theirs."""
        for gmail_id, error in got.failures.items():
            if isinstance(error, Missing):
                self._gone(rows[gmail_id])
            elif not isinstance(error, (Throttled, AccessLost)):
                self._later(rows[gmail_id], error)

    def _guarded(self, row: MailboxMessage, work: Callable[[], _Piece | None]) -> _Piece | None:
        """One message that cannot be read must not keep the others from being read."""
        try:
            return work()
        except (OperationalError, LaneLost):
            raise
        except Exception as error:
            log.warning("mail_not_read", mailbox_message_id=str(row.id), reason=type(error).__name__, exc_info=True)
            self._later(row, error)
            return None

    def _later(self, row: MailboxMessage, error: Exception) -> None:
        with self.db.transaction() as session:
            ledger.did_not_come(session, row.id, error, now=self.clock.now())

    def _gone(self, row: MailboxMessage) -> None:
        with self.db.transaction() as session:
            ledger.settle(session, row.id, LedgerState.GONE, now=self.clock.now())

    def _rules(self, messages: Mapping[str, GmailMessage | None]) -> Rules:
        """The rules, after every address that this mailbox was seen to send from has become one of ours."""
        with self.db.transaction() as session:
            rules = load_rules(session)
            learned = False
            for message in messages.values():
                norm = _sent_from(message) if message is not None else None
                if norm is not None and not rules.is_ours(norm):
                    learned = aliases.learn(session, self.mailbox_id, norm) or learned
            return load_rules(session) if learned else rules


class _Overtaken(Exception):
    """Somebody else settled this row meanwhile: what was about to be stored is not."""


@dataclass(frozen=True, kw_only=True)
class _Got:
    messages: Mapping[str, GmailMessage | None]
    failures: Mapping[str, PortError]
    worst: PortError | None


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A message whose text is wanted. `size` is about what it will bring, in bytes."""

    row: MailboxMessage
    incoming: Incoming
    size: int


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    """`rule` keeps it out; without one there is a decision. `known` is the mail as it is stored already."""

    known: MailMessage | None
    decision: Decision | None
    rule: str | None
    excluded: Decision | None = None


@dataclass(frozen=True, kw_only=True)
class _Work:
    """The messages of one batch, under one reading of the rules."""

    reader: Reader
    rules: Rules

    def first_look(self, row: MailboxMessage, message: GmailMessage) -> _Piece | None:
        """Settle what needs no text; the others come back."""
        reader = self.reader
        incoming = self._incoming(message)
        with reader.db.reading() as session:
            verdict = self._verdict(session, incoming)
        if verdict.decision is None:
            self._exclude(row, incoming, verdict)
            return None
        known = verdict.known
        is_wanted = (
            verdict.decision.outcome is Outcome.LINKED
            or incoming.envelope.kind is MailKind.BOUNCE
            or (known is not None and known.state == MailState.LINKED)
        )
        may_ask = reader.may_read_text and message.size <= reader.largest_text
        if is_wanted and may_ask and not self._has_text(known):
            return _Piece(row=row, incoming=incoming, size=message.size)
        self._keep(row, incoming)
        return None

    def with_text(self, piece: _Piece, message: GmailMessage) -> None:
        mail = read_mail(message.raw or b"")
        # The envelope that was decided on stays: the text only adds what stands in the text.
        self._keep(piece.row, replace(piece.incoming, envelope=mail.envelope, mail=mail))

    def _incoming(self, message: GmailMessage) -> Incoming:
        return Incoming(
            envelope=read_envelope(message.header_list),
            user_id=self.reader.user_id,
            mailbox_id=self.reader.mailbox_id,
            level=self.reader.level,
            route=Route.GMAIL,
            source=message.gmail_message_id,
            gmail_message_id=message.gmail_message_id,
            gmail_thread_id=message.gmail_thread_id,
            labels=message.label_ids,
            received_at=message.received_at,
            mail=None,
        )

    def _known(self, session: Session, incoming: Incoming) -> MailMessage | None:
        return same_mail.find(session, incoming, ())

    def _has_text(self, known: MailMessage | None) -> bool:
        """Also one that the retention rule took away: it does not come back."""
        if known is None or known.text_removed_months is not None:
            return known is not None
        with self.reader.db.reading() as session:
            return session.get(MailContent, known.id) is not None

    def _verdict(self, session: Session, incoming: Incoming) -> _Verdict:
        known = self._known(session, incoming)
        if known is None and incoming.received_at < self.reader.window_from:
            return _Verdict(known=None, decision=None, rule=ledger.BEFORE_WINDOW)
        decision = decide(session, incoming, self.rules, message_id=known.id if known else None)
        if decision.outcome is Outcome.EXCLUDED:
            return _Verdict(known=known, decision=None, rule=decision.reason, excluded=decision)
        return _Verdict(known=known, decision=decision, rule=None)

    def _as_of_now(self, session: Session) -> _Work:
        """By what a person chose a minute ago, also when this batch began before it; nobody changes it until the end.

        Raises LaneLost.
        """
        position = hold(session, self.reader.mailbox_id, holder=self.reader.holder, now=self.reader.clock.now())
        is_as_before = hold_rules(session) == self.rules.version
        return _Work(
            reader=replace(self.reader, level=position.level, window_from=position.window_from),
            rules=self.rules if is_as_before else load_rules(session),
        )

    def _keep(self, row: MailboxMessage, incoming: Incoming) -> None:
        """Decide for good and store, all or nothing; again when a rival stored the same mail at this moment."""
        with suppress(_Overtaken):
            same_mail.until_stored(self.reader.db, partial(self._keep_once, row=row, incoming=incoming))

    def _keep_once(self, session: Session, row: MailboxMessage, incoming: Incoming) -> None:
        present = self._as_of_now(session)
        incoming = replace(incoming, level=present.reader.level)
        verdict = present._verdict(session, incoming)
        if verdict.decision is None:
            present._exclude_in(session, row, incoming, verdict)
            return
        now = self.reader.clock.now()
        message = store.take_in(session, incoming, verdict.decision, salt=present.rules.salt, now=now)
        state, rule = {
            MailState.LINKED: (LedgerState.LOGGED, None),
            MailState.WAITING: (LedgerState.WAITING, message.waiting_reason),
            MailState.REMOVED: (LedgerState.EXCLUDED, "unlinked"),
        }[MailState(message.state)]
        self._settle(session, row, state, rule, incoming)

    def _settle(
        self, session: Session, row: MailboxMessage, state: LedgerState, rule: str | None, incoming: Incoming
    ) -> None:
        now = self.reader.clock.now()
        if not ledger.settle(session, row.id, state, rule=rule, received_at=incoming.received_at, now=now):
            raise _Overtaken

    def _exclude(self, row: MailboxMessage, incoming: Incoming, verdict: _Verdict) -> None:
        """By what holds now. What is to be kept after all stays on the list: its text may have to be asked for."""
        try:
            with self.reader.db.transaction() as session:
                present = self._as_of_now(session)
                if present != self or verdict.rule in _MAY_BE_CHOSEN:
                    verdict = present._verdict(session, replace(incoming, level=present.reader.level))
                if verdict.rule is not None:
                    present._exclude_in(session, row, incoming, verdict)
        except (_Overtaken, same_mail.Rival):
            return

    def _exclude_in(self, session: Session, row: MailboxMessage, incoming: Incoming, verdict: _Verdict) -> None:
        """Note the rule. What stands already goes, if a choice of ours says so and not what Gmail did with it later."""
        now, rule = self.reader.clock.now(), verdict.rule or ""
        if rule == removal.UNLINKED and verdict.excluded is not None:
            # Whoever brings the mail back brings it back to this holder, too.
            store.add_to_tombstone(session, incoming, verdict.excluded, salt=self.rules.salt, now=now)
        if verdict.excluded is not None:
            chosen.leave_out(session, incoming, verdict.excluded, salt=self.rules.salt, now=now)
        known = self._known(session, incoming)
        copies = self._own_copies(session, incoming)
        state: LedgerState = LedgerState.EXCLUDED
        if known is not None and known.state != MailState.REMOVED and copies:
            if rule in _KEEPS_WHAT_STANDS:
                state = LedgerState.LOGGED if known.state == MailState.LINKED else LedgerState.WAITING
                rule = known.waiting_reason or ""
            else:
                removal.withdraw(session, copies, rule=rule, now=now)
        self._settle(session, row, state, rule or None, incoming)

    def _own_copies(self, session: Session, incoming: Incoming) -> list[uuid.UUID]:
        """What this mailbox brought of it: a colleague's copy of the same mail does not make it ours."""
        copies = select(MailCopy.id).where(
            MailCopy.mailbox_id == self.reader.mailbox_id, MailCopy.gmail_message_id == incoming.gmail_message_id
        )
        return list(session.scalars(copies))


def _as_they_left(messages: Mapping[str, GmailMessage | None]) -> list[tuple[str, GmailMessage | None]]:
    """The oldest first: of two that a choice could be for, the first that left has it."""
    return sorted(messages.items(), key=lambda one: one[1].received_at.timestamp() if one[1] is not None else 0)


def _sent_from(message: GmailMessage) -> str | None:
    """The address that a sent mail says it is from."""
    sender = read_envelope(message.header_list).sender if "SENT" in message.label_ids else None
    try:
        return address_of(sender.email).norm if sender else None
    except Invalid:
        return None
