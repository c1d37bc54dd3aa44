"""Whom a trigger would hit if it looked now: for the page, before it is saved or turned on. Writes nothing."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.auth import people
from server.auth.people import today_of
from server.ctas.foresee import foresee
from server.ctas.open import similar
from server.ctas.owners import owners_of
from server.errors import RapportError
from server.playbooks.calendars import calendar_of
from server.playbooks.plan import CalendarOf
from server.triggers.fire import settled, wanted_of
from server.triggers.look.candidate import Candidate, Span
from server.triggers.look.every_kind import candidates
from server.triggers.watch import Watch

SHOWN = 50


class Would(StrEnum):
    OPEN = "open"
    UPDATE = "update"
    STAY_SILENT = "stay_silent"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One account. `words` say why it is hit, and what keeps a CTA from being opened."""

    account_id: uuid.UUID
    account_name: str
    cta_name: str
    would: Would
    words: str
    owner_name: str = ""
    due_on: date | None = None
    tasks: int = 0


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`holds_now`: how many accounts it is about today. `fired`: how many of them it has opened CTAs for before.

    `hits` are the first of the rest, `counts` are of those.
    """

    holds_now: int
    fired: int
    hits: Sequence[Hit]
    counts: Counter[Would]


def preview(session: Session, watch: Watch, *, now: datetime) -> Preview:
    """As if it were turned on now, also for what holds already; of events, those of the last weeks."""
    asked = replace(watch, params=dict(watch.params) | {"also_held": True}, watches_from=None)
    found = sorted(candidates(session, asked, Span(now=now)), key=lambda one: (one.began_on, one.account.name))
    fired = settled(session, watch.trigger_id, [one.account.id for one in found]) if watch.trigger_id else set()
    rest = [one for one in found if (one.account.id, one.occasion) not in fired]
    calendars = calendar_of(session)
    hits = [_hit(session, watch, one, now, calendars) for one in rest[:SHOWN]]
    return Preview(
        holds_now=len(rest), fired=len(found) - len(rest), hits=hits, counts=Counter(one.would for one in hits)
    )


def _hit(session: Session, watch: Watch, found: Candidate, now: datetime, calendars: CalendarOf) -> Hit:
    account = session.get_one(Account, found.account.id)
    hit = Hit(account_id=account.id, account_name=account.name, cta_name="", would=Would.OPEN, words=found.why)
    try:
        wanted = wanted_of(session, watch, found, now=now)
    except RapportError as error:
        return replace(hit, would=Would.FAIL, words=str(error))
    hit = replace(hit, cta_name=wanted.name)
    earlier = similar(session, wanted)
    if earlier is not None:
        owner = people.by_id(session, earlier.owner_id)
        if earlier.is_snoozed(today_of(owner, now)):
            words = f"{found.why} “{earlier.name}” is snoozed by {owner.name}: it keeps its silence."
            return replace(hit, would=Would.STAY_SILENT, words=words, owner_name=owner.name)
        words = f"{found.why} “{earlier.name}” is open: it would get a comment."
        return replace(hit, would=Would.UPDATE, words=words, owner_name=owner.name, due_on=earlier.due_on)
    owners = owners_of(session, account)
    if not owners:
        words = f"{found.why} It has no TAM who works here, so nobody would own it."
        return replace(hit, would=Would.FAIL, words=words)
    seen = foresee(
        account,
        wanted,
        owners,
        opened_on=found.account.day_of(now),
        calendar_of=calendars,
    )
    owner = people.by_id(session, seen.owner_id)
    return replace(hit, owner_name=owner.name, due_on=seen.due_on, tasks=len(seen.tasks))
