"""Changing the lists that CTAs choose from, and the company's days. Keys never change: CTAs hold them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.errors import Conflict, Invalid, NotFound
from server.playbooks import choices
from server.playbooks.models import ChoiceList, CompanyDay, CtaChoice
from server.workdays import is_country

# What `ctas` itself gives; it cannot be retired, nor become closed or open.
NEEDED = frozenset({"new", "work_in_progress", "closed_success"})
LONGEST_LABEL = 60
_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a form says of an entry."""

    label: str
    only_types: Sequence[str] = ()
    is_closed: bool = False
    is_success: bool = False
    asks_note: bool = False


def rows(session: Session) -> Sequence[CtaChoice]:
    """All entries, in the order of their lists."""
    return session.scalars(select(CtaChoice).order_by(CtaChoice.list_name, CtaChoice.position, CtaChoice.key)).all()


def add(session: Session, name: ChoiceList, wanted: Wanted) -> CtaChoice:
    """At the end of its list. The key is made of the label. Raises Invalid."""
    label = _label(wanted.label)
    key = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:60]
    if not key:
        raise _invalid("Begin with a letter or a digit.")
    count, last = session.execute(
        select(func.count(), func.max(CtaChoice.position)).where(CtaChoice.list_name == name)
    ).one()
    if count >= _MOST:
        raise Invalid(f"A list has at most {_MOST} entries.", cure="Rename one that nobody needs.")
    row = CtaChoice(list_name=name, key=key, label=label, position=(last or 0) + 1, row_version=1)
    _fill(session, row, wanted)
    if not insert_if_absent(session, row):
        raise _invalid("There is one of this name. Take it back from the retired ones, or choose another name.")
    choices.forget(session)
    return session.get_one(CtaChoice, row.id)


def change(session: Session, choice_id: uuid.UUID, wanted: Wanted, *, seen: int) -> CtaChoice:
    """Raises NotFound, Invalid, and Conflict when somebody changed it since `seen`."""
    row = _seen(session, choice_id, seen)
    if row.key in NEEDED and row.list_name == ChoiceList.STATUS and wanted.is_closed != row.is_closed:
        raise Invalid(f"Rapport itself gives the status {row.label}.", cure="It stays as open or closed as it is.")
    row.label = _label(wanted.label)
    _fill(session, row, wanted)
    row.row_version += 1
    session.flush()
    choices.forget(session)
    return row


def retire(session: Session, choice_id: uuid.UUID, *, seen: int, now: datetime) -> CtaChoice:
    """It is shown where it stands, and offered no more. Raises Invalid for what is needed."""
    row = _seen(session, choice_id, seen)
    if row.list_name == ChoiceList.STATUS and row.key in NEEDED:
        raise Invalid(f"Rapport itself gives the status {row.label}, so it stays.", cure="Rename it, if you like.")
    others = select(func.count()).where(
        CtaChoice.list_name == row.list_name, CtaChoice.retired_at.is_(None), CtaChoice.id != row.id
    )
    if not session.scalar(others):
        raise Invalid("A list needs one entry at least.", cure="Add another one first.")
    row.retired_at = row.retired_at or now
    row.row_version += 1
    choices.forget(session)
    return row


def take_back(session: Session, choice_id: uuid.UUID, *, seen: int) -> CtaChoice:
    row = _seen(session, choice_id, seen)
    row.retired_at = None
    row.row_version += 1
    choices.forget(session)
    return row


def move(session: Session, choice_id: uuid.UUID, *, is_up: bool) -> CtaChoice:
    """One place up or down; at the end of the list nothing happens."""
    row = _row(session, choice_id)
    of_list = select(CtaChoice).where(CtaChoice.list_name == row.list_name).with_for_update()
    ordered = list(session.scalars(of_list.order_by(CtaChoice.position, CtaChoice.key)))
    at = ordered.index(row)
    ordered.insert(max(at - 1, 0) if is_up else at + 1, ordered.pop(at))
    for position, one in enumerate(ordered):
        one.position = position
    session.flush()
    choices.forget(session)
    return row


def _seen(session: Session, choice_id: uuid.UUID, seen: int) -> CtaChoice:
    row = _row(session, choice_id)
    session.refresh(row, with_for_update=True)
    if row.row_version != seen:
        raise Conflict(
            f"Somebody changed {row.label} since you opened this page.",
            cure="Reload the page, look at it, and change it again.",
        )
    return row


def _row(session: Session, choice_id: uuid.UUID) -> CtaChoice:
    row = session.get(CtaChoice, choice_id)
    if row is None:
        raise NotFound("There is no such entry.", cure="Reload the page.")
    return row


def _fill(session: Session, row: CtaChoice, wanted: Wanted) -> None:
    types = {one.key for one in choices.of(session).lists[ChoiceList.TYPE].values()}
    unknown = [one for one in wanted.only_types if one not in types]
    if unknown:
        raise _invalid(f"There is no type of CTA {unknown[0][:60]}.")
    is_status = row.list_name == ChoiceList.STATUS
    has_types = row.list_name in (ChoiceList.STATUS, ChoiceList.REASON)
    row.only_types = " ".join(wanted.only_types) if has_types else ""
    row.is_closed = is_status and wanted.is_closed
    row.is_success = row.is_closed and wanted.is_success
    row.asks_note = row.is_closed and wanted.asks_note


def _label(text: str) -> str:
    label = " ".join(text.replace("\0", "").split())
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise _invalid(f"Write a name of 1 to {LONGEST_LABEL} characters.")
    return label


def _invalid(text: str) -> Invalid:
    return Invalid(text, fields={"label": text})


def company_days(session: Session) -> Sequence[CompanyDay]:
    """The newest day first."""
    return session.scalars(select(CompanyDay).order_by(CompanyDay.day_on.desc(), CompanyDay.country)).all()


def add_day(session: Session, *, day_on: date, country: str, name: str, is_workday: bool) -> CompanyDay:
    """Raises Invalid; one day of one country is said once."""
    country = country.replace("\0", "").strip().upper()[:20]
    name = " ".join(name.replace("\0", "").split())[:100]
    if country and not is_country(country):
        what = f"{country} is no country whose holidays are known."
        raise Invalid(what, cure="Write a code such as DE, or DE-BY for a part of it; nothing for everybody.")
    if not name:
        raise Invalid("Say what the day is.", cure="Such as: company holiday.", fields={"name": "Missing."})
    row = CompanyDay(day_on=day_on, country=country, name=name, is_workday=is_workday)
    if not insert_if_absent(session, row):
        raise Invalid("This day is said already.", cure="Remove it first.", fields={"day_on": "Said already."})
    return session.get_one(CompanyDay, row.id)


def remove_day(session: Session, day_id: uuid.UUID) -> None:
    session.execute(delete(CompanyDay).where(CompanyDay.id == day_id))
