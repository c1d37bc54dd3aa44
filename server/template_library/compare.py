"""Two texts side by side, line by line, with what changed inside a line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_AROUND = 3
_NOTHING = Markup("")
_PART = re.compile(r"\w+|\s+|.", re.S)
_LONGEST_LINE = 2_000  # longer ones are shown as a whole: comparing their words takes too long


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line on both sides. `kind` is same, added, removed, changed or gap; a side that is not there has no number."""

    kind: str
    left_no: int | None = None
    left_html: Markup = _NOTHING
    right_no: int | None = None
    right_html: Markup = _NOTHING


def side_by_side(left: str, right: str) -> list[Row]:
    """Empty when the two are the same. Long runs of equal lines become one "gap"."""
    if left == right:
        return []
    before, after = left.splitlines(), right.splitlines()
    rows: list[Row] = []
    opcodes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for number, (tag, start, end, start_right, end_right) in enumerate(opcodes):
        if tag == "equal":
            same = [
                _same(before[start + offset], start + offset, start_right + offset) for offset in range(end - start)
            ]
            rows += _folded(same, is_first=number == 0, is_last=number == len(opcodes) - 1)
        else:
            rows += _different(before[start:end], after[start_right:end_right], start, start_right)
    return rows


def _same(line: str, left: int, right: int) -> Row:
    html = escape(line)
    return Row(kind="same", left_no=left + 1, left_html=html, right_no=right + 1, right_html=html)


def _folded(rows: Sequence[Row], *, is_first: bool, is_last: bool) -> list[Row]:
    head = 0 if is_first else _AROUND
    tail = 0 if is_last else _AROUND
    if len(rows) <= head + tail + 1:
        return list(rows)
    return [*rows[:head], Row(kind="gap"), *rows[len(rows) - tail :]]


def _different(before: Sequence[str], after: Sequence[str], left: int, right: int) -> Iterator[Row]:
    for offset in range(max(len(before), len(after))):
        old = before[offset] if offset < len(before) else None
        new = after[offset] if offset < len(after) else None
        if old is None and new is not None:
            yield Row(kind="added", right_no=right + offset + 1, right_html=escape(new))
        elif new is None and old is not None:
            yield Row(kind="removed", left_no=left + offset + 1, left_html=escape(old))
        elif old is not None and new is not None:
            old_html, new_html = _words(old, new)
            yield Row(
                kind="changed",
                left_no=left + offset + 1,
                left_html=old_html,
                right_no=right + offset + 1,
                right_html=new_html,
            )


def _words(old: str, new: str) -> tuple[Markup, Markup]:
    if len(old) > _LONGEST_LINE or len(new) > _LONGEST_LINE:
        return Markup("<del>{}</del>").format(old), Markup("<ins>{}</ins>").format(new)
    before, after = _PART.findall(old), _PART.findall(new)
    old_html, new_html = Markup(""), Markup("")
    for tag, start, end, start_right, end_right in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        gone, come = "".join(before[start:end]), "".join(after[start_right:end_right])
        if tag == "equal":
            old_html += escape(gone)
            new_html += escape(come)
            continue
        old_html += Markup("<del>{}</del>").format(gone) if gone else Markup("")
        new_html += Markup("<ins>{}</ins>").format(come) if come else Markup("")
    return old_html, new_html
