"""A draft as the editor's pages look at it: examined, filled in for a contact, with its lines in the editor."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from server.email_templates import drafts, queries
from server.email_templates.findings import Examined, examine
from server.email_templates.models import EmailTemplate, Kind
from server.email_templates.problems import RenderRefused, TemplateInvalid
from server.email_templates.source import parse_source
from server.errors import Invalid
from server.template_library import present
from server.template_library.everybody import Audience
from server.template_library.family import audience
from server.template_library.preview import Shown, fill_in_for
from server.template_library.shapes import Sent
from server.web.frame import runtime
from server.web.identity import require_visitor


def examined_draft(session: Session, template: EmailTemplate, sent: Sent) -> Examined:
    """What the editor sent, put into the file that it is a draft of."""
    text = sent.document.text(drafts.current_text(session, template)[0], Kind(template.kind))
    return examine(text, template.slug, Kind(template.kind), queries.shared_blocks(session))


def filled_in(
    session: Session, examined: Examined, contact_id: uuid.UUID | None, *, in_compose: bool = False
) -> tuple[Shown | None, str]:
    """(what it looks like, why it cannot be filled in). Both are empty for what does not compile."""
    if examined.source is None or examined.compilation is None:
        return None, ""
    compiled = examined.compilation.compiled
    visitor_id, now = require_visitor().user_id, runtime().clock.now()
    try:
        shape = compiled.in_compose() if in_compose else compiled
        return fill_in_for(session, shape, examined.source, contact_id, visitor_id=visitor_id, now=now), ""
    except RenderRefused as refused:
        return None, f"{refused.detail} {refused.cure}".strip()


def places_of(template: EmailTemplate, examined: Examined) -> present.Places:
    if examined.source is None:
        return present.Places(file=f"{template.slug}.mjml", subject_line=0, mjml_line=10_000)
    return present.Places.of_source(examined.source)


def audience_of(session: Session, template: EmailTemplate) -> Audience:
    text, _ = drafts.current_text(session, template)
    try:
        return audience(session, template, parse_source(text, template.slug, Kind(template.kind)))
    except TemplateInvalid:
        return Audience()


def contact_id_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise Invalid("This is not a contact.", cure="Choose one of the list.") from error
