"""The user's own mailbox: connect, reconnect, disconnect."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import oauth_attempts
from server.auth.pages import finish_attempt, leave_for_provider, start_attempt
from server.errors import RapportError
from server.logs import logger
from server.mailboxes import connection, footprints, reading_pages, tokens
from server.mailboxes.models import Mailbox, MailboxState
from server.ports.errors import PortError
from server.ports.gmail import OAuthTokens
from server.vault import VaultError
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("mailboxes", __name__)
log = logger(__name__)

_STATES = {
    MailboxState.CONNECTED: ("Connected", "success"),
    MailboxState.NEEDS_RECONNECT: ("Needs reconnecting", "danger"),
    MailboxState.DISCONNECTED: ("Disconnected", "neutral"),
}

_NOT_CONFIRMED = (
    "Rapport has forgotten the access. Google did not confirm: you can also remove it in your Google account, "
    "under Security."
)


def banner(mailbox: Mailbox | None) -> dict[str, str] | None:
    """What a page says above its content while the mailbox cannot send."""
    href = url_for("mailboxes.mailbox")
    if mailbox is None or mailbox.state == MailboxState.DISCONNECTED:
        text = "Connect your Gmail, so that the emails of your tasks leave from your own address."
        return {"tone": "info", "text": text, "href": href, "label": "Connect Gmail"}
    if mailbox.state == MailboxState.NEEDS_RECONNECT:
        text = "Google no longer accepts Rapport’s access to your Gmail. What you sent waits in the outbox."
        return {"tone": "danger", "text": text, "href": href, "label": "Reconnect Gmail"}
    return None


@blueprint.get("/mailbox")
def mailbox() -> str:
    here = runtime()
    with here.db.reading() as session:
        found = connection.of_user(session, require_visitor().user_id)
        kept = found if found is not None and found.state != MailboxState.DISCONNECTED else None
        reading = reading_pages.shown(session, kept) if kept is not None else None
    return page(
        "mailboxes/mailbox.html",
        active="mailbox",
        crumbs=[Crumb(label="Mailbox")],
        mailbox=_shown(kept) if kept is not None else None,
        reading=reading,
        footprints=footprints.choices(kept),
        never=footprints.NEVER,
        urls={
            "connect": url_for("mailboxes.connect"),
            "disconnect": url_for("mailboxes.disconnect"),
            "inbound": "/mail/inbound",
            "rules": "/mail/rules",
            "unmatched": "/mail/unmatched",
        },
        needs_reconnect=kept is not None and kept.state == MailboxState.NEEDS_RECONNECT,
    )


def _shown(found: Mailbox) -> dict[str, Any]:
    label, tone = _STATES[MailboxState(found.state)]
    cure = "Reconnect, choose this address, and leave both boxes ticked."
    return {
        "address": found.email,
        "state": {"label": label, "tone": tone},
        "connected": show.moment(found.connected_at),
        "problem": {"text": found.problem, "cure": cure} if found.problem else None,
    }


@blueprint.post("/mailbox/connect")
def connect() -> BaseResponse:
    here, visitor = runtime(), require_visitor()
    return_to = request.form.get("next", "") or url_for("mailboxes.mailbox")
    started = start_attempt(oauth_attempts.CONNECT_MAILBOX, return_to=return_to, user_id=visitor.user_id)
    url = here.mailbox_access.authorization_url(
        redirect_uri=_callback_url(),
        state=started.state,
        code_challenge=started.code_challenge,
        login_hint=visitor.email,
        scopes=_scopes_asked_for(),
    )
    return leave_for_provider(url, started)


def _scopes_asked_for() -> tuple[str, ...]:
    """What the person chose; without a choice what they gave before, else envelopes only."""
    asked = request.form.get("footprint")
    if asked is None:
        with runtime().db.reading() as session:
            found = connection.of_user(session, require_visitor().user_id)
        asked = "text" if found is not None and connection.can_read_text(found) else "envelopes"
    return connection.TEXT_SCOPES if asked == "text" else connection.ENVELOPE_SCOPES


@blueprint.get("/mailbox/callback")
def callback() -> BaseResponse:
    target = url_for("mailboxes.mailbox")
    try:
        target = _finish_connecting()
        tell("Gmail is connected. Your emails leave from your own address now.")
    except RapportError as error:
        tell(f"{error.detail} {error.cure}".strip(), "danger")
    except PortError as error:
        log.info("mailbox_not_connected", reason=type(error).__name__)
        tell("Gmail was not connected: Google did not give the permission. Try again when you are ready.", "warning")
    return redirect(target, code=303)


def _finish_connecting() -> str:
    here, visitor = runtime(), require_visitor()
    attempt = finish_attempt(oauth_attempts.CONNECT_MAILBOX)
    if "code" not in request.args or attempt.user_id != visitor.user_id:
        raise PortError("the provider sent no code")
    grant = here.mailbox_access.redeem(
        code=request.args["code"], redirect_uri=_callback_url(), code_verifier=attempt.code_verifier
    )
    with here.db.transaction() as session:
        connection.connect(
            session,
            user_id=visitor.user_id,
            user_email=visitor.email,
            grant=grant,
            vault=here.vault,
            now=here.clock.now(),
        )
    return attempt.return_to


@blueprint.post("/mailbox/disconnect")
def disconnect() -> BaseResponse:
    here = runtime()
    reading_pages.end_watch()
    with here.db.transaction() as session:
        found = connection.of_user(session, require_visitor().user_id, lock=True)
        grant, was_read = None, True
        if found is not None and found.sealed_tokens is not None:
            try:
                grant = tokens.unseal(here.vault, found)
            except VaultError:
                was_read = False
                log.warning("grant_does_not_open", mailbox_id=str(found.id))
            connection.disconnect(found, now=here.clock.now())
    if was_read and (grant is None or _is_revoked(grant)):
        tell("Gmail is disconnected, and Rapport’s access was revoked at Google.")
    else:
        tell(_NOT_CONFIRMED, "warning")
    return redirect(url_for("mailboxes.mailbox"), code=303)


def _is_revoked(grant: OAuthTokens) -> bool:
    try:
        runtime().mailbox_access.revoke(grant)
    except PortError as error:
        log.warning("revoke_failed", reason=type(error).__name__)
        return False
    return True


def _callback_url() -> str:
    return f"{runtime().settings.base_url}/mailbox/callback"


blueprint.register_blueprint(reading_pages.blueprint)
