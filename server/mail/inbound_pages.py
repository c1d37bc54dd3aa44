"""The user's own secret address for Bcc and forwarding, as a part of the mailbox page and as a page of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.auth.models import LOOKS_ONLY
from server.errors import Forbidden, NotFound
from server.mail import gmail_question, inbound
from server.mail.models import InboundAddress
from server.web import show
from server.web.frame import Crumb, page, runtime, tell, wants_partial
from server.web.identity import require_visitor

blueprint = Blueprint("inbound", __name__)


@blueprint.get("/mail/inbound")
def address() -> str:
    with runtime().db.reading() as session:
        shown = _shown(session)
    if wants_partial():
        return render_template("mail/_inbound.html", inbound=shown)
    return page(
        "mail/inbound.html",
        active="mailbox",
        crumbs=[Crumb(label="Mailbox", href=url_for("mailboxes.mailbox")), Crumb(label="Secret address")],
        inbound=shown,
    )


def _shown(session: Session) -> dict[str, Any]:
    domain = runtime().settings.inbound_domain
    statement = select(InboundAddress).where(InboundAddress.user_id == require_visitor().user_id)
    found = session.scalars(statement).one_or_none()
    is_asked = found is not None and found.question_at is not None and _is_fresh(found.question_at)
    return {
        "is_on": domain is not None,
        "address": f"log+{found.token}@{domain}" if found is not None and domain is not None else None,
        "since": show.moment(found.created_at) if found is not None else None,
        "new_href": url_for("mail.inbound.renew"),
        "question": _question(found) if found is not None and is_asked else None,
    }


def _is_fresh(asked_at: datetime) -> bool:
    return runtime().clock.now() - asked_at < gmail_question.SHOWN_FOR


def _question(found: InboundAddress) -> dict[str, Any]:
    return {"code": found.question_code, "email": found.question_email, "asked": show.moment(found.question_at)}


@blueprint.post("/mail/inbound")
def renew() -> BaseResponse | str:
    """The first address, or a new one: the old one takes no mail from then on."""
    here, visitor = runtime(), require_visitor()
    domain = here.settings.inbound_domain
    if visitor.role in LOOKS_ONLY:
        raise Forbidden("You can look at everything here.", cure="Logging mail is for TAMs and admins.")
    if domain is None:
        raise NotFound("Mail by Bcc is not switched on here.", cure="Ask your admin to set RAPPORT_INBOUND_DOMAIN.")
    with here.db.transaction() as session:
        inbound.renew(session, visitor.user_id, domain, here.clock.now())
    if wants_partial():
        return address()
    tell("Here is your new address. An older one takes no mail any more.")
    return redirect(url_for("mail.inbound.address"), code=303)
