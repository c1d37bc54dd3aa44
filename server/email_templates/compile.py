"""A template's source to what is kept with its version: subject, HTML and text as Jinja, fields, editable texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from server.email_templates.allowed import read
from server.email_templates.catalogue import MERGE_FIELDS, MergeField, nearest
from server.email_templates.jinja_env import HTML, TEXT, ready
from server.email_templates.light_markup import block_html, block_source, check_block
from server.email_templates.mjml.mask import mask
from server.email_templates.mjml.translate import EditableText, translate
from server.email_templates.mjml.tree import LARGEST_SOURCE
from server.email_templates.models import Kind
from server.email_templates.problems import EditInvalid, TemplateInvalid, TemplateProblem
from server.email_templates.shared_blocks import Expanded, expand, included
from server.email_templates.source import TemplateSource

FORMAT = 2
LONGEST_MARKUP = 20_000
SUBJECT = "subject"
_GAP = re.compile(r"(?:^|\s)…(?=[\s.]|$)", re.M)


@dataclass(frozen=True, kw_only=True)
class EditableBlock:
    """A text that a TAM may change: `markup` is what the edit box shows, with the merge fields in it."""

    name: str
    markup: str


@dataclass(frozen=True, kw_only=True)
class CompiledTemplate:
    """All that a render needs. Kept as JSON in the version's row.

    `compose_jinja` is the inline-only fragment for Gmail's compose window. `max_age` maps merge fields to hours.
    """

    subject_jinja: str
    html_jinja: str
    text_jinja: str
    compose_jinja: str
    merge_fields: tuple[str, ...]
    blocks: tuple[EditableBlock, ...]
    max_age: tuple[tuple[str, int], ...] = ()

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The blocks that still have a gap to fill in: a … that stands as a word of its own."""
        return tuple(block.name for block in self.blocks if _GAP.search(block.markup))

    def in_compose(self) -> CompiledTemplate:
        """The same with the fragment for Gmail's compose window in the place of the full HTML."""
        return replace(self, html_jinja=self.compose_jinja)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            **asdict(self),
            "merge_fields": list(self.merge_fields),
            "blocks": [asdict(block) for block in self.blocks],
            "max_age": [list(pair) for pair in self.max_age],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> CompiledTemplate:
        """Raises ValueError for what another release wrote in another form."""
        if kept.get("format") != FORMAT:
            raise ValueError(f"a compiled template of format {kept.get('format')!r} cannot be read")
        return cls(
            subject_jinja=kept["subject_jinja"],
            html_jinja=kept["html_jinja"],
            text_jinja=kept["text_jinja"],
            compose_jinja=kept["compose_jinja"],
            merge_fields=tuple(kept["merge_fields"]),
            blocks=tuple(EditableBlock(**block) for block in kept["blocks"]),
            max_age=tuple((path, hours) for path, hours in kept["max_age"]),
        )


class _Field:
    """A merge field as a key: its example may be a list, which has no hash."""

    def __init__(self, field: MergeField) -> None:
        self.field = field

    def __hash__(self) -> int:
        return hash(self.field.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Field) and self.field == other.field


@dataclass(frozen=True, kw_only=True)
class Compilation:
    """What became of a source. `expanded` has the shared blocks in it.

    `compose_problems` say what Gmail's compose window would lose, by line of the expanded MJML; they keep nothing from
    being rendered.
    """

    compiled: CompiledTemplate
    expanded: Expanded
    compose_problems: tuple[TemplateProblem, ...]


def compile_template(source: TemplateSource, fields: Sequence[MergeField] = MERGE_FIELDS) -> CompiledTemplate:
    """A source that includes no shared block. Raises TemplateInvalid, as `compile_with_blocks` does."""
    return compile_with_blocks(source, {}, fields).compiled


def compile_with_blocks(
    source: TemplateSource, blocks: Mapping[str, TemplateSource], fields: Sequence[MergeField] = MERGE_FIELDS
) -> Compilation:
    """`blocks` are the shared blocks by slug. Raises TemplateInvalid with every problem, by line of its file."""
    return _compiled(source, tuple(sorted(blocks.items())), tuple(_Field(field) for field in fields))


