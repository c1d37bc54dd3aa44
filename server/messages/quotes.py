"""Where the new part of a mail ends and the quoted part begins.

The HTML tells it best: mail programs mark what they quote. The plain text has its own signs. In doubt nothing is taken
for a quote: with text below the quote (answers between the lines, answers at the bottom) or with nothing above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from server.messages.quoted_heads import (
    MOST_LINES,
    is_attribution,
    is_cited,
    is_forward_line,
    is_original_line,
    is_rule,
    names_day,
    read_head,
)
from server.messages.to_text import Layout, Span

_MOST_WRAPPED = 4
_LONGEST_TRAILER = 40
_ANCHOR = 24
_NEAR = 4
_MARKS = re.compile(
    r"gmail_quote|divRplyFwdMsg|appendonsend|type=[\"']?cite|yahoo_quoted|protonmail_quote|name=[\"']?quote"
    r"|mail-editor-reference|ms-outlook-mobile-reference"
)
_CONTAINER_IDS = ("mail-editor-reference-message-container", "ms-outlook-mobile-reference-message")


def mark_of(element: Any) -> str | None:
    """`cite`: a quote. `box`: a quote with the line above it. `rest`: a quote begins and goes on to the end."""
    identity = element.get("id") or ""
    if identity.endswith(("divRplyFwdMsg", "appendonsend")):
        return "rest"
    classes = (element.get("class") or "").split()
    if element.tag == "blockquote":
        is_cite = element.get("type") == "cite" or "gmail_quote" in classes or "protonmail_quote" in classes
        return "cite" if is_cite else None
    names = {"gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote"}
    is_box = names.intersection(classes) or identity in _CONTAINER_IDS or element.get("name") == "quote"
    return "box" if is_box else None


def may_quote(html: str) -> bool:
    """False when no element of `html` can have a mark, which spares laying it out."""
    return _MARKS.search(html) is not None


def cut_layout(layout: Layout) -> int | None:
    """The line of the laid-out HTML where the quote begins; None when there is none, or doubt."""
    top = next((span for span in layout.spans if span.end > span.start or span.mark == "rest"), None)
    if top is None or any(map(is_forward_line, layout.lines[top.start : top.start + 3])):
        return None
    if top.mark == "rest":
        return _with_rule(layout.lines, top.start) if _quotes_below(layout.lines, top.start) else None
    if not _is_trailer(layout.lines[top.end :]) or _answers_inside(layout, top):
        return None
    return _with_attribution(layout.lines, top.start) if top.mark == "cite" else top.start


def _quotes_below(lines: Sequence[str], start: int) -> bool:
    """Outlook leaves its mark in mails that quote nothing, too."""
    below = [number for number in range(start, min(start + 6, len(lines))) if lines[number].strip()]
    return any(read_head(lines, number) is not None for number in below)


def _answers_inside(layout: Layout, box: Span) -> bool:
    """Gmail keeps answers between the lines inside the box of the quote, outside the quotes themselves."""
    cites = [span for span in layout.spans if span.mark == "cite" and box.start <= span.start and span.end <= box.end]
    if box.mark == "cite" or not cites:
        return False
    covered = cites[0].end
    for cite in cites[1:]:
        if any(line.strip() for line in layout.lines[covered : cite.start]):
            return True
        covered = max(covered, cite.end)
    return not _is_trailer(layout.lines[covered : box.end])


def cut_lines(lines: Sequence[str]) -> int | None:
    """The line of a plain text where the quote begins; None when there is none, or doubt."""
    for number, line in enumerate(lines[:MOST_LINES]):
        if is_forward_line(line):
            return None
        if is_cited(line):
            return _with_attribution(lines, number) if _only_quotes(lines, number) else None
        if is_original_line(line) or read_head(lines, number) is not None:
            return _with_rule(lines, number)
        if line.rstrip().endswith((":", "：")) and not _cited_below(lines, number):
            start = _attribution_start(lines, number, alone=True)
            if start is not None:
                return start
    return None


def _cited_below(lines: Sequence[str], number: int) -> bool:
    return next((is_cited(line) for line in lines[number + 1 : number + 4] if line.strip()), False)


def _only_quotes(lines: Sequence[str], start: int) -> bool:
    end = len(lines)
    for number in range(start, end):
        if lines[number].strip() and not is_cited(lines[number]):
            return _is_trailer(lines[number:])
    return True


def _is_trailer(lines: Sequence[str]) -> bool:
    """Nothing, or a signature or a list's footer: it begins with its line of dashes and is short."""
    said = [line for line in lines if line.strip()]
    if not said:
        return True
    return len(said) <= _LONGEST_TRAILER and (said[0].strip() in ("--", "—", "---") or is_rule(said[0]))


