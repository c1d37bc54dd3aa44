"""What became of a mail that just left Gmail: only what the server itself has read from the mailbox counts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail import choices, words
from server.mail.exclude import CHOSEN
from server.mail.models import MailCopy, MailMessage, MailParticipant, MailState
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState
from server.panel.choose import Addressed
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.models import Level
from server.timeline.visibility import Viewer


class Left(StrEnum):
    """COMING: it was not read yet. UNSEEN: nor after a while, so that nobody waits for it any longer.

    NOT_READ: this mailbox is not read at all, so it never comes by itself.
    """

    COMING = "coming"
    UNSEEN = "unseen"
    LOGGED = "logged"
    WAITING = "waiting"
    EXCLUDED = "excluded"
    GONE = "gone"
    NOT_READ = "not_read"


@dataclass(frozen=True, kw_only=True)
class Fate:
    """`words` is a whole sentence. `entries` are where it stands, one for each account."""

    state: Left
    words: str
    entries: tuple[SeenEntry, ...] = ()


NOT_READ = Fate(state=Left.NOT_READ, words="Rapport does not read this mailbox: nothing of it is logged by itself.")
_COMING = Fate(state=Left.COMING, words="Gmail has it. Rapport reads it in a moment.")
_UNSEEN = Fate(
    state=Left.UNSEEN,
    words="Rapport has not seen it yet. Nothing to do: it follows when your mailbox was read.",
)
_GONE = Fate(state=Left.GONE, words="You took it back: nothing is logged.")
_CHOSEN = Fate(state=Left.EXCLUDED, words=f"It is not logged: {words.excluded_words(CHOSEN)}.")
_PATIENCE = timedelta(minutes=3)
# The clock of the person's machine and Gmail's differ by so much at most.
_CLOCKS = timedelta(minutes=2)
_WITHOUT_TIME = timedelta(minutes=10)
_LONGEST_AGO = timedelta(days=2)
_LAST_LETTERS = 20


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A mail that left this mailbox, as far as the page of Gmail told: by its id, or by everybody to whom it went.

    `left_at` is by the clock of the person's machine. `has_choice`: its writer chose who may read it.
    """

    mailbox_id: uuid.UUID
    gmail_message_id: str | None
    to: Addressed
    left_at: datetime | None
    has_choice: bool

    def since(self, now: datetime) -> datetime:
        """What left before that is another mail."""
        if self.left_at is None:
            return now - _WITHOUT_TIME
        return max(min(self.left_at, now), now - _LONGEST_AGO) - _CLOCKS


def became_of(session: Session, viewer: Viewer, sent: Sent, *, now: datetime) -> Fate:
    """Reads only."""
    gmail_id = sent.gmail_message_id
    if gmail_id is None and sent.has_choice and sent.to.people_key is not None:
        choice = choices.last_used(session, sent.mailbox_id, sent.to.people_key, since=sent.since(now))
        if choice is not None and choice.gmail_message_id is None and choice.level == Level.NOTHING:
            return _CHOSEN
        gmail_id = choice.gmail_message_id if choice is not None else None
    gmail_id = gmail_id or _newest_to(session, sent, sent.since(now))
    found = _COMING
    if gmail_id is not None:
        found = fate_of(session, viewer, mailbox_id=sent.mailbox_id, gmail_message_id=gmail_id)
    is_late = sent.left_at is not None and sent.left_at <= now - _PATIENCE
    return _UNSEEN if found is _COMING and is_late else found


def _newest_to(session: Session, sent: Sent, since: datetime) -> str | None:
    """The Gmail id of the newest mail from this mailbox to exactly these people, of those that are stored."""
    if not sent.to.keys:
        return None
    found = session.execute(
        select(MailMessage.id, MailCopy.gmail_message_id)
        .join(MailCopy, MailCopy.mail_message_id == MailMessage.id)
        .where(
            MailMessage.state.in_((MailState.LINKED, MailState.WAITING)),
            MailMessage.sent_at >= since,
            MailCopy.mailbox_id == sent.mailbox_id,
            MailCopy.is_sent.is_(True),
            MailCopy.gmail_message_id.is_not(None),
        )
        .order_by(MailMessage.sent_at.desc(), MailMessage.id.desc())
        .limit(_LAST_LETTERS)
    ).all()
    wanted, people = set(sent.to.keys), dict[uuid.UUID, set[str]]()
    for message_id, key in session.execute(
        select(MailParticipant.mail_message_id, MailParticipant.match_key).where(
            MailParticipant.mail_message_id.in_([row[0] for row in found]),
            MailParticipant.part.in_(("to", "cc", "bcc")),
        )
    ):
        people.setdefault(message_id, set()).add(key)
    return next((gmail_id for message_id, gmail_id in found if people.get(message_id) == wanted), None)


def fate_of(session: Session, viewer: Viewer, *, mailbox_id: uuid.UUID, gmail_message_id: str) -> Fate:
    """Of a message in this mailbox, by its id in Gmail."""
    state, rule = ledger.states_of(session, mailbox_id, [gmail_message_id]).get(gmail_message_id, (None, None))
    if state is None or state in (LedgerState.TO_READ, LedgerState.QUARANTINED):
        return _COMING
    if choices.was_taken_back(state, rule):
        return _GONE
    if state == LedgerState.EXCLUDED:
        return Fate(state=Left.EXCLUDED, words=f"It is not logged: {words.excluded_words(rule or '')}.")
    if state == LedgerState.WAITING:
        return Fate(state=Left.WAITING, words=f"It waits under Unmatched. {words.waiting_words(rule or '')}.")
    message_ids = session.scalars(
        select(MailCopy.mail_message_id).where(
            MailCopy.mailbox_id == mailbox_id, MailCopy.gmail_message_id == gmail_message_id
        )
    ).all()
    entries = tuple(timeline.of_mails(session, viewer, message_ids))
    return Fate(state=Left.LOGGED, words="It stands on the timeline.", entries=entries)
