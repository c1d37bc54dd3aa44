"""The merge fields that a template may use, each with an example for previews."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class FieldType(StrEnum):
    """What a value is, and so which filters make sense."""

    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    LINK = "link"
    LIST = "list"


class FieldSource(StrEnum):
    """Where a value comes from, as people call it."""

    CONTACT = "Salesforce contact"
    ACCOUNT = "Salesforce account"
    USER = "Rapport user"
    RAPPORT = "Rapport"


@dataclass(frozen=True, kw_only=True)
class MergeField:
    """`path` is what stands between the braces. An example that is a list of dicts may be looped over.

    `help` says what to know before using it: when it is empty, how it looks.
    """

    path: str
    label: str
    example: Any
    type: FieldType = FieldType.TEXT
    source: FieldSource = FieldSource.RAPPORT
    help: str = ""

    @property
    def group(self) -> str:
        return self.path.partition(".")[0]


def _contact(name: str, label: str, example: str, help_: str = "") -> MergeField:
    return MergeField(
        path=f"contact.{name}", label=f"Contact: {label}", example=example, source=FieldSource.CONTACT, help=help_
    )


def _account(name: str, label: str, example: Any, type_: FieldType, help_: str) -> MergeField:
    return MergeField(
        path=f"account.{name}", label=f"Account: {label}", example=example, type=type_, source=FieldSource.ACCOUNT,
        help=help_,
    )  # fmt: skip


def _person(group: str, who: str, name: str, label: str, example: str) -> MergeField:
    return MergeField(path=f"{group}.{name}", label=f"{who}: {label}", example=example, source=FieldSource.USER)


MERGE_FIELDS: tuple[MergeField, ...] = (
    _contact("first_name", "first name", "Ada", 'Empty for some: write {{ contact.first_name|default("there") }}.'),
    _contact("last_name", "last name", "Byron"),
    _contact("full_name", "full name", "Ada Byron"),
    _contact("title", "job title", "Head of Platform", "Often empty."),
    _contact("email", "email address", "ada@northwind.example"),
    _contact("language", "language", "en", "A tag such as de or pt-BR. Empty when nobody said."),
    _account("name", "name", "Northwind", FieldType.TEXT, ""),
    _account("arr", "annual recurring revenue", Decimal("120000.00"), FieldType.MONEY, "{{ account.arr|money }}."),
    _account("renewal_date", "renewal date", date(2026, 11, 22), FieldType.DATE, "Shown as 22 November 2026."),
    _account("lifecycle_stage", "lifecycle stage", "Onboarding", FieldType.TEXT, "As people read it: Onboarding."),
    _person("sender", "Sender", "name", "full name", "Grace Hopper"),
    _person("sender", "Sender", "first_name", "first name", "Grace"),
    _person("sender", "Sender", "email", "email address", "grace@gitlab.example"),
    _person("sender", "Sender", "title", "job title", "Technical Account Manager"),
    _person("tam", "TAM of the account", "name", "full name", "Grace Hopper"),
    _person("tam", "TAM of the account", "first_name", "first name", "Grace"),
    _person("tam", "TAM of the account", "email", "email address", "grace@gitlab.example"),
    MergeField(
        path="links.unsubscribe",
        label="Link to unsubscribe",
        example="mailto:grace@gitlab.example?subject=Unsubscribe",
        type=FieldType.LINK,
        help="For the href of a link. Opens a mail to the sender that asks to be left out.",
    ),
    MergeField(path="today", label="Today's date", example=date(2026, 6, 1), type=FieldType.DATE, help="The sender's."),
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
