"""Rehearsal: triggers and playbooks run against the real book for the coming weeks. Writes nothing.

What can be foreseen: renewals and what comes some time before them, silence if nobody speaks, states that hold today.
What cannot: new TAMs, stages, answers, files, sentiments that change. A CTA is taken to be over with its last task.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.accounts.names import fold
from server.contacts.models import Contact
from server.ctas.foresee import Foreseen, foresee
from server.ctas.models import Cta, CtaTask, TaskKind
from server.ctas.next_due import is_open_task
from server.ctas.open import Wanted
from server.playbooks.calendars import calendar_of
from server.playbooks.definition import OwnerRule, TaskType
from server.playbooks.plan import PlannedTask
from server.playbooks.queries import PlaybookInUse
from server.triggers.bulk_owners import BulkOwners
from server.triggers.fire import settled
from server.triggers.kinds import named
from server.triggers.look.candidate import Candidate, Span, accounts_of
from server.triggers.look.every_kind import candidates
from server.triggers.watch import Watch

DAYS = 90
LONGEST = 365
TOO_SOON = timedelta(days=7)
_LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Part:
    """A trigger with the playbook that it gives. `is_for_all`: no trigger at all; every account gets one today."""

    watch: Watch
    playbook: PlaybookInUse | None
    is_for_all: bool = False


@dataclass(frozen=True, kw_only=True)
class Opening:
    on: date
    account_id: uuid.UUID
    account_name: str
    cta_name: str
    owner_name: str
    trigger_name: str
    tasks: int
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Twice:
    """A contact who would get two mails within a week. Their name and what the mails are about."""

    contact_id: uuid.UUID
    name: str
    account_name: str
    first_on: date
    second_on: date
    about: str


@dataclass(kw_only=True)
class Rehearsal:
    """`minutes` by (person, Monday); `mails` by day; `doubles` would have opened beside their like; `unowned` have no
    TAM who works here."""

    first_on: date
    last_on: date
    openings: list[Opening] = field(default_factory=list)
    mails: Counter[date] = field(default_factory=Counter)
    minutes: Counter[tuple[str, date]] = field(default_factory=Counter)
    twice: list[Twice] = field(default_factory=list)
    doubles: int = 0
    unowned: int = 0

    @property
    def hours(self) -> float:
        return sum(self.minutes.values()) / 60

    @property
    def weeks(self) -> list[date]:
        monday, found = _monday(self.first_on), []
        while monday <= self.last_on:
            found.append(monday)
            monday += timedelta(days=7)
        return found


@dataclass(frozen=True, kw_only=True)
class _Mail:
    contact_id: uuid.UUID
    on: date
    about: str
    is_new: bool


def rehearse(session: Session, parts: Sequence[Part], *, now: datetime, days: int = DAYS) -> Rehearsal:
    """What these would do from today on, as if they were on from now."""
    return _Stage(session, now=now, days=days).play(parts)


class _Stage:
    """The book as it is, and what has been opened on it so far."""

    def __init__(self, session: Session, *, now: datetime, days: int) -> None:
        self._session, self._now, self._days = session, now, days
        self._today = now.date()
        self._last = self._today + timedelta(days=days)
        self._accounts = {one.id: one for one in session.scalars(select(Account))}
        self._owners = BulkOwners(session)
        self._calendars = calendar_of(session)
        self._by_role: dict[tuple[uuid.UUID, str], list[Contact]] = {}
        for contact in session.scalars(select(Contact).where(Contact.opted_out_at.is_(None))):
            if contact.role:
                self._by_role.setdefault((contact.account_id, contact.role), []).append(contact)
        # (account, type, reason) -> (name folded, until when it is taken to be open)
        self._open: dict[tuple[uuid.UUID, str, str | None], list[tuple[str, date]]] = {}
        self._mails: list[_Mail] = []
        self._take_open_ctas()

    def play(self, parts: Sequence[Part]) -> Rehearsal:
        found = Rehearsal(first_on=self._today, last_on=self._last)
        coming = [(max(one.began_on, self._today), part, one) for part in parts for one in self._coming(part)]
        coming.sort(key=lambda each: (each[0], each[2].account.name, each[2].account.id))
        for on, part, one in coming:
            self._open_one(found, on, part, one)
        found.twice = self._twice()
        return found

    def _coming(self, part: Part) -> list[Candidate]:
        span = Span(now=self._now, ahead=self._days)
        if part.is_for_all:
            return [
                Candidate(account=one, occasion="today", began_on=self._today, why="")
                for one in accounts_of(self._session, part.watch)
            ]
        found = list(candidates(self._session, part.watch, span))
        if part.watch.trigger_id is None:
            return found
        fired = settled(self._session, part.watch.trigger_id, [one.account.id for one in found])
        return [one for one in found if (one.account.id, one.occasion) not in fired]

    def _open_one(self, found: Rehearsal, on: date, part: Part, one: Candidate) -> None:
        account, watch = self._accounts[one.account.id], part.watch
        owners = self._owners.of(account)
        if not owners:
            found.unowned += 1
            return
        values = {"account": account.name, "tam": one.account.tam_name} | dict(one.values)
        name = named(watch.cta_name, values, longest=_LONGEST_NAME)
        key = (account.id, watch.cta_type, watch.reason)
        same = [each for each in self._open.get(key, []) if not watch.names_count or each[0] == fold(name)]
        if any(until >= on for _, until in same):
            found.doubles += 1
            return
        days = watch.params.get("due_in_days")
        wanted = Wanted(
            account_id=account.id,
            name=name,
            cta_type=watch.cta_type,
            owner_rule=OwnerRule(watch.owner_rule) if not part.is_for_all else None,
            due_on=on + timedelta(days=days) if days is not None and part.playbook is None else None,
            ebr_on=one.review_on,
            playbook=part.playbook,
        )
        seen = foresee(account, wanted, owners, opened_on=on, calendar_of=self._calendars)
        self._open.setdefault(key, []).append((fold(name), _over_on(seen, on)))
        for task in seen.tasks:
            self._count(found, account, name, task, on)
        found.openings.append(
            Opening(
                on=on,
                account_id=account.id,
                account_name=account.name,
                cta_name=name,
                owner_name=self._owners.users[seen.owner_id].name,
                trigger_name=watch.name,
                tasks=len(seen.tasks),
                minutes=sum(task.step.minutes for task in seen.tasks),
            )
        )

    def _count(self, found: Rehearsal, account: Account, cta_name: str, task: PlannedTask, opened_on: date) -> None:
        on = task.due_on or opened_on
        if on > self._last:
            return
        found.minutes[(self._owners.users[task.owner_id].name, _monday(on))] += task.step.minutes
        if task.step.task is TaskType.EMAIL:
            found.mails[on] += 1
            for contact in self._by_role.get((account.id, task.step.to or ""), []):
                about = f"{cta_name}: {task.step.title}"
                self._mails.append(_Mail(contact_id=contact.id, on=on, about=about, is_new=True))

    def _take_open_ctas(self) -> None:
        """What is open keeps its like from opening; its mails that are to be written count as well."""
        last_due = (
            select(CtaTask.cta_id, func.max(CtaTask.due_on).label("due_on"))
            .where(is_open_task())
            .group_by(CtaTask.cta_id)
            .subquery()
        )
        statement = (
            select(Cta.id, Cta.account_id, Cta.cta_type, Cta.reason, Cta.name, Cta.due_on, last_due.c.due_on)
            .outerjoin(last_due, last_due.c.cta_id == Cta.id)
            .where(Cta.closed_at.is_(None))
        )
        accounts: dict[uuid.UUID, uuid.UUID] = {}
        for cta_id, account_id, cta_type, reason, name, due_on, task_due_on in self._session.execute(statement):
            accounts[cta_id] = account_id
            until: date = max(one for one in (due_on, task_due_on, self._today) if one is not None)
            is_without_date = due_on is None and task_due_on is None
            self._open.setdefault((account_id, cta_type, reason), []).append(
                (fold(name), self._last if is_without_date else until)
            )
        tasks = (
            select(CtaTask.cta_id, CtaTask.due_on, CtaTask.contact_role, CtaTask.title)
            .join(Cta, Cta.id == CtaTask.cta_id)
            .where(
                Cta.closed_at.is_(None),
                CtaTask.kind == TaskKind.EMAIL.value,
                is_open_task(),
                CtaTask.due_on.is_not(None),
            )
        )
        for cta_id, due_on, role, title in self._session.execute(tasks):
            for contact in self._by_role.get((accounts[cta_id], role or ""), []):
                on = max(due_on or self._today, self._today)
                self._mails.append(_Mail(contact_id=contact.id, on=on, about=title, is_new=False))

    def _twice(self) -> list[Twice]:
        """Pairs of which at least one is new: what is open already is nobody's draft."""
        by_contact: dict[uuid.UUID, list[_Mail]] = {}
        for mail in sorted(self._mails, key=lambda one: (one.on, one.about)):
            by_contact.setdefault(mail.contact_id, []).append(mail)
        people = {one.id: one for contacts in self._by_role.values() for one in contacts}
        found = []
        for contact_id, mails in by_contact.items():
            for first, second in pairwise(mails):
                if second.on - first.on < TOO_SOON and (first.is_new or second.is_new):
                    contact = people[contact_id]
                    found.append(
                        Twice(
                            contact_id=contact_id,
                            name=f"{contact.first_name} {contact.last_name}".strip(),
                            account_name=self._accounts[contact.account_id].name,
                            first_on=first.on,
                            second_on=second.on,
                            about=f"{first.about}; {second.about}",
                        )
                    )
                    break
        return sorted(found, key=lambda one: (one.first_on, one.name))


def _over_on(seen: Foreseen, opened_on: date) -> date:
    days = [one.due_on for one in seen.tasks if one.due_on] + ([seen.due_on] if seen.due_on else [])
    return max(days, default=opened_on + timedelta(days=30))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def compared(draft: Rehearsal, live: Rehearsal | None) -> Mapping[str, tuple[float, float | None]]:
    """What is said beside each other: name -> (this, the live one)."""

    def of(one: Rehearsal) -> dict[str, float]:
        return {
            "CTAs that would open": len(one.openings),
            "Emails to write": sum(one.mails.values()),
            "Hours of work": round(one.hours, 1),
            "Busiest week of one person, hours": round(max(one.minutes.values(), default=0) / 60, 1),
            "Contacts with two emails in a week": len(one.twice),
            "Doubles that would not open": one.doubles,
            "Accounts without a TAM, so without a CTA": one.unowned,
        }

    theirs = of(live) if live is not None else {}
    return {name: (value, theirs.get(name)) for name, value in of(draft).items()}
