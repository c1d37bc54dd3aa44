"""Reading templates and their versions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.email_templates.compile import CompiledTemplate
from server.email_templates.models import EmailTemplate, EmailTemplateVersion
from server.email_templates.source import Category, TemplateSource
from server.errors import NotFound


def by_id(session: Session, template_id: uuid.UUID) -> EmailTemplate:
    """Raises NotFound."""
    template = session.get(EmailTemplate, template_id)
    if template is None:
        raise NotFound("There is no such email template.")
    return template


def by_slug(session: Session, slug: str) -> EmailTemplate:
    """Raises NotFound."""
    template = find_slug(session, slug)
    if template is None:
        raise NotFound(f"There is no email template {slug}.", cure="Load the templates, or check the name.")
    return template


def find_slug(session: Session, slug: str) -> EmailTemplate | None:
    return session.scalar(select(EmailTemplate).where(EmailTemplate.slug == slug))


def version(session: Session, version_id: uuid.UUID) -> EmailTemplateVersion:
    """Raises NotFound."""
    found = session.get(EmailTemplateVersion, version_id)
    if found is None:
        raise NotFound("There is no such version of an email template.")
    return found


def current_version(session: Session, template: EmailTemplate) -> EmailTemplateVersion:
    """Raises NotFound for a template that has none yet."""
    if template.current_version_id is None:
        raise NotFound(f"The email template {template.slug} has no version yet.", cure="Load the templates.")
    return version(session, template.current_version_id)


def versions(session: Session, template_id: uuid.UUID) -> Sequence[EmailTemplateVersion]:
    """Newest first."""
    of_template = EmailTemplateVersion.email_template_id == template_id
    return session.scalars(
        select(EmailTemplateVersion).where(of_template).order_by(EmailTemplateVersion.number.desc())
    ).all()


def list_all(session: Session, *, archived: bool = False) -> Sequence[EmailTemplate]:
    """By category, then name; archived ones only when asked for."""
    query = select(EmailTemplate).order_by(EmailTemplate.category, EmailTemplate.name, EmailTemplate.id)
    return session.scalars(query if archived else query.where(EmailTemplate.archived_at.is_(None))).all()


def compiled(version: EmailTemplateVersion) -> CompiledTemplate:
    """What to render."""
    return CompiledTemplate.from_json(version.compiled)


def source_of(template: EmailTemplate, version: EmailTemplateVersion) -> TemplateSource:
    """The sources of a version, for `apply_edits`."""
    return TemplateSource(
        slug=template.slug,
        name=version.name,
        subject=version.subject_source,
        category=Category(template.category),
        purpose=template.purpose,
        description=template.description,
        mjml=version.mjml_source,
    )
