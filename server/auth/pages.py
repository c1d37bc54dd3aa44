"""Sign in, sign out."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import acting, bearer, oauth_attempts, people, recognise, sessions
from server.auth.acting import ActsFor
from server.auth.models import ROLE_LABELS, OAuthAttempt, Role, User, UserSession
from server.auth.oauth_attempts import Started
from server.errors import Invalid, RapportError
from server.logs import logger
from server.ports.errors import OutcomeUnknown, PortError
from server.settings import Settings
from server.web.frame import runtime
from server.web.guard import page_policy
from server.web.identity import Visitor, current_visitor, require_visitor

blueprint = Blueprint("auth", __name__)
log = logger(__name__)


def session_cookie(settings: Settings) -> str:
    return "__Host-rapport" if settings.secure_cookies else "rapport_session"


def attempt_cookie(settings: Settings) -> str:
    return "__Host-rapport-attempt" if settings.secure_cookies else "rapport_attempt"


def set_cookie(response: BaseResponse, name: str, value: str, *, max_age: int) -> None:
    # Lax, not Strict: the way back from the provider is a cross-site navigation that must carry them.
    secure = runtime().settings.secure_cookies
    response.set_cookie(name, value, max_age=max_age, path="/", secure=secure, httponly=True, samesite="Lax")


def drop_cookie(response: BaseResponse, name: str) -> None:
    # With the flags it was set with: browsers ignore a __Host- cookie without Secure, also one that ends it.
    secure = runtime().settings.secure_cookies
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")


def start_attempt(purpose: str, *, return_to: str, user_id: uuid.UUID | None) -> Started:
    """Begin a trip to the provider; `leave_for_provider` ties it to this browser."""
    here = runtime()
    with here.db.transaction() as session:
        return oauth_attempts.start(
            session, purpose=purpose, return_to=return_to, user_id=user_id, now=here.clock.now()
        )


def leave_for_provider(url: str, started: Started) -> BaseResponse:
    response = redirect(url, code=303)
    life_s = int(oauth_attempts.LIFETIME.total_seconds())
    set_cookie(response, attempt_cookie(runtime().settings), started.browser, max_age=life_s)
    return response


def finish_attempt(purpose: str) -> OAuthAttempt:
    """The trip that this callback belongs to, used up. Raises Invalid when it is not this browser's."""
    here = runtime()
    with here.db.transaction() as session:
        return oauth_attempts.finish(
            session,
            purpose=purpose,
            state=request.args.get("state", ""),
            browser=request.cookies.get(attempt_cookie(here.settings), ""),
            now=here.clock.now(),
        )


def find_visitor() -> Visitor | None:
    """The person of this request: by the token they send, or else by the session cookie."""
    here = runtime()
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        # No cookie counts beside it: who asks by a token is nobody else.
        return bearer.find_visitor(here, authorization, ip=request.remote_addr)
    token = request.cookies.get(session_cookie(here.settings))
    if not token:
        return None
    now = here.clock.now()
    with here.db.reading() as session:
        found = sessions.find(session, token=token, now=now)
    if found is None:
        return None
    if sessions.is_stale(found[0], now):
        with here.db.transaction() as session:
            sessions.touch(session, session_id=found[0].id, now=now)
    return _visitor(*found)


def _visitor(found: UserSession, user: User) -> Visitor:
    return Visitor(
        user_id=user.id,
        session_id=found.id,
        name=user.name,
        email=user.email,
        role=user.role,
        role_label=ROLE_LABELS[Role(user.role)],
        initials=user.initials,
        time_zone=user.time_zone,
        csrf_token=found.csrf_token,
    )


@blueprint.get("/sign-in")
def sign_in() -> BaseResponse:
    next_path = oauth_attempts.safe_return_path(request.args.get("next", "/"))
    if current_visitor() is not None:
        return redirect(next_path)
    return _sign_in_page(next_path, "")


