"""Gmail's history, written into the ledger page by page. Writing a page twice changes nothing more than once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.mailboxes import ledger
from server.mailboxes.lane import Lane
from server.mailboxes.ledger import HIDING_LABELS, LABEL_RULES
from server.mailboxes.models import LedgerState, MailboxReading
from server.mailboxes.reading import close_gap
from server.ports.gmail import HistoryRecord, MessageRef

_KEPT = (LedgerState.LOGGED, LedgerState.WAITING)
# A label record can be the first that we hear of a message: a draft that was sent, mail taken out of spam or trash.
_BRINGING_LABELS = frozenset({"SENT", "INBOX"})


def follow_history(
    lane: Lane,
    before: MailboxReading,
    start: str,
    *,
    excluded_labels: frozenset[str],
    poll_interval: timedelta,
) -> Iterator[int]:
    """Yields for each page how many messages were new. The cursor moves with the last page and not before it.

    All pages are asked for with the same start, until no token comes: a page without a record is not the end.
    Raises LaneLost, HistoryExpired and what else the port raises.
    """
    token: str | None = None
    reached = ""
    while True:
        asked = token
        page = lane.ask(lambda: lane.gmail.history(start_history_id=start, page_token=asked))  # noqa: B023  called here
        # The first page's: what comes while we page is told again next time, and not passed over.
        reached = reached or page.history_id
        with lane.step(before) as (session, reading):
            now = lane.clock.now()
            added = write_down(session, lane.mailbox_id, page.records, excluded_labels=excluded_labels, now=now)
            if page.next_page_token is None:
                _arrive(reading, before, reached, now, poll_interval)
                session.flush()
                close_gap(session, lane.mailbox_id)
        yield added
        token = page.next_page_token
        if token is None:
            return


def _arrive(
    reading: MailboxReading, before: MailboxReading, reached: str, now: datetime, poll_interval: timedelta
) -> None:
    reading.history_id = reached
    reading.caught_up_at = now
    reading.failures, reading.problem = 0, None
    # A push that came while we looked asks for another look: it may tell of what came after our last page.
    if reading.next_look_at == before.next_look_at:
        reading.next_look_at = now + poll_interval


def write_down(
    session: Session,
    mailbox_id: uuid.UUID,
    records: Iterable[HistoryRecord],
    *,
    excluded_labels: frozenset[str],
    now: datetime,
) -> int:
    """How many messages are new. Whatever a change may have made of a message, it is read again by what it is now."""
    hiding = HIDING_LABELS | excluded_labels
    listed = list(records)
    added = ledger.add(session, mailbox_id, [_ref(one) for one in listed if brings(one, hiding)], now)
    arrived = _ids(listed, "messagesAdded")
    # Gmail's parts do not see a new message at the same moment: a 404 before its record was no deletion.
    ledger.reopen(session, mailbox_id, gmail_message_ids=arrived, states=[LedgerState.GONE], now=now)
    hidden = _ids(listed, "labelsAdded", hiding)
    ledger.reopen(session, mailbox_id, gmail_message_ids=hidden, states=_KEPT, now=now)
    shown = _ids(listed, "labelsRemoved")
    ledger.reopen(
        session,
        mailbox_id,
        gmail_message_ids=shown,
        states=[LedgerState.EXCLUDED],
        rules=sorted(LABEL_RULES),
        now=now,
    )
    ledger.mark_deleted(session, mailbox_id, _ids(listed, "messagesDeleted"), now)
    return added


def brings(record: HistoryRecord, hiding: frozenset[str]) -> bool:
    """Whether this record may be the first that tells of a message in our scope."""
    match record.kind:
        case "messagesAdded":
            return True
        case "labelsAdded":
            return bool(record.label_ids & _BRINGING_LABELS)
        case "labelsRemoved":
            return bool(record.label_ids & hiding)
    return False


def _ids(records: Iterable[HistoryRecord], kind: str, labels: frozenset[str] | None = None) -> list[str]:
    return [one.gmail_message_id for one in records if one.kind == kind and (labels is None or one.label_ids & labels)]


def _ref(record: HistoryRecord) -> MessageRef:
    return MessageRef(gmail_message_id=record.gmail_message_id, gmail_thread_id=record.gmail_thread_id)
