"""Who is written to and what is going on with them: people, accounts, CTAs with their email tasks, the last entries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.queries import AccountView
from server.auth import people
from server.auth.models import User
from server.auth.policy import Asker
from server.contacts import queries as contacts
from server.contacts.queries import ContactView
from server.ctas import answers, work
from server.ctas import queries as ctas
from server.ctas.answers import Reply
from server.ctas.models import Cta, CtaTask, TaskKind
from server.ctas.waiting import TaskState, state_of
from server.email_templates import queries as email_templates
from server.mail import words
from server.mail.decide import LinkTo
from server.mail.match import Match
from server.panel.foresee import Draft, Filing, foresee
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.scopes import Scope
from server.timeline.visibility import Viewer

_MOST_ACCOUNTS = 5
_MOST_CTAS = 10
_LAST_ENTRIES = 3


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One address of the draft. `contacts` has more than one where an address is shared."""

    email: str
    is_ours: bool
    contacts: tuple[ContactView, ...]


@dataclass(frozen=True, kw_only=True)
class OpenTask:
    """An open task that is not snoozed; the template of one to write an email, else "". After silence it is the next.

    `is_mine`: whether who asks may work on it. `reply` is the answer of the customer, cut to what the viewer may see.
    """

    task: CtaTask
    template_slug: str
    template_name: str
    is_mine: bool
    state: TaskState
    reply: Reply | None


@dataclass(frozen=True, kw_only=True)
class OpenCta:
    cta: Cta
    tasks: tuple[OpenTask, ...]


@dataclass(frozen=True, kw_only=True)
class AccountBeside:
    """`why` says which rule leads from the draft to this account."""

    account: AccountView
    why: str
    ctas: tuple[OpenCta, ...]
    entries: tuple[SeenEntry, ...]


@dataclass(frozen=True, kw_only=True)
class Situation:
    filing: Filing
    recipients: tuple[Recipient, ...]
    accounts: tuple[AccountBeside, ...]


def situation(session: Session, draft: Draft, *, user: User, asker: Asker, viewer: Viewer, now: datetime) -> Situation:
    """Reads only. At most five accounts, strongest rule first, with ten CTAs and three entries each."""
    filing = foresee(session, draft, user=user, now=now)
    links = filing.decision.links[:_MOST_ACCOUNTS]
    known, today = accounts.by_ids(session, [link.account_id for link in links]), people.today_of(user, now)
    return Situation(
        filing=filing,
        recipients=_recipients(session, draft, filing),
        accounts=tuple(
            _account(session, link, known[link.account_id], asker=asker, viewer=viewer, today=today)
            for link in links
            if link.account_id in known
        ),
    )


def _recipients(session: Session, draft: Draft, filing: Filing) -> tuple[Recipient, ...]:
    matches = {match.party.person.email: match for match in filing.decision.matches}
    ours = {party.person.email for party in filing.decision.parties if party.is_ours}
    ids = {email: _contact_ids(match) for email, match in matches.items()}
    views = {one.id: one for one in contacts.by_ids(session, [each for found in ids.values() for each in found])}
    return tuple(
        Recipient(
            email=email,
            is_ours=email in ours,
            contacts=tuple(views[one] for one in ids.get(email, ()) if one in views),
        )
        for email in draft.everybody
    )


def _contact_ids(match: Match) -> list[uuid.UUID]:
    return [one.contact_id for one in (*match.found, *match.tie) if one.contact_id is not None]


def _account(
    session: Session, link: LinkTo, account: AccountView, *, asker: Asker, viewer: Viewer, today: date
) -> AccountBeside:
    contact = contacts.by_ids(session, [link.contact_id]) if link.contact_id else ()
    why = words.why(link.rule, link.address, contact[0].full_name if contact else None, link.account)
    return account_beside(session, account, why, asker=asker, viewer=viewer, today=today)


def account_beside(
    session: Session, account: AccountView, why: str, *, asker: Asker, viewer: Viewer, today: date
) -> AccountBeside:
    """With ten open CTAs and three entries at most. `today` is the asker's: it says which snoozes are over."""
    entries = timeline.entries(session, viewer, Scope(account_id=account.id), limit=_LAST_ENTRIES)
    return AccountBeside(
        account=account, why=why, ctas=_ctas(session, account.id, asker, viewer, today), entries=tuple(entries.entries)
    )


def _ctas(session: Session, account_id: uuid.UUID, asker: Asker, viewer: Viewer, today: date) -> tuple[OpenCta, ...]:
    open_ctas = ctas.open_of_account(session, account_id)[:_MOST_CTAS]
    tasks = ctas.tasks_of(session, [cta.id for cta in open_ctas])
    return tuple(
        OpenCta(cta=cta, tasks=_tasks(session, cta, tasks.get(cta.id, []), asker, viewer, today)) for cta in open_ctas
    )


def _tasks(
    session: Session, cta: Cta, tasks: Sequence[CtaTask], asker: Asker, viewer: Viewer, today: date
) -> tuple[OpenTask, ...]:
    shown = [task for task in tasks if task.is_to_do(today) or (task.is_waiting(today) and not task.is_snoozed(today))]
    mine = work.may_work(session, shown, cta, asker)
    waits = answers.of_tasks(session, shown, viewer, today)
    found = []
    for task in shown:
        state = state_of(task, today)
        follows = task.silent_template_id if state is TaskState.SILENT else None
        template_id = follows or task.email_template_id
        template = (
            email_templates.by_id(session, template_id)
            if task.kind == TaskKind.EMAIL and template_id is not None
            else None
        )
        found.append(
            OpenTask(
                task=task,
                template_slug=template.slug if template else "",
                template_name=template.name if template else "",
                is_mine=task.id in mine,
                state=state,
                reply=waits[task.id].reply if task.id in waits else None,
            )
        )
    return tuple(found)
