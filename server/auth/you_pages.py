"""Where a person is: their time zone and country, by which days and hours are counted for them."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import people
from server.errors import Invalid
from server.web.frame import page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("you", __name__)


@blueprint.get("/settings/you")
def you() -> str:
    with runtime().db.reading() as session:
        user = people.by_id(session, require_visitor().user_id)
        return _page(user.time_zone, user.country or "", {})


def _page(time_zone: str, country: str, errors: dict[str, str]) -> str:
    return page(
        "auth/you.html",
        given={"time_zone": time_zone, "country": country},
        errors=errors,
        zones=sorted(available_timezones()),
        action=url_for(".save"),
    )


@blueprint.post("/settings/you")
def save() -> BaseResponse:
    visitor = require_visitor()
    time_zone = request.form.get("time_zone", "").strip()[:60]
    country = request.form.get("country", "").strip()[:20]
    try:
        with runtime().db.transaction() as session:
            people.place(people.by_id(session, visitor.user_id), time_zone=time_zone, country=country)
    except Invalid as invalid:
        return make_response(_page(time_zone, country, dict(invalid.fields)), 422)
    tell("Saved. Your days and hours are counted there from now on.")
    return redirect(url_for(".you"), code=303)
