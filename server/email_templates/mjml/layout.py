"""A checked tree to HTML with markers: written out clean, compiled, content put back, styles inlined."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import css_inline

from server.email_templates.mjml.guarded import Compiler, CompilerFailed, TooLarge
from server.email_templates.mjml.html_attributes import Rule, set_attributes
from server.email_templates.mjml.markup import Attribute
from server.email_templates.mjml.mask import MARKER
from server.email_templates.mjml.tree import Node

LARGEST_HTML = 2_000_000  # characters; Gmail shows the first 100,000
_MOST_INLINING = 40_000_000  # elements, times characters of the author's styles
_CONTENT = re.compile(r"cq\d{5,6}zx")
_COMMENT_MARKER = re.compile(r"<!--(jq\d{5}zx)-->")
_LATE_TBODY = re.compile(r"((?:<!--jq\d{5}zx-->\s*)+)<tbody>")
_FAMILIES = re.compile(r"font-family:([^;}\"]*+)", re.I)
_BETWEEN = re.compile(r"(>|^)([^<]*)(?=<|$)")


@dataclass(kw_only=True)
class Sheet:
    """The template as the compiler sees it: `mjml`, with the contents put aside and the inline styles taken out."""

    mjml: str = ""
    contents: dict[str, str] = field(default_factory=dict)
    inline_css: list[str] = field(default_factory=list)
    length_of_styles: int = 0
    html_attributes: Sequence[Rule] = ()


def write(root: Node, rewritten: dict[int, str], html_attributes: Sequence[Rule] = ()) -> Sheet:
    """`rewritten` maps id(node) of ending tags to their checked content. Raises TooLarge."""
    sheet = Sheet(html_attributes=html_attributes)
    _mark_fonts(root, rewritten)
    sheet.mjml = _write(root, rewritten, sheet)
    _demand_small(sheet.mjml)
    return sheet


def _mark_fonts(root: Node, rewritten: dict[int, str]) -> None:
    """Is there a text, or a style that goes onto the elements, that asks for this font?"""
    head = root.child("mj-head")
    fonts = [node for node in head.children if node.tag == "mj-font"] if head else []
    asked = "\n".join(found for one in rewritten.values() for found in _FAMILIES.findall(one)).lower() if fonts else ""
    for node in fonts:
        if node.get("name").lower() in asked:
            node.attributes["used"] = Attribute(name="used", value="used", offset=node.offset)


def _demand_small(markup: str) -> None:
    if len(markup) > LARGEST_HTML:
        raise TooLarge(f"The email would have more than {LARGEST_HTML:,} characters of HTML.")


def _write(node: Node, rewritten: dict[int, str], sheet: Sheet) -> str:
    if node.tag == "mj-attributes":
        return "".join(_write(child, rewritten, sheet) for child in node.children if child.tag == "mj-all")
    if node.tag == "mj-html-attributes":
        return ""
    content = rewritten.get(id(node), "")
    sheet.length_of_styles += len(content) if node.tag == "mj-style" else 0
    if node.tag == "mj-style" and node.get("inline") == "inline":
        sheet.inline_css.append(content)
        return ""
    if content and not node.is_jinja:
        marker = f"cq{len(sheet.contents):05d}zx"
        sheet.contents[marker], content = content, marker
    elif node.is_jinja:
        content = node.content
    attributes = "".join(
        f' {name}="{html.escape(attribute.value)}"' for name, attribute in node.attributes.items() if name != "mj-class"
    )
    inside = content + "".join(_write(child, rewritten, sheet) for child in node.children)
    return f"<{node.tag}{attributes}>{inside}</{node.tag}>"


def lay_out(sheet: Sheet, compiler: Compiler) -> str:
    """HTML with Jinja markers. Raises CompilerFailed, which may be TooLarge."""
    laid_out = compiler.to_html(sheet.mjml)
    laid_out = _CONTENT.sub(lambda match: sheet.contents[match[0]], laid_out)
    _demand_small(laid_out)
    if laid_out.count("</") * sheet.length_of_styles > _MOST_INLINING:
        raise TooLarge("The styles of <mj-style> are too long for so many elements.")
    laid_out = set_attributes(laid_out, sheet.html_attributes)
    _demand_small(laid_out)
    return inline("\n".join(sheet.inline_css), laid_out) if sheet.inline_css else laid_out


def inline(css: str, html_with_markers: str) -> str:
    """css-inline parses as a browser does and would move bare text out of tables, so markers travel as comments.

    Raises CompilerFailed for styles that it cannot read, TooLarge when they make the HTML too long.
    """
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
    try:
        inlined: str = inliner.inline(before + commented)
    except css_inline.InlineError as error:
        raise CompilerFailed(f"The styles cannot be put onto the elements: {error}.") from error
    _demand_small(inlined)
    inlined = _LATE_TBODY.sub(r"<tbody>\1", inlined)
    return _COMMENT_MARKER.sub(r"\1", inlined)
