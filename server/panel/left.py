"""What became of a mail that just left Gmail: only what the server itself has read from the mailbox counts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail import words
from server.mail.models import MailCopy
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.visibility import Viewer


class Left(StrEnum):
    """COMING: it was not read yet. NOT_READ: this mailbox is not read at all, so it never comes by itself."""

    COMING = "coming"
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


def fate_of(session: Session, viewer: Viewer, *, mailbox_id: uuid.UUID, gmail_message_id: str) -> Fate:
    """Of a message in this mailbox, by its id in Gmail."""
    state, rule = ledger.states_of(session, mailbox_id, [gmail_message_id]).get(gmail_message_id, (None, None))
    if state is None or state in (LedgerState.TO_READ, LedgerState.QUARANTINED):
        return _COMING
    if state == LedgerState.GONE:
        return Fate(state=Left.GONE, words="It is not in Gmail any more.")
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
