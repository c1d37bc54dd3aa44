"""The whole way: MJML with Jinja to HTML with Jinja and text with Jinja."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from server.email_templates.mjml.attributes import Defaults, resolve
from server.email_templates.mjml.blocks import BlockStack
from server.email_templates.mjml.content import TAGS, Content
from server.email_templates.mjml.css import Sheets, problem_of_style
from server.email_templates.mjml.fragment import compose_fragment
from server.email_templates.mjml.guarded import Compiler, CompilerFailed, compiler
from server.email_templates.mjml.html_attributes import read_rules
from server.email_templates.mjml.landing import put_back
from server.email_templates.mjml.layout import lay_out, write
from server.email_templates.mjml.mask import MARKER, Masked, mask
from server.email_templates.mjml.schema import is_ending
from server.email_templates.mjml.text_part import plain_text
from server.email_templates.mjml.tree import Node, parse
from server.email_templates.problems import Findings, TemplateProblem

_EDITABLE = re.compile(r"editable(?:-([a-z0-9-]+))?")


@dataclass(frozen=True, kw_only=True)
class EditableText:
    """An <mj-text> that a TAM may change. `html` has its Jinja; `start` and `end` are offsets in the MJML."""

    name: str
    line: int
    html: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Translated:
    """`compose` is the fragment for Gmail's compose window; `compose_problems` is what would be lost there."""

    html: str
    text: str
    compose: str
    editable: tuple[EditableText, ...]
    compose_problems: tuple[TemplateProblem, ...]


def translate(mjml: str, first_line: int = 1, using: Compiler | None = None) -> Translated:
    """Jinja must have parsed `mjml` already. Raises TemplateInvalid with every problem found."""
    masked = mask(mjml, first_line)
    findings = Findings(masked.line_of)
    root = parse(masked, findings)
    blocks = BlockStack(tags=masked.tags)
    defaults = Defaults(root.child("mj-head"), masked, findings)
    html_attributes = read_rules(root.child("mj-head"), masked, findings)
    rewritten: dict[int, str] = {}
    editable: list[EditableText] = []
    _check(root, None, defaults, _Job(masked, findings, blocks, rewritten, editable))
    findings.problems += blocks.problems
    findings.raise_if_any()
    try:
        with_markers = lay_out(write(root, rewritten, html_attributes), using or compiler())
        fragment = compose_fragment(with_markers, masked.tags)
        text = plain_text(with_markers, masked.tags)
    except CompilerFailed as error:
        findings.stop(0, str(error), error.cure)
    _count_markers(with_markers, masked, findings)
    findings.raise_if_any()
    return Translated(
        html=put_back(with_markers, masked.tags),
        text=text,
        compose=put_back(fragment.html_with_markers, masked.tags),
        editable=tuple(editable),
        compose_problems=fragment.problems,
    )


@dataclass(frozen=True)
class _Job:
    masked: Masked
    findings: Findings
    blocks: BlockStack
    rewritten: dict[int, str]
    editable: list[EditableText]
    sheets: Sheets = field(default_factory=Sheets)


def _check(node: Node, parent: Node | None, defaults: Defaults, job: _Job) -> None:
    if node.is_jinja:
        job.blocks.read(node.content, id(parent))
        return
    if node.tag in ("mj-attributes", "mj-html-attributes"):
        return
    name = _editable_name(node, job) if node.tag == "mj-text" else None
    resolve(node, parent, defaults, job.masked, job.blocks, job.findings)
    if is_ending(node.tag):
        written = _content(node, job)
        job.rewritten[id(node)] = written
        if name is not None:
            job.editable.append(_editable(node, name, written, job))
    for child in node.children:
        _check(child, node, defaults, job)


def _editable_name(node: Node, job: _Job) -> str | None:
    """The block's name when css-class says editable or editable-…; the class itself is not sent to anybody."""
    classes = node.get("css-class").split()
    names = [match for match in (_EDITABLE.fullmatch(one) for one in classes) if match]
    if not names:
        return None
    kept = " ".join(one for one in classes if not _EDITABLE.fullmatch(one))
    attribute = node.attributes.pop("css-class")
    if kept:
        node.attributes["css-class"] = type(attribute)(name="css-class", value=kept, offset=attribute.offset)
    name = names[0][1] or f"text-{len(job.editable) + 1}"
    if any(other.name == name for other in job.editable):
        job.findings.add(node.offset, f"There are two editable texts named {name!r}.", "Give them different names.")
    return name


def _editable(node: Node, name: str, written: str, job: _Job) -> EditableText:
    masked = job.masked
    return EditableText(
        name=name,
        line=masked.line_of(node.content_start),
        html=masked.unmask(written),
        start=masked.offset_in_source(node.content_start),
        end=masked.offset_in_source(node.content_start + len(node.content)),
    )


def _content(node: Node, job: _Job) -> str:
    start, end = node.content_start, node.content_start + len(node.content)
    if node.tag in ("mj-title", "mj-preview"):
        job.blocks.read(node.content, id(node))
        if "<" in node.content:
            job.findings.add(start, f"<{node.tag}> holds plain text only.", "Remove the tags in it.")
        return html.escape(html.unescape(" ".join(node.content.split())))
    if node.tag == "mj-style":
        problem = problem_of_style(node.content)
        if problem or "<" in node.content or MARKER.search(node.content):
            job.findings.add(start, f"{problem or 'A tag or a Jinja tag stands in a style'}.", "Remove it.")
        too_much = job.sheets.problem_with(node.content)
        if too_much:
            job.findings.stop(start, f"{too_much}.", "Keep those that this email needs.")
        return node.content
    tags = TAGS - {"table", "tr", "td"} if node.tag in ("mj-button", "mj-navbar-link") else TAGS
    content = Content(job.masked, job.findings, job.blocks, f"<{node.tag}>", tags)
    written = content.rewrite(start, end, node.offset)
    if node.tag == "mj-table" and not re.search(r"<(tbody|thead|tfoot)\b", written):
        return f"<tbody>{written}</tbody>"
    return written


def _count_markers(with_markers: str, masked: Masked, findings: Findings) -> None:
    """What the layout did not print would silently be missing from the mail."""
    found = set(MARKER.findall(with_markers))
    for name, tag in masked.tags.items():
        if name not in found:
            findings.problems.append(
                TemplateProblem(
                    line=tag.line,
                    message=f"{tag.source} stands where the layout does not print it.",
                    cure="Put it into <mj-text> or into a link.",
                )
            )
