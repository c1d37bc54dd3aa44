"""The email as Gmail's compose window takes it: a piece of HTML whose styles all stand on its elements.

The compose window strips <head>, <style>, comments, classes and ids. What is made here looks right without them.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import lxml.html

from server.email_templates.mjml.fragment_allowed import clean
from server.email_templates.mjml.fragment_layout import BodyWriter, gutters_of
from server.email_templates.mjml.guarded import TooLarge
from server.email_templates.mjml.layout import inline
from server.email_templates.mjml.mask import MARKER, Tag
from server.email_templates.problems import Severity, TemplateProblem

_COMMENT = re.compile(r"<!--.*?-->", re.S)
_MARKER_COMMENT = re.compile(r"<!--(jq\d{5}zx)-->")
_STYLE = re.compile(r"<style\b([^>]*)>(.*?)</style>", re.S | re.I)
_LINK = re.compile(r"<a\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*?\shref=(\"[^\"]*\"|'[^']*')", re.I)
_WHERE = "in Gmail's compose window"


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """Body HTML with Jinja markers, for landing.put_back(). `problems` says what of the email is not in it."""

    html_with_markers: str
    problems: tuple[TemplateProblem, ...]


def compose_fragment(html_with_markers: str, tags: Mapping[str, Tag]) -> Fragment:
    """The HTML of layout.lay_out(), made for the compose window. Jinja in hidden parts and in the head goes.

    Raises CompilerFailed.
    """
    rules = _rules(html_with_markers)
    inlined = inline(rules, html_with_markers)
    body = lxml.html.document_fromstring(inlined).find("body")
    if body is None:  # the parser gives up on texts of many megabytes
        raise TooLarge("The email is too large for Gmail's compose window.")
    writer = BodyWriter(gutters_of(rules))
    writer.children(body)
    written = _MARKER_COMMENT.sub(r"\1", clean("".join(writer.parts)))
    before = _COMMENT.sub("", html_with_markers[html_with_markers.find("<body") :])
    problems = [
        *_lost_jinja(before, written, writer, tags),
        *_lost_links(before, written, writer, tags),
        *_lost_images(writer, tags),
    ]
    return Fragment(html_with_markers=written, problems=tuple(dict.fromkeys(problems)))


def _rules(html_with_markers: str) -> str:
    """The rules of the head that count for every screen. The inliner leaves out @media by itself."""
    head = _COMMENT.sub("", html_with_markers[: html_with_markers.find("<body")])
    return "\n".join(rules for attributes, rules in _STYLE.findall(head) if "media=" not in attributes.lower())


def _lost_jinja(before: str, written: str, writer: BodyWriter, tags: Mapping[str, Tag]) -> Iterator[TemplateProblem]:
    kept = {*MARKER.findall(written), *writer.dropped_markers}
    for marker in sorted({*MARKER.findall(before)} - kept):
        yield TemplateProblem(
            line=tags[marker].line,
            message=f"{tags[marker].source} does not arrive {_WHERE}.",
            cure="Put it into a text, a link or a plain style such as a colour.",
        )


def _lost_links(before: str, written: str, writer: BodyWriter, tags: Mapping[str, Tag]) -> Iterator[TemplateProblem]:
    for link in _links(before) - _links(written) - writer.dropped_links:
        yield TemplateProblem(
            line=_line(link, tags),
            message=f"The link {_shown(link, tags)} does not arrive {_WHERE}.",
            cure="Use an address that starts with https://, mailto: or tel:, and put no link into another.",
        )


def _links(text: str) -> Counter[str]:
    return Counter(html.unescape(link[1:-1]) for link in _LINK.findall(text))


def _lost_images(writer: BodyWriter, tags: Mapping[str, Tag]) -> Iterator[TemplateProblem]:
    for address in writer.dropped_images:
        yield TemplateProblem(
            line=_line(address, tags),
            message=f"The image {_shown(address, tags) or 'without an address'} is not shown {_WHERE}.",
            cure="Give it an address that starts with https://.",
            severity=Severity.WARNING,
        )


def _line(address: str, tags: Mapping[str, Tag]) -> int:
    """The line of the first merge field in an address; other addresses have lost theirs on the way."""
    marker = MARKER.search(address)
    return tags[marker[0]].line if marker else 0


def _shown(address: str, tags: Mapping[str, Tag]) -> str:
    return MARKER.sub(lambda match: tags[match[0]].source, address)[:80]
