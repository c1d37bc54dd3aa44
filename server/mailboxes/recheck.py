"""Looking again at what the ledger holds of a time of which no history tells: deletions, and labels put on or off."""

from __future__ import annotations

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from server.mailboxes import ledger
from server.mailboxes.lane import Lane
from server.mailboxes.ledger import HIDING_LABELS, LABEL_RULES
from server.mailboxes.models import LedgerState, MailboxMessage, MailboxReading, Phase
from server.ports.gmail import Batch, MessageFormat

_AT_ONCE = 50


def recheck_some(lane: Lane, before: MailboxReading, *, excluded_labels: frozenset[str]) -> None:
    """One batch of it. Raises LaneLost and what the port raises."""
    with lane.db.reading() as session:
        rows = session.scalars(_next_rows(before)).all()
    if not rows:
        with lane.step(before) as (_, reading):
            reading.recheck_since = reading.recheck_after = None
            reading.phase = Phase.FOLLOWING
        return
    ids = [row.gmail_message_id for row in rows]
    batch = lane.ask(lambda: lane.gmail.get_messages(ids, message_format=MessageFormat.MINIMAL))
    if batch.failed is not None:
        raise batch.failed
    with lane.step(before) as (session, reading):
        _apply(session, lane, {row.gmail_message_id: row for row in rows}, batch, HIDING_LABELS | excluded_labels)
        reading.recheck_after = rows[-1].id


def _next_rows(before: MailboxReading) -> Select[MailboxMessage]:
    statement = (
        select(MailboxMessage)
        .where(
            MailboxMessage.mailbox_id == before.id,
            or_(MailboxMessage.received_at.is_(None), MailboxMessage.received_at >= before.recheck_since),
            MailboxMessage.deleted_at.is_(None),
            MailboxMessage.state.in_((LedgerState.LOGGED, LedgerState.WAITING, LedgerState.EXCLUDED)),
        )
        .order_by(MailboxMessage.id)
        .limit(_AT_ONCE)
    )
    return statement if before.recheck_after is None else statement.where(MailboxMessage.id > before.recheck_after)


def _apply(session: Session, lane: Lane, rows: dict[str, MailboxMessage], batch: Batch, hiding: frozenset[str]) -> None:
    now = lane.clock.now()
    gone = [message_id for message_id, message in batch.found.items() if message is None]
    changed = [
        message_id
        for message_id, message in batch.found.items()
        if message is not None and _is_to_be_decided_anew(rows[message_id], bool(message.label_ids & hiding))
    ]
    ledger.mark_deleted(session, lane.mailbox_id, gone, now)
    ledger.reopen(session, lane.mailbox_id, gmail_message_ids=changed, now=now)


def _is_to_be_decided_anew(row: MailboxMessage, is_hidden: bool) -> bool:
    if row.state == LedgerState.EXCLUDED:
        return row.rule in LABEL_RULES and not is_hidden
    return is_hidden
