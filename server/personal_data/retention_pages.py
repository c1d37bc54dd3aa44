"""How long each kind of data is kept: what goes tonight, and another choice looked at before it is kept."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.auth import policy
from server.auth.policy import Deed
from server.errors import Invalid
from server.personal_data import retain
from server.personal_data import rules as retention
from server.personal_data.models import RetentionRun
from server.personal_data.rules import AT_ONCE, BY_KIND, MOST_MONTHS, RULES, ends_before
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("retention", __name__)


@blueprint.get("/settings/retention")
def rules() -> str:
    """With months in the query, a preview of those."""
    return _page(dict(request.args) if "preview" in request.args else None)


def _page(said: dict[str, str] | None, *, error: str = "") -> str:
    here = runtime()
    now = here.clock.now()
    with here.db.reading() as session:
        stands = retention.months_of_all(session)
        shown, wrong = _tried(said, stands)
        rows = [_row(session, kind, shown[kind], stands[kind]) for kind in shown]
        ended = [{"label": one.label, "what": one.what, "count": one.count(session, now)} for one in AT_ONCE]
        last = retain.latest(session)
        run = _run(last) if last else None
    return page(
        "personal_data/retention.html",
        active="personal_data",
        crumbs=[Crumb(label="Personal data", href=url_for("personal_data.search")), Crumb(label="Retention")],
        rows=rows,
        at_once=ended,
        run=run,
        most=MOST_MONTHS,
        is_preview=said is not None and not wrong,
        error=error or wrong,
        may_change=policy.may(require_visitor(), Deed.ERASE_PERSONAL_DATA),
        urls={"here": url_for(".rules"), "save": url_for(".save")},
    )


def _tried(said: dict[str, str] | None, stands: dict[str, int | None]) -> tuple[dict[str, int | None], str]:
    """The months to show, and what is wrong with those that were said."""
    if said is None:
        return stands, ""
    try:
        return retention.checked(said), ""
    except Invalid as invalid:
        return stands, invalid.detail


def _row(session: Session, kind: str, months: int | None, stands: int | None) -> dict[str, Any]:
    rule, now = BY_KIND[kind], runtime().clock.now()
    return {
        "kind": kind,
        "label": rule.label,
        "what": rule.what,
        "why": rule.why,
        "least": rule.least,
        "months": "" if months is None else str(months),
        "stands": "" if stands is None else str(stands),
        "default": rule.default,
        "count": rule.count(session, ends_before(now, months)) if months is not None else 0,
    }


def _run(last: RetentionRun) -> dict[str, Any]:
    labels = {rule.kind: rule.label for rule in RULES} | {one.kind: one.label for one in AT_ONCE}
    return {
        "started": show.moment(last.started_at),
        "finished": show.moment(last.finished_at),
        "removed": [(labels.get(kind, kind), count) for kind, count in sorted(last.removed.items())],
    }


@blueprint.post("/settings/retention")
def save() -> BaseResponse | str:
    here, visitor = runtime(), require_visitor()
    said = dict(request.form)
    try:
        chosen = retention.checked(said)
    except Invalid as invalid:
        return _page(said, error=invalid.detail)
    with here.db.transaction() as session:
        retention.choose(session, chosen, by=visitor.user_id, now=here.clock.now())
    tell("Kept. What is too old goes in the coming night.")
    return redirect(url_for(".rules"), code=303)
