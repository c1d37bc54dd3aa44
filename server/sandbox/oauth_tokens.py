"""The machine side of OAuth and OpenID Connect: /token, /revoke, the keys, the discovery document, userinfo."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, current_app, jsonify, request

from server.sandbox import oauth_grants as grants
from server.sandbox.calls import break_after, break_before
from server.sandbox.google_errors import OAuthError, invalid_credentials
from server.sandbox.mailbox import account_row
from server.sandbox.oauth_pages import basic_credentials
from server.sandbox.scopes import IN_PLAIN_WORDS
from server.sandbox.state import SandboxState, current_state

oauth_tokens = Blueprint("oauth_tokens", __name__)


@oauth_tokens.get("/.well-known/openid-configuration")
def discovery() -> Response:
    base = current_state().config.base_url
    return jsonify(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/o/oauth2/v2/auth",
            "token_endpoint": f"{base}/token",
            "revocation_endpoint": f"{base}/revoke",
            "userinfo_endpoint": f"{base}/v1/userinfo",
            "jwks_uri": f"{base}/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


@oauth_tokens.get("/oauth2/v3/certs")
def certs() -> Response:
    response = jsonify(current_app.extensions["sandbox-key"].public_keys())
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@oauth_tokens.post("/token")
def token() -> Response:
    state = current_state()
    _check_client(state)
    kind = request.form.get("grant_type", "")
    with state.store.transaction() as db:
        known = grants.live_token(db, request.form.get("refresh_token", ""), "refresh", now=state.now())
    fault = break_before("oauth.token", known["email"] if known else "unknown")
    if kind == "authorization_code":
        body = _redeem_code(state)
    elif kind == "refresh_token":
        body = _refresh(state)
    else:
        raise OAuthError("unsupported_grant_type", "Use authorization_code or refresh_token.")
    break_after(fault)
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response


@oauth_tokens.post("/revoke")
def revoke() -> Response:
    state = current_state()
    value = request.form.get("token") or request.args.get("token") or ""
    break_before("oauth.revoke", "unknown")
    with state.store.transaction() as db:
        row = grants.live_token(db, value, "refresh", now=state.now()) or grants.live_token(
            db, value, "access", now=state.now()
        )
        if row is not None:
            grants.revoke_grant(db, row["email"])
    if row is None:
        raise OAuthError("invalid_token", "Token expired or revoked")
    return jsonify({})


@oauth_tokens.get("/v1/userinfo")
def userinfo() -> Response:
    state = current_state()
    value = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with state.store.transaction() as db:
        row = grants.live_token(db, value, "access", now=state.now())
        if row is None:
            raise invalid_credentials()
    claims = _about(state, row["email"])
    return jsonify(claims)


def _check_client(state: SandboxState) -> None:
    """Basic or post. RFC 6749, 2.3.1: the parts of Basic are form-encoded."""
    basic = basic_credentials(request.headers.get("Authorization", ""))
    if basic is not None:
        client_id, client_secret = unquote_plus(basic[0]), unquote_plus(basic[1])
    else:
        client_id, client_secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    right = secrets.compare_digest(client_secret.encode(), state.config.client_secret.encode())
    if client_id != state.config.client_id or not right:
        raise OAuthError("invalid_client", "The OAuth client was not found or its secret is wrong.", code=401)


def _redeem_code(state: SandboxState) -> dict[str, Any]:
    with state.store.transaction() as db:
        # In a transaction of its own: a code is used up whatever comes of it.
        row = grants.use_code(db, request.form.get("code", ""))
    if row is None:
        raise OAuthError("invalid_grant", "The code is unknown or was used before.")
    grants.check_code(
        row,
        redirect_uri=request.form.get("redirect_uri", ""),
        code_verifier=request.form.get("code_verifier", ""),
        now=state.now(),
    )
    scopes = tuple(row["scopes"].split())
    with state.store.transaction() as db:
        issued = grants.issue_tokens(
            db, row["email"], scopes, offline=bool(row["offline"]), code_hash=row["code_hash"], now=state.now()
        )
    body = _answer(state, row["email"], scopes, issued.access_token, nonce=row["nonce"])
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    return body


def _refresh(state: SandboxState) -> dict[str, Any]:
    with state.store.transaction() as db:
        row = grants.live_token(db, request.form.get("refresh_token", ""), "refresh", now=state.now())
        if row is None:
            raise OAuthError("invalid_grant", "Token has been expired or revoked.")
        scopes = tuple(row["scopes"].split())
        issued = grants.issue_tokens(
            db, row["email"], scopes, offline=False, code_hash=row["code_hash"], now=state.now()
        )
    return _answer(state, row["email"], scopes, issued.access_token, nonce=None)


def _answer(
    state: SandboxState, email: str, scopes: tuple[str, ...], access_token: str, *, nonce: str | None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "access_token": access_token,
        "expires_in": grants.ACCESS_TOKEN_LIVES_S - 1,
        "scope": " ".join(scope for scope in scopes if scope in IN_PLAIN_WORDS),
        "token_type": "Bearer",
    }
    if "openid" in scopes:
        issued_at = int(state.now().timestamp())
        claims = {
            "iss": state.config.base_url,
            "aud": state.config.client_id,
            "azp": state.config.client_id,
            "iat": issued_at,
            "exp": issued_at + grants.ACCESS_TOKEN_LIVES_S,
            **_about(state, email),
            **({"nonce": nonce} if nonce else {}),
        }
        body["id_token"] = current_app.extensions["sandbox-key"].sign(claims)
    return body


def _about(state: SandboxState, email: str) -> dict[str, object]:
    with state.store.transaction() as db:
        account = account_row(db, email)
    if account is None:
        raise invalid_credentials()
    hosted = {"hd": account["hosted_domain"]} if account["hosted_domain"] else {}
    return {"sub": account["subject"], "email": email, "email_verified": True, "name": account["name"], **hosted}
