"""The sandbox as one Flask application."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

# The modules below register their calls on the blueprint `gmail` when they are imported.
from server.sandbox import gmail_drafts, gmail_mailbox, gmail_messages
from server.sandbox.calls import ConnectionCut, cut_connection, gmail
from server.sandbox.config import SandboxConfig
from server.sandbox.control import control
from server.sandbox.faults import CallLog, Faults
from server.sandbox.gmail_batch import gmail_batch
from server.sandbox.google_errors import GoogleError, OAuthError
from server.sandbox.oauth_pages import oauth_pages
from server.sandbox.oauth_tokens import oauth_tokens
from server.sandbox.pages import pages
from server.sandbox.push import Push, PushTarget
from server.sandbox.seed import seed_accounts
from server.sandbox.signing_key import SigningKey
from server.sandbox.state import SandboxState, current_state
from server.sandbox.store import Store

CALL_MODULES = (gmail_messages, gmail_drafts, gmail_mailbox)
MAX_BODY_BYTES = 36_000_000


def create_sandbox(config: SandboxConfig) -> Flask:
    """A local stand-in for Google: sign-in, the Gmail API, and mailboxes to read in the browser."""
    app = Flask("server.sandbox", template_folder="templates", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = 1_000_000
    store = Store(config.data_path)
    key = SigningKey(store)
    seed_accounts(store, config.users)
    app.extensions["sandbox-key"] = key
    push = Push(issuer=config.base_url, sign=key.sign)
    if config.push_url is not None:
        push.aim(PushTarget(url=config.push_url, audience=config.push_url))
    app.extensions["sandbox"] = SandboxState(config=config, store=store, faults=Faults(), calls=CallLog(), push=push)
    for blueprint in (gmail, gmail_batch, oauth_pages, oauth_tokens, control, pages):
        app.register_blueprint(blueprint)
    app.register_error_handler(GoogleError, lambda error: error.response())
    app.register_error_handler(OAuthError, lambda error: error.response())
    app.register_error_handler(ConnectionCut, cut_connection)
    app.register_error_handler(HTTPException, _http_error)
    app.before_request(_refuse_other_sites)
    app.after_request(_guard_pages)
    return app


def _http_error(error: HTTPException) -> HTTPException | Response:
    """Unknown calls of the Gmail API answer in its shape."""
    if request.path.startswith(("/gmail/", "/batch/")):
        return GoogleError(error.code or 500, "badRequest", error.description or "Not known here.").response()
    return error


def _refuse_other_sites() -> Response | None:
    """No other web page may post into the sandbox through somebody's browser."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return Response("This page does not take forms from other sites.\n", status=403, mimetype="text/plain")
    return None


def _guard_pages(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if response.mimetype == "text/html" and "Content-Security-Policy" not in response.headers:
        # Chromium applies form-action to the redirect that follows a form: consent goes back to Rapport.
        rapport = current_state().config.redirect_uris_prefix
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; frame-src 'self'; img-src 'self'; "
            f"form-action 'self' {rapport}; base-uri 'none'; frame-ancestors 'none'"
        )
    return response
