"""The mails of a conversation in one's own mailbox, and what became of the one that is open."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail import words
from server.mail.models import MailCopy, MailMessage, MailState
from server.mail.places import Place
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState
from server.messages.model import Person
from server.panel.foresee import listed
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.visibility import Viewer

_MOST_MAILS = 200  # of one conversation
_UNLINKED = "unlinked"  # the rule of what a person took off


class Standing(StrEnum):
    """What became of a mail. UNKNOWN: nobody told us of it. NOT_READ: the mailbox is not read, or is not theirs."""

    LINKED = "linked"
    WAITING = "waiting"
    EXCLUDED = "excluded"
    REMOVED = "removed"
    COMING = "coming"
    GONE = "gone"
    UNKNOWN = "unknown"
    NOT_READ = "not_read"


_NOT_THEIRS = "This is not the Gmail that you connected with Rapport, so Rapport does not look at its mail."
_NOT_READ = "Rapport does not read this mailbox: nothing of it is logged by itself."
_UNKNOWN = "Rapport does not know this conversation: it just came, or is older than what Rapport reads."
_COMING = "Gmail has it. Rapport reads it in a moment."
_UNREADABLE = "Rapport could not read this mail. “Mailbox” says more, and can try again."
_GONE = "It is not in Gmail any more."
_REMOVED = "Somebody took it off the timeline. It does not come back by itself."


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """As Gmail's page shows it. `open_message_id` is the Gmail id of the mail that is open, if one is."""

    written_from: str
    gmail_thread_id: str
    open_message_id: str | None
    people: tuple[Person, ...]


def of_nothing(*, is_own: bool, is_read: bool) -> tuple[Standing, str]:
    if not is_own:
        return Standing.NOT_READ, _NOT_THEIRS
    return (Standing.UNKNOWN, _UNKNOWN) if is_read else (Standing.NOT_READ, _NOT_READ)


@dataclass(frozen=True, kw_only=True)
class Mails:
    """The conversation in one mailbox: `rows` of the ledger, newest first, and those that are stored, by Gmail id."""

    rows: Sequence[tuple[str, LedgerState, str | None]] = ()
    stored: Mapping[str, MailMessage] = field(default_factory=dict)
    open_message_id: str | None = None

    @classmethod
    def of(cls, session: Session, mailbox_id: uuid.UUID, conversation: Conversation) -> Mails:
        statement = (
            select(MailCopy.gmail_message_id, MailMessage)
            .join(MailMessage, MailMessage.id == MailCopy.mail_message_id)
            .where(MailCopy.mailbox_id == mailbox_id, MailCopy.gmail_thread_id == conversation.gmail_thread_id)
            .order_by(MailMessage.sent_at.desc(), MailMessage.id.desc())
            .limit(_MOST_MAILS)
        )
        return cls(
            rows=ledger.of_thread(session, mailbox_id, conversation.gmail_thread_id, limit=_MOST_MAILS),
            stored={gmail_id: message for gmail_id, message in session.execute(statement) if gmail_id is not None},
            open_message_id=conversation.open_message_id,
        )

    @property
    def linked(self) -> list[MailMessage]:
        return [one for one in self.stored.values() if one.state == MailState.LINKED]

    @property
    def waiting(self) -> list[MailMessage]:
        return [one for one in self.stored.values() if one.state == MailState.WAITING]

    def entry_of_each_account(self, session: Session, viewer: Viewer) -> list[SeenEntry]:
        """The entry of the mail that is open where it stands, else the newest of the conversation there."""
        opened = self.stored.get(self.open_message_id or "")
        best: dict[uuid.UUID, SeenEntry] = {}
        found = timeline.of_mails(session, viewer, {one.id for one in self.linked})
        for one in sorted(found, key=lambda each: (each.occurred_at, each.id)):
            known = best.get(one.account_id)
            if known is None or opened is None or known.mail_message_id != opened.id:
                best[one.account_id] = one
        return list(best.values())

    def standing(self, stands: Sequence[Place]) -> tuple[Standing, str]:
        """Of the mail that is open, or of the newest."""
        row = next((row for row in self.rows if row[0] == self.open_message_id), None) or next(iter(self.rows), None)
        if row is None:
            return Standing.UNKNOWN, _UNKNOWN
        gmail_id, state, rule = row
        message = self.stored.get(gmail_id)
        if message is not None:
            return _of_stored(message, stands)
        return _of_ledger(state, rule)


def _of_stored(message: MailMessage, stands: Sequence[Place]) -> tuple[Standing, str]:
    if message.state == MailState.LINKED:
        names = [one.account for one in stands if one.mail_message_id == message.id]
        on = f" of {listed(names)}" if names else ""
        return Standing.LINKED, f"It stands on the timeline{on}."
    if message.state == MailState.WAITING:
        return Standing.WAITING, f"It waits under Unmatched. {words.waiting_words(message.waiting_reason or '')}."
    return Standing.REMOVED, _REMOVED


def _of_ledger(state: LedgerState, rule: str | None) -> tuple[Standing, str]:
    if state is LedgerState.EXCLUDED and rule == _UNLINKED:
        return Standing.REMOVED, _REMOVED
    if state is LedgerState.EXCLUDED:
        return Standing.EXCLUDED, f"It is not logged: {words.excluded_words(rule or '')}."
    if state is LedgerState.GONE:
        return Standing.GONE, _GONE
    return Standing.COMING, _UNREADABLE if state is LedgerState.QUARANTINED else _COMING
