"""/settings/digest: whether and when the morning digest comes."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import people
from server.cockpit import digest
from server.errors import Invalid
from server.web import show
from server.web.frame import page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("digest", __name__, url_prefix="/settings/digest")


@blueprint.get("")
def settings() -> str:
    here, visitor = runtime(), require_visitor()
    with here.db.reading() as session:
        found = digest.of_user(session, visitor.user_id)
        user = people.by_id(session, visitor.user_id)
        morning = digest.morning(session, visitor.user_id, day=show.today(), now=here.clock.now())
    return page(
        "cockpit/digest.html",
        is_on=bool(found and found.is_on),
        hour=found.hour if found else digest.FIRST_HOUR,
        hours=[{"value": str(hour), "label": f"{hour:02}:00"} for hour in range(24)],
        address=visitor.email,
        zone=visitor.time_zone,
        country=user.country or "",
        last=show.day(found.last_for_on) if found else None,
        problem="" if here.post else "Mail from Rapport itself is not set up.",
        parts=[
            {
                "label": part.label,
                "count": part.count,
                "lines": [
                    {"title": line.title, "about": line.about, "href": url_for("cta_pages.cta", cta_id=line.cta_id)}
                    for line in part.lines
                ],
            }
            for part in morning.parts
        ],
    )


@blueprint.post("")
def save() -> BaseResponse:
    here, given = runtime(), request.form.get("hour", "")
    if not (given.isascii() and given.isdecimal() and len(given) <= 2):
        raise Invalid("An hour is a number from 0 to 23.", cure="Choose one from the list.")
    is_on = request.form.get("is_on") == "1"
    with here.db.transaction() as session:
        digest.choose(session, require_visitor().user_id, is_on=is_on, hour=int(given), now=here.clock.now())
    tell(f"You get the digest on working days at {int(given):02}:00." if is_on else "You get no digest.")
    return redirect(url_for(".settings"), code=303)
