"""What the extension did not find in Gmail's page, added up by day, so that an admin sees when Gmail changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from server.ids import new_id
from server.panel.models import GmailMiss

SHOWN = timedelta(days=30)
LIFE = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Miss:
    part: str
    count: int


@dataclass(frozen=True, kw_only=True)
class MissedBy:
    """By one version of the extension with its table of selectors."""

    extension_version: str
    table_on: date
    count: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class MissedPart:
    """`by` has the one that missed it last first."""

    part: str
    count: int
    last_at: datetime
    by: tuple[MissedBy, ...]


def add(session: Session, misses: Sequence[Miss], *, extension_version: str, table_on: date, now: datetime) -> None:
    counts: Counter[str] = Counter()
    for one in misses:
        counts[one.part] += one.count
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    # In one order, so that of two who add the same nobody waits crosswise.
    for part, count in sorted(counts.items()):
        row = make(GmailMiss).values(
            id=new_id(), missed_on=now.date(), part=part, table_on=table_on, extension_version=extension_version,
            count=count, last_at=now,
        )  # fmt: skip
        session.execute(
            row.on_conflict_do_update(
                index_elements=["missed_on", "part", "table_on", "extension_version"],
                set_={"count": GmailMiss.count + row.excluded.count, "last_at": row.excluded.last_at},
            )
        )


def lately(session: Session, *, now: datetime) -> list[MissedPart]:
    """Of the last 30 days, what is missed most often first."""
    rows = session.execute(
        select(
            GmailMiss.part, GmailMiss.extension_version, GmailMiss.table_on,
            func.sum(GmailMiss.count), func.max(GmailMiss.last_at),
        )
        .where(GmailMiss.last_at > now - SHOWN)
        .group_by(GmailMiss.part, GmailMiss.extension_version, GmailMiss.table_on)
    )  # fmt: skip
    by_part: dict[str, list[MissedBy]] = {}
    for part, version, table_on, count, last_at in rows:
        by_part.setdefault(part, []).append(
            MissedBy(extension_version=version, table_on=table_on, count=int(count), last_at=last_at)
        )
    found = [
        MissedPart(
            part=part,
            count=sum(one.count for one in by),
            last_at=max(one.last_at for one in by),
            by=tuple(sorted(by, key=lambda one: one.last_at, reverse=True)),
        )
        for part, by in by_part.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.part))


def count_old(session: Session, *, now: datetime) -> int:
    return session.scalar(select(func.count(GmailMiss.id)).where(GmailMiss.last_at <= now - LIFE)) or 0


def remove_old(session: Session, *, now: datetime) -> int:
    result = session.execute(delete(GmailMiss).where(GmailMiss.last_at <= now - LIFE))
    assert isinstance(result, CursorResult)
    return result.rowcount
