"""Where a person chooses an account and agrees: /o/oauth2/v2/auth.

The asked query string travels through both forms and is checked anew at every step, so nothing is kept between them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from server.sandbox import oauth_grants as grants
from server.sandbox.mailbox import account_row
from server.sandbox.scopes import IN_PLAIN_WORDS, can_untick, canonical
from server.sandbox.state import current_state

oauth_pages = Blueprint("oauth_pages", __name__)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The query of an authorization request. `problem` is (error, description) to send back to the caller."""

    query: str
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str
    offline: bool
    prompt: frozenset[str]
    include_granted: bool
    login_hint: str | None
    problem: tuple[str, str] | None


class CannotGoBack(Exception):
    """The caller cannot be trusted with a redirect: the person sees the message instead."""


@oauth_pages.errorhandler(CannotGoBack)
def show_refusal(error: CannotGoBack) -> tuple[str, int]:
    return render_template("oauth_refused.html", message=str(error)), 400


@oauth_pages.get("/o/oauth2/v2/auth")
def choose_account() -> BaseResponse:
    asked = _read(request.query_string.decode())
    if asked.problem is not None:
        return _back(asked, error=asked.problem[0], error_description=asked.problem[1])
    users = current_state().config.users
    hinted = [user for user in users if user.email == asked.login_hint]
    others = [user for user in users if user.email != asked.login_hint]
    return _page("oauth_account.html", asked, users=[*hinted, *others])


@oauth_pages.post("/o/oauth2/v2/auth/account")
def show_consent() -> BaseResponse:
    asked = _read(request.form.get("request", ""))
    email = _chosen_account()
    with current_state().store.transaction() as db:
        granted = grants.granted_scopes(db, email)
    if "consent" not in asked.prompt and set(asked.scopes) <= set(granted):
        return _grant(asked, email, asked.scopes, first=False)
    lines = [
        {"scope": scope, "words": IN_PLAIN_WORDS[scope], "can_untick": can_untick(scope)} for scope in asked.scopes
    ]
    return _page("oauth_consent.html", asked, email=email, lines=lines)


@oauth_pages.post("/o/oauth2/v2/auth/consent")
def decide() -> BaseResponse:
    asked = _read(request.form.get("request", ""))
    email = _chosen_account()
    if request.form.get("decision") != "allow":
        return _back(asked, error="access_denied")
    ticked = set(request.form.getlist("scope"))
    scopes = tuple(scope for scope in asked.scopes if not can_untick(scope) or scope in ticked)
    with current_state().store.transaction() as db:
        first = not grants.granted_scopes(db, email)
    return _grant(asked, email, scopes, first=first)


def _grant(asked: Asked, email: str, scopes: tuple[str, ...], *, first: bool) -> BaseResponse:
    state = current_state()
    with state.store.transaction() as db:
        earlier = grants.granted_scopes(db, email) if asked.include_granted else ()
        grants.add_grant(db, email, scopes)
        code_request = grants.CodeRequest(
            email=email,
            scopes=tuple(dict.fromkeys((*scopes, *earlier))),
            redirect_uri=asked.redirect_uri,
            code_challenge=asked.code_challenge,
            nonce=asked.nonce,
            # Google gives a refresh token with the first consent, or when consent was asked for anew.
            offline=asked.offline and (first or "consent" in asked.prompt),
        )
        code = grants.issue_code(db, code_request, now=state.now())
    return _back(asked, code=code, scope=" ".join(code_request.scopes), authuser="0")


def _chosen_account() -> str:
    email = request.form.get("account", "").lower()
    with current_state().store.transaction() as db:
        row = account_row(db, email)
    if row is None or row["kind"] != "user":
        raise CannotGoBack("There is no such account in this sandbox.")
    return email


def _read(query: str) -> Asked:
    """Raises CannotGoBack when the client or the redirect cannot be trusted."""
    fields = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    config = current_state().config
    if fields.get("client_id") != config.client_id:
        raise CannotGoBack("Error 401: invalid_client. The OAuth client was not found.")
    redirect_uri = fields.get("redirect_uri", "")
    if not redirect_uri.startswith(config.redirect_uris_prefix.rstrip("/") + "/"):
        raise CannotGoBack(
            "Error 400: redirect_uri_mismatch. The redirect address does not start with "
            f"{config.redirect_uris_prefix}, the only one that this client has registered."
        )
    scopes = canonical(fields.get("scope", ""))
    return Asked(
        query=query,
        redirect_uri=redirect_uri,
        state=fields.get("state"),
        scopes=scopes,
        nonce=fields.get("nonce"),
        code_challenge=fields.get("code_challenge", ""),
        offline=fields.get("access_type") == "offline",
        prompt=frozenset(fields.get("prompt", "").split()),
        include_granted=fields.get("include_granted_scopes") == "true",
        login_hint=fields.get("login_hint"),
        problem=_problem(fields, scopes),
    )


def _problem(fields: dict[str, str], scopes: tuple[str, ...]) -> tuple[str, str] | None:
    if fields.get("response_type") != "code":
        return "unsupported_response_type", "Only response_type=code is known."
    if not scopes or not set(scopes) <= set(IN_PLAIN_WORDS):
        return "invalid_scope", "A scope is missing or not known."
    if fields.get("code_challenge_method") != "S256" or len(fields.get("code_challenge", "")) != 43:
        return "invalid_request", "PKCE with S256 is demanded."
    return None


def _back(asked: Asked, **answer: str) -> BaseResponse:
    fields = {**answer, **({"state": asked.state} if asked.state is not None else {})}
    separator = "&" if "?" in asked.redirect_uri else "?"
    return redirect(asked.redirect_uri + separator + urlencode(fields), code=302)


def _page(template: str, asked: Asked, **context: object) -> Response:
    return make_response(render_template(template, asked=asked, **context))


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Client id and secret out of an Authorization: Basic header; None when it is none."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return client_id, secret
