"""The authorization server's edge: the page that asks the person, the token endpoint, and what both are called."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import authorize, devices, token_scopes
from server.auth.authorize import CLIENT_ID, Ask, AskRefused
from server.auth.devices import From, Tokens
from server.auth.user_agents import browser_of
from server.logs import logger
from server.web.frame import page, runtime
from server.web.guard import page_policy
from server.web.identity import require_visitor

blueprint = Blueprint("oauth", __name__)
log = logger(__name__)

_TOKEN_FIELDS = ("grant_type", "client_id", "code", "redirect_uri", "code_verifier", "refresh_token", "scope")


@blueprint.get("/.well-known/oauth-authorization-server")
def metadata() -> Response:
    """RFC 8414."""
    base = runtime().settings.base_url
    return jsonify(
        issuer=base,
        authorization_endpoint=base + url_for("oauth.ask"),
        token_endpoint=base + url_for("oauth.token"),
        revocation_endpoint=base + url_for("oauth.revoke"),
        response_types_supported=["code"],
        response_modes_supported=["query"],
        grant_types_supported=["authorization_code", "refresh_token"],
        code_challenge_methods_supported=["S256"],
        token_endpoint_auth_methods_supported=["none"],
        revocation_endpoint_auth_methods_supported=["none"],
        scopes_supported=list(token_scopes.OF_EXTENSION),
        authorization_response_iss_parameter_supported=True,
    )


@blueprint.get("/oauth/authorize")
def ask() -> BaseResponse:
    try:
        found = _ask(request.args)
    except AskRefused as error:
        return _refused(error)
    html = page(
        "auth/authorize.html",
        browser=browser_of(request.user_agent.string).words,
        scopes=[token_scopes.SCOPES[name].words for name in found.scopes],
        lives={"silent": devices.SILENT.days, "absolute": devices.ABSOLUTE.days},
        fields={name: request.args[name] for name in authorize.PARAMETERS if name in request.args},
        urls={"answer": url_for("oauth.answer"), "sessions": url_for("sessions.where")},
    )
    response = Response(html)
    # The answer leads to the extension's own address, which Chromium holds against the form.
    response.headers["Content-Security-Policy"] = page_policy(
        "{0.scheme}://{0.netloc}".format(urlsplit(found.redirect_uri))
    )
    return response


@blueprint.post("/oauth/authorize")
def answer() -> BaseResponse:
    here = runtime()
    try:
        found = _ask(request.form)
    except AskRefused as error:
        return _refused(error)
    if request.form.get("answer") != "allow":
        return _refused(AskRefused("access_denied", redirect_uri=found.redirect_uri, state=found.state))
    with here.db.transaction() as session:
        code = authorize.issue_code(session, found, user_id=require_visitor().user_id, now=here.clock.now())
    return _go_back(found.redirect_uri, code=code, state=found.state)


def _ask(values: Any) -> Ask:
    allowed = authorize.redirect_uris(runtime().settings.extension_ids)
    return authorize.read_ask({name: values.getlist(name) for name in values}, allowed)


def _refused(error: AskRefused) -> BaseResponse:
    log.info("authorization_refused", reason=error.code)
    return _go_back(error.redirect_uri, error=error.code, state=error.state)


def _go_back(redirect_uri: str, **values: str) -> BaseResponse:
    """`redirect_uri` is one of ours by now; `iss` as of RFC 9207."""
    values["iss"] = runtime().settings.base_url
    return redirect(f"{redirect_uri}?{urlencode({name: value for name, value in values.items() if value})}", code=303)


@blueprint.post("/oauth/token")
def token() -> Response:
    here, form = runtime(), request.form
    problem = _problem_of(form)
    if problem:
        return _error(problem)
    origin = From(user_agent=request.user_agent.string, ip=request.remote_addr)
    now = here.clock.now()
    with here.db.transaction() as session:
        if form["grant_type"] == "refresh_token":
            tokens = devices.refresh(session, refresh_token=form["refresh_token"], origin=origin, now=now)
        else:
            tokens = authorize.redeem(
                session,
                code=form["code"],
                redirect_uri=form["redirect_uri"],
                code_verifier=form["code_verifier"],
                origin=origin,
                now=now,
            )
    return _answer(tokens) if tokens is not None else _error("invalid_grant")


_NEEDED = {"authorization_code": ("code", "redirect_uri", "code_verifier"), "refresh_token": ("refresh_token",)}


def _problem_of(form: Any) -> str:
    """The error of RFC 6749, 5.2, or nothing."""
    if any(len(form.getlist(name)) > 1 for name in _TOKEN_FIELDS) or "grant_type" not in form:
        return "invalid_request"
    if form["grant_type"] not in _NEEDED:
        return "unsupported_grant_type"
    if form.get("client_id") != CLIENT_ID:
        return "invalid_client"
    # Fewer scopes cannot be asked for later: a device is asked about once.
    if any(name not in form for name in _NEEDED[form["grant_type"]]) or "scope" in form:
        return "invalid_request"
    return ""


def _answer(tokens: Tokens) -> Response:
    return jsonify(
        access_token=tokens.access_token,
        token_type="Bearer",  # noqa: S106  its kind
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
        scope=" ".join(tokens.scopes),
    )


def _error(code: str) -> Response:
    log.info("token_refused", reason=code)
    response = jsonify(error=code, error_description=_DESCRIPTIONS[code])
    response.status_code = 401 if code == "invalid_client" else 400
    return response


_DESCRIPTIONS = {
    "invalid_request": "A parameter is missing, stands there twice, or is not known.",
    "invalid_client": "The client is not known here.",
    "unsupported_grant_type": "Use authorization_code or refresh_token.",
    "invalid_grant": "This code or token is not valid, or not any more. Sign in again.",
}


@blueprint.post("/oauth/revoke")
def revoke() -> Response:
    """RFC 7009: what is no token of ours is answered the same."""
    here = runtime()
    if request.form.get("client_id") != CLIENT_ID:
        return _error("invalid_client")
    if len(request.form.getlist("token")) != 1:
        return _error("invalid_request")
    with here.db.transaction() as session:
        devices.close_by_token(session, token=request.form["token"])
    return jsonify({})
