"""A template together with its variants and blocks: whom each is for, and what belongs together."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.conditions import Conditions
from server.email_templates.models import EmailTemplate, Kind
from server.email_templates.source import TemplateSource
from server.template_library.everybody import Audience


def conditions(template: EmailTemplate) -> Conditions:
    return tuple(sorted((str(path), str(value)) for path, value in template.applies_when.items()))


def audience(session: Session, template: EmailTemplate, source: TemplateSource) -> Audience:
    """Whom this source is meant for. A default is not for those whom one of its variants takes; a block is for all."""
    if template.kind == Kind.BLOCK:
        return Audience()
    variants = queries.variants(session, template.id)
    return Audience(
        for_roles=source.for_roles,
        when=source.when,
        but_not=tuple(conditions(variant) for variant in variants),
    )


def relatives(session: Session, template: EmailTemplate) -> tuple[EmailTemplate, list[EmailTemplate]]:
    """(the default, its variants) of the family that a template belongs to."""
    default = queries.by_id(session, template.variant_of_id) if template.variant_of_id else template
    return default, list(queries.variants(session, default.id))
