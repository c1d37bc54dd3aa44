"""From a source to a version: all together or nothing, with the templates that a changed shared block touches."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.compile import Compilation, compile_with_blocks
from server.email_templates.conditions import label_of
from server.email_templates.models import EmailTemplate, EmailTemplateVersion, Kind, Origin, SharedBlockUse
from server.email_templates.problems import TemplateInvalid, TemplateProblem
from server.email_templates.shared_blocks import path_of
from server.email_templates.source import TemplateSource


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who publishes, from where and when. `note` says why, in the author's words."""

    origin: Origin
    now: datetime
    author_id: uuid.UUID | None = None
    note: str = ""


def publish(
    session: Session, sources: Sequence[TemplateSource], signature: Signature
) -> dict[str, EmailTemplateVersion]:
    """A new version of each source, by slug, and of each template that uses one of the shared blocks among them.

    Raises TemplateInvalid with the problems of all of them by file; nothing is written then. Whether a source is news
    at all is the caller's to know.
    """
    sources = sorted(sources, key=_blocks_first)
    queries.one_publisher_at_a_time(session)
    blocks = {**queries.shared_blocks(session), **{one.slug: one for one in sources if one.kind is Kind.BLOCK}}
    changed = [one.slug for one in sources if one.kind is Kind.BLOCK]
    given = {one.slug for one in sources}
    touched = touched_by(session, sources)
    compilations = compile_all([*sources, *touched], blocks)
    problems = family_problems(session, sources)
    if problems:
        raise TemplateInvalid(problems)
    written: dict[str, EmailTemplateVersion] = {}
    origins = {source.slug: _origin_of(session, source) for source in touched}
    for source in [*sources, *touched]:
        note = (
            signature.note
            if source.slug in given
            else f"Follows the shared block {_of(source, changed, compilations)}."
        )
        template = _template(session, source, signature.now)
        written[source.slug] = _add_version(
            session,
            template,
            source,
            compilations[source.slug],
            replace(signature, note=note, origin=origins.get(source.slug, signature.origin)),
        )
    return written


def touched_by(session: Session, sources: Sequence[TemplateSource]) -> list[TemplateSource]:
    """The templates that use a shared block among these sources and are not among them themselves."""
    blocks = [one.slug for one in sources if one.kind is Kind.BLOCK]
    given = {one.slug for one in sources}
    return [one for one in queries.using_blocks(session, blocks) if one.slug not in given]


def _origin_of(session: Session, source: TemplateSource) -> Origin:
    """A version that only follows a block was written where the version before it was."""
    return Origin(queries.current_version(session, queries.by_slug(session, source.slug)).origin)


def compile_all(sources: Sequence[TemplateSource], blocks: Mapping[str, TemplateSource]) -> dict[str, Compilation]:
    """By slug. Raises TemplateInvalid with the problems of all sources, each with its file."""
    compilations: dict[str, Compilation] = {}
    problems: list[TemplateProblem] = []
    for source in sources:
        try:
            compilations[source.slug] = compile_with_blocks(source, blocks)
        except TemplateInvalid as invalid:
            problems += [replace(one, file=one.file or file_of(source)) for one in invalid.problems]
    if problems:
        raise TemplateInvalid(problems)
    return compilations


def file_of(source: TemplateSource) -> str:
    """Where the file stands in the folder of templates."""
    return path_of(source.slug) if source.kind is Kind.BLOCK else f"{source.slug}.mjml"


def _blocks_first(source: TemplateSource) -> tuple[bool, bool, str]:
    return source.kind is not Kind.BLOCK, bool(source.variant_of), source.slug


def _of(source: TemplateSource, changed: Sequence[str], compilations: Mapping[str, Compilation]) -> str:
    return ", ".join(slug for slug in compilations[source.slug].expanded.used if slug in changed)


def family_problems(session: Session, sources: Sequence[TemplateSource]) -> list[TemplateProblem]:
    """What is wrong between the files: a variant of nothing, two for the same people, a name taken by another kind."""
    known = {**queries.current_sources(session), **{one.slug: one for one in sources}}
    problems = []
    for source in sources:
        default = known.get(source.variant_of)
        row = queries.find_slug(session, source.slug)
        if row is not None and row.kind != source.kind:
            problems.append(_problem(source, f"There is a {row.kind} with this name already.", "Choose another name."))
        if not source.variant_of:
            continue
        if any(other.variant_of == source.slug for other in known.values()):
            cure = "Make its variants variants of another template first."
            problems.append(_problem(source, f"{source.slug} has variants, so it cannot be one itself.", cure))
        if default is None or default.kind is Kind.BLOCK:
            problems.append(_problem(source, f"There is no template {source.variant_of!r}.", "Name its file."))
        elif default.variant_of:
            cure = f"Make it a variant of {default.variant_of}."
            problems.append(_problem(source, f"{source.variant_of!r} is a variant itself.", cure))
        for other in known.values():
            is_sister = other.variant_of == source.variant_of and other.slug != source.slug
            if is_sister and other.when == source.when:
                message = f"{other.slug} is used for the same people: {label_of(source.when)}."
                problems.append(_problem(source, message, "Change one of the conditions."))
    return problems


def _problem(source: TemplateSource, message: str, cure: str) -> TemplateProblem:
    return TemplateProblem(line=1, message=message, cure=cure, file=file_of(source))


def _template(session: Session, source: TemplateSource, now: datetime) -> EmailTemplate:
    """The row of a source, as its front matter describes it; a new one when there is none."""
    template = queries.find_slug(session, source.slug)
    if template is None:
        template = new_template(source.slug, source.kind, now)
        session.add(template)
    default = queries.by_slug(session, source.variant_of) if source.variant_of else None
    template.name = source.name
    template.category = source.category.value if source.category else ""
    template.purpose = source.purpose
    template.description = source.description
    template.variant_of_id = default.id if default else None
    template.applies_when = dict(source.when)
    template.archived_at = None
    template.updated_at = now
    session.flush()
    return template


def new_template(slug: str, kind: Kind, now: datetime) -> EmailTemplate:
    """A row without a version."""
    return EmailTemplate(
        kind=kind.value, slug=slug, name="", category="", purpose="", description="", applies_when={}, created_at=now,
        updated_at=now,
    )  # fmt: skip


def _add_version(
    session: Session, template: EmailTemplate, source: TemplateSource, compilation: Compilation, signature: Signature
) -> EmailTemplateVersion:
    before = queries.versions(session, template.id)
    version = EmailTemplateVersion(
        email_template_id=template.id,
        number=before[0].number + 1 if before else 1,
        name=source.name,
        subject_source=source.subject,
        source_text=source.file_text,
        mjml_source=compilation.expanded.mjml,
        source_hash=source.hash,
        compiled=compilation.compiled.to_json(),
        note=signature.note,
        origin=signature.origin.value,
        author_id=signature.author_id,
        created_at=signature.now,
    )
    session.add(version)
    session.flush()
    template.current_version_id = version.id
    for slug in compilation.expanded.used:
        block = queries.by_slug(session, slug)
        assert block.current_version_id is not None
        session.add(SharedBlockUse(template_version_id=version.id, block_version_id=block.current_version_id))
    session.flush()
    return version
