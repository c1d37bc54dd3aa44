"""The pages on which admins keep the lists of CTAs and the company's days. Everybody may look."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.errors import Invalid
from server.playbooks import lists as deeds
from server.playbooks.models import ChoiceList
from server.playbooks.pages import CRUMB, demand_admin, is_admin
from server.web import show
from server.web.frame import Crumb, page, runtime, tell

blueprint = Blueprint("cta_lists", __name__)
_NAMES = {
    ChoiceList.TYPE: ("Types", "What a CTA is about."),
    ChoiceList.STATUS: ("Statuses", "How far a CTA is, and how it ended."),
    ChoiceList.REASON: (
        "Reasons",
        "Why a CTA was opened. One of the same account, type and reason is not opened twice.",
    ),
    ChoiceList.PRIORITY: ("Priorities", "The first one is the most urgent."),
}


@blueprint.get("/settings/lists")
def lists() -> str:
    with runtime().db.reading() as session:
        rows = deeds.rows(session)
        types = [one for one in rows if one.list_name == ChoiceList.TYPE]
        return page(
            "playbooks/lists.html",
            active="playbooks",
            crumbs=[Crumb(label=CRUMB, href=url_for("playbooks.library")), Crumb(label="Lists")],
            is_admin=is_admin(),
            types=[{"value": one.key, "label": one.label} for one in types],
            lists=[
                {
                    "name": name.value,
                    "label": label,
                    "about": about,
                    "has_types": name in (ChoiceList.STATUS, ChoiceList.REASON),
                    "rows": [
                        {
                            "id": str(one.id),
                            "key": one.key,
                            "label": one.label,
                            "only_types": one.only_types.split(),
                            "is_closed": one.is_closed,
                            "is_success": one.is_success,
                            "asks_note": one.asks_note,
                            "is_retired": one.retired_at is not None,
                            "is_needed": name is ChoiceList.STATUS and one.key in deeds.NEEDED,
                            "row_version": one.row_version,
                            "change_href": url_for(".change", choice_id=one.id),
                        }
                        for one in rows
                        if one.list_name == name
                    ],
                }
                for name, (label, about) in _NAMES.items()
            ],
            urls={"add": url_for(".add"), "days": url_for(".days")},
        )


@blueprint.post("/settings/lists")
def add() -> BaseResponse:
    demand_admin()
    word = request.form.get("list", "")
    if word not in list(ChoiceList):
        raise Invalid("There is no such list.", cure="Reload the page.")
    with runtime().db.transaction() as session:
        row = deeds.add(session, ChoiceList(word), _wanted())
        tell(f"{row.label} is in the list.")
    return _back(word)


@blueprint.post("/settings/lists/<uuid:choice_id>")
def change(choice_id: uuid.UUID) -> BaseResponse:
    """By the button: up, down, retire, take_back, or save."""
    demand_admin()
    here, act = runtime(), request.form.get("act", "save")
    digits = request.form.get("row_version", "")
    seen = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 0
    with here.db.transaction() as session:
        if act in ("up", "down"):
            row = deeds.move(session, choice_id, is_up=act == "up")
        elif act == "retire":
            row = deeds.retire(session, choice_id, seen=seen, now=here.clock.now())
            tell(f"{row.label} is offered no more. CTAs that have it keep it.")
        elif act == "take_back":
            row = deeds.take_back(session, choice_id, seen=seen)
            tell(f"{row.label} is offered again.")
        else:
            row = deeds.change(session, choice_id, _wanted(), seen=seen)
            tell(f"{row.label} is changed, wherever it stands.")
        word = row.list_name
    return _back(word)


def _wanted() -> deeds.Wanted:
    form = request.form
    return deeds.Wanted(
        label=form.get("label", ""),
        only_types=form.getlist("only_types"),
        is_closed="is_closed" in form,
        is_success="is_success" in form,
        asks_note="asks_note" in form,
    )


def _back(word: str) -> BaseResponse:
    return redirect(url_for(".lists", _anchor=word), code=303)


@blueprint.get("/settings/company-days")
def days() -> str:
    with runtime().db.reading() as session:
        return page(
            "playbooks/company_days.html",
            active="playbooks",
            crumbs=[
                Crumb(label=CRUMB, href=url_for("playbooks.library")),
                Crumb(label="Lists", href=url_for(".lists")),
                Crumb(label="Company days"),
            ],
            is_admin=is_admin(),
            days=[
                {
                    "day": show.day(one.day_on),
                    "name": one.name,
                    "country": one.country,
                    "is_workday": one.is_workday,
                    "remove_href": url_for(".remove_day", day_id=one.id),
                }
                for one in deeds.company_days(session)
            ],
            urls={"add": url_for(".add_day")},
        )


@blueprint.post("/settings/company-days")
def add_day() -> BaseResponse:
    demand_admin()
    form = request.form
    try:
        day_on = date.fromisoformat(form.get("day_on", "")[:10])
    except ValueError:
        raise Invalid("That is no date.", cure="Choose a day.", fields={"day_on": "No date."}) from None
    with runtime().db.transaction() as session:
        deeds.add_day(
            session,
            day_on=day_on,
            country=form.get("country", ""),
            name=form.get("name", ""),
            is_workday=form.get("kind") == "workday",
        )
    tell("Added. Due dates that are set from now on know it.")
    return redirect(url_for(".days"), code=303)


@blueprint.post("/settings/company-days/<uuid:day_id>/remove")
def remove_day(day_id: uuid.UUID) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        deeds.remove_day(session, day_id)
    tell("Removed.")
    return redirect(url_for(".days"), code=303)
