"""A checked tree to HTML with markers: written out clean, compiled, content put back, styles inlined."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

import css_inline

from server.email_templates.mjml.guarded import Compiler
from server.email_templates.mjml.mask import MARKER
from server.email_templates.mjml.tree import Node

_ODD = re.compile(r"[^\x20-\x7e]|[\\]")
_CONTENT = re.compile(r"cq\d{5,6}zx")
_IMG = re.compile(r"<img\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.I)
_COMMENT_MARKER = re.compile(r"<!--(jq\d{5}zx)-->")
_LATE_TBODY = re.compile(r"((?:<!--jq\d{5}zx-->\s*)+)<tbody>")
_BETWEEN = re.compile(r"(>|^)([^<]*)(?=<|$)")


@dataclass(kw_only=True)
class Sheet:
    """The template as the compiler sees it: `mjml`, with the contents put aside and the inline styles taken out."""

    mjml: str = ""
    contents: dict[str, str] = field(default_factory=dict)
    inline_css: list[str] = field(default_factory=list)


def write(root: Node, rewritten: dict[int, str]) -> Sheet:
    """`rewritten` maps id(node) of ending tags to their checked content."""
    sheet = Sheet()
    sheet.mjml = _write(root, rewritten, sheet)
    return sheet


def _write(node: Node, rewritten: dict[int, str], sheet: Sheet) -> str:
    if node.tag == "mj-attributes":
        return ""
    content = rewritten.get(id(node), "")
    if node.tag == "mj-style" and node.get("inline") == "inline":
        sheet.inline_css.append(content)
        return ""
    if id(node) in rewritten and not node.is_jinja:
        marker = f"cq{len(sheet.contents):05d}zx"
        sheet.contents[marker], content = content, marker
    elif node.is_jinja:
        content = node.content
    attributes = "".join(
        f' {name}="{_ODD.sub(lambda match: f"&#{ord(match[0])};", html.escape(attribute.value))}"'
        for name, attribute in node.attributes.items()
        if name != "mj-class"
    )
    inside = content + "".join(_write(child, rewritten, sheet) for child in node.children)
    return f"<{node.tag}{attributes}>{inside}</{node.tag}>"


def lay_out(sheet: Sheet, compiler: Compiler) -> str:
    """HTML with Jinja markers. Raises CompilerFailed."""
    laid_out = compiler.to_html(sheet.mjml)
    laid_out = _CONTENT.sub(lambda match: sheet.contents[match[0]], laid_out)
    if sheet.inline_css:
        laid_out = inline("\n".join(sheet.inline_css), laid_out)
    return _IMG.sub(_with_alt, laid_out)


def _with_alt(match: re.Match[str]) -> str:
    return match[0] if re.search(r"\salt=", match[0]) else f'<img alt=""{match[0][4:]}'


def inline(css: str, html_with_markers: str) -> str:
    """css-inline parses as a browser does and would move bare text out of tables, so markers travel as comments."""
    inliner = css_inline.CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        keep_link_tags=True,
        load_remote_stylesheets=False,
        extra_css=css,
    )
    before, body, after = html_with_markers.partition("<body")
    # The head keeps bare markers: a comment inside <title> or <style> would be text.
    commented = _BETWEEN.sub(lambda match: match[1] + MARKER.sub(r"<!--\g<0>-->", match[2]), body + after)
    inlined: str = inliner.inline(before + commented)
    inlined = _LATE_TBODY.sub(r"<tbody>\1", inlined)
    return _COMMENT_MARKER.sub(r"\1", inlined)
