"""Every page template with sample data, under the product's CSP.

Run it to look: python tests/web_kit/preview_app.py [port]. It prints the address it listens on; / lists the pages.
"""

import json
import secrets
import sys
from pathlib import Path
from typing import Any

import samples
import samples_of_accounts as accounts
import samples_of_audit as audit
import samples_of_cockpit
import samples_of_ctas
import samples_of_emails as emails
import samples_of_extension
import samples_of_mail as mail
import samples_of_mailboxes as mailboxes
import samples_of_personal_data as personal_data
import samples_of_playbooks
import samples_of_sign_in
import samples_of_triggers as triggers
from flask import Flask, Response, abort, g, render_template, url_for
from jinja2 import StrictUndefined
from markupsafe import Markup
from preview_editor import add_editor_routes, template_pages
from werkzeug.serving import WSGIRequestHandler, make_server

from server.web.frame import hue

WEB = Path(__file__).parents[2] / "server" / "web"
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
EMAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
ICON = (
    '<svg class="icon {}" viewBox="0 0 24 24" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" '
    'focusable="false">{}</svg>'
)
EMAIL = (
    '<!doctype html><html lang="en"><title>Email</title><body style="font:16px/1.5 sans-serif;margin:24px;color:#222">'
    "<p>Hello Priya,</p><p>welcome aboard. Our <b>kickoff</b> is on Tuesday.</p><p>Best,<br>Maya</p>"
)
SPEC = {
    "openapi": "3.0.3",
    "info": {"title": "Rapport", "version": "1"},
    "paths": {
        "/api/v1/accounts": {
            "get": {"summary": "The accounts", "responses": {"200": {"description": "A page of accounts"}}}
        }
    },
}
PROBLEM = {
    "status": 404,
    "title": "There is no such page",
    "detail": "The CTA may have been closed, or the link is old.",
    "cure": "Look for it in the Cockpit.",
    "request_id": "01jd8w3v7e",
    "home_href": "/",
}


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name in the address -> template and context."""
    bad = emails.send_bar(is_disabled=True, why="1 email needs a change: see the preview.", label="Send 2 emails")
    nobody = emails.send_bar(is_disabled=True, why="Choose at least one contact.", label="Send email")
    texts = emails.compose()["texts"]
    texts[0].blocks[0].error = "The field contact.frist_name does not exist. Did you mean contact.first_name?"
    return {
        **samples_of_sign_in.doors(),
        "sessions": ("auth/sessions.html", samples_of_sign_in.sessions()),
        "authorize": ("auth/authorize.html", samples_of_sign_in.authorize()),
        "tokens": ("auth/tokens.html", samples_of_sign_in.tokens()),
        "tokens-made": ("auth/tokens.html", samples_of_sign_in.tokens(is_made=True)),
        "tokens-wrong": ("auth/tokens.html", samples_of_sign_in.tokens(is_wrong=True, is_empty=True)),
        "sessions-one": ("auth/sessions.html", samples_of_sign_in.sessions(others=False)),
        **samples_of_extension.pages(),
        **samples_of_ctas.pages(),
        **samples_of_cockpit.pages(),
        **samples_of_playbooks.pages(),
        "compose": ("ctas/compose.html", emails.compose()),
        "compose-variants": ("ctas/compose.html", emails.compose(texts=emails.texts_of_two_variants())),
        "compose-errors": (
            "ctas/compose.html",
            emails.compose(preview=emails.preview(errors=True), send_bar=bad, texts=texts),
        ),
        "compose-empty": (
            "ctas/compose.html",
            emails.compose(
                contacts=[],
                preview=emails.preview(empty=True),
                send_bar=nobody,
                contacts_error="Choose at least one contact.",
            ),
        ),
        "accounts": ("accounts/list.html", accounts.accounts_page()),
        "accounts-empty": ("accounts/list.html", accounts.accounts_page(accounts=[], next_href=None)),
        "account": ("accounts/account.html", accounts.account_page()),
        "account-bare": ("accounts/account.html", accounts.bare_account_page()),
        "outbox": ("sends/outbox.html", emails.outbox()),
        "audit": ("audit/log.html", audit.log()),
        "audit-empty": ("audit/log.html", audit.log(rows=[], next_href=None, is_filtered=False)),
        "outbox-empty": ("sends/outbox.html", emails.outbox(emails=[], next_href=None)),
        "email": ("sends/email.html", emails.email_page()),
        "mailbox": ("mailboxes/mailbox.html", mailboxes.mailbox(connected=True)),
        "mailbox-broken": ("mailboxes/mailbox.html", mailboxes.mailbox(connected=True, broken=True)),
        "mailbox-none": ("mailboxes/mailbox.html", mailboxes.mailbox(connected=False)),
        **{
            f"mailbox-{health}": ("mailboxes/mailbox.html", mailboxes.mailbox(True, reading=mailboxes.reading(health)))
            for health in mailboxes.HEALTH
        },
        "timeline": ("timeline/timeline.html", mail.timeline()),
        "timeline-empty": ("timeline/timeline.html", mail.timeline(days=[], next_href=None)),
        "conversation": ("timeline/conversation.html", mail.conversation()),
        "contact": ("contacts/contact.html", mail.contact()),
        "contact-bare": ("contacts/contact.html", mail.contact(days=[], addresses=[])),
        "why": ("mail/why.html", mail.why()),
        "why-not": ("mail/why.html", mail.why(why_not="Ask Devin Cole, the TAM of Helios Energy.", levels=[], lost=[])),
        "mail-text": ("mail/body.html", mail.body()),
        "unmatched": ("mail/unmatched.html", mail.unmatched()),
        "unmatched-empty": ("mail/unmatched.html", mail.unmatched(groups=[], ties=[], questions=0, next_href=None)),
        "rules": ("mail/rules.html", mail.rules()),
        "rules-bare": ("mail/rules.html", mail.bare_rules()),
        **personal_data.pages(),
        **triggers.pages(),
        "search": ("search/results.html", samples.base() | accounts.found()),
        "search-empty": ("search/results.html", samples.base() | accounts.found("xyz", empty=True)),
        "problem": ("errors/problem.html", samples.base() | PROBLEM),
        "problem-signed-out": (
            "errors/problem.html",
            PROBLEM | {"status": 503, "title": "Rapport is catching its breath", "cure": None},
        ),
        "api-docs": ("api/docs.html", samples.base(active="") | {"spec_url": "/spec.json"}),
        **template_pages(),
    }


def create_preview_app() -> Flask:
    app = Flask(__name__, template_folder=str(WEB / "html"), static_folder=str(WEB / "static"))
    app.jinja_env.undefined = StrictUndefined
    manifest = json.loads((WEB / "static/dist/manifest.json").read_text())
    inners = json.loads((WEB / "static/dist/icons.json").read_text())

    def icon(name: str, class_: str = "") -> Markup:
        inner = Markup(inners[name])
        return Markup(ICON).format(class_, inner)

    app.jinja_env.globals.update(excluded_words=lambda rule: f"By the rule {rule}")
    app.jinja_env.globals.update(
        icon=icon, hue=hue, asset=lambda name: url_for("static", filename=f"dist/{manifest[name]}")
    )

    @app.context_processor
    def of_request() -> dict[str, Any]:
        return {"csrf_token": "t0ken", "csp_nonce": g.nonce}

    @app.before_request
    def draw_nonce() -> None:
        g.nonce = secrets.token_urlsafe(16)

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=g.nonce))
        return response

    add_routes(app)
    return app


def add_routes(app: Flask) -> None:
    @app.get("/")
    def index() -> str:
        links = "".join(f'<li><a href="/page/{name}">{name}</a>' for name in pages())
        return f"<!doctype html><title>Pages</title><ul>{links}</ul>"

    @app.get("/pages.json")
    def names() -> list[str]:
        return list(pages())

    @app.get("/moving/rehearsal")
    def rehearsal() -> str:
        return render_template("triggers/_rehearsal.html", **triggers.rehearsal())

    @app.post("/moving/trigger-preview")
    def trigger_preview() -> str:
        return render_template("triggers/_preview.html", preview=triggers.preview(), problem=None)

    @app.get("/page/<name>")
    def page(name: str) -> str:
        if name not in pages():
            abort(404)
        template, context = pages()[name]
        return render_template(template, **context)

    @app.get("/sample-email")
    def sample_email() -> Response:
        return Response(EMAIL, headers={"Content-Security-Policy": EMAIL_POLICY})

    @app.get("/spec.json")
    def spec() -> dict[str, Any]:
        return SPEC

    add_fragments(app)
    add_mail_fragments(app)
    add_editor_routes(app)


def add_fragments(app: Flask) -> None:
    """What htmx asks for."""

    @app.get("/search/suggest")
    def suggest() -> str:
        return render_template("search/_suggest.html", **accounts.found())

    @app.post("/preview")
    def preview() -> str:
        bar = emails.send_bar(label="Send 7 emails", is_disabled=True, why="1 email needs a change.")
        context = emails.compose(preview=emails.preview(errors=True), send_bar=bar)
        return render_template("ctas/_preview.html", **context, is_swap=True)

    @app.get("/moving/task")
    def moving_task() -> str:
        return render_template("ctas/_task.html", task=samples.tasks()[1])

    @app.post("/tasks/t4/done")
    def task_done() -> str:
        done = samples.task(
            "t4",
            "Book the room",
            kind="todo",
            state="done",
            state_label="Done",
            template_name="",
            toggle=samples.O(href="/tasks/t4/open", label="Reopen"),
        )
        progress = samples.O(tasks_done=3, tasks_total=5)
        return render_template("ctas/_task_settled.html", task=done, beside=[samples.tasks()[0]], cta=progress)

    @app.get("/moving/email")
    def moving_email() -> str:
        return render_template("sends/_email_row.html", email=emails.emails()[0])

    @app.post("/act")
    def act() -> str:
        return render_template("sends/_email_row.html", email=emails.email("m1", "Cancelled", "neutral", "ban"))

    @app.get("/moving/timeline")
    def moving_timeline() -> tuple[str, int]:
        return "", 204

    @app.get("/accounts")
    def more_accounts() -> str:
        return render_template("accounts/_rows.html", accounts=accounts.accounts_page()["accounts"], next_href=None)

    @app.get("/cockpit")
    def filtered() -> str:
        return render_template("cockpit/_content.html", **samples_of_cockpit.content([], is_filtered=True))


def add_mail_fragments(app: Flask) -> None:
    """What the pages of mail ask for."""

    @app.get("/mail/body")
    def mail_body() -> str:
        return render_template("mail/_body.html", **mail.body())

    @app.get("/mail/why")
    def mail_why() -> str:
        return render_template("mail/_why.html", **mail.why())

    @app.get("/mail/accounts")
    def account_choices() -> str:
        found = [samples.O(id="a1", name="Helios Energy"), samples.O(id="a2", name=samples.LONG)]
        return render_template("mail/_account_choices.html", q="hel", accounts=found)

    @app.get("/timeline/<entry_id>/rest")
    def rest(entry_id: str) -> str:
        return render_template("timeline/_rest.html", entries=mail.folded_days()[0].threads[0].rest)

    @app.get("/mail/inbound")
    def inbound() -> str:
        since = samples.moment("3 weeks ago")
        shown = samples.O(
            is_on=True,
            address=f"log+{'k' * 26}@in.rapport.example",
            since=since,
            new_href="/act",
            question=samples.O(code="525425415", email="alice@rapport.example", asked=samples.moment("2 minutes ago")),
        )
        return render_template("mail/_inbound.html", inbound=shown)

    @app.get("/mail/rules/labels")
    def labels() -> str:
        found = [samples.O(id="Label_1", name="Private"), samples.O(id="Label_2", name=samples.LONG)]
        return render_template("mail/_labels.html", labels=found, problem="")

    @app.get("/mailbox/preview")
    def mailbox_preview() -> str:
        text = "Your mailbox has 2,206 messages of the last 30 days. Only those with customers are kept."
        return render_template("mailboxes/_preview.html", text=text, is_problem=False)

    @app.post("/mail/act")
    def mail_act() -> str:
        return render_template(
            "mail/_done.html", text="On the timeline of Borealis now.", undo={"a": "b"}, undo_href="/x"
        )


class Quiet(WSGIRequestHandler):
    def log_request(self, *args: object, **kwargs: object) -> None:
        """Say nothing: requests are of no interest here."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = make_server("127.0.0.1", port, create_preview_app(), threaded=True, request_handler=Quiet)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
