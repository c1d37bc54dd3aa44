"""Opening a CTA: by hand, by a playbook, by a trigger. One of the same kind that is open is updated, not doubled."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.models import Account
from server.accounts.names import fold
from server.auth import people
from server.ctas import next_due
from server.ctas.models import LONGEST_NAME, Cta, CtaComment, CtaStatus, CtaTask
from server.ctas.owners import owners_of
from server.db import insert_if_absent
from server.email_templates import queries as email_templates
from server.errors import Invalid
from server.playbooks import choices
from server.playbooks.calendars import calendar_of
from server.playbooks.definition import OwnerRule
from server.playbooks.models import ChoiceList
from server.playbooks.plan import Anchors, Plan, PlannedTask, plan
from server.playbooks.queries import PlaybookInUse


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A CTA to be opened. What is None comes from the playbook, else from the account.

    `names_count`: one of another name is another CTA. `why` says what a trigger saw, for the comment.
    """

    account_id: uuid.UUID
    name: str
    cta_type: str
    priority: str | None = None
    reason: str | None = None
    owner_id: uuid.UUID | None = None
    owner_rule: OwnerRule | None = None
    due_on: date | None = None
    ebr_on: date | None = None
    playbook: PlaybookInUse | None = None
    trigger_id: uuid.UUID | None = None
    names_count: bool = False
    why: str = ""


class Outcome(StrEnum):
    OPENED = "opened"
    UPDATED = "updated"
    # One of the same kind is snoozed: it keeps its silence.
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, kw_only=True)
class Opened:
    cta: Cta
    outcome: Outcome


def open_cta(session: Session, wanted: Wanted, *, by_id: uuid.UUID | None, now: datetime) -> Opened:
    """Open it, or update the open one of the same account, type and reason (and name, if names count).

    Raises NotFound for the account, Invalid for what no list has, or when nobody could own it.
    """
    account = accounts.by_id(session, wanted.account_id)
    _demand_listed(session, wanted)
    earlier = similar(session, wanted)
    if earlier is not None:
        return _again(session, earlier, wanted, by_id=by_id, now=now)
    cta, planned = _made(session, account, wanted, by_id=by_id, now=now)
    cta.open_key = key_of(wanted) if wanted.trigger_id else None
    if not insert_if_absent(session, cta):
        # Somebody opened its like at this moment.
        found = similar(session, wanted)
        assert found is not None
        return _again(session, found, wanted, by_id=by_id, now=now)
    next_due.keep(session, [cta.id])
    cta = session.get_one(Cta, cta.id)
    if planned is not None:
        session.add_all(task_rows(session, cta.id, planned.tasks, first=0))
    session.flush()
    return Opened(cta=cta, outcome=Outcome.OPENED)


def similar(session: Session, wanted: Wanted) -> Cta | None:
    """The open CTA that this one would be a double of."""
    statement = (
        select(Cta)
        .where(
            Cta.account_id == wanted.account_id,
            Cta.closed_at.is_(None),
            Cta.cta_type == wanted.cta_type,
            Cta.reason == wanted.reason if wanted.reason else Cta.reason.is_(None),
        )
        .order_by(Cta.id)
    )
    found = session.scalars(statement).all()
    if wanted.names_count:
        found = [one for one in found if fold(one.name) == fold(wanted.name)]
    return found[0] if found else None


def key_of(wanted: Wanted) -> str:
    name = fold(wanted.name) if wanted.names_count else ""
    return "\x1f".join((str(wanted.account_id), wanted.cta_type, wanted.reason or "", name))


def anchors_of(account: Account, *, opened_on: date, ebr_on: date | None) -> Anchors:
    return Anchors(
        opened_on=opened_on,
        renewal_on=account.renewal_on,
        ebr_on=ebr_on,
        contract_start_on=account.contract_start_on,
    )


