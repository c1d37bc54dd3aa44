"""What the editor asks while somebody writes. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.contacts import queries as contacts
from server.contacts.queries import ContactView
from server.email_templates import queries
from server.email_templates.catalogue import MERGE_FIELDS
from server.email_templates.filters import is_missing, shown
from server.email_templates.findings import Examined
from server.email_templates.freshness import age
from server.email_templates.models import EmailTemplate
from server.email_templates.render import LARGEST_HTML
from server.errors import Conflict
from server.sends.fill_in import field_values
from server.template_library import present
from server.template_library.access import demand_admin
from server.template_library.draft_view import audience_of, contact_id_of, examined_draft, filled_in, places_of
from server.template_library.everybody import recipient
from server.template_library.language import language as language_of
from server.template_library.preview import Shown, not_filled_in, picture
from server.template_library.shapes import Mode, read_sent
from server.template_library.worst import ten_worst
from server.web.frame import runtime
from server.web.guard import mail_frame
from server.web.identity import require_visitor

blueprint = Blueprint("template_answers", __name__)
_MOST = 12
_LABELS = {field.path: field.label for field in MERGE_FIELDS}


@blueprint.post("/templates/<slug>/check")
def check(slug: str) -> Response:
    """What is wrong with what stands in the editor right now. Writes nothing."""
    demand_admin()
    sent = read_sent(request.get_json(silent=True))
    with runtime().db.reading() as session:
        template = queries.by_slug(session, slug)
        examined = examined_draft(session, template, sent)
        filled, refusal = filled_in(session, examined, sent.contact_id)
        answer = _checked(examined, places_of(template, examined), filled, refusal)
    return jsonify(answer)


@blueprint.post("/templates/<slug>/preview")
def preview(slug: str) -> Response:
    """The picture of what stands in the editor, for a frame."""
    demand_admin()
    sent = read_sent(request.form.get("document", ""))
    mode = Mode(request.form["mode"]) if request.form.get("mode") in tuple(Mode) else Mode.HTML
    contact_id = contact_id_of(request.form.get("contact_id", ""))
    with runtime().db.reading() as session:
        examined = examined_draft(session, queries.by_slug(session, slug), sent)
        filled, refusal = filled_in(session, examined, contact_id, in_compose=mode is Mode.GMAIL)
    if filled is not None and filled.email is not None:
        return mail_frame(picture(filled.email, mode, is_dark=request.form.get("theme") == "dark"), images=True)
    if filled is not None:
        return mail_frame(not_filled_in(filled.missing))
    raise Conflict(refusal or "This draft has errors, so there is no picture of it.", cure="See what is marked.")


@blueprint.get("/templates/<slug>/fields")
def fields(slug: str) -> str:
    """The merge fields with what they hold for a contact."""
    demand_admin()
    here = runtime()
    contact_id = contact_id_of(request.args.get("contact_id", ""))
    with here.db.reading() as session:
        queries.by_slug(session, slug)
        values: dict[str, tuple[str | None, str]] = {}
        if contact_id is not None:
            now = here.clock.now()
            one = recipient(session, contact_id, visitor_id=require_visitor().user_id, now=now)
            for found in field_values(one):
                text = None if is_missing(found.value) else str(shown(found.value))
                is_ours = found.as_of == now
                old = "" if is_ours else f"synced {age(found.as_of, now)} ago" if found.as_of else "never synced"
                values[found.path] = (text, old)
    rows = [
        {
            "path": field.path,
            "label": field.label,
            "type": field.type.value,
            "source": field.source.value,
            "group": _group_label(field.label),
            "value": values.get(field.path, (str(shown(field.example)), ""))[0],
            "age": values.get(field.path, (None, ""))[1],
        }
        for field in MERGE_FIELDS
    ]
    return render_template("email_templates/_fields.html", fields=rows)


@blueprint.get("/templates/<slug>/contacts")
def contacts_to_choose(slug: str) -> Response:
    demand_admin()
    q = request.args.get("q", "").replace("\0", "").strip()[:100]
    with runtime().db.reading() as session:
        template = queries.by_slug(session, slug)
        found = contacts.suggest(session, q, limit=_MOST) if q else _first_ones(session, template)
        of_accounts = accounts.by_ids(session, [view.account_id for view in found])
    return jsonify(
        [
            {
                "id": str(view.id),
                "label": view.full_name or view.email or "No name",
                "account": of_accounts[view.account_id].name,
                "note": "opted out" if view.opted_out_at else view.email or "no address",
            }
            for view in found
        ]
    )


def _first_ones(session: Session, template: EmailTemplate) -> Sequence[ContactView]:
    """Before anybody types: some of those whom the template is meant for."""
    people = islice(audience_of(session, template).people(session), _MOST)
    return contacts.by_ids(session, [person.id for person in people])


@blueprint.get("/templates/<slug>/worst")
def worst(slug: str) -> str:
    demand_admin()
    with runtime().db.reading() as session:
        template = queries.by_slug(session, slug)
        found = ten_worst(audience_of(session, template).people(session))
    rows = [
        {
            "id": one.person.id,
            "label": one.person.full_name or one.person.email,
            "account": one.person.account_name,
            "why": one.why,
        }
        for one in found
    ]
    return render_template("email_templates/_worst.html", contacts=rows)


@blueprint.get("/templates/<slug>/language")
def language(slug: str) -> Response:
    demand_admin()
    with runtime().db.reading() as session:
        queries.by_slug(session, slug)
        return jsonify(language_of(session))


def _checked(examined: Examined, places: present.Places, filled: Shown | None, refusal: str) -> dict[str, Any]:
    findings = [present.finding(problem, places) for problem in examined.problems]
    if refusal:
        findings.append({"line": 0, "where": "mjml", "file": "", "severity": "warning", "message": refusal, "cure": ""})
    email = filled.email if filled else None
    size = len(email.html.encode()) if email else 0
    compilation = examined.compilation
    return {
        "findings": findings,
        "merge_fields": list(compilation.compiled.merge_fields) if compilation else [],
        "sizes": {"html_kb": round(size / 1000, 1), "clip_share": round(size / LARGEST_HTML, 3)},
        "can_publish": compilation is not None and not examined.errors,
        "can_preview": filled is not None,
        "subject": email.subject if email else "",
        "missing": [{"path": path, "label": _LABELS.get(path, path)} for path in (filled.missing if filled else ())],
    }


def _group_label(label: str) -> str:
    before, colon, _ = label.partition(":")
    return before if colon else "Other"
