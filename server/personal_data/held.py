"""All that is held of one person: each feature is asked for its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.contacts import personal_data as contacts
from server.ctas import personal_data as ctas
from server.email_templates import personal_data as email_templates
from server.mail import personal_data as mail
from server.measures import personal_data as measures
from server.personal import OF_CONTACTS, Kind, Record, Subject
from server.personal_data import rules
from server.personal_data.words import KINDS, KindWords
from server.sends import personal_data as sends
from server.timeline import personal_data as timeline

_FEATURES = (contacts, sends, mail, timeline, ctas, measures, email_templates)


@dataclass(frozen=True, kw_only=True)
class Held:
    """One kind of it. `until` says how long in words; `first_ends_at` is when the retention rule takes the oldest."""

    kind: Kind
    words: KindWords
    count: int
    since: datetime | None
    until: str
    first_ends_at: datetime | None


def records(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:
    for feature in _FEATURES:
        yield from feature.found(session, subject, with_text=with_text)


def summary(session: Session, subject: Subject) -> list[Held]:
    """Kinds of which there is something, in the order of `Kind`."""
    counts: dict[Kind, int] = {}
    oldest: dict[Kind, datetime] = {}
    for record in records(session, subject):
        counts[record.kind] = counts.get(record.kind, 0) + 1
        if record.since is not None:
            oldest[record.kind] = min(record.since, oldest.get(record.kind, record.since))
    months = rules.months_of_all(session)
    return [
        _held(kind, counts[kind], oldest.get(kind), months.get(KINDS[kind].rule or ""))
        for kind in OF_CONTACTS
        if kind in counts
    ]


def _held(kind: Kind, count: int, since: datetime | None, months: int | None) -> Held:
    return Held(
        kind=kind,
        words=KINDS[kind],
        count=count,
        since=since,
        until=f"{months} months" if months is not None else "Until it is erased",
        first_ends_at=rules.months_after(since, months) if since is not None and months is not None else None,
    )