def _with_attribution(lines: Sequence[str], start: int) -> int:
    """`start`, or the line above it that says who wrote it."""
    above = start - 1
    while above >= 0 and start - above <= 2 and not lines[above].strip():
        above -= 1
    found = _attribution_start(lines, above, alone=False) if above >= 0 else None
    return start if found is None else found


def _attribution_start(lines: Sequence[str], last: int, *, alone: bool) -> int | None:
    """The first line of an attribution that ends in line `last`. It may be wrapped: it begins where it names the day.

    One without a day ("Anna wrote:") is believed only as a paragraph of its own.
    """
    text = ""
    for number in range(last, max(last - _MOST_WRAPPED, -1), -1):
        if not lines[number].strip():
            return None
        text = f"{lines[number].strip()} {text}".strip()
        begins = number == 0 or not lines[number - 1].strip()
        if names_day(text) and is_attribution(text, alone=alone):
            if not begins and lines[number - 1].rstrip().endswith("<"):  # Anna <⏎anna@x> 2026年11月3日 …
                return number - 1
            return number if begins or not alone else None
        if begins:
            return number if not alone and number == last and is_attribution(text, alone=False) else None
    return None


def _with_rule(lines: Sequence[str], start: int) -> int:
    """`start`, or the line of underscores that Outlook draws above."""
    above = start - 1
    while above >= 0 and start - above <= 2 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and (is_rule(lines[above]) or is_original_line(lines[above])) else start


def split(text: str, layout: Layout | None, *, is_layout_text: bool, forward_at: int | None = None) -> tuple[str, str]:
    """New and quoted text, which put together are `text`.

    `layout` is that of the mail's HTML; `is_layout_text` says that `text` was taken from it. `forward_at` is the line
    of an inline forward: what is forwarded is no quote.
    """
    lines = text.split("\n")
    cut = _cut(lines, layout, is_layout_text=is_layout_text)
    if cut is None or (forward_at is not None and forward_at - cut <= _NEAR):
        return text, ""
    new = "\n".join(lines[:cut]).rstrip()
    quoted = text[len(new) :]
    return (new, quoted) if new and quoted.strip() else (text, "")


def _cut(lines: Sequence[str], layout: Layout | None, *, is_layout_text: bool) -> int | None:
    if layout is None or not layout.spans:
        return cut_lines(lines)
    cut = cut_layout(layout)
    if is_layout_text:
        return cut
    same = None if cut is None else _same_place(lines, layout.lines, cut)
    return cut_lines(lines) if same is None else same


def _same_place(lines: Sequence[str], html_lines: Sequence[str], cut: int) -> int | None:
    """The line of the plain text that stands where line `cut` stands in the HTML, by letters and digits alone.

    Both parts of a mail were written by the same program, but wrap and mark their lines in different ways.
    """
    wanted = _letters("".join(html_lines[:cut]))
    read: list[str] = []
    length = 0
    for number, line in enumerate(lines):
        if length >= len(wanted):
            if "".join(read) == wanted:
                return number if wanted else None
            break
        read.append(_letters(line))
        length += len(read[-1])
    return _by_anchor(lines, html_lines, cut)


def _by_anchor(lines: Sequence[str], html_lines: Sequence[str], cut: int) -> int | None:
    """The only line that begins like the quote does. Its letters must be many: "Hello" stands in many mails."""
    quote = _start_at(html_lines, cut)[:_ANCHOR]
    if len(quote) < _ANCHOR:
        return None
    found = [number for number in range(len(lines)) if _start_at(lines, number).startswith(quote)]
    found = [number for number in found if _letters(lines[number][:_ANCHOR])]
    return found[0] if len(found) == 1 else None


def _start_at(lines: Sequence[str], number: int) -> str:
    return _letters("".join(line[: 4 * _ANCHOR] for line in lines[number : number + 3]))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