@lru_cache(maxsize=512)
def _compiled(
    source: TemplateSource, known_blocks: tuple[tuple[str, TemplateSource], ...], keys: tuple[_Field, ...]
) -> Compilation:
    """Kept by content: the editor asks for the same again and again."""
    blocks, fields = dict(known_blocks), [key.field for key in keys]
    problems, subject_paths = _read_subject(source, fields)
    problems += _age_problems(source, fields)
    if source.kind is Kind.BLOCK and included(source.mjml):
        message = "A shared block cannot include another one."
        cure = "Include both in the template, or copy the text."
        problems.append(TemplateProblem(line=source.mjml_line, message=message, cure=cure))
    try:
        _demand_small(source.mjml, source.mjml_line)
        known = {slug: (block.mjml, block.mjml_line) for slug, block in blocks.items()}
        expanded = expand(source.mjml, known, source.mjml_line)
        _demand_small(expanded.mjml, source.mjml_line)
    except TemplateInvalid as invalid:
        raise TemplateInvalid([*problems, *invalid.problems]) from None
    compiled, compose_problems, found = _compile_body(source, expanded, fields, subject_paths)
    problems += [expanded.placed(problem) for problem in found]
    if problems or compiled is None:
        raise TemplateInvalid(problems)
    return Compilation(
        compiled=compiled,
        expanded=expanded,
        compose_problems=tuple(compose_problems),
    )


def _compile_body(
    source: TemplateSource, expanded: Expanded, fields: Sequence[MergeField], subject_paths: Sequence[str]
) -> tuple[CompiledTemplate | None, Sequence[TemplateProblem], Sequence[TemplateProblem]]:
    """(the result or None, what Gmail's compose window would lose, problems), by line of the expanded MJML."""
    problems: list[TemplateProblem] = []
    try:
        problems, body_paths = read(expanded.mjml, HTML, fields)
        translated = translate(in_document(expanded.mjml) if source.kind is Kind.BLOCK else expanded.mjml)
    except TemplateInvalid as invalid:
        return None, (), [*problems, *invalid.problems]
    for editable in translated.editable:
        problems += check_block(editable.html, editable.line).problems
    if problems:  # only what the allow-list has passed may be compiled
        return None, (), problems
    problems = _problems_of_result(expanded.mjml, translated.html, translated.text, translated.compose)
    compiled = CompiledTemplate(
        subject_jinja=source.subject,
        html_jinja=translated.html,
        text_jinja=translated.text,
        compose_jinja=translated.compose,
        merge_fields=tuple(dict.fromkeys([*subject_paths, *body_paths])),
        blocks=tuple(EditableBlock(name=one.name, markup=block_source(one.html)) for one in translated.editable),
        max_age=source.max_age,
    )
    return compiled, translated.compose_problems, problems


# Possessive, so that what was read once is never read again in another way.
_FIRST_TAG = re.compile(r"(?:\s++|<!--(?>.*?-->)|\{%(?>.*?%\}))*+<([a-z-]+)", re.S)
_HEAD = frozenset(
    {"mj-attributes", "mj-style", "mj-font", "mj-breakpoint", "mj-html-attributes", "mj-preview", "mj-title"}
)
_OF_BODY = frozenset({"mj-section", "mj-wrapper", "mj-hero", "mj-raw"})


def in_document(mjml: str) -> str:
    """A shared block in the smallest mail that can hold it, on the same lines."""
    match = _FIRST_TAG.match(mjml)
    first = match[1] if match else ""
    if first in _HEAD:
        return f"<mjml><mj-head>{mjml}</mj-head><mj-body></mj-body></mjml>"
    if first in _OF_BODY:
        return f"<mjml><mj-body>{mjml}</mj-body></mjml>"
    if first in ("mj-column", "mj-group"):
        return f"<mjml><mj-body><mj-section>{mjml}</mj-section></mj-body></mjml>"
    return f"<mjml><mj-body><mj-section><mj-column>{mjml}</mj-column></mj-section></mj-body></mjml>"


def _demand_small(mjml: str, line: int) -> None:
    if len(mjml) > LARGEST_SOURCE:
        message = f"The template is larger than {LARGEST_SOURCE // 1000} KB."
        raise TemplateInvalid([TemplateProblem(line=line, message=message, cure="Make it shorter.")])


def _age_problems(source: TemplateSource, fields: Sequence[MergeField]) -> list[TemplateProblem]:
    known = [field.path for field in fields]
    return [
        TemplateProblem(
            line=1,
            message=f"max_age names {path}, which is no merge field.",
            cure=f"Did you mean {nearest(path, known)}?" if nearest(path, known) else "Name a merge field.",
        )
        for path, _ in source.max_age
        if path not in known
    ]


