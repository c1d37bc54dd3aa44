"""From a folder of files to versions in the database. A changed file makes a new version, the others nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.compile import compile_template
from server.email_templates.models import EmailTemplate, EmailTemplateVersion
from server.email_templates.problems import TemplateInvalid, TemplateProblem
from server.email_templates.source import TemplateSource, parse_source


@dataclass(kw_only=True)
class LoadReport:
    """Slugs by what happened to them."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def read_folder(path: Path) -> list[TemplateSource]:
    """All *.mjml of a folder, by name, read and compiled once to see that they are right.

    Raises TemplateInvalid with the problems of all files, each with its file and line.
    """
    files = sorted(path.glob("*.mjml"))
    if not files:
        message = f"There are no .mjml files in {path}."
        raise TemplateInvalid([TemplateProblem(line=0, message=message, cure="Give the folder of the templates.")])
    sources: list[TemplateSource] = []
    problems: list[TemplateProblem] = []
    for file in files:
        try:
            source = parse_source(_text_of(file), file.stem)
            compile_template(source)
            sources.append(source)
        except TemplateInvalid as invalid:
            problems += [replace(problem, file=file.name) for problem in invalid.problems]
    if problems:
        raise TemplateInvalid(problems)
    return sources


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        message = "The file cannot be read as UTF-8 text."
        raise TemplateInvalid([TemplateProblem(line=0, message=message, cure="Save it as UTF-8.")]) from None


def load_templates(session: Session, sources: Sequence[TemplateSource], now: datetime) -> LoadReport:
    """Creates and updates templates; what is no longer in the folder stays. Raises TemplateInvalid."""
    report = LoadReport()
    for source in sources:
        template = queries.find_slug(session, source.slug)
        if template is None:
            template = EmailTemplate(slug=source.slug, description="", created_at=now, updated_at=now)
            _describe(template, source, now)
            session.add(template)
            session.flush()
            report.created.append(source.slug)
        elif queries.current_version(session, template).source_hash == source.hash:
            report.unchanged.append(source.slug)
            continue
        else:
            _describe(template, source, now)
            report.updated.append(source.slug)
        _add_version(session, template, source, now)
    return report


def _describe(template: EmailTemplate, source: TemplateSource, now: datetime) -> None:
    template.name = source.name
    template.category = source.category.value
    template.purpose = source.purpose
    template.description = source.description
    template.updated_at = now


def _add_version(session: Session, template: EmailTemplate, source: TemplateSource, now: datetime) -> None:
    before = queries.versions(session, template.id)
    version = EmailTemplateVersion(
        email_template_id=template.id,
        number=before[0].number + 1 if before else 1,
        name=source.name,
        subject_source=source.subject,
        mjml_source=source.mjml,
        source_hash=source.hash,
        compiled=compile_template(source).to_json(),
        note="",
        created_at=now,
    )
    session.add(version)
    session.flush()
    template.current_version_id = version.id
