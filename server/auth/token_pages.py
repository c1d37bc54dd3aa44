"""Personal tokens: made, shown once, ended."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import people, personal_tokens, token_scopes
from server.auth.models import PersonalToken
from server.errors import Invalid
from server.web import show
from server.web.frame import page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("tokens", __name__, url_prefix="/settings/tokens")


@blueprint.get("")
def mine() -> str:
    return _page()


@blueprint.post("")
def create() -> Response | str:
    here, visitor = runtime(), require_visitor()
    days = request.form.get("days", "")
    try:
        with here.db.transaction() as session:
            row, token = personal_tokens.create(
                session,
                user=people.by_id(session, visitor.user_id),
                name=request.form.get("name", ""),
                scopes=request.form.getlist("scope"),
                days=int(days) if days.isdecimal() and len(days) < 5 else 0,
                now=here.clock.now(),
            )
    except Invalid as error:
        return Response(_page(error=error), status=422)
    return _page(made={"name": row.name, "token": token})


@blueprint.post("/<uuid:token_id>/end")
def end(token_id: uuid.UUID) -> BaseResponse:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        personal_tokens.end_one_of(session, user_id=visitor.user_id, token_id=token_id)
    tell("That token is ended. What used it is shut out from now on.")
    return redirect(url_for("tokens.mine"), code=303)


def _page(*, made: dict[str, str] | None = None, error: Invalid | None = None) -> str:
    here, visitor = runtime(), require_visitor()
    with here.db.reading() as session:
        rows = personal_tokens.of_user(session, user_id=visitor.user_id, now=here.clock.now())
    return page(
        "auth/tokens.html",
        made=made,
        problem=f"{error.detail} {error.cure}" if error else "",
        wrong=sorted(error.fields) if error else [],
        given={
            "name": request.form.get("name", "") if error else "",
            "days": request.form.get("days", "90") if error else "90",
            "scopes": request.form.getlist("scope") if error else ["read"],
        },
        rows=[_row(row) for row in rows],
        scopes=[{"name": one.name, "words": one.words} for one in token_scopes.of_role(visitor.role)],
        lives=[{"value": str(days), "label": f"{days} days"} for days in personal_tokens.LIVES_DAYS],
        urls={"create": url_for("tokens.create"), "docs": url_for("api_docs.api_docs")},
    )


def _row(row: PersonalToken) -> dict[str, Any]:
    return {
        "name": row.name,
        "scopes": row.scopes.split(),
        "created": show.moment(row.created_at),
        "expires": show.moment(row.expires_at),
        "seen": show.moment(row.last_seen_at) if row.last_seen_at else None,
        "ip": row.last_ip,
        "end_href": url_for("tokens.end", token_id=row.id),
    }
