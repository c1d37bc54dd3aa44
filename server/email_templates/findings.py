"""Everything that can be said of a template without knowing whom it goes to, by file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from server.email_templates import checks, checks_source
from server.email_templates.compile import Compilation, compile_with_blocks, in_document
from server.email_templates.models import Kind
from server.email_templates.problems import Severity, TemplateInvalid, TemplateProblem
from server.email_templates.publish import file_of
from server.email_templates.source import TemplateSource, parse_source


@dataclass(frozen=True, kw_only=True)
class Examined:
    """`source` is None when the front matter is wrong, `compilation` when the MJML is. Problems have their file."""

    source: TemplateSource | None
    compilation: Compilation | None
    problems: tuple[TemplateProblem, ...]

    @property
    def errors(self) -> tuple[TemplateProblem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def examine(text: str, slug: str, kind: Kind, blocks: Mapping[str, TemplateSource]) -> Examined:
    """A file's text, with all that is wrong or doubtful. Never raises for what an author can write."""
    try:
        source = parse_source(text, slug, kind)
    except TemplateInvalid as invalid:
        return Examined(source=None, compilation=None, problems=invalid.problems)
    try:
        compilation = compile_with_blocks(source, blocks)
    except TemplateInvalid as invalid:
        return Examined(source=source, compilation=None, problems=_placed(source, invalid.problems))
    return Examined(source=source, compilation=compilation, problems=_placed(source, _findings(source, compilation)))


def examine_source(source: TemplateSource, blocks: Mapping[str, TemplateSource]) -> Examined:
    return examine(source.file_text, source.slug, source.kind, blocks)


def _placed(source: TemplateSource, problems: tuple[TemplateProblem, ...]) -> tuple[TemplateProblem, ...]:
    """Sorted and without repetitions, each with its file."""
    placed = [replace(one, file=one.file or file_of(source)) for one in problems]
    return tuple(sorted(dict.fromkeys(placed), key=lambda one: (one.severity != Severity.ERROR, one.file, one.line)))


def _findings(source: TemplateSource, compilation: Compilation) -> tuple[TemplateProblem, ...]:
    expanded, compiled = compilation.expanded, compilation.compiled
    mjml = in_document(expanded.mjml) if source.kind is Kind.BLOCK else expanded.mjml
    in_body = [
        *checks_source.check_images(mjml),
        *checks_source.check_links(mjml),
        *checks.check_compose(compilation.compose_problems, compiled.html_jinja),
    ]
    if source.kind is Kind.TEMPLATE:
        in_body += checks_source.check_unsubscribe(mjml, 1, demanded=source.must_offer_unsubscribe)
        in_body += checks_source.check_preheader(mjml)
        in_body += checks_source.check_contrast(mjml)
    found = [expanded.placed(problem) for problem in in_body]
    if source.kind is Kind.TEMPLATE:
        found += checks.check_subject(source.subject, source.subject_line)
        found += checks.check_text_part(compiled.text_jinja, compiled.html_jinja)
        found += checks.check_style_budget(compiled.html_jinja)
    return tuple(found)