def _read_subject(source: TemplateSource, fields: Sequence[MergeField]) -> tuple[list[TemplateProblem], list[str]]:
    problems: list[TemplateProblem] = []
    paths: list[str] = []
    if source.kind is Kind.BLOCK:
        return problems, paths
    if not source.subject.strip() or not source.subject.isprintable():
        message = "The subject is empty or has a line break or another control character."
        problems.append(TemplateProblem(line=1, message=message, cure="Write one line."))
    try:
        found, paths = read(source.subject, TEXT, fields)
        problems += found
        mask(source.subject)
    except TemplateInvalid as invalid:
        problems += invalid.problems
    return [replace(problem, line=source.subject_line) for problem in problems], paths


def _problems_of_result(mjml: str, html: str, text: str, compose: str) -> list[TemplateProblem]:
    """The results hold exactly the tags that the source holds: what Jinja will run is what was checked."""
    written = len(mask(mjml).tags)
    for result, is_html in ((html, True), (text, False), (compose, True)):
        try:
            ready(result, is_html=is_html)
        except Exception as error:
            message = f"The {{% if %}} or {{% for %}} do not fit together after layout: {error}."
            return [TemplateProblem(line=1, message=message, cure="Put them around whole elements.")]
    begins = [kind for _, kind, _ in HTML.lex(html) if kind in ("variable_begin", "block_begin", "comment_begin")]
    if len(begins) < written:
        message = "Some Jinja was lost in the layout."
        return [TemplateProblem(line=1, message=message, cure="Keep Jinja in texts and links.")]
    return []


def apply_edits(
    source: TemplateSource,
    subject: str | None = None,
    blocks: Mapping[str, str] | None = None,
    fields: Sequence[MergeField] = MERGE_FIELDS,
) -> CompiledTemplate:
    """The template with a TAM's changes, through the same checks. `blocks` maps names to light markup.

    Raises EditInvalid with plain words for each changed field.
    """
    return _edited(source, subject, tuple(sorted((blocks or {}).items())), tuple(_Field(field) for field in fields))


@lru_cache(maxsize=256)
def _edited(
    source: TemplateSource, subject: str | None, blocks: tuple[tuple[str, str], ...], keys: tuple[_Field, ...]
) -> CompiledTemplate:
    fields = [key.field for key in keys]
    wrong: dict[str, str] = {}
    if subject is not None:
        source = replace(source, subject=" ".join(subject.split()))
        found = _read_subject(source, fields)[0]
        if found:
            wrong[SUBJECT] = _plain_words(found)
    source = replace(source, mjml=_mjml_with(source, dict(blocks), fields, wrong))
    if wrong:
        raise EditInvalid(wrong)
    try:
        return compile_template(source, fields)
    except TemplateInvalid as invalid:
        raise EditInvalid(
            {name: _plain_words(invalid.problems) for name, _ in blocks} or {SUBJECT: _plain_words(invalid.problems)}
        ) from invalid


def _mjml_with(
    source: TemplateSource, blocks: Mapping[str, str], fields: Sequence[MergeField], wrong: dict[str, str]
) -> str:
    """The MJML with the blocks replaced. Fills `wrong`."""
    editable = {one.name: one for one in _editable(source.mjml)} if blocks else {}
    mjml = source.mjml
    for one in sorted(editable.values(), key=lambda one: -one.start):
        if one.name in blocks:
            written = _checked_html(one.name, blocks[one.name], fields, wrong)
            mjml = mjml[: one.start] + written + mjml[one.end :]
    for name in blocks.keys() - editable.keys():
        wrong[name] = f"This template has no text called {name}."
    return mjml


@lru_cache(maxsize=64)
def _editable(mjml: str) -> tuple[EditableText, ...]:
    return translate(mjml).editable


def _checked_html(name: str, markup: str, fields: Sequence[MergeField], wrong: dict[str, str]) -> str:
    if len(markup) > LONGEST_MARKUP:
        wrong[name] = f"The text is longer than {LONGEST_MARKUP:,} characters."
        return ""
    try:
        found = read(markup, TEXT, fields)[0]
        written = block_html(markup)
        found += check_block(written).problems
    except TemplateInvalid as invalid:
        found = list(invalid.problems)
    if not found:
        return written
    wrong[name] = _plain_words(found)
    return ""


def _plain_words(problems: Sequence[TemplateProblem]) -> str:
    """Without lines: the TAM sees one text, not the author's file."""
    return " ".join(dict.fromkeys(f"{problem.message} {problem.cure}".strip() for problem in problems))
