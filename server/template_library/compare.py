"""Two texts side by side, line by line, with what changed inside a line.

The shortest way from one to the other is looked for as E. W. Myers describes it ("An O(ND) difference algorithm",
1986), for a bounded number of steps: texts with next to nothing in common are shown as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from markupsafe import Markup, escape

_AROUND = 3
_NOTHING = Markup("")
_PART = re.compile(r"\w+|\s+|.", re.S)
_LONGEST_LINE = 2_000  # longer ones are shown as a whole: nobody finds a marked word in them
_STEPS_OF_A_LINE = 50_000
STEPS = 1_000_000  # for the lines of a comparison, and as many for all words: under a second each


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line on both sides. `kind` is same, added, removed, changed or gap; a side that is not there has no number."""

    kind: str
    left_no: int | None = None
    left_html: Markup = _NOTHING
    right_no: int | None = None
    right_html: Markup = _NOTHING


@dataclass
class Effort:
    """How many steps may still be made."""

    left: int = STEPS


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A stretch of both sides. `compared` is False where the effort did not suffice to find what is equal in it."""

    is_equal: bool
    left: slice
    right: slice
    compared: bool = True


@dataclass
class _Efforts:
    lines: Effort = field(default_factory=Effort)
    words: Effort = field(default_factory=Effort)


def side_by_side(left: str, right: str) -> list[Row]:
    """Empty when the two are the same. Long runs of equal lines become one "gap"."""
    if left == right:
        return []
    before, after, efforts = left.splitlines(), right.splitlines(), _Efforts()
    rows: list[Row] = []
    runs = _runs(before, after, efforts.lines)
    for number, run in enumerate(runs):
        start, start_right = run.left.start, run.right.start
        if run.is_equal:
            same = [_same(line, start + offset, start_right + offset) for offset, line in enumerate(before[run.left])]
            rows += _folded(same, is_first=number == 0, is_last=number == len(runs) - 1)
        elif run.compared:
            rows += _different(before[run.left], after[run.right], start, start_right, efforts.words)
        else:
            rows += _different(before[run.left], [], start, start_right, efforts.words)
            rows += _different([], after[run.right], start, start_right, efforts.words)
    return rows


def _runs(before: Sequence[str], after: Sequence[str], effort: Effort) -> list[_Run]:
    """Both sides from beginning to end. What is equal at both ends costs no effort."""
    head = _equal_from_start(before, after)
    tail = _equal_from_start(before[: head - 1 if head else None : -1], after[: head - 1 if head else None : -1])
    left_end, right_end = len(before) - tail, len(after) - tail
    found = equal_stretches(before[head:left_end], after[head:right_end], effort)
    stretches = [(0, 0, head)] if head else []
    stretches += [(head + x, head + y, length) for x, y, length in found or ()]
    stretches += [(left_end, right_end, tail)]
    runs: list[_Run] = []
    x = y = 0
    for start, start_right, length in stretches:
        if (start, start_right) != (x, y):
            left, right = slice(x, start), slice(y, start_right)
            runs.append(_Run(is_equal=False, left=left, right=right, compared=found is not None))
        x, y = start + length, start_right + length
        if length:
            runs.append(_Run(is_equal=True, left=slice(start, x), right=slice(start_right, y)))
    return runs


def _equal_from_start(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def equal_stretches(before: Sequence[str], after: Sequence[str], effort: Effort) -> list[tuple[int, int, int]] | None:
    """(where on the left, where on the right, how long) in order, or None when the effort is used up."""
    farthest = {1: 0}  # by diagonal, which is left minus right: how far on the left the changes so far can lead
    trace: list[dict[int, int]] = []
    for changes in range(len(before) + len(after) + 1):
        reached: dict[int, int] = {}
        for diagonal in range(-min(changes, 2 * len(after) - changes), min(changes, 2 * len(before) - changes) + 1, 2):
            x = _after_one_change(farthest, diagonal)
            begun = x
            while x < len(before) and x - diagonal < len(after) and before[x] == after[x - diagonal]:
                x += 1
            effort.left -= 1 + x - begun
            if effort.left < 0:
                effort.left = 0
                return None
            reached[diagonal] = x
            if x >= len(before) and x - diagonal >= len(after):
                return _way_back([*trace, farthest], x, diagonal)
        trace.append(farthest)
        farthest = reached
    return []


def _after_one_change(farthest: dict[int, int], diagonal: int) -> int:
    """One more line of the right, or one less of the left, whichever leads farther."""
    added, removed = farthest.get(diagonal + 1, -1), farthest.get(diagonal - 1, -1)
    return added if added > removed else removed + 1


def _way_back(trace: Sequence[dict[int, int]], x: int, diagonal: int) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    for farthest in reversed(trace):
        begun = _after_one_change(farthest, diagonal)
        if x > begun:
            found.append((begun, begun - diagonal, x - begun))
        added, removed = farthest.get(diagonal + 1, -1), farthest.get(diagonal - 1, -1)
        x, diagonal = (added, diagonal + 1) if added > removed else (removed, diagonal - 1)
    return found[::-1]


def _same(line: str, left: int, right: int) -> Row:
    html = escape(line)
    return Row(kind="same", left_no=left + 1, left_html=html, right_no=right + 1, right_html=html)


def _folded(rows: Sequence[Row], *, is_first: bool, is_last: bool) -> list[Row]:
    head = 0 if is_first else _AROUND
    tail = 0 if is_last else _AROUND
    if len(rows) <= head + tail + 1:
        return list(rows)
    return [*rows[:head], Row(kind="gap"), *rows[len(rows) - tail :]]


def _different(before: Sequence[str], after: Sequence[str], left: int, right: int, effort: Effort) -> Iterator[Row]:
    for offset in range(max(len(before), len(after))):
        old = before[offset] if offset < len(before) else None
        new = after[offset] if offset < len(after) else None
        if old is None and new is not None:
            yield Row(kind="added", right_no=right + offset + 1, right_html=escape(new))
        elif new is None and old is not None:
            yield Row(kind="removed", left_no=left + offset + 1, left_html=escape(old))
        elif old is not None and new is not None:
            old_html, new_html = _words(old, new, effort)
            yield Row(
                kind="changed",
                left_no=left + offset + 1,
                left_html=old_html,
                right_no=right + offset + 1,
                right_html=new_html,
            )


def _words(old: str, new: str, effort: Effort) -> tuple[Markup, Markup]:
    if len(old) > _LONGEST_LINE or len(new) > _LONGEST_LINE:
        return Markup("<del>{}</del>").format(old), Markup("<ins>{}</ins>").format(new)
    before, after = _PART.findall(old), _PART.findall(new)
    old_html, new_html = Markup(""), Markup("")
    share = Effort(min(effort.left, _STEPS_OF_A_LINE))
    effort.left -= share.left
    runs = _runs(before, after, share)
    effort.left += share.left
    for run in runs:
        gone, come = "".join(before[run.left]), "".join(after[run.right])
        if run.is_equal:
            old_html += escape(gone)
            new_html += escape(come)
            continue
        old_html += Markup("<del>{}</del>").format(gone) if gone else Markup("")
        new_html += Markup("<ins>{}</ins>").format(come) if come else Markup("")
    return old_html, new_html