def task_rows(session: Session, cta_id: uuid.UUID, planned: tuple[PlannedTask, ...], *, first: int) -> list[CtaTask]:
    """Rows of a CTA for planned tasks, from this position on. Raises NotFound for a template that is gone."""
    rows = []
    for position, one in enumerate(planned, start=first):
        step = one.step
        silent = step.if_silent
        rows.append(
            CtaTask(
                cta_id=cta_id,
                position=position,
                key=step.key,
                kind=step.task.value,
                title=step.title,
                instructions=step.instructions,
                owner_id=one.owner_id,
                due_on=one.due_on,
                is_required=step.required,
                needs=" ".join(step.needs),
                minutes=step.minutes,
                email_template_id=_template_id(session, step.template),
                contact_role=step.to,
                waits_days=silent.after_business_days if silent else None,
                silent_template_id=_template_id(session, silent.template) if silent else None,
            )
        )
    return rows


def _template_id(session: Session, slug: str | None) -> uuid.UUID | None:
    return email_templates.by_slug(session, slug).id if slug else None


def _demand_listed(session: Session, wanted: Wanted) -> None:
    lists = choices.of(session)
    lists.demand(ChoiceList.TYPE, wanted.cta_type)
    if wanted.reason:
        lists.demand(ChoiceList.REASON, wanted.reason, wanted.cta_type)
    if wanted.priority:
        lists.demand(ChoiceList.PRIORITY, wanted.priority)
    if not 1 <= len(wanted.name.strip()) <= LONGEST_NAME:
        what = f"A CTA needs a name of at most {LONGEST_NAME} characters."
        raise Invalid(what, cure="Say in a few words what is to be done.", fields={"name": what})


def _made(
    session: Session, account: Account, wanted: Wanted, *, by_id: uuid.UUID | None, now: datetime
) -> tuple[Cta, Plan | None]:
    definition = wanted.playbook.definition if wanted.playbook else None
    owners = owners_of(session, account, otherwise=wanted.owner_id or by_id)
    if not owners and wanted.owner_id is None:
        what = f"{account.name} has no TAM who works here, so nobody would own this CTA."
        raise Invalid(what, cure="Choose an owner, or give the account a TAM.", fields={"owner_id": "Nobody."})
    rule = wanted.owner_rule or (definition.owner if definition else OwnerRule.TAM)
    owner_id = wanted.owner_id or owners[rule]
    # The day of opening is the owner's: what is due "in 3 days" is so on their calendar.
    opened_on = people.today_of(people.by_id(session, owner_id), now)
    planned = None
    if definition is not None:
        anchors = anchors_of(account, opened_on=opened_on, ebr_on=wanted.ebr_on)
        planned = plan(definition, anchors, owners or dict.fromkeys(OwnerRule, owner_id), calendar_of(session))
    return Cta(
        account_id=account.id,
        name=wanted.name.strip(),
        cta_type=wanted.cta_type,
        reason=wanted.reason,
        priority=wanted.priority or (definition.priority if definition else "medium"),
        status=CtaStatus.NEW,
        owner_id=owner_id,
        playbook_name=definition.name if definition else None,
        playbook_version_id=wanted.playbook.version_id if wanted.playbook else None,
        trigger_id=wanted.trigger_id,
        due_on=wanted.due_on or (planned.due_on if planned else None),
        opened_on=opened_on,
        ebr_on=wanted.ebr_on,
        opened_by_id=by_id,
        opened_at=now,
    ), planned


def _again(session: Session, cta: Cta, wanted: Wanted, *, by_id: uuid.UUID | None, now: datetime) -> Opened:
    """What is open already is told that the same was seen once more; a playbook comes only where there is none."""
    if cta.is_snoozed(people.today_of(people.by_id(session, cta.owner_id), now)):
        return Opened(cta=cta, outcome=Outcome.SUPPRESSED)
    lists = choices.of(session)
    if wanted.priority and lists.priority(wanted.priority).position < lists.priority(cta.priority).position:
        cta.priority = wanted.priority
    if wanted.why:
        session.add(CtaComment(cta_id=cta.id, author_id=by_id, text=wanted.why, created_at=now))
    session.flush()
    return Opened(cta=cta, outcome=Outcome.UPDATED)
