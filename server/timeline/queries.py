"""Reading the timeline. What comes out is already cut to what the viewer may see; rows stay in here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from server.errors import NotFound
from server.timeline.cut import SeenEntry, cut
from server.timeline.models import ActivityType, TimelineEntry, TimelineParticipant
from server.timeline.scopes import Marker, Row, Scope
from server.timeline.visibility import Viewer, was_sent_by

SYNCHRONOUS = (ActivityType.CUSTOMER_CALL, ActivityType.IN_PERSON_MEETING)
SHOWN_AT_ONCE = 3  # the other mails of a conversation that come with it; more are asked for when it is opened
_LONGEST_THREAD = 200


@dataclass(frozen=True, kw_only=True)
class SeenThread:
    """A conversation of one account, folded. `head` is its latest mail that is more than an automatic one.

    `rest` are the others, newest first; it is empty when there are more than SHOWN_AT_ONCE of them. `from_them`
    counts those that came in; `since` is when it began.
    """

    head: SeenEntry
    rest: tuple[SeenEntry, ...]
    count: int
    from_them: int
    since: datetime

    @property
    def others(self) -> int:
        return self.count - 1


@dataclass(frozen=True, kw_only=True)
class ThreadPage:
    """Newest first. `next_cursor` is None on the last page."""

    threads: tuple[SeenThread, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class EntryPage:
    """Newest first, nothing folded. `next_cursor` is None on the last page."""

    entries: tuple[SeenEntry, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class LastActivity:
    """`spoken_at`: the latest call or meeting; email never counts. `anything_at`: the latest of anything."""

    spoken_at: datetime | None
    anything_at: datetime


def of_account(
    session: Session, viewer: Viewer, account_id: uuid.UUID, *, limit: int = 20, cursor: str | None = None
) -> ThreadPage:
    return threads(session, viewer, Scope(account_id=account_id), limit=limit, cursor=cursor)


def of_contact(
    session: Session, viewer: Viewer, contact_id: uuid.UUID, *, limit: int = 20, cursor: str | None = None
) -> ThreadPage:
    """What a person took part in, at whatever account it stands."""
    return threads(session, viewer, Scope(contact_id=contact_id), limit=limit, cursor=cursor)


def threads(
    session: Session, viewer: Viewer, scope: Scope, *, limit: int = 20, cursor: str | None = None
) -> ThreadPage:
    """Conversations by the time of their latest mail. Automatic mail alone does not bring one to the top."""
    entry = aliased(TimelineEntry)
    marker = Marker.decode(cursor) if cursor is not None else None
    find = _headlines_by_words if scope.words else _headlines
    statement = find(viewer, scope, entry, marker)
    heads, next_cursor = _page(session, statement, entry, marker, limit)
    return ThreadPage(threads=tuple(_folded(session, viewer, scope.whole(), heads, marker)), next_cursor=next_cursor)


def entries(session: Session, viewer: Viewer, scope: Scope, *, limit: int = 50, cursor: str | None = None) -> EntryPage:
    """Every entry by itself."""
    marker = Marker.decode(cursor) if cursor is not None else None
    statement = select(TimelineEntry).where(*scope.conditions(viewer, TimelineEntry))
    found, next_cursor = _page(session, statement, TimelineEntry, marker, limit)
    return EntryPage(entries=tuple(cut(session, viewer, found)), next_cursor=next_cursor)


def _headlines(viewer: Viewer, scope: Scope, entry: Row, marker: Marker | None) -> Select[TimelineEntry]:
    """Entries of which no other of their conversation is rather the headline: read along the index by time."""
    newer = aliased(TimelineEntry)
    has_better = exists().where(
        newer.account_id == entry.account_id,
        newer.thread_key == entry.thread_key,
        _leads_before(newer, entry),
        *_known_to(marker, newer),
        *scope.conditions(viewer, newer),
    )
    return select(entry).where(~has_better, *scope.conditions(viewer, entry))


def _headlines_by_words(viewer: Viewer, scope: Scope, entry: Row, marker: Marker | None) -> Select[TimelineEntry]:
    """The same of entries that no index finds: all texts are gone through once, in whatever order they lie."""
    each = aliased(TimelineEntry)
    place = func.row_number().over(
        partition_by=(each.account_id, each.thread_key),
        order_by=(each.fold_reason.is_not(None), each.occurred_at.desc(), each.id.desc()),
    )
    found = select(each.id, place.label("place")).where(*scope.conditions(viewer, each), *_known_to(marker, each))
    ranked = found.subquery()
    return select(entry).join(ranked, ranked.c.id == entry.id).where(ranked.c.place == 1)


def _page(
    session: Session, statement: Select[TimelineEntry], entry: Row, marker: Marker | None, limit: int
) -> tuple[list[TimelineEntry], str | None]:
    """The entries of one page, and the cursor of the next. All pages show what there was when the first was read."""
    any_entry = aliased(TimelineEntry)
    # Ids rise with time. PostgreSQL has no max() of a uuid before version 18.
    newest = select(any_entry.id).order_by(any_entry.id.desc()).limit(1).scalar_subquery()
    if marker is not None:
        statement = statement.where(marker.is_before(entry), *_known_to(marker, entry))
    statement = statement.order_by(entry.occurred_at.desc(), entry.id.desc()).limit(limit + 1)
    rows = session.execute(statement.add_columns(newest)).all()
    found = [row[0] for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    bound = (marker.newest if marker else None) or rows[0][1]
    return found, Marker(occurred_at=found[-1].occurred_at, id=found[-1].id, newest=bound).encode()


def _known_to(marker: Marker | None, entry: Row) -> list[ColumnElement[bool]]:
    """Only what was there when the first page was read."""
    return [entry.id <= marker.newest] if marker is not None and marker.newest is not None else []


def rest_of_thread(session: Session, viewer: Viewer, scope: Scope, *, head_id: uuid.UUID) -> tuple[SeenEntry, ...]:
    """The other mails of the conversation of an entry, newest first, at most 200. Raises NotFound."""
    head = session.get(TimelineEntry, head_id)
    if head is None:
        raise _no_entry()
    statement = (
        select(TimelineEntry)
        .where(
            TimelineEntry.account_id == head.account_id,
            TimelineEntry.thread_key == head.thread_key,
            TimelineEntry.id != head.id,
            *scope.whole().conditions(viewer, TimelineEntry),
        )
        .order_by(TimelineEntry.occurred_at.desc(), TimelineEntry.id.desc())
        .limit(_LONGEST_THREAD)
    )
    return tuple(cut(session, viewer, list(session.scalars(statement))))


def one(session: Session, viewer: Viewer, entry_id: uuid.UUID) -> SeenEntry:
    """Raises NotFound."""
    found = session.get(TimelineEntry, entry_id)
    if found is None:
        raise _no_entry()
    return next(cut(session, viewer, [found]))


def by_ids(session: Session, viewer: Viewer, entry_ids: Iterable[uuid.UUID]) -> list[SeenEntry]:
    """Those that stand, newest first; at most some hundreds at once."""
    statement = select(TimelineEntry).where(TimelineEntry.id.in_(list(entry_ids)))
    ordered = statement.order_by(TimelineEntry.occurred_at.desc(), TimelineEntry.id.desc())
    return list(cut(session, viewer, list(session.scalars(ordered))))


def of_mails(session: Session, viewer: Viewer, mail_message_ids: Iterable[uuid.UUID]) -> list[SeenEntry]:
    """All entries that these mails made, on whatever account; at most some hundreds of mails at once."""
    statement = select(TimelineEntry).where(TimelineEntry.mail_message_id.in_(list(mail_message_ids)))
    return list(cut(session, viewer, list(session.scalars(statement))))


def is_mail_sent_by(session: Session, user_id: uuid.UUID, *, entry_id: uuid.UUID, account_id: uuid.UUID) -> bool:
    """Whether this entry is a mail that the person sent and that stands on this account's timeline."""
    statement = select(TimelineEntry.id).where(
        TimelineEntry.id == entry_id,
        TimelineEntry.account_id == account_id,
        TimelineEntry.activity_type == ActivityType.EMAIL,
        was_sent_by(user_id, TimelineEntry),
    )
    return session.scalars(statement).first() is not None


