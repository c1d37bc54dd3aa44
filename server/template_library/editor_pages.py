"""The editor of a draft: its page, and what the page asks while somebody writes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.auth import people
from server.contacts.models import ROLE_LABELS, role_label
from server.email_templates import drafts, front_matter, queries
from server.email_templates.conditions import label_of
from server.email_templates.findings import examine
from server.email_templates.models import EmailTemplate, Kind, Origin
from server.email_templates.problems import TemplateInvalid
from server.email_templates.publish import Signature
from server.email_templates.publish import publish as publish_sources
from server.email_templates.source import TemplateSource, parse_source
from server.errors import Conflict, Invalid, RapportError
from server.mailboxes import connection
from server.mailboxes.opening import open_mailbox
from server.template_library import present
from server.template_library.access import demand_admin
from server.template_library.draft_view import audience_of, contact_id_of, filled_in, places_of
from server.template_library.family import conditions
from server.template_library.gate import PublishRefused, demand_passing
from server.template_library.shapes import Sent, read_sent
from server.template_library.test_email import send_to_oneself
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("template_editor", __name__)


@blueprint.get("/templates/<slug>/edit")
def edit(slug: str) -> str:
    demand_admin()
    with runtime().db.reading() as session:
        return _page(session, queries.by_slug(session, slug))


@blueprint.get("/templates/<slug>/csrf")
def token(slug: str) -> Response:
    """The token of this session, for a page that was loaded in an earlier one. No other site can read the answer."""
    visitor = demand_admin()
    with runtime().db.reading() as session:
        queries.by_slug(session, slug)
    return jsonify(token=visitor.csrf_token)


@blueprint.post("/templates/<slug>/draft")
def save(slug: str) -> BaseResponse:
    visitor = demand_admin()
    here = runtime()
    sent = read_sent(request.get_json(silent=True))
    seen = _seen_in_form(sent)
    now = here.clock.now()
    try:
        with here.db.transaction() as session:
            template = queries.by_slug(session, slug)
            text = sent.document.text(drafts.current_text(session, template)[0], Kind(template.kind))
            draft = drafts.save(session, template, text=text, seen=seen, user_id=visitor.user_id, now=now)
            revision, based_on = draft.revision, draft.based_on_id
    except drafts.DraftOvertaken as overtaken:
        return _overtaken(slug, overtaken)
    return jsonify(
        revision=revision, based_on=str(based_on or ""), saved={"text": f"Saved {show.clock_time(now).text}"}
    )


@blueprint.post("/templates/<slug>/publish")
def publish(slug: str) -> BaseResponse:
    """A new version from the saved draft; or the editor again, with what keeps it from being one."""
    visitor = demand_admin()
    here = runtime()
    note = " ".join(request.form.get("note", "").split())[:1_000]
    signature = Signature(origin=Origin.WEB, now=here.clock.now(), author_id=visitor.user_id, note=note)
    try:
        with here.db.reading() as session:
            template = queries.by_slug(session, slug)
            demand_passing(session, [_publishable(session, template)], signature)
        with here.db.transaction() as session:
            template = queries.by_slug(session, slug)
            drafts.demand_seen(session, template, _seen())
            written = publish_sources(session, [_publishable(session, template)], signature)
            drafts.discard(session, template)
            number, touched = written[slug].number, len(written) - 1
    except (TemplateInvalid, Conflict) as error:
        with here.db.reading() as session:
            template = queries.by_slug(session, slug)
            findings = _refused_findings(template, error)
            status = 409 if isinstance(error, Conflict) else 422
            return Response(_page(session, template, findings=findings, note=note), status=status)
    more = f" {touched} template{'' if touched == 1 else 's'} that use it got a new version, too." if touched else ""
    tell(f"Version {number} is published.{more}")
    return redirect(url_for("template_library.template", slug=slug), code=303)


@blueprint.post("/templates/<slug>/discard")
def discard(slug: str) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        template = queries.by_slug(session, slug)
        drafts.demand_seen(session, template, _seen())
        is_there = drafts.discard(session, template)
    tell("The draft is discarded.", "info")
    target = url_for("template_library.template", slug=slug) if is_there else url_for("template_library.library")
    return redirect(target, code=303)


@blueprint.post("/templates/<slug>/test-email")
def test_email(slug: str) -> BaseResponse:
    """The saved draft, or the version in use, to the person who asks."""
    visitor = demand_admin()
    here = runtime()
    try:
        with here.db.reading() as session:
            template = queries.by_slug(session, slug)
            text = _text_to_test(session, template)
            examined = examine(text, slug, Kind(template.kind), queries.shared_blocks(session))
            filled, refusal = filled_in(session, examined, contact_id_of(request.form.get("contact_id", "")))
            user, mailbox = people.by_id(session, visitor.user_id), connection.of_user(session, visitor.user_id)
        if filled is None or filled.email is None:
            missing = f"This contact has no value for {', '.join(filled.missing)}." if filled else refusal
            raise Conflict(missing or "The draft has errors.", cure="Put that right, then send the test.")
        opened = open_mailbox(here, mailbox.id) if mailbox else None
        if mailbox is None or opened is None:
            raise Conflict("Your Gmail is not connected.", cure="Connect it under Mailbox, then send the test.")
        send_to_oneself(opened, mailbox, user, filled.email, now=here.clock.now())
    except RapportError as error:
        return _toast("danger", f"{error.detail} {error.cure}".strip(), slug)
    return _toast("success", f"On its way to {mailbox.email}. It has [Test] in its subject.", slug)


def _text_to_test(session: Session, template: EmailTemplate) -> str:
    """The draft for the editor, which says its revision; the version in use for the page that shows that one."""
    if "revision" in request.form or template.current_version_id is None:
        return drafts.current_text(session, template)[0]
    return queries.version(session, template.current_version_id).source_text


def _toast(tone: str, text: str, slug: str) -> BaseResponse:
    if request.headers.get("HX-Request") == "true":
        return Response(render_template("email_templates/_toast.html", tone=tone, text=text))
    tell(text, tone)
    return redirect(url_for("template_library.template", slug=slug), code=303)


def _seen() -> drafts.Seen:
    """What the person had before their eyes, from a form. Raises Invalid."""
    revision = request.form.get("revision", "")
    if not revision.isdecimal() or len(revision) > 9:
        raise Invalid("The editor did not say which draft it has.", cure="Reload the page.")
    return drafts.Seen(revision=int(revision), based_on=contact_id_of(request.form.get("based_on", "")))


def _seen_in_form(sent: Sent) -> drafts.Seen:
    if sent.revision is None:
        raise Invalid("The editor did not say which draft it has.", cure="Reload the page.")
    return drafts.Seen(revision=sent.revision, based_on=sent.based_on)


def _publishable(session: Session, template: EmailTemplate) -> TemplateSource:
    """The draft as a source. Raises Conflict when there is nothing new, or when somebody has published meanwhile."""
    text, draft = drafts.current_text(session, template)
    if template.archived_at is not None:
        raise Conflict("This template is archived.", cure="Take it out of the archive first.")
    if draft is None:
        raise Conflict("There is no draft to publish.", cure="Change something first.")
    if drafts.is_behind(template, draft):
        raise Conflict(
            "A newer version was published since this draft began.",
            cure="Compare the two, then choose which one to keep.",
        )
    if template.current_version_id and text == queries.version(session, template.current_version_id).source_text:
        raise Conflict("The draft is the same as the published version.", cure="Change something first.")
    try:
        return parse_source(text, template.slug, Kind(template.kind))
    except TemplateInvalid as invalid:
        words = " ".join(str(problem) for problem in invalid.problems)
        raise Conflict(words, cure="Put the settings right, then publish.") from invalid


def _overtaken(slug: str, overtaken: drafts.DraftOvertaken) -> BaseResponse:
    with runtime().db.reading() as session:
        who = people.by_id(session, overtaken.saved_by_id).name if overtaken.saved_by_id else "Somebody"
        template = queries.by_slug(session, slug)
        href = present.compare_href(template, present.number_of(session, template) or 1, "draft")
    is_me = overtaken.saved_by_id == require_visitor().user_id
    detail = "You saved this draft in another tab." if is_me else f"{who} has saved this draft meanwhile."
    cure = "Look at the other draft, then save yours over it, or reload the page to go on with the other."
    response = jsonify(
        detail=detail,
        cure=cure,
        compare_href=href,
        revision=overtaken.now.revision,
        based_on=str(overtaken.now.based_on or ""),
    )
    response.status_code = 409
    return response


def _refused_findings(template: EmailTemplate, error: TemplateInvalid | Conflict) -> list[dict[str, Any]]:
    if isinstance(error, PublishRefused):
        own, *others = error.judged
        rows = present.publish_findings(own, places_of(template, own.examined))
        return [*rows, *present.findings_of_others(others, {row["message"] for row in rows})]
    if isinstance(error, TemplateInvalid):
        return [present.refusal(problem.message, problem.cure, problem.file) for problem in error.problems]
    return [present.refusal(error.detail, error.cure, "Draft")]


def _page(
    session: Session, template: EmailTemplate, *, findings: list[dict[str, Any]] | None = None, note: str = ""
) -> str:
    text, draft = drafts.current_text(session, template)
    file = front_matter.split(text)
    person = next(audience_of(session, template).people(session), None)
    number = present.number_of(session, template)
    seen = drafts.standing(session, template)
    form = _form(file)

    def to(endpoint: str) -> str:
        return url_for(endpoint, slug=template.slug)

    return page(
        "email_templates/edit.html",
        active="templates",
        crumbs=[
            Crumb(label="Email templates", href=url_for("template_library.library")),
            Crumb(label=template.name or template.slug, href=url_for("template_library.template", slug=template.slug)),
            Crumb(label="Edit"),
        ],
        template={
            "name": template.name or template.slug,
            "slug": template.slug,
            "kind": template.kind,
            "version": number,
            "is_variant": template.variant_of_id is not None or bool(file.values.get("variant_of")),
            "when": label_of(conditions(template)),
        },
        draft={
            **form,
            "revision": seen.revision,
            "based_on": str(seen.based_on or ""),
            "saved": {"moment": show.moment(draft.saved_at), "by": present.author(session, draft.saved_by_id, "")}
            if draft
            else None,
            "is_behind": drafts.is_behind(template, draft),
            "compare_href": present.compare_href(template, number, "draft") if number else None,
        },
        categories=present.categories(),
        roles=[
            {"value": role, "label": role_label(role)} for role in dict.fromkeys([*ROLE_LABELS, *form["for_roles"]])
        ],
        contact={"id": person.id, "label": f"{person.full_name}, {person.account_name}"} if person else None,
        publish_findings=findings,
        publish_note=note,
        urls={
            "save": to(".save"),
            "token": to(".token"),
            "check": to("template_answers.check"),
            "preview": to("template_answers.preview"),
            "fields": to("template_answers.fields"),
            "contacts": to("template_answers.contacts_to_choose"),
            "worst": to("template_answers.worst"),
            "publish": to(".publish"),
            "test_email": to(".test_email"),
            "discard": to(".discard"),
            "language": to("template_answers.language"),
            "overview": url_for("template_library.template", slug=template.slug),
        },
    )


def _form(file: front_matter.SplitFile) -> dict[str, Any]:
    values = file.values
    ages = values.get("max_age")
    roles = values.get("for_roles")
    return {
        "mjml": file.body,
        **{key: str(values.get(key) or "") for key in ("name", "subject", "category", "purpose", "description")},
        "for_roles": [str(role) for role in roles] if isinstance(roles, list) else [str(roles)] if roles else [],
        "max_age": "\n".join(f"{path}: {old}" for path, old in ages.items()) if isinstance(ages, dict) else "",
    }
