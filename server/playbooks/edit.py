"""Changing a playbook's YAML without touching what was not changed: comments, order and quotes stay where they are.

A form says what it wants; lines are exchanged, key by key. When nothing changes, not a letter does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString

from server.playbooks.schemas import PlaybookShape, StepShape
from server.playbooks.source import clean, parse, round_trip

_TOP = tuple(name for name in PlaybookShape().fields if name != "steps")
_STEP = tuple(StepShape().fields)
_DEFAULTS = {"task": "to_do", "owner": "tam", "required": True, "minutes": 15, "priority": "medium"}


@dataclass(frozen=True, kw_only=True)
class WantedStep:
    """`origin` is its place in the source until now, None for a new one. Empty values take the key out."""

    origin: int | None
    values: Mapping[str, Any]


def changed(text: str, top: Mapping[str, Any], steps: Sequence[WantedStep]) -> str:
    """The text with these values, and these steps in this order. Raises PlaybookInvalid for what is no YAML."""
    text = clean(text)
    document = parse(text).document
    listed = document.get("steps")
    if isinstance(listed, CommentedSeq) and not listed.fa.flow_style():
        parts = _parts(text.split("\n")[:-1], document, listed)
        if parts is not None:
            return clean(_together(parts, top, steps))
    # A style that lines cannot be exchanged in, such as all steps in one [list]: right goes before unchanged.
    before = listed if isinstance(listed, list) else []
    rows = [_mapping({**_plain(before, one.origin), **one.values}, _STEP) for one in steps]
    whole = CommentedMap(_mapping({**document, **top}, _TOP))
    whole["steps"] = CommentedSeq(rows)
    return _dumped(whole)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """Lines of a file: what stands above the list, each step with the comments over it, and what stands below."""

    head: Sequence[str]
    blocks: Sequence[tuple[Sequence[str], Sequence[str]]]
    tail: Sequence[str]
    indent: int


def _parts(lines: Sequence[str], document: CommentedMap, listed: CommentedSeq) -> _Parts | None:
    opening = document.lc.key("steps")[0]
    later = [document.lc.key(key)[0] for key in document if document.lc.key(key)[0] > opening]
    end = _back(lines, min(later, default=len(lines)), opening, indent=0)
    starts = [listed.lc.item(at)[0] for at in range(len(listed))]
    is_plain = all(re.match(r" *- ", lines[start]) for start in starts) and len(set(starts)) == len(starts)
    if not starts or not is_plain:
        return None
    indent = len(lines[starts[0]]) - len(lines[starts[0]].lstrip())
    leads = [_back(lines, start, opening + 1, indent=indent) for start in starts]
    stops = [*leads[1:], end]
    blocks = [(lines[lead:start], lines[start:stop]) for lead, start, stop in zip(leads, starts, stops, strict=True)]
    return _Parts(head=lines[: leads[0] if leads else opening + 1], blocks=blocks, tail=lines[end:], indent=indent)


def _back(lines: Sequence[str], at: int, least: int, *, indent: int) -> int:
    """Upwards over empty lines and comments. What is further in than the key below is no comment on it: it may be a
    heading in the instructions of the step above."""
    while at > least:
        above = lines[at - 1].lstrip()
        if above and not (above.startswith("#") and len(lines[at - 1]) - len(above) <= indent):
            break
        at -= 1
    return at


def _together(parts: _Parts, top: Mapping[str, Any], steps: Sequence[WantedStep]) -> str:
    head = _exchanged("\n".join([*parts.head, ""]), top, _TOP)
    tail = "\n".join(parts.tail)
    if any(line.strip() and not line.lstrip().startswith("#") for line in parts.tail):
        # Keys below the list: they are changed there, and what is new goes above.
        below = {key: value for key, value in top.items() if re.search(rf"^{key}:", tail, re.M)}
        head = _exchanged("\n".join([*parts.head, ""]), {k: v for k, v in top.items() if k not in below}, _TOP)
        tail = _exchanged(f"{tail}\n", below, _TOP).removesuffix("\n")
    pad = " " * parts.indent
    out = head.rstrip("\n").split("\n") if head.strip() else []
    for one in steps:
        is_known = one.origin is not None and one.origin < len(parts.blocks)
        leading, body = parts.blocks[one.origin or 0] if is_known else ((), ())
        own = [line[parts.indent + 2 :] for line in body]
        written = _exchanged("\n".join([*own, ""]) if own else "", one.values, _STEP).rstrip("\n").split("\n")
        trailing = len(own) - len("\n".join(own).rstrip("\n").split("\n")) if own else 0
        out += [*leading, f"{pad}- {written[0]}", *(f"{pad}  {line}".rstrip() if line else "" for line in written[1:])]
        out += [""] * trailing
    return "\n".join([*out, *([tail] if tail else [])]) + "\n"


def _exchanged(text: str, wanted: Mapping[str, Any], order: Sequence[str]) -> str:
    """A mapping's lines with these values; new keys stand where `order` has them."""
    document = round_trip().load(text) if text.strip() else CommentedMap()
    if not isinstance(document, CommentedMap):
        document = CommentedMap()
    news = {key: value for key, value in wanted.items() if not same(key, document.get(key), value)}
    if not news:
        return text
    if not document or document.fa.flow_style():
        return _dumped(_mapping({**document, **wanted}, order))
    segments = _segments(text.split("\n")[:-1], document)
    for key in sorted(news, key=lambda one: order.index(one) if one in order else len(order)):
        lines = _dumped(_mapping({key: news[key]}, (key,))).split("\n")[:-1] if not _is_empty(news[key]) else []
        at = next((number for number, (name, _) in enumerate(segments) if name == key), None)
        if at is not None:
            comment = _comment_after(document, key) if len(segments[at][1]) == 1 and len(lines) == 1 else ""
            segments[at] = (key, [f"{line}{comment}" for line in lines])
        elif lines:
            above = list(order[: order.index(key)]) if key in order else list(order)
            place = max((number for number, (name, _) in enumerate(segments) if name in above), default=-1)
            segments.insert(place + 1 if place >= 0 else _first(segments), (key, lines))
    return "".join(f"{line}\n" for _, lines in segments for line in lines)


