"""A template's source to what is kept with its version: subject, HTML and text as Jinja, fields, editable texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from server.email_templates.allowed import read
from server.email_templates.catalogue import MERGE_FIELDS, MergeField
from server.email_templates.jinja_env import HTML, TEXT
from server.email_templates.light_markup import block_html, block_source, check_block
from server.email_templates.mjml.mask import mask
from server.email_templates.mjml.translate import EditableText, translate
from server.email_templates.mjml.tree import LARGEST_SOURCE
from server.email_templates.problems import EditInvalid, TemplateInvalid, TemplateProblem
from server.email_templates.source import TemplateSource

FORMAT = 1
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
    """All that a render needs. Kept as JSON in the version's row."""

    subject_jinja: str
    html_jinja: str
    text_jinja: str
    merge_fields: tuple[str, ...]
    blocks: tuple[EditableBlock, ...]

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The blocks that still have a gap to fill in: a … that stands as a word of its own."""
        return tuple(block.name for block in self.blocks if _GAP.search(block.markup))

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self), "merge_fields": list(self.merge_fields), "blocks": self._blocks()}

    def _blocks(self) -> list[dict[str, str]]:
        return [asdict(block) for block in self.blocks]

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> CompiledTemplate:
        """Raises ValueError for what another release wrote in another form."""
        if kept.get("format") != FORMAT:
            raise ValueError(f"a compiled template of format {kept.get('format')!r} cannot be read")
        return cls(
            subject_jinja=kept["subject_jinja"],
            html_jinja=kept["html_jinja"],
            text_jinja=kept["text_jinja"],
            merge_fields=tuple(kept["merge_fields"]),
            blocks=tuple(EditableBlock(**block) for block in kept["blocks"]),
        )


def compile_template(source: TemplateSource, fields: Sequence[MergeField] = MERGE_FIELDS) -> CompiledTemplate:
    """Raises TemplateInvalid with every problem, by line of the author's file."""
    problems, subject_paths = _read_subject(source, fields)
    try:
        if len(source.mjml) > LARGEST_SOURCE:
            message = f"The template is larger than {LARGEST_SOURCE // 1000} KB."
            raise TemplateInvalid([TemplateProblem(line=source.mjml_line, message=message, cure="Make it shorter.")])
        body_problems, body_paths = read(source.mjml, HTML, fields, source.mjml_line)
        problems += body_problems
        translated = translate(source.mjml, source.mjml_line)
    except TemplateInvalid as invalid:
        raise TemplateInvalid([*problems, *invalid.problems]) from None
    for editable in translated.editable:
        problems += check_block(editable.html, editable.line).problems
    problems += _problems_of_result(source, translated.html, translated.text)
    if problems:
        raise TemplateInvalid(problems)
    return CompiledTemplate(
        subject_jinja=source.subject,
        html_jinja=translated.html,
        text_jinja=translated.text,
        merge_fields=tuple(dict.fromkeys([*subject_paths, *body_paths])),
        blocks=tuple(EditableBlock(name=one.name, markup=block_source(one.html)) for one in translated.editable),
    )


def _read_subject(source: TemplateSource, fields: Sequence[MergeField]) -> tuple[list[TemplateProblem], list[str]]:
    problems: list[TemplateProblem] = []
    paths: list[str] = []
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


def _problems_of_result(source: TemplateSource, html: str, text: str) -> list[TemplateProblem]:
    """The results hold exactly the tags that the source holds: what Jinja will run is what was checked."""
    written = len(mask(source.mjml).tags)
    for environment, result in ((HTML, html), (TEXT, text)):
        try:
            environment.parse(result)
        except Exception as error:
            message = f"The {{% if %}} or {{% for %}} do not fit together after layout: {error}."
            return [TemplateProblem(line=source.mjml_line, message=message, cure="Put them around whole elements.")]
    begins = [kind for _, kind, _ in HTML.lex(html) if kind in ("variable_begin", "block_begin", "comment_begin")]
    if len(begins) < written:
        message = "Some Jinja was lost in the layout."
        return [TemplateProblem(line=source.mjml_line, message=message, cure="Keep Jinja in texts and links.")]
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


class _Field:
    """A merge field as a key: its example may be a list, which has no hash."""

    def __init__(self, field: MergeField) -> None:
        self.field = field

    def __hash__(self) -> int:
        return hash(self.field.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Field) and self.field == other.field


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
