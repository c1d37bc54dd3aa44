"""The merge fields that a template may use, each with an example for previews."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class MergeField:
    """`path` is what stands between the braces. An example that is a list of dicts may be looped over."""

    path: str
    label: str
    example: Any


MERGE_FIELDS: tuple[MergeField, ...] = (
    MergeField(path="contact.first_name", label="Contact: first name", example="Ada"),
    MergeField(path="contact.last_name", label="Contact: last name", example="Byron"),
    MergeField(path="contact.full_name", label="Contact: full name", example="Ada Byron"),
    MergeField(path="contact.title", label="Contact: job title", example="Head of Platform"),
    MergeField(path="contact.email", label="Contact: email address", example="ada@northwind.example"),
    MergeField(path="account.name", label="Account: name", example="Northwind"),
    MergeField(path="account.arr", label="Account: annual recurring revenue", example=Decimal("120000.00")),
    MergeField(path="account.renewal_date", label="Account: renewal date", example=date(2026, 11, 22)),
    MergeField(path="account.lifecycle_stage", label="Account: lifecycle stage", example="Onboarding"),
    MergeField(path="sender.name", label="Sender: full name", example="Grace Hopper"),
    MergeField(path="sender.first_name", label="Sender: first name", example="Grace"),
    MergeField(path="sender.email", label="Sender: email address", example="grace@gitlab.example"),
    MergeField(path="sender.title", label="Sender: job title", example="Technical Account Manager"),
    MergeField(path="tam.name", label="TAM of the account: full name", example="Grace Hopper"),
    MergeField(path="tam.first_name", label="TAM of the account: first name", example="Grace"),
    MergeField(path="tam.email", label="TAM of the account: email address", example="grace@gitlab.example"),
    MergeField(path="today", label="Today's date", example=date(2026, 6, 1)),
)

Tree = dict[str, Any]


def value_tree(pairs: Sequence[tuple[str, Any]]) -> Tree:
    """Nested dicts from dotted paths: a.b=1 becomes {"a": {"b": 1}}."""
    tree: Tree = {}
    for path, value in pairs:
        *groups, last = path.split(".")
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return tree


def sample_values(fields: Sequence[MergeField] = MERGE_FIELDS) -> Tree:
    """The examples, in the shape that `render` takes."""
    return value_tree([(field.path, field.example) for field in fields])


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    place: Any = values
    for part in path.split("."):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place


def nearest(path: str, known: Sequence[str]) -> str | None:
    """The known path that a person most likely meant."""
    last = path.rsplit(".", 1)[-1]
    same_last = [name for name in known if name.endswith(f".{path}")]
    close = same_last or difflib.get_close_matches(path, known, n=1, cutoff=0.6)
    if close:
        return close[0]
    by_last = {name.rsplit(".", 1)[-1]: name for name in reversed(known)}
    close = difflib.get_close_matches(last, list(by_last), n=1, cutoff=0.7)
    return by_last[close[0]] if close else None
