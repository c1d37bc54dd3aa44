"""Reading CTAs, their tasks, and what became of their emails."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Date, Uuid, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.accounts.names import fold
from server.auth import policy
from server.auth.models import User
from server.ctas.models import Cta, CtaComment, CtaMention, CtaTask, EmailTaskSend
from server.ctas.next_due import NO_DATE as NO_DATE
from server.ctas.next_due import first_due as first_due
from server.ctas.next_due import is_open_task as is_open_task
from server.ctas.next_due import to_do as to_do
from server.errors import Invalid, NotFound
from server.sends.models import OutboundEmail

SOON = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class CockpitFilter:
    """`owner_id` None shows everybody's. A CTA is also mine when only one of its tasks is."""

    owner_id: uuid.UUID | None = None
    cta_type: str = ""
    status: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class CockpitRow:
    cta: Cta
    account: Account
    owner: User
    tasks: Sequence[CtaTask]
    today: date

    @property
    def next_task(self) -> CtaTask | None:
        return next((task for task in self.tasks if task.is_to_do(self.today)), None)

    @property
    def due_on(self) -> date | None:
        """When something of it is due first: an open task that is not snoozed, or the CTA itself."""
        dates = [self.cta.due_on, *(task.due_on for task in self.tasks if task.is_to_do(self.today))]
        return min((one for one in dates if one is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class CockpitPage:
    """By what is due first, those without a date last. `next_after` names the last row when there are more."""

    rows: Sequence[CockpitRow]
    next_after: uuid.UUID | None


def cockpit(
    session: Session, wanted: CockpitFilter, *, today: date, limit: int = 100, after: uuid.UUID | None = None
) -> CockpitPage:
    """`today` is the day where the reader is: it says which snoozes are over."""
    due = first_due(today)
    statement = (
        select(Cta, Account, User, due.label("due"))
        .join(Account, Account.id == Cta.account_id)
        .join(User, User.id == Cta.owner_id)
        .where(*_conditions(wanted))
        .order_by(due, Cta.id)
        .limit(limit + 1)
    )
    last = session.execute(select(due, Cta.id).where(Cta.id == after)).one_or_none() if after else None
    if last is not None:
        statement = statement.where(tuple_(due, Cta.id) > tuple_(literal(last[0], Date()), literal(last[1], Uuid())))
    found = session.execute(statement).all()
    tasks = tasks_of(session, [row.Cta.id for row in found[:limit]])
    rows = [
        CockpitRow(cta=row.Cta, account=row.Account, owner=row.User, tasks=tasks.get(row.Cta.id, []), today=today)
        for row in found[:limit]
    ]
    return CockpitPage(rows=rows, next_after=rows[-1].cta.id if len(found) > limit else None)


def cockpit_row(session: Session, cta_id: uuid.UUID, *, today: date) -> CockpitRow:
    """One CTA as a row of the Cockpit. Raises NotFound."""
    found = cta(session, cta_id)
    return CockpitRow(
        cta=found,
        account=session.get_one(Account, found.account_id),
        owner=session.get_one(User, found.owner_id),
        tasks=tasks_of(session, [cta_id]).get(cta_id, []),
        today=today,
    )


def count_mine(session: Session, user_id: uuid.UUID, *, today: date) -> int:
    """Open CTAs that are theirs to work on and not put off: what the Cockpit opens with."""
    statement = select(func.count(Cta.id)).where(Cta.closed_at.is_(None), is_awake(today), mine(user_id))
    return session.scalar(statement) or 0


def is_awake(today: date) -> ColumnElement[bool]:
    """Of open CTAs, not Cta.is_snoozed in SQL."""
    return or_(Cta.snoozed_through.is_(None), Cta.snoozed_through < today)


def cta(session: Session, cta_id: uuid.UUID) -> Cta:
    found = session.get(Cta, cta_id)
    if found is None:
        raise NotFound("There is no such CTA.", cure="It may have been opened in another sandbox: go to the Cockpit.")
    return found


def hold(session: Session, cta_ids: Iterable[uuid.UUID]) -> list[Cta]:
    """Those that stand, for changing them: who changes one at the same moment has done so before, or does it after."""
    statement = select(Cta).where(Cta.id.in_(list(cta_ids))).order_by(Cta.id).with_for_update()
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def held(session: Session, cta_id: uuid.UUID) -> Cta:
    """One, for changing it. Raises NotFound."""
    cta(session, cta_id)
    return hold(session, [cta_id])[0]


def held_task(session: Session, task_id: uuid.UUID) -> CtaTask:
    """A task for changing it, with its CTA held. Raises NotFound."""
    found = task(session, task_id)
    held(session, found.cta_id)
    session.refresh(found)
    return found


def working_user(session: Session, user_id: uuid.UUID) -> User:
    """Somebody who can own a CTA or a task. Raises Invalid."""
    user = session.get(User, user_id)
    if user is not None and policy.can_own_work(user):
        return user
    what = "There is no such user."
    if user is not None:
        what = f"{user.name} {'may only look' if user.deactivated_at is None else 'no longer works here'}."
    raise Invalid(what, cure="Choose a colleague who works on tasks.", fields={"owner_id": what})


def task(session: Session, task_id: uuid.UUID) -> CtaTask:
    found = session.get(CtaTask, task_id)
    if found is None:
        raise NotFound("There is no such task.", cure="Go to the Cockpit and open its CTA.")
    return found


def tasks_of(session: Session, cta_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[CtaTask]]:
    """The tasks of each CTA, in their order."""
    ids = list(cta_ids)
    grouped: dict[uuid.UUID, list[CtaTask]] = {}
    if ids:
        statement = select(CtaTask).where(CtaTask.cta_id.in_(ids)).order_by(CtaTask.position)
        for found in session.scalars(statement):
            grouped.setdefault(found.cta_id, []).append(found)
    return grouped


def sends_of(session: Session, task_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[OutboundEmail]]:
    """The emails each task gave rise to, oldest first."""
    ids = list(task_ids)
    grouped: dict[uuid.UUID, list[OutboundEmail]] = {}
    if ids:
        statement = (
            select(EmailTaskSend.cta_task_id, OutboundEmail)
            .join(OutboundEmail, OutboundEmail.id == EmailTaskSend.outbound_email_id)
            .where(EmailTaskSend.cta_task_id.in_(ids))
            .order_by(OutboundEmail.id)
        )
        for task_id, email in session.execute(statement):
            grouped.setdefault(task_id, []).append(email)
    return grouped


def cta_of_email(session: Session, outbound_email_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Cta]:
    """Which CTA each outbound email came from."""
    statement = (
        select(EmailTaskSend.outbound_email_id, Cta)
        .join(CtaTask, CtaTask.id == EmailTaskSend.cta_task_id)
        .join(Cta, Cta.id == CtaTask.cta_id)
        .where(EmailTaskSend.outbound_email_id.in_(list(outbound_email_ids)))
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def open_of_account(session: Session, account_id: uuid.UUID) -> list[Cta]:
    statement = (
        select(Cta)
        .where(Cta.account_id == account_id, Cta.closed_at.is_(None))
        .order_by(func.coalesce(Cta.due_on, NO_DATE), Cta.id)
    )
    return list(session.scalars(statement))


def unseen_mentions(session: Session, user_id: uuid.UUID) -> int:
    """How many comments name this person that they have not seen."""
    unseen = (CtaMention.user_id == user_id, CtaMention.seen_at.is_(None), CtaComment.removed_at.is_(None))
    statement = select(func.count(CtaMention.id)).join(CtaComment, CtaComment.id == CtaMention.cta_comment_id)
    return session.scalar(statement.where(*unseen)) or 0


def suggest(session: Session, text: str, *, limit: int = 5) -> list[tuple[Cta, Account]]:
    """Open CTAs whose name, or whose account's name, holds the text."""
    statement = (
        select(Cta, Account)
        .join(Account, Account.id == Cta.account_id)
        .where(*_conditions(CockpitFilter(text=text)))
        .order_by(func.coalesce(Cta.due_on, NO_DATE), Cta.id)
        .limit(limit)
    )
    return [(row.Cta, row.Account) for row in session.execute(statement)]


def mine(user_id: uuid.UUID, *, is_open: bool = True) -> ColumnElement[bool]:
    """Owned by them, or with a task of theirs; of what is open, one that is still to be done.

    As two sets of ids: an index finds each of them, where an OR would look at every CTA.
    """
    owned, tasks = select(Cta.id).where(Cta.owner_id == user_id), select(CtaTask.cta_id)
    tasks = tasks.where(CtaTask.owner_id == user_id)
    if is_open:
        owned = owned.where(Cta.closed_at.is_(None))
        tasks = tasks.where(is_open_task())
    return Cta.id.in_(owned.union(tasks))


def _conditions(wanted: CockpitFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Cta.status == wanted.status if wanted.status else Cta.closed_at.is_(None)]
    if wanted.owner_id is not None:
        conditions.append(mine(wanted.owner_id, is_open=not wanted.status))
    if wanted.cta_type:
        conditions.append(Cta.cta_type == wanted.cta_type)
    if wanted.text:
        named = Account.name_key.contains(fold(wanted.text), autoescape=True)
        of_account = exists().where(Account.id == Cta.account_id, named).correlate(Cta)
        conditions.append(or_(Cta.name.icontains(wanted.text, autoescape=True), of_account))
    return conditions
