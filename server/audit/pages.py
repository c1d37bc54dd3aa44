"""The audit log on a page, and all of it as JSON lines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for

from server.audit import queries
from server.audit.models import AuditEntry, AuditOutcome
from server.audit.queries import AuditFilter
from server.audit.words import OUTCOME_WORDS, deed_words
from server.auth.models import ROLE_LABELS, Role
from server.errors import Invalid
from server.web import show
from server.web.frame import Crumb, page, runtime, wants_partial
from server.web.paging import row_marker

blueprint = Blueprint("audit", __name__)
_FILTERS = ("user", "outcome", "since", "until")


@blueprint.get("/audit")
def log() -> str:
    """Newest first; by htmx with `before`, the next rows alone."""
    wanted = _wanted()
    with runtime().db.reading() as session:
        found, next_before = queries.page(session, wanted, before=row_marker(request.args.get("before")))
        rows = [_row(one) for one in found]
        given: dict[str, Any] = {name: value for name, value in request.args.items() if name in _FILTERS and value}
        next_href = url_for(".log", **given, before=next_before) if next_before else None
        if wants_partial():
            return render_template("audit/_rows.html", rows=rows, next_href=next_href)
        users = [{"value": str(user_id), "label": name} for user_id, name in queries.users(session)]
    return page(
        "audit/log.html",
        active="audit",
        crumbs=[Crumb(label="Audit log")],
        rows=rows,
        next_href=next_href,
        users=[{"value": "", "label": "Everybody"}, *users],
        outcomes=[
            {"value": "", "label": "All"},
            *({"value": one.value, "label": OUTCOME_WORDS[one][0]} for one in AuditOutcome),
        ],
        chosen={name: request.args.get(name, "") for name in _FILTERS},
        is_filtered=bool(given),
        clear_href=url_for(".log"),
        export_href=url_for(".export", **given),
    )


@blueprint.get("/audit/export")
def export() -> Response:
    """All that the filter leaves, oldest first, one JSON object a line."""
    here, wanted = runtime(), _wanted()

    def lines() -> Iterator[str]:
        with here.db.reading() as session:
            for one in queries.every(session, wanted):
                yield queries.json_line(one) + "\n"

    response = Response(stream_with_context(lines()), content_type="application/x-ndjson")
    response.headers["Content-Disposition"] = 'attachment; filename="rapport-audit.jsonl"'
    return response


def _wanted() -> AuditFilter:
    """Raises Invalid for what is no value of a filter. Days are whole days in UTC, the last one included."""
    given = request.args
    try:
        user_id = uuid.UUID(given["user"]) if given.get("user") else None
        outcome = AuditOutcome(given["outcome"]).value if given.get("outcome") else None
        since, until = _day(given.get("since")), _day(given.get("until"))
    except (ValueError, OverflowError):
        raise Invalid("This filter is not one of ours.", cure="Choose it again on the page.") from None
    return AuditFilter(
        user_id=user_id, outcome=outcome, since=since, until=until + timedelta(days=1) if until else None
    )


def _day(value: str | None) -> datetime | None:
    if not value:
        return None
    day = datetime.combine(datetime.strptime(value, "%Y-%m-%d").date(), time(), UTC)  # noqa: DTZ007  a day has no zone
    if not 2000 <= day.year <= 9000:
        raise ValueError(value)
    return day


def _row(one: AuditEntry) -> dict[str, Any]:
    """As audit/_rows.html takes it."""
    label, tone = OUTCOME_WORDS[AuditOutcome(one.outcome)]
    return {
        "at": show.moment(one.at),
        "who": one.user_name,
        "role": ROLE_LABELS[Role(one.role)] if one.role in tuple(Role) else one.role,
        "what": deed_words(one.deed, one.outcome),
        "outcome": {"label": label, "tone": tone},
        "record": [
            (name.removesuffix("_id").replace("_", " "), f"{len(value)} mails" if isinstance(value, list) else value)
            for name, value in one.record.items()
        ],
        "ip": one.ip,
    }