def _first(segments: Sequence[tuple[str | None, list[str]]]) -> int:
    return next((number for number, (name, _) in enumerate(segments) if name is not None), len(segments))


def _segments(lines: Sequence[str], document: CommentedMap) -> list[tuple[str | None, list[str]]]:
    """Lines by the key that they belong to; comments between keys belong to none."""
    starts = sorted((document.lc.key(key)[0], str(key)) for key in document)
    indent = max(document.lc.key(key)[1] for key in document)
    segments: list[tuple[str | None, list[str]]] = [(None, list(lines[: starts[0][0]]))]
    for number, (start, key) in enumerate(starts):
        stop = starts[number + 1][0] if number + 1 < len(starts) else len(lines)
        end = _back(lines, stop, start + 1, indent=indent)
        segments += [(key, list(lines[start:end])), (None, list(lines[end:stop]))]
    return segments


def _comment_after(document: CommentedMap, key: str) -> str:
    """The comment on the line of a key, with the space before it."""
    tokens = document.ca.items.get(key)
    value = document.get(key)
    tokens_inside = value.ca.comment if isinstance(value, CommentedMap | CommentedSeq) else None
    token = (tokens[2] if tokens else None) or (tokens_inside[0] if tokens_inside else None)
    return f"  {token.value.splitlines()[0]}" if token and token.value.startswith("#") else ""


def same(key: str, before: Any, after: Any) -> bool:
    return bool(_normal(key, before) == _normal(key, after))


def _normal(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {one: inner for one, inner in value.items() if (one, inner) != ("after", "opened")}
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").strip()
    return _DEFAULTS.get(key) if _is_empty(value) else value


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {}, ())


def _plain(listed: Sequence[Any], origin: int | None) -> Mapping[str, Any]:
    found = listed[origin] if origin is not None and origin < len(listed) else None
    return found if isinstance(found, Mapping) else {}


def _mapping(values: Mapping[str, Any], order: Sequence[str]) -> CommentedMap:
    keys = [*(key for key in order if key in values), *(key for key in values if key not in order)]
    return CommentedMap({key: _written(values[key]) for key in keys if not _is_empty(values[key])})


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        flow = CommentedMap({key: _written(inner) for key, inner in value.items()})
        flow.fa.set_flow_style()
        return flow
    if isinstance(value, list | tuple):
        row = CommentedSeq([_written(one) for one in value])
        row.fa.set_flow_style()
        return row
    if isinstance(value, str):
        value = "\n".join(line.rstrip() for line in value.replace("\r\n", "\n").strip().split("\n"))
        return LiteralScalarString(f"{value}\n") if "\n" in value else value
    return value


def _dumped(values: CommentedMap) -> str:
    out = io.StringIO()
    round_trip().dump(values, out)
    return out.getvalue()