def _sign_in_page(next_path: str, problem: str, status: int = 200) -> Response:
    here = runtime()
    oidc = here.settings.oidc
    sandbox_people: list[dict[str, str]] = []
    if here.settings.sandbox_url and oidc.is_google:
        with here.db.reading() as session:
            cast = people.sandbox_cast(session)
        sandbox_people = [{"name": u.name, "email": u.email, "role": ROLE_LABELS[Role(u.role)]} for u in cast]
    html = render_template(
        "auth/sign_in.html",
        sandbox_people=sandbox_people,
        error=problem,
        next_path=next_path,
        provider={"name": oidc.name, "icon": "brand-google" if oidc.is_google else "key"},
    )
    response = Response(html, status=status)
    # A provider may send the browser on to others before it shows a page, such as a company's own; Chromium holds
    # each of them against the form that was sent first.
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(oidc.issuer))
    response.headers["Content-Security-Policy"] = page_policy(f"{origin} https:")
    return response


@blueprint.post("/auth/start")
def start() -> BaseResponse:
    next_path = oauth_attempts.safe_return_path(request.form.get("next", "/"))
    started = start_attempt(oauth_attempts.SIGN_IN, return_to=next_path, user_id=None)
    try:
        url = runtime().sign_in.authorization_url(
            redirect_uri=_callback_url(),
            state=started.state,
            nonce=started.nonce,
            code_challenge=started.code_challenge,
        )
    except PortError as error:
        return _refusal(error, next_path)
    return leave_for_provider(url, started)


@blueprint.get("/auth/callback")
def callback() -> BaseResponse:
    try:
        return _finish_sign_in()
    except (RapportError, PortError) as error:
        if not isinstance(error, Invalid):  # which is no sign-in that began in this browser
            _note_refusal(error)
        return _refusal(error, "/")


def _note_refusal(error: RapportError | PortError) -> None:
    why = getattr(error, "reason", "") or type(error).__name__
    with runtime().db.transaction() as session:
        acting.declare(session, ActsFor(user_id=None, is_refusal=True, record={"why": why}))


def _refusal(error: RapportError | PortError, next_path: str) -> Response:
    """The sign-in page with what went wrong: in our words, never in the provider's."""
    log.info("sign_in_refused", reason=type(error).__name__, detail=getattr(error, "reason", ""))
    if isinstance(error, RapportError):
        return _sign_in_page(next_path, f"{error.detail} {error.cure}".strip(), 403)
    name = runtime().settings.oidc.name
    if isinstance(error, OutcomeUnknown):
        return _sign_in_page(next_path, f"{name} does not answer at the moment. Try again in a minute.", 503)
    words = f"{name} did not confirm who you are. Try again; if it stays, ask your admin."
    return _sign_in_page(next_path, words, 403)


def _finish_sign_in() -> BaseResponse:
    here = runtime()
    now = here.clock.now()
    attempt = finish_attempt(oauth_attempts.SIGN_IN)
    if "code" not in request.args:
        raise PortError("the provider sent no code", reason="no_code")
    identity = here.sign_in.redeem(
        code=request.args["code"],
        issuer=request.args.get("iss"),
        redirect_uri=_callback_url(),
        code_verifier=attempt.code_verifier,
        nonce=attempt.nonce,
    )
    with here.db.transaction() as session:
        user = recognise.recognise(session, identity, policy=_policy(here.settings), now=now)
        # The browser begins anew: what it was signed in as before ends here.
        sessions.close_by_token(session, token=request.cookies.get(session_cookie(here.settings), ""))
        token = sessions.open_session(
            session, user_id=user.id, user_agent=request.user_agent.string, ip=request.remote_addr, now=now
        )
    response = redirect(attempt.return_to, code=303)
    set_cookie(response, session_cookie(here.settings), token, max_age=int(sessions.ABSOLUTE.total_seconds()))
    drop_cookie(response, attempt_cookie(here.settings))
    return response


def _policy(settings: Settings) -> recognise.Policy:
    return recognise.Policy(
        provider=settings.oidc.name, hosted_domain=settings.google_hosted_domain, roles=settings.oidc.roles
    )


@blueprint.post("/auth/sign-out")
def sign_out() -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        sessions.close(session, session_id=require_visitor().session_id)
    response = redirect(url_for("auth.sign_in"), code=303)
    drop_cookie(response, session_cookie(here.settings))
    return response


def _callback_url() -> str:
    return f"{runtime().settings.base_url}/auth/callback"
