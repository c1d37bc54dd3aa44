"""From a folder of files to versions in the database. A changed file makes a new version, the others nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.models import Kind, Origin
from server.email_templates.problems import TemplateInvalid, TemplateProblem
from server.email_templates.publish import Signature, compile_all, file_of, publish
from server.email_templates.shared_blocks import FOLDER
from server.email_templates.source import TemplateSource, parse_source


@dataclass(kw_only=True)
class LoadReport:
    """Slugs by what happened to them. `touched` follow a shared block; `kept` were changed on the web since."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def read_folder(path: Path) -> list[TemplateSource]:
    """All *.mjml of a folder and of its blocks/, blocks first, compiled once to see that they are right.

    Raises TemplateInvalid with the problems of all files, each with its file and line.
    """
    sources, problems = _parsed(path)
    try:
        compile_all(sources, blocks_of(sources))
    except TemplateInvalid as invalid:
        problems += invalid.problems
    if problems:
        raise TemplateInvalid(problems)
    return sources


def parse_folder(path: Path) -> list[TemplateSource]:
    """As `read_folder`, without compiling: the front matter of every file is right, the MJML perhaps not."""
    sources, problems = _parsed(path)
    if problems:
        raise TemplateInvalid(problems)
    return sources


def _parsed(path: Path) -> tuple[list[TemplateSource], list[TemplateProblem]]:
    files = [(file, Kind.BLOCK) for file in sorted((path / FOLDER).glob("*.mjml"))]
    files += [(file, Kind.TEMPLATE) for file in sorted(path.glob("*.mjml"))]
    if not files:
        message = f"There are no .mjml files in {path}."
        raise TemplateInvalid([TemplateProblem(line=0, message=message, cure="Give the folder of the templates.")])
    sources: list[TemplateSource] = []
    problems: list[TemplateProblem] = []
    for file, kind in files:
        try:
            sources.append(parse_source(_text_of(file), file.stem, kind))
        except TemplateInvalid as invalid:
            name = file.relative_to(path).as_posix()
            problems += [replace(problem, file=name) for problem in invalid.problems]
    return sources, [*problems, *_names_taken_twice(sources)]


def blocks_of(sources: Sequence[TemplateSource]) -> dict[str, TemplateSource]:
    return {source.slug: source for source in sources if source.kind is Kind.BLOCK}


def _names_taken_twice(sources: Sequence[TemplateSource]) -> list[TemplateProblem]:
    blocks = blocks_of(sources)
    return [
        TemplateProblem(
            line=0,
            file=file_of(source),
            message=f"There is a shared block {source.slug}, too.",
            cure="Rename one of the two files.",
        )
        for source in sources
        if source.kind is Kind.TEMPLATE and source.slug in blocks
    ]


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        message = "The file cannot be read as UTF-8 text."
        raise TemplateInvalid([TemplateProblem(line=0, message=message, cure="Save it as UTF-8.")]) from None


def load_templates(session: Session, sources: Sequence[TemplateSource], now: datetime) -> LoadReport:
    """Creates and updates templates; what is no longer in the folder stays, and so does what the web has changed.

    Raises TemplateInvalid.
    """
    report = LoadReport()
    news: list[TemplateSource] = []
    for source in sources:
        template = queries.find_slug(session, source.slug)
        version = queries.current_version(session, template) if template and template.current_version_id else None
        if version is None:
            report.created.append(source.slug)
        elif version.source_hash == source.hash:
            report.unchanged.append(source.slug)
            continue
        elif version.origin == Origin.WEB:
            report.kept.append(source.slug)
            continue
        else:
            report.updated.append(source.slug)
        news.append(source)
    written = publish(session, news, Signature(origin=Origin.FILES, now=now))
    report.touched = sorted(written.keys() - {source.slug for source in news})
    report.unchanged = [slug for slug in report.unchanged if slug not in written]
    return report
