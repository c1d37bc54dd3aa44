"""Headers that protect the browser, and the check that a change was meant by the person who is signed in."""

from __future__ import annotations

import hmac
import time
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, g, request

from server.errors import Forbidden
from server.ids import new_id
from server.logs import logger
from server.web.frame import csp_nonce
from server.web.identity import current_visitor

log = logger(__name__)

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def begin(app: Flask) -> None:
    """Give each request its number. Before all else, so that a refusal by anything later carries it, too."""

    @app.before_request
    def number() -> None:
        g.request_id = str(new_id())
        g.began_at = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id, endpoint=request.endpoint)

    @app.after_request
    def tell(response: Response) -> Response:
        if request.endpoint != "static":
            visitor = current_visitor()
            log.info(
                "request_answered",
                method=request.method,
                status=response.status_code,
                ms=round((time.perf_counter() - g.began_at) * 1000, 1),
                user_id=str(visitor.user_id) if visitor else None,
            )
        return response


def install(app: Flask, *, base_url: str, provider_origin: str, machines: frozenset[str] = frozenset()) -> None:
    """`provider_origin`: where forms may be redirected to, to connect a mailbox (Chromium applies form-action there).

    `machines` are endpoints that no browser calls: they take no cookie as proof and have no origin to check.
    """
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(base_url))
    is_https = base_url.startswith("https://")

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", page_policy(provider_origin))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if is_https:
            # Of this host alone: what else lives under the domain is not ours to decide.
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint != "static" or response.status_code >= 400:
            headers.setdefault("Cache-Control", "no-store")
        return response

    def check_intent() -> None:
        if request.method not in UNSAFE or request.endpoint in machines:
            return
        visitor = current_visitor()
        if visitor is not None and visitor.deeds is not None:
            return  # by a token, which no page of others can make a browser send
        _check_origin(origin)
        if visitor is not None:
            _check_token(visitor.csrf_token)

    # After identify(), which web.identity installs first.
    app.before_request(check_intent)


def page_policy(form_targets: str) -> str:
    """`form_targets`: where forms of this page may lead, and be redirected to, beside this server."""
    nonce = csp_nonce()
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "frame-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            f"form-action 'self' {form_targets}",
            "frame-ancestors 'none'",
        )
    )


MAIL_FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def mail_frame(html: str, *, images: bool = False) -> Response:
    """An email's HTML for a frame of ours: no script, no remote image, no way out but a link in a new window.

    `images` are loaded from the web only for what one of us writes: an image in a stranger's mail tells who reads it.
    """
    response = Response(html, content_type="text/html; charset=utf-8")
    policy = MAIL_FRAME_POLICY.replace("img-src data:", "img-src data: https:") if images else MAIL_FRAME_POLICY
    response.headers["Content-Security-Policy"] = policy
    return response


def _check_origin(origin: str) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site in ("same-origin", "none"):
            return
    elif request.headers.get("Origin") == origin:
        return
    raise Forbidden("This request did not come from Rapport's own pages.", cure="Open the page here and try again.")


def _check_token(expected: str) -> None:
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token") or ""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden("This page is from an earlier sign-in.", cure="Reload the page and try again.")
