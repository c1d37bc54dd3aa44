"""Changing CTAs from the Cockpit, one or many, and taking that back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.cockpit import bulk
from server.cockpit.bulk import Act, Do
from server.ctas import change as changing
from server.ctas.change import TasksToo
from server.ctas.models import CtaDeed
from server.errors import Invalid, RapportError
from server.web import show
from server.web.frame import runtime, tell, wants_partial
from server.web.identity import require_visitor

blueprint = Blueprint("changes", __name__)

# htmx raises this event in the page, whose list then asks for itself anew.
CHANGED = "cockpit-changed"


@blueprint.post("/cockpit/change")
def change() -> BaseResponse:
    """`do`, the CTAs, and the field of that act; see cockpit/_change.html."""

    def do() -> tuple[str, CtaDeed | None]:
        here = runtime()
        wanted, ids = _act(), [_id(one) for one in request.form.getlist("cta")]
        with here.db.transaction() as session:
            deed = bulk.act(
                session, ids, wanted, asker=require_visitor(), today=show.today(), now=here.clock.now()
            )  # fmt: skip
        if deed is not None:
            return f"{deed.label}.", deed
        return ("Done." if wanted.do is Do.DONE else "Nothing was different: it stands so already."), None

    return _answer(do)


@blueprint.post("/cockpit/undo/<uuid:deed_id>")
def undo(deed_id: uuid.UUID) -> BaseResponse:
    def do() -> tuple[str, None]:
        here = runtime()
        with here.db.transaction() as session:
            deed = changing.deed(session, deed_id)
            count = changing.undo(session, deed, asker=require_visitor(), now=here.clock.now())
        return f"Undone on {count} {'CTA' if count == 1 else 'CTAs'}.", None

    return _answer(do)


def _answer(do: Callable[[], tuple[str, CtaDeed | None]]) -> BaseResponse:
    """A note in the corner with Undo; without htmx the page it came from, with the same words."""
    if not wants_partial():
        tell(do()[0])
        return redirect(_back(), code=303)
    try:
        text, deed = do()
    except RapportError as error:
        words = f"{error.detail} {error.cure}".strip()
        return Response(render_template("cockpit/_done.html", tone="danger", text=words, undo_href=None), status=422)
    href = url_for("cockpit.changes.undo", deed_id=deed.id) if deed else None
    answer = Response(render_template("cockpit/_done.html", tone="success", text=text, undo_href=href))
    answer.headers["HX-Trigger"] = CHANGED
    return answer


def _back() -> str:
    """Where the form stood: a page of the Cockpit, or the Cockpit."""
    given = request.form.get("back", "")
    return given if given.startswith("/cockpit?") else url_for("cockpit.cockpit")


def _act() -> Act:
    form = request.form
    try:
        do = Do(form.get("do", ""))
    except ValueError as error:
        raise Invalid("It is not said what to do.", cure="Choose a button of the bar.") from error
    value, note = _value(do)
    return Act(do=do, value=value, note=note, tasks_too=_tasks_too(do), seen=_seen(do))


def _value(do: Do) -> tuple[Any, str]:
    form = request.form
    if do is Do.DUE:
        return _day("due_on", is_needed=False), ""
    if do is Do.OWNER:
        return _id(form.get("owner_id", ""), "Choose a colleague."), ""
    if do is Do.SNOOZE:
        return _day("through"), form.get("reason", "")
    if do is Do.CLOSE:
        return form.get("closing", ""), form.get("note", "")
    return form.get(do.value, ""), ""


def _tasks_too(do: Do) -> TasksToo:
    given = request.form.get({Do.DUE: "dates_too", Do.OWNER: "owners_too"}.get(do, ""), TasksToo.NONE)
    try:
        return TasksToo(given)
    except ValueError as error:
        raise Invalid("It is not said which tasks go along.", cure="Choose from the list.") from error


def _seen(do: Do) -> dict[str, Any] | None:
    """What a card or a row showed when it was moved; of many nothing is shown."""
    if "seen" not in request.form or len(request.form.getlist("cta")) != 1:
        return None
    seen = request.form["seen"].replace("\0", "")
    if do is Do.DUE:
        return {"due_on": _day("seen", is_needed=False)}
    return {do.value: seen} if do in (Do.STATUS, Do.PRIORITY) else None


def _day(name: str, *, is_needed: bool = True) -> date | None:
    given = request.form.get(name, "").strip()
    if not given and not is_needed:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise Invalid(
            "This is not a day.", cure="Choose a day such as 2027-03-04.", fields={name: "No day."}
        ) from error


def _id(given: str, cure: str = "Load the page anew and choose again.") -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except ValueError as error:
        raise Invalid("This is none of our ids.", cure=cure) from error
