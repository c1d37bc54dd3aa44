"""The ledger of a mailbox: each message that Gmail told us of, once, with what became of it. It is the work list, too.

A row moves by one statement that names the state it must be in, so that of two workers one comes second and knows it.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import CursorResult, and_, case, func, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from server.ids import new_id
from server.mailboxes.models import LedgerState, MailboxMessage
from server.ports.errors import OutcomeUnknown
from server.ports.gmail import MessageRef

Item = TypeVar("Item")

# Rules that depend on Gmail's labels alone: when a label goes, they have to be asked again.
LABEL_RULES = frozenset({"draft", "chat", "spam", "trash", "excluded_label"})
# What Gmail does not list, so that a listed message that has such a rule came out of there.
HIDING_RULES = frozenset({"spam", "trash"})
HIDING_LABELS = frozenset({"DRAFT", "CHAT", "SPAM", "TRASH"})
BEFORE_WINDOW = "before_window"
MAILBOX_LEVEL = "mailbox_level"

MOST_TRIES = 5
# With their waits about half a day, in which Gmail answered for others: no outage of Gmail lasts for one mail alone.
MOST_OUTAGES = 20
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
UNTRIED = {"attempts": 0, "outages": 0}
# The reason of an answer that came and cannot be read: that is the message's own, and no outage.
_UNREADABLE = "unreadable_answer"
# SQLite takes at most 32,766 values in a statement.
_IDS_PER_STATEMENT = 1000


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many rows are in each state; `by_rule` tells of the excluded ones by which rule."""

    by_state: dict[LedgerState, int]
    by_rule: dict[str, int]

    def of(self, state: LedgerState) -> int:
        return self.by_state.get(state, 0)

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


def add(session: Session, mailbox_id: uuid.UUID, refs: Sequence[MessageRef], now: datetime) -> int:
    """Write down those that are not there yet, to be read; how many those were."""
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    # The table and not the class: one statement that is compiled once, with all rows as its parameters.
    table = MailboxMessage.metadata.tables[MailboxMessage.__tablename__]
    statement = make(table).on_conflict_do_nothing().returning(table.c.id)
    rows = [_row(mailbox_id, ref, now) for ref in dict.fromkeys(refs)]
    # Two who add the same messages must meet them in one order, or PostgreSQL ends one of them.
    rows.sort(key=lambda row: str(row["gmail_message_id"]))
    return len(session.execute(statement, rows).all()) if rows else 0


def _row(mailbox_id: uuid.UUID, ref: MessageRef, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "mailbox_id": mailbox_id,
        "gmail_message_id": ref.gmail_message_id,
        "gmail_thread_id": ref.gmail_thread_id,
        "state": LedgerState.TO_READ,
        **UNTRIED,
        "not_before": now,
        "changed_at": now,
    }


