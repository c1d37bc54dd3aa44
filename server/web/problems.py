"""One table from errors to HTTP: problem details (RFC 9457) for the API, a page for people."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from server.errors import Conflict, Forbidden, Invalid, NotFound, RapportError, TooMany, Unavailable
from server.logs import logger
from server.web.identity import SignInNeeded

STATUS_OF: dict[type[RapportError], int] = {
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Invalid: 422,
    Unavailable: 503,
    TooMany: 429,
}
_TITLES = {
    404: ("There is no such page", "The address may be old or mistyped."),
    405: ("That cannot be done here", ""),
    413: ("That is too large", ""),
}

log = logger(__name__)


def is_api() -> bool:
    """Whether a program asks: by the API, or a script of ours. The page that shows the API is for people."""
    if request.headers.get("Accept") == "application/json":
        return True
    return request.path.startswith("/api/") and request.endpoint != "api_docs.api_docs"


def install(app: Flask) -> None:
    app.register_error_handler(SignInNeeded, _sign_in_needed)
    app.register_error_handler(RapportError, _rapport_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def status_of(error: RapportError) -> int:
    return next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 500)


def problem(status: int, title: str, detail: str = "", cure: str = "", **more: Any) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "request_id": g.get("request_id", "")}
    body |= {key: value for key, value in (("detail", detail), ("cure", cure), *more.items()) if value}
    return Response(json.dumps(body), status=status, content_type="application/problem+json")


def _page(status: int, title: str, detail: str, cure: str) -> Response:
    frame = {"active": "", "crumbs": [], "home_href": "/cockpit"}
    html = render_template("errors/problem.html", title=title, detail=detail, cure=cure, status=status, **frame)
    return Response(html, status=status, content_type="text/html; charset=utf-8")


def _sign_in_needed(_error: SignInNeeded) -> BaseResponse:
    if is_api():
        cure = "Send a token as Authorization: Bearer …, made at /settings/tokens; or sign in at /sign-in in a browser."
        response = problem(401, "Sign in first", cure=cure)
        # RFC 6750, 3: what was wrong is said only to who brought a token.
        known = "Authorization" in request.headers
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if known else "Bearer"
        return response
    target = "/sign-in"
    if request.method == "GET" and request.path != "/":
        target += "?" + urlencode({"next": request.full_path.rstrip("?")})
    if request.headers.get("HX-Request") == "true":
        return Response("", status=401)  # app.js reloads the page, which then leads to the sign-in
    return redirect(target, code=303)


def _rapport_error(error: RapportError) -> Response:
    status = status_of(error)
    if is_api():
        fields = error.fields if isinstance(error, Invalid) else {}
        response = problem(status, error.title, error.detail, error.cure, errors=fields)
    else:
        response = _page(status, error.title, error.detail, error.cure)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.wait_s)
    return response


def _http_error(error: HTTPException) -> BaseResponse:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # redirects and ready-made answers pass through
    status = error.code or 500
    title, cure = _TITLES.get(status, (error.name, ""))
    fields = getattr(error, "data", {}).get("messages", {}) if status == 422 else {}
    response = problem(status, title, cure=cure, errors=fields) if is_api() else _page(status, title, "", cure)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _crash(_error: Exception) -> Response:
    log.exception("request_crashed")
    # The page without the frame: the frame asks the database, which may be what broke.
    g.visitor = None
    title, cure = "Something broke on our side", "Try again; if it stays, give your admin the number below."
    if is_api():
        return problem(500, title, cure=cure)
    return _page(500, title, "", cure)