def activity(session: Session, account_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, LastActivity]:
    """When something last happened with each account that has a timeline (product.md 1.6)."""
    spoken = func.max(TimelineEntry.occurred_at).filter(TimelineEntry.activity_type.in_(SYNCHRONOUS))
    statement = (
        select(TimelineEntry.account_id, spoken, func.max(TimelineEntry.occurred_at))
        .where(TimelineEntry.account_id.in_(list(account_ids)))
        .group_by(TimelineEntry.account_id)
    )
    return {row[0]: LastActivity(spoken_at=row[1], anything_at=row[2]) for row in session.execute(statement)}


def last_emailed(session: Session, contact_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each contact was last written to by one of us. Who and when is open to every colleague at any level."""
    statement = (
        select(TimelineParticipant.contact_id, func.max(TimelineEntry.occurred_at))
        .join(TimelineEntry, TimelineEntry.id == TimelineParticipant.timeline_entry_id)
        .where(
            TimelineParticipant.contact_id.in_(list(contact_ids)),
            TimelineParticipant.part == "to",
            or_(TimelineEntry.direction.is_(None), TimelineEntry.direction != "in"),
        )
        .group_by(TimelineParticipant.contact_id)
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[0]}


def _no_entry() -> NotFound:
    return NotFound("There is no such entry on the timeline.", cure="It may have been moved or taken off meanwhile.")


def _leads_before(newer: Row, entry: Row) -> ColumnElement[bool]:
    """Whether `newer` is rather the headline of a conversation: what a person wrote before what a machine did."""
    is_later = tuple_(newer.occurred_at, newer.id) > tuple_(entry.occurred_at, entry.id)
    return or_(
        and_(newer.fold_reason.is_(None), or_(entry.fold_reason.is_not(None), is_later)),
        and_(newer.fold_reason.is_not(None), entry.fold_reason.is_not(None), is_later),
    )


def _folded(
    session: Session, viewer: Viewer, scope: Scope, heads: Sequence[TimelineEntry], marker: Marker | None
) -> list[SeenThread]:
    sizes = _sizes(session, viewer, scope, heads, marker)
    short = [head for head in heads if 1 < sizes[_thread(head)][0] <= SHOWN_AT_ONCE + 1]
    rest = _rest(session, viewer, scope, short, marker)
    found = []
    for head in cut(session, viewer, heads):
        count, from_them, since = sizes[(head.account_id, head.thread_key)]
        others = tuple(one for one in rest.get((head.account_id, head.thread_key), []) if one.id != head.id)
        found.append(SeenThread(head=head, rest=others, count=count, from_them=from_them, since=since))
    return found


_Thread = tuple[uuid.UUID, uuid.UUID]


def _thread(entry: TimelineEntry) -> _Thread:
    return entry.account_id, entry.thread_key


def _sizes(
    session: Session, viewer: Viewer, scope: Scope, heads: Sequence[TimelineEntry], marker: Marker | None
) -> Mapping[_Thread, tuple[int, int, datetime]]:
    came_in = func.count(TimelineEntry.id).filter(TimelineEntry.direction == "in")
    statement = (
        select(
            TimelineEntry.account_id,
            TimelineEntry.thread_key,
            func.count(TimelineEntry.id),
            came_in,
            func.min(TimelineEntry.occurred_at),
        )
        .where(*_in_threads_of(heads, marker), *scope.conditions(viewer, TimelineEntry))
        .group_by(TimelineEntry.account_id, TimelineEntry.thread_key)
    )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in session.execute(statement)} if heads else {}


def _rest(
    session: Session, viewer: Viewer, scope: Scope, heads: Sequence[TimelineEntry], marker: Marker | None
) -> Mapping[_Thread, list[SeenEntry]]:
    found: dict[_Thread, list[SeenEntry]] = {}
    if heads:
        statement = (
            select(TimelineEntry)
            .where(*_in_threads_of(heads, marker), *scope.conditions(viewer, TimelineEntry))
            .order_by(TimelineEntry.occurred_at.desc(), TimelineEntry.id.desc())
        )
        for one in cut(session, viewer, list(session.scalars(statement))):
            found.setdefault((one.account_id, one.thread_key), []).append(one)
    return found


def _in_threads_of(heads: Sequence[TimelineEntry], marker: Marker | None) -> list[ColumnElement[bool]]:
    return [
        TimelineEntry.account_id.in_({head.account_id for head in heads}),
        TimelineEntry.thread_key.in_({head.thread_key for head in heads}),
        *_known_to(marker, TimelineEntry),
    ]
