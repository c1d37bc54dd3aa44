"""The composition root: settings become a runtime, a runtime becomes an app. Nothing happens at import time."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, send_from_directory
from werkzeug.middleware.proxy_fix import ProxyFix

from server.accounts import api as accounts_api
from server.adapters.gmail import GoogleGmail
from server.adapters.google_accounts import GoogleMailboxAccess, GooglePushTokens
from server.adapters.google_endpoints import GoogleEndpoints
from server.adapters.oidc import OidcSignIn
from server.adapters.smtp_post import SmtpPost
from server.audit import note
from server.audit import pages as audit_pages
from server.auth import api as auth_api
from server.auth import gate, oauth_pages, policy, session_pages, token_pages, you_pages
from server.auth import pages as auth_pages
from server.auth.endpoints import MACHINES, PUBLIC, RATES, UNCOUNTED
from server.auth.policy import Deed
from server.clock import Clock, SystemClock
from server.cockpit import digest_pages
from server.cockpit import pages as cockpit_pages
from server.contacts import api as contacts_api
from server.ctas import api as cta_api
from server.ctas import change_api, change_pages, comment_pages, compose_pages, new_pages, task_pages, version_pages
from server.ctas import pages as cta_pages
from server.ctas import queries as ctas
from server.customer_360 import pages as customer_360_pages
from server.db import Database, make_engine
from server.health import blueprint as health
from server.jobqueue import RqJobQueue
from server.mail import contacts_api as new_contacts_api
from server.mail import pages as mail_pages
from server.mail import placing_api
from server.mail import waiting as waiting_mail
from server.mailboxes import pages as mailbox_pages
from server.mailboxes import push as mailbox_push
from server.measures import api as measures_api
from server.panel import api as panel_api
from server.panel import pages as extension_pages
from server.personal_data import pages as personal_data_pages
from server.personal_data import retention_pages
from server.playbooks import editor_pages as playbook_editor
from server.playbooks import lists_pages as cta_lists
from server.playbooks import pages as playbook_pages
from server.runtime import Runtime
from server.search import pages as search_pages
from server.sends import api as outbox_api
from server.sends import pages as outbox_pages
from server.sends import queries as outbox
from server.sends.queries import OutboxGroup
from server.settings import Settings
from server.sign_in_settings import GOOGLE_ISSUER
from server.template_library import answers as template_answers
from server.template_library import editor_pages as template_editor
from server.template_library import pages as template_library
from server.template_library import version_pages as template_versions
from server.timeline import api as timeline_api
from server.triggers import pages as trigger_pages
from server.triggers import rehearsal_pages
from server.vault import Vault
from server.web import api, frame, guard, identity, problems, rate_limits, show
from server.web.frame import NavEntry
from server.web.identity import require_visitor

_NAV_NEEDS = {
    "unmatched": Deed.SORT_MAIL,
    "outbox": Deed.SEE_OUTBOX,
    "mailbox": Deed.HAVE_MAILBOX,
    "triggers": Deed.CHANGE_PLAYBOOKS,
    "extension": Deed.SET_RULES,
    "audit": Deed.READ_AUDIT_LOG,
    "personal_data": Deed.SEE_PERSONAL_DATA,
}
_LARGEST_REQUEST = 2 * 1024 * 1024


def build_runtime(settings: Settings) -> Runtime:
    """Connect settings to the real adapters. Opens no connection yet."""
    clock = SystemClock()
    endpoints = (
        GoogleEndpoints.for_sandbox(settings.sandbox_url) if settings.sandbox_url else GoogleEndpoints.for_google()
    )
    client_id, client_secret = settings.google_client_id, settings.google_client_secret
    return Runtime(
        settings=settings,
        clock=clock,
        db=Database(make_engine(settings.database_url)),
        jobs=RqJobQueue(settings.redis_url),
        vault=Vault(settings.token_keys),
        gmail=GoogleGmail(endpoints=endpoints, client_id=client_id, client_secret=client_secret, clock=clock),
        sign_in=sign_in_by(settings, clock),
        mailbox_access=GoogleMailboxAccess(
            endpoints=endpoints, client_id=client_id, client_secret=client_secret, clock=clock
        ),
        push_tokens=GooglePushTokens(
            endpoints=endpoints,
            audience=settings.gmail_push_audience,
            service_account=settings.gmail_push_service_account,
            clock=clock,
        ),
        post=post_by(settings),
    )


def post_by(settings: Settings) -> SmtpPost | None:
    smtp = settings.smtp
    if smtp is None or settings.mail_from is None:
        return None
    return SmtpPost(
        host=smtp.host,
        port=smtp.port,
        tls="tls" if smtp.is_tls else "starttls" if smtp.has_starttls else None,
        user=smtp.user,
        password=smtp.password,
        sender=settings.mail_from,
    )


def sign_in_by(settings: Settings, clock: Clock) -> OidcSignIn:
    oidc = settings.oidc
    return OidcSignIn(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        clock=clock,
        scopes=oidc.scopes,
        # Who is not asked for groups need not have them, nor a userinfo endpoint that answers.
        groups_claim=oidc.groups_claim if oidc.roles else None,
        chooses_account=oidc.is_google,
        hosted_domain=settings.google_hosted_domain,
    )


def create_app(runtime: Runtime) -> Flask:
    settings = runtime.settings
    app = Flask("server", template_folder="web/html", static_folder="web/static", static_url_path="/static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-rapport-flashes" if settings.secure_cookies else "rapport_flashes",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=_LARGEST_REQUEST,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.secure_cookies:
        # Nothing but the address, and of it what the last proxy adds: our own scheme and host stand in base_url, and
        # a proxy that does not set the other headers lets anybody's through.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=0, x_host=0)  # type: ignore[method-assign]
    frame.install(app, runtime, nav=lambda: _nav(runtime))
    guard.begin(app)
    identity.install(app, auth_pages.find_visitor, public=lambda endpoint: endpoint in PUBLIC)
    if settings.has_rate_limits:
        rate_limits.install(app, settings.redis_url, RATES, is_counted=lambda endpoint: endpoint not in UNCOUNTED)
    note.install(app, runtime.db, runtime.clock)
    gate.install(app)
    guard.install(app, base_url=settings.base_url, provider_origin=_google_origin(settings), machines=MACHINES)
    problems.install(app)
    _add_pages(app)
    _add_api(app, settings)
    gate.demand_whole(app)
    return app


def _add_pages(app: Flask) -> None:
    for blueprint in (
        health,
        auth_pages.blueprint,
        audit_pages.blueprint,
        session_pages.blueprint,
        oauth_pages.blueprint,
        token_pages.blueprint,
        mailbox_pages.blueprint,
        mailbox_push.blueprint,
        mail_pages.blueprint,
        outbox_pages.blueprint,
        cockpit_pages.blueprint,
        digest_pages.blueprint,
        cta_pages.blueprint,
        compose_pages.blueprint,
        change_pages.blueprint,
        task_pages.blueprint,
        comment_pages.blueprint,
        new_pages.blueprint,
        version_pages.blueprint,
        customer_360_pages.blueprint,
        extension_pages.blueprint,
        personal_data_pages.blueprint,
        retention_pages.blueprint,
        playbook_pages.blueprint,
        playbook_editor.blueprint,
        cta_lists.blueprint,
        you_pages.blueprint,
        search_pages.blueprint,
        template_library.blueprint,
        template_editor.blueprint,
        template_answers.blueprint,
        template_versions.blueprint,
        trigger_pages.blueprint,
        rehearsal_pages.blueprint,
        api.docs,
    ):
        app.register_blueprint(blueprint)

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return send_from_directory(frame.STATIC_DIST, frame.asset("favicon.svg").rsplit("/", 1)[1])


def _add_api(app: Flask, settings: Settings) -> None:
    rest = api.install(app, session_cookie=auth_pages.session_cookie(settings))
    for blueprint in (
        auth_api.blueprint,
        accounts_api.blueprint,
        contacts_api.blueprint,
        new_contacts_api.blueprint,
        placing_api.blueprint,
        timeline_api.blueprint,
        measures_api.blueprint,
        cta_api.blueprint,
        change_api.blueprint,
        outbox_api.blueprint,
        panel_api.blueprint,
    ):
        rest.register_blueprint(blueprint)


def _nav(runtime: Runtime) -> Sequence[NavEntry]:
    visitor = require_visitor()
    user_id = visitor.user_id
    with runtime.db.reading() as session:
        # The Cockpit has counted them for its own page.
        mine = frame.badge("cockpit")
        mine = ctas.count_mine(session, user_id, today=show.today()) if mine is None else mine
        counts = outbox.outbox_counts(session, user_id=user_id)
        unmatched = waiting_mail.count_questions(session, user_id)
        mentions = ctas.unseen_mentions(session, user_id)
    waiting = counts[OutboxGroup.WAITING] + counts[OutboxGroup.NEEDS_YOU]
    entries = (
        NavEntry(key="cockpit", label="Cockpit", href="/cockpit", icon="layout-dashboard", badge=mine or None),
        NavEntry(key="mentions", label="Mentions", href="/mentions", icon="at", badge=mentions or None),
        NavEntry(key="accounts", label="Accounts", href="/accounts", icon="building-skyscraper"),
        NavEntry(key="timeline", label="Timeline", href="/timeline", icon="timeline-event"),
        NavEntry(
            key="unmatched", label="Unmatched mail", href="/mail/unmatched", icon="inbox", badge=unmatched or None
        ),
        NavEntry(key="playbooks", label="Playbooks", href="/playbooks", icon="checklist"),
        NavEntry(key="templates", label="Email templates", href="/templates", icon="template"),
        NavEntry(key="triggers", label="Triggers", href="/triggers", icon="calendar-due"),
        NavEntry(key="outbox", label="Outbox", href="/outbox", icon="send", badge=waiting or None),
        NavEntry(key="audit", label="Audit log", href="/audit", icon="shield-check"),
        NavEntry(key="personal_data", label="Personal data", href="/personal-data", icon="user-circle"),
        NavEntry(key="extension", label="Gmail extension", href="/settings/extension", icon="puzzle"),
        NavEntry(key="mailbox", label="Mailbox", href="/mailbox", icon="mailbox"),
    )
    return tuple(one for one in entries if one.key not in _NAV_NEEDS or policy.may(visitor, _NAV_NEEDS[one.key]))


def _google_origin(settings: Settings) -> str:
    parts = urlsplit(settings.sandbox_url or GOOGLE_ISSUER)
    return f"{parts.scheme}://{parts.netloc}"
