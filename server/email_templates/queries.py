"""Reading templates and their versions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session, aliased

from server.email_templates.compile import CompiledTemplate, compile_template
from server.email_templates.models import (
    EmailTemplate,
    EmailTemplateDraft,
    EmailTemplateVersion,
    Kind,
    SharedBlockUse,
)
from server.email_templates.source import TemplateSource, parse_source
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
    """Templates, variants and blocks by category, then name; archived ones only when asked for."""
    query = select(EmailTemplate).order_by(EmailTemplate.category, EmailTemplate.name, EmailTemplate.id)
    return session.scalars(query if archived else query.where(EmailTemplate.archived_at.is_(None))).all()


def variants(session: Session, template_id: uuid.UUID) -> Sequence[EmailTemplate]:
    """Those of this default that are published and in use, by name."""
    return session.scalars(
        select(EmailTemplate)
        .where(
            EmailTemplate.variant_of_id == template_id,
            EmailTemplate.current_version_id.is_not(None),
            EmailTemplate.archived_at.is_(None),
        )
        .order_by(EmailTemplate.slug)
    ).all()


def compiled(session: Session, version: EmailTemplateVersion) -> CompiledTemplate:
    """What to render. What an older release compiled is compiled again from the sources of the version."""
    try:
        return CompiledTemplate.from_json(version.compiled)
    except ValueError:
        template = by_id(session, version.email_template_id)
        return compile_template(source_of(template, version))


def source_of(template: EmailTemplate, version: EmailTemplateVersion) -> TemplateSource:
    """The sources of a version with the shared blocks that it got, for `apply_edits`."""
    written = written_source(template, version)
    return replace(written, mjml=version.mjml_source, text="", mjml_line=1)


def written_source(template: EmailTemplate, version: EmailTemplateVersion) -> TemplateSource:
    """What the author wrote: the file of the version."""
    return parse_source(version.source_text, template.slug, Kind(template.kind))


def current_sources(session: Session) -> dict[str, TemplateSource]:
    """What the authors wrote, by slug: of all templates, variants and blocks that have a version and are in use."""
    return {template.slug: written_source(template, version) for template, version in _current(session)}


def shared_blocks(session: Session) -> dict[str, TemplateSource]:
    """The shared blocks in use, by slug."""
    rows = _current(session, EmailTemplate.kind == Kind.BLOCK)
    return {template.slug: written_source(template, version) for template, version in rows}


def using_blocks(session: Session, slugs: Sequence[str]) -> list[TemplateSource]:
    """The templates whose current version has one of these shared blocks in it, whichever version of it."""
    if not slugs:
        return []
    blocks = (
        select(SharedBlockUse.template_version_id)
        .join(EmailTemplateVersion, EmailTemplateVersion.id == SharedBlockUse.block_version_id)
        .join(EmailTemplate, EmailTemplate.id == EmailTemplateVersion.email_template_id)
        .where(EmailTemplate.slug.in_(slugs))
    )
    rows = _current(session, EmailTemplate.current_version_id.in_(blocks))
    return [written_source(template, version) for template, version in rows]


def blocks_in(session: Session, version_id: uuid.UUID) -> Sequence[tuple[EmailTemplate, EmailTemplateVersion]]:
    """The shared blocks in a version, each with the version of it that stands there."""
    rows = session.execute(
        select(EmailTemplate, EmailTemplateVersion)
        .join(EmailTemplateVersion, EmailTemplateVersion.email_template_id == EmailTemplate.id)
        .join(SharedBlockUse, SharedBlockUse.block_version_id == EmailTemplateVersion.id)
        .where(SharedBlockUse.template_version_id == version_id)
        .order_by(EmailTemplate.slug)
    )
    return [(template, version) for template, version in rows]


_HIGHEST = 2**31 - 1  # of a column
_PUBLISHING = 0x52415051  # "RAPQ"


def one_publisher_at_a_time(session: Session) -> None:
    """A block and a template that begins to use it, published at once, would miss each other."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_PUBLISHING})"))


def lock(session: Session, template: EmailTemplate) -> None:
    """Until the transaction ends nobody else saves, publishes or discards it. (SQLite has one writer anyway.)"""
    session.scalars(
        select(EmailTemplate)
        .where(EmailTemplate.id == template.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def draft_of(session: Session, template_id: uuid.UUID) -> EmailTemplateDraft | None:
    return session.scalar(select(EmailTemplateDraft).where(EmailTemplateDraft.email_template_id == template_id))


def _current(
    session: Session, *conditions: ColumnElement[bool]
) -> Sequence[tuple[EmailTemplate, EmailTemplateVersion]]:
    rows = session.execute(
        select(EmailTemplate, EmailTemplateVersion)
        .join(EmailTemplateVersion, EmailTemplateVersion.id == EmailTemplate.current_version_id)
        .where(EmailTemplate.archived_at.is_(None), *conditions)
        .order_by(EmailTemplate.slug)
    )
    return [(template, version) for template, version in rows]


def current_versions(session: Session) -> Sequence[EmailTemplateVersion]:
    """The version in use of every template, archived ones among them."""
    return session.scalars(
        select(EmailTemplateVersion).join(EmailTemplate, EmailTemplate.current_version_id == EmailTemplateVersion.id)
    ).all()


def drafts(session: Session) -> Sequence[EmailTemplateDraft]:
    return session.scalars(select(EmailTemplateDraft)).all()


def count_users_of_blocks(session: Session) -> dict[uuid.UUID, int]:
    """How many templates in use have each shared block in them, by the block's template id."""
    user = aliased(EmailTemplate)
    statement = (
        select(EmailTemplateVersion.email_template_id, func.count(func.distinct(user.id)))
        .join(SharedBlockUse, SharedBlockUse.block_version_id == EmailTemplateVersion.id)
        .join(user, user.current_version_id == SharedBlockUse.template_version_id)
        .where(user.archived_at.is_(None))
        .group_by(EmailTemplateVersion.email_template_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def by_number(session: Session, template: EmailTemplate, number: int) -> EmailTemplateVersion:
    """Raises NotFound."""
    of_template = EmailTemplateVersion.email_template_id == template.id
    found = (
        None
        if number > _HIGHEST
        else session.scalar(select(EmailTemplateVersion).where(of_template, EmailTemplateVersion.number == number))
    )
    if found is None:
        raise NotFound(f"{template.slug} has no version {number}.")
    return found
