"""The morning digest: whose is due, what is in it. One for each working day of a person, by the clock on their wall.

Before it is sent, the day is written down and committed: nobody gets two, whatever the clock or a worker does. Known
not sent gives the day back; of unknown fate does not.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.auth import people
from server.auth.models import User
from server.cockpit import queries
from server.cockpit.asked import Asked, Due, Snoozed
from server.cockpit.models import Digest
from server.cockpit.queries import Row, Who
from server.ctas import queries as ctas
from server.ctas.models import Cta, CtaComment, CtaMention, CtaTask, TaskKind
from server.errors import Invalid
from server.playbooks.calendars import calendar_of

LINES = 10
FIRST_HOUR = 7


@dataclass(frozen=True, kw_only=True)
class Line:
    cta_id: uuid.UUID
    title: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """The first lines of a heading, and how many there are (as far as they are counted)."""

    label: str
    lines: Sequence[Line]
    count: int


@dataclass(frozen=True, kw_only=True)
class Morning:
    """What one person gets on one of their days."""

    user: User
    day: date
    parts: Sequence[Part]


def of_user(session: Session, user_id: uuid.UUID) -> Digest | None:
    return session.get(Digest, user_id)


def choose(session: Session, user_id: uuid.UUID, *, is_on: bool, hour: int, now: datetime) -> None:
    """Whether they want it, and at which hour of their day. Raises Invalid."""
    if not 0 <= hour <= 23:
        what = "An hour is a number from 0 to 23."
        raise Invalid(what, cure="Choose one from the list.", fields={"hour": what})
    found = session.get(Digest, user_id)
    if found is None:
        found = Digest(id=user_id, is_on=False, hour=hour, changed_at=now)
        session.add(found)
    if is_on and not found.is_on:
        # Who switches it on after its hour is not woken by the digest of this morning.
        user = people.by_id(session, user_id)
        if _hour_is_over(user, hour, now):
            found.last_for_on = people.today_of(user, now)
    found.is_on, found.hour, found.changed_at = is_on, hour, now
    session.flush()


def due(session: Session, now: datetime) -> Sequence[uuid.UUID]:
    """Whose morning it is, and who has not got it yet. Days are theirs, working days those of their calendar."""
    rows = session.execute(
        select(Digest, User).join(User, User.id == Digest.id).where(Digest.is_on, User.deactivated_at.is_(None))
    ).all()
    calendars = calendar_of(session)
    found = []
    for digest, user in rows:
        today = people.today_of(user, now)
        is_new = digest.last_for_on is None or digest.last_for_on < today
        if is_new and _hour_is_over(user, digest.hour, now) and calendars(user.id).is_workday(today):
            found.append(user.id)
    return found


def _hour_is_over(user: User, hour: int, now: datetime) -> bool:
    """By the wall: an hour that a change of the clocks leaves out is over at once, one that comes twice counts once."""
    return now.astimezone(ZoneInfo(user.time_zone)).hour >= hour


def claim(session: Session, user_id: uuid.UUID, now: datetime) -> tuple[date, date | None] | None:
    """The day that is theirs to send for now, and the one before; None when there is none or somebody else was first.

    To be committed before anything is sent.
    """
    if user_id not in due(session, now):
        return None
    digest = session.get_one(Digest, user_id)
    today, before = people.today_of(people.by_id(session, user_id), now), digest.last_for_on
    mine = or_(Digest.last_for_on.is_(None), Digest.last_for_on < today)
    claimed = session.execute(
        update(Digest).where(Digest.id == user_id, mine).values(last_for_on=today).returning(Digest.id)
    ).first()
    return (today, before) if claimed else None


def give_back(session: Session, user_id: uuid.UUID, day: date, before: date | None) -> None:
    """What was claimed is known not to have been sent: it may be tried again."""
    session.execute(update(Digest).where(Digest.id == user_id, Digest.last_for_on == day).values(last_for_on=before))


def morning(session: Session, user_id: uuid.UUID, *, day: date, now: datetime) -> Morning:
    """What waits for them on that day; parts without a line are left out."""
    user, who = people.by_id(session, user_id), Who(user_id=user_id, today=day, now=now)
    asked = Asked(snoozed=Snoozed.HIDE)
    parts = [
        _replies(session, who),
        _mentions(session, user_id),
        _ctas(session, "Overdue", replace(asked, due=Due.OVERDUE), who),
        _ctas(session, "Due today", replace(asked, due=Due.TODAY), who),
        _emails(session, who),
    ]
    return Morning(user=user, day=day, parts=[part for part in parts if part.count])


def _ctas(session: Session, label: str, asked: Asked, who: Who) -> Part:
    rows = queries.listed(session, asked, who, limit=LINES).rows
    return Part(label=label, lines=[_line(row) for row in rows], count=queries.count(session, asked, who))


def _line(row: Row) -> Line:
    task = row.next_task
    about = f"{row.account.name}: {task.title}" if task else row.account.name
    return Line(cta_id=row.cta.id, title=row.cta.name, about=about)


def _emails(session: Session, who: Who) -> Part:
    to_send = (CtaTask.kind == TaskKind.EMAIL, CtaTask.waiting_since.is_(None), CtaTask.due_on <= who.today)
    return _tasks(session, "Emails to send", who, *to_send)


def _replies(session: Session, who: Who) -> Part:
    return _tasks(session, "Replies that wait for you", who, CtaTask.replied_at.is_not(None))


def _tasks(session: Session, label: str, who: Who, *conditions: object) -> Part:
    statement = (
        select(CtaTask.title, Cta.id, Cta.name, Account.name.label("account"))
        .join(Cta, Cta.id == CtaTask.cta_id)
        .join(Account, Account.id == Cta.account_id)
        .where(Cta.closed_at.is_(None), CtaTask.owner_id == who.user_id, ctas.to_do(who.today), *conditions)  # type: ignore[arg-type]
        .order_by(CtaTask.due_on, CtaTask.id)
        .limit(queries.MOST_COUNTED)
    )
    rows = session.execute(statement).all()
    lines = [Line(cta_id=row.id, title=row.title, about=f"{row.account}: {row.name}") for row in rows[:LINES]]
    return Part(label=label, lines=lines, count=len(rows))


def _mentions(session: Session, user_id: uuid.UUID) -> Part:
    statement = (
        select(Cta.id, Cta.name, User.name.label("author"))
        .select_from(CtaMention)
        .join(CtaComment, CtaComment.id == CtaMention.cta_comment_id)
        .join(Cta, Cta.id == CtaComment.cta_id)
        .outerjoin(User, User.id == CtaComment.author_id)
        .where(CtaMention.user_id == user_id, CtaMention.seen_at.is_(None), CtaComment.removed_at.is_(None))
        .order_by(CtaComment.created_at, CtaComment.id)
        .limit(queries.MOST_COUNTED)
    )
    rows = session.execute(statement).all()
    lines = [Line(cta_id=row.id, title=row.name, about=f"{row.author or 'Rapport'} names you") for row in rows[:LINES]]
    return Part(label="Comments that name you", lines=lines, count=len(rows))
