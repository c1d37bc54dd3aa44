"""Making and changing triggers. Who saves names the version they saw."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.models import LifecycleStage
from server.accounts.names import fold
from server.errors import Conflict, Invalid
from server.messages.clean import one_line
from server.playbooks import choices
from server.playbooks import queries as playbooks
from server.playbooks.definition import OwnerRule
from server.playbooks.models import ChoiceList
from server.triggers import queries
from server.triggers.kinds import demand_name, demand_params
from server.triggers.models import Trigger
from server.triggers.watch import Watch

LONGEST_NAME = 120
LONGEST_CTA_NAME = 200
_MOST_ARR = 10**12


@dataclass(frozen=True, kw_only=True)
class By:
    """Who saves, when."""

    user_id: uuid.UUID | None
    now: datetime


def checked(session: Session, watch: Watch) -> Watch:
    """The same, tidied. Raises Invalid with all that is wrong, by field."""
    wrong: dict[str, str] = {}
    details: list[str] = []
    watch = replace(watch, name=one_line(watch.name, LONGEST_NAME), cta_name=one_line(watch.cta_name, LONGEST_CTA_NAME))
    if not watch.name:
        wrong["name"] = "A trigger needs a name."
    if not watch.cta_name:
        wrong["cta_name"] = "Its CTAs need a name."
    lists = choices.of(session)
    params, only = watch.params, watch.only

    def attempt(field: str, check: Any) -> Any:
        try:
            return check()
        except Invalid as error:
            wrong.update(error.fields if set(error.fields) - set(ChoiceList) else {field: error.detail})
            details.append(f"{error.detail} {error.cure}".strip())
            return None

    params = attempt("params", lambda: demand_params(watch.kind, watch.params)) or {}
    only = attempt("only", lambda: demand_only(watch.only)) or {}
    attempt("cta_name", lambda: demand_name(watch.kind, watch.cta_name))
    attempt("cta_type", lambda: lists.demand(ChoiceList.TYPE, watch.cta_type))
    if watch.reason:
        attempt("reason", lambda: lists.demand(ChoiceList.REASON, watch.reason or "", watch.cta_type))
    attempt("priority", lambda: lists.demand(ChoiceList.PRIORITY, watch.priority))
    if watch.owner_rule not in tuple(OwnerRule):
        wrong["owner_rule"] = "Choose who owns its CTAs."
    if watch.playbook_slug and watch.playbook_slug not in playbooks.all_live(session):
        wrong["playbook_slug"] = "This playbook is not live."
    if wrong:
        said = list(dict.fromkeys([*details, *wrong.values()]))
        raise Invalid(" ".join(said), cure="Nothing was saved.", fields=wrong)
    return replace(watch, params=params, only=only, reason=watch.reason or None)


def demand_only(only: Mapping[str, Any]) -> dict[str, Any]:
    """Which accounts: stages, and a yearly revenue from and under. Raises Invalid."""
    found: dict[str, Any] = {key: value for key, value in only.items() if value not in (None, "", [])}
    wrong = dict.fromkeys(set(found) - {"stages", "arr_at_least", "arr_under"}, "Nothing is known of this.")
    if any(one not in tuple(LifecycleStage) for one in found.get("stages", ())):
        wrong["stages"] = "There is no such stage."
    for key in ("arr_at_least", "arr_under"):
        if key in found and not (isinstance(found[key], int) and 0 <= found[key] <= _MOST_ARR):
            wrong[key] = "Write a whole amount."
    if wrong:
        raise Invalid(" ".join(wrong.values()), cure="Correct it.", fields=wrong)
    return found


def create(session: Session, watch: Watch, by: By) -> Trigger:
    """Off at first. Raises Invalid."""
    watch = checked(session, watch)
    slug = watch.slug or _free_slug(session, watch.name)
    row = Trigger(slug=slug, is_on=False, watches_from=None, row_version=1, **_columns(watch, by))
    session.add(row)
    session.flush()
    return row


def change(session: Session, row: Trigger, watch: Watch, by: By, *, seen_version: int) -> None:
    """Raises Conflict when somebody saved meanwhile, Invalid."""
    _demand_seen(row, seen_version)
    if watch.kind != row.kind:
        raise Invalid("The kind of a trigger does not change.", cure="Make a new one, and turn this one off.")
    for column, value in _columns(checked(session, watch), by).items():
        setattr(row, column, value)
    row.row_version += 1


def turn(session: Session, row: Trigger, *, on: bool, also_held: bool, by: By, seen_version: int) -> None:
    """On or off. From when it is turned on it watches; `also_held` opens CTAs for what holds already, too.

    Turning on again begins anew: what happened while it was off opens nothing. Raises Conflict, Invalid.
    """
    _demand_seen(row, seen_version)
    if row.is_on == on:
        return
    params = {key: value for key, value in row.params.items() if key != "also_held"}
    if on:
        row.params = params | ({"also_held": True} if also_held else {})
        row.watches_from = by.now
    row.is_on, row.saved_by_id, row.saved_at = on, by.user_id, by.now
    row.row_version += 1
    session.flush()


def _demand_seen(row: Trigger, seen_version: int) -> None:
    if row.row_version != seen_version:
        raise Conflict(
            f"Somebody saved {row.name} meanwhile.",
            cure="Nothing of yours was written. Load the page anew, look at what they changed, then do yours again.",
        )


def _columns(watch: Watch, by: By) -> dict[str, Any]:
    return {
        "name": watch.name,
        "kind": watch.kind.value,
        "params": dict(watch.params),
        "only": dict(watch.only),
        "cta_name": watch.cta_name,
        "cta_type": watch.cta_type,
        "reason": watch.reason,
        "priority": watch.priority,
        "playbook_slug": watch.playbook_slug or None,
        "owner_rule": watch.owner_rule,
        "names_count": watch.names_count,
        "saved_by_id": by.user_id,
        "saved_at": by.now,
    }


def _free_slug(session: Session, name: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:60] or "trigger"
    number, slug = 1, stem
    while queries.find_slug(session, slug) is not None:
        number += 1
        slug = f"{stem}-{number}"
    return slug