def due(session: Session, mailbox_id: uuid.UUID, now: datetime, limit: int = 50) -> list[MailboxMessage]:
    """What to read next. What came just now goes before a long backfill; of one page the oldest come first."""
    statement = (
        select(MailboxMessage)
        .where(
            MailboxMessage.mailbox_id == mailbox_id,
            MailboxMessage.state == LedgerState.TO_READ,
            MailboxMessage.not_before <= now,
        )
        .order_by(MailboxMessage.not_before.desc(), MailboxMessage.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def settle(
    session: Session,
    row_id: uuid.UUID,
    state: LedgerState,
    *,
    rule: str | None = None,
    received_at: datetime | None = None,
    now: datetime,
) -> bool:
    """What became of a row that was to be read. False when another worker settled it: then undo what you did."""
    values: dict[str, Any] = {"state": state, "rule": rule, "not_before": now, "changed_at": now}
    if received_at is not None:
        values["received_at"] = received_at
    if state is LedgerState.GONE:
        values["deleted_at"] = func.coalesce(MailboxMessage.deleted_at, now)
    return _moved(session, row_id, **values)


def try_later(session: Session, row_id: uuid.UUID, *, reason: str, now: datetime) -> LedgerState:
    """This one message could not be read: again after a while, each time longer; after five tries a person decides.

    `reason` is a short word for logs and the mailbox page. What concerns the whole mailbox is no try of a message.
    """
    attempts = session.scalar(
        select(MailboxMessage.attempts).where(MailboxMessage.id == row_id, MailboxMessage.state == LedgerState.TO_READ)
    )
    if attempts is None:
        return LedgerState.TO_READ
    if attempts + 1 >= MOST_TRIES:
        quarantine(session, row_id, reason=reason, now=now)
        return LedgerState.QUARANTINED
    wait = min(_FIRST_WAIT * 2**attempts, _LONGEST_WAIT)
    _moved(session, row_id, attempts=attempts + 1, rule=reason, not_before=now + wait, changed_at=now)
    return LedgerState.TO_READ


def put_off(session: Session, row_id: uuid.UUID, *, reason: str, now: datetime) -> None:
    """Gmail did not answer for this one: no try of the message. Twice as long as it waited last, whatever for.

    A message that Gmail never answers for is set aside in the end, or it would be "on its way" for ever.
    """
    row = session.get(MailboxMessage, row_id)
    if row is None:
        return
    if row.outages + 1 >= MOST_OUTAGES:
        quarantine(session, row_id, reason=reason, now=now)
        return
    wait = min(max(2 * (row.not_before - row.changed_at), _FIRST_WAIT), _LONGEST_WAIT)
    _moved(session, row_id, outages=row.outages + 1, rule=reason, not_before=now + wait, changed_at=now)


def did_not_come(session: Session, row_id: uuid.UUID, error: Exception, *, now: datetime) -> None:
    """What a failure with one message means for it. An outage of Gmail's is no try of it."""
    is_outage = isinstance(error, OutcomeUnknown) and error.reason != _UNREADABLE
    (put_off if is_outage else try_later)(session, row_id, reason=type(error).__name__, now=now)


def quarantine(session: Session, row_id: uuid.UUID, *, reason: str, now: datetime) -> bool:
    """Set it aside for a person, so that it holds up nothing else."""
    return _moved(
        session,
        row_id,
        state=LedgerState.QUARANTINED,
        rule=reason,
        attempts=MailboxMessage.attempts + 1,
        changed_at=now,
    )


def _moved(session: Session, row_id: uuid.UUID, **values: Any) -> bool:
    result = session.execute(
        update(MailboxMessage)
        .where(MailboxMessage.id == row_id, MailboxMessage.state == LedgerState.TO_READ)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def reopen(
    session: Session,
    mailbox_id: uuid.UUID,
    *,
    gmail_message_ids: Sequence[str] | None = None,
    states: Sequence[LedgerState] | None = None,
    rules: Sequence[str] | None = None,
    now: datetime,
) -> int:
    """To be read again, from the beginning; how many. At least one of the three says which; they are joined by "and".

    What was kept and has since been deleted in Gmail stays as it is: there is nothing to read any more.
    """
    if gmail_message_ids is None and states is None and rules is None:
        raise ValueError("say which rows are to be read again")
    kept = MailboxMessage.state.in_((LedgerState.LOGGED, LedgerState.WAITING))
    conditions = [
        MailboxMessage.mailbox_id == mailbox_id,
        MailboxMessage.state != LedgerState.TO_READ,
        not_(and_(kept, MailboxMessage.deleted_at.is_not(None))),
    ]
    if states is not None:
        conditions.append(MailboxMessage.state.in_(states))
    if rules is not None:
        conditions.append(MailboxMessage.rule.in_(rules))
    statement = (
        update(MailboxMessage)
        .where(*conditions)
        .values(state=LedgerState.TO_READ, rule=None, not_before=now, deleted_at=None, changed_at=now, **UNTRIED)
        .execution_options(synchronize_session=False)
    )
    if gmail_message_ids is None:
        return _count(session.execute(statement))
    return sum(
        _count(session.execute(statement.where(MailboxMessage.gmail_message_id.in_(some))))
        for some in _in_pieces(sorted(set(gmail_message_ids)), _IDS_PER_STATEMENT)
    )


def mark_deleted(session: Session, mailbox_id: uuid.UUID, gmail_message_ids: Sequence[str], now: datetime) -> None:
    """They went away in Gmail. What was logged stays logged; what was still to be read is gone."""
    unread = MailboxMessage.state.in_((LedgerState.TO_READ, LedgerState.QUARANTINED))
    for some in _in_pieces(sorted(set(gmail_message_ids)), _IDS_PER_STATEMENT):
        session.execute(
            update(MailboxMessage)
            .where(
                MailboxMessage.mailbox_id == mailbox_id,
                MailboxMessage.gmail_message_id.in_(some),
                or_(MailboxMessage.deleted_at.is_(None), unread),
            )
            .values(
                deleted_at=func.coalesce(MailboxMessage.deleted_at, now),
                state=case((unread, LedgerState.GONE), else_=MailboxMessage.state),
                rule=case((unread, None), else_=MailboxMessage.rule),
                changed_at=now,
            )
            .execution_options(synchronize_session=False)
        )


def states_of(
    session: Session, mailbox_id: uuid.UUID, gmail_message_ids: Sequence[str]
) -> dict[str, tuple[LedgerState, str | None]]:
    """State and rule of those that are in the ledger, by Gmail id."""
    found: dict[str, tuple[LedgerState, str | None]] = {}
    columns = (MailboxMessage.gmail_message_id, MailboxMessage.state, MailboxMessage.rule)
    for some in _in_pieces(list(gmail_message_ids), _IDS_PER_STATEMENT):
        statement = select(*columns).where(
            MailboxMessage.mailbox_id == mailbox_id, MailboxMessage.gmail_message_id.in_(some)
        )
        found.update({row[0]: (LedgerState(row[1]), row[2]) for row in session.execute(statement)})
    return found


def of_thread(
    session: Session, mailbox_id: uuid.UUID, gmail_thread_id: str, *, limit: int = 200
) -> list[tuple[str, LedgerState, str | None]]:
    """Gmail id, state and rule of what is known of a conversation in this mailbox, newest first."""
    came = func.coalesce(MailboxMessage.received_at, MailboxMessage.not_before)
    statement = (
        select(MailboxMessage.gmail_message_id, MailboxMessage.state, MailboxMessage.rule)
        .where(MailboxMessage.mailbox_id == mailbox_id, MailboxMessage.gmail_thread_id == gmail_thread_id)
        .order_by(came.desc(), MailboxMessage.id.desc())
        .limit(limit)
    )
    return [(row[0], LedgerState(row[1]), row[2]) for row in session.execute(statement)]


def counts(session: Session, mailbox_id: uuid.UUID) -> Counts:
    by_state: Counter[LedgerState] = Counter()
    by_rule: Counter[str] = Counter()
    rows = session.execute(
        select(MailboxMessage.state, MailboxMessage.rule, func.count())
        .where(MailboxMessage.mailbox_id == mailbox_id)
        .group_by(MailboxMessage.state, MailboxMessage.rule)
    )
    for state, rule, number in rows:
        by_state[LedgerState(state)] += number
        if state == LedgerState.EXCLUDED and rule is not None:
            by_rule[rule] += number
    return Counts(by_state=dict(by_state), by_rule=dict(by_rule.most_common()))


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount


def _in_pieces(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
