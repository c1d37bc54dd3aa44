"""For whom a variant of a template is: conditions on the contact or the account, and which variant they choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from server.accounts.languages import language_label, language_tag, speaks
from server.accounts.models import STAGE_LABELS

T = TypeVar("T")
Conditions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that a condition may ask for. `known` is empty when any word may stand there."""

    path: str
    label: str
    known: Mapping[str, str]


_STAGES = {stage.value: label for stage, label in STAGE_LABELS.items()}
FACTS: dict[str, Fact] = {
    fact.path: fact
    for fact in (
        Fact(path="contact.language", label="Language", known={}),
        Fact(path="contact.role", label="Role", known={}),
        Fact(
            path="account.lifecycle_stage",
            label="Lifecycle stage",
            known=_STAGES,
        ),
    )
}


def facts_of(*, language: str | None, role: str | None, lifecycle_stage: str | None) -> dict[str, str | None]:
    """What conditions ask of a contact and their account: keys, not labels."""
    return {"contact.language": language, "contact.role": role, "account.lifecycle_stage": lifecycle_stage}


def problem_of(path: str, value: str) -> tuple[str, str] | None:
    """(message, cure) for a condition that cannot be kept, or None."""
    fact = FACTS.get(path)
    if fact is None:
        return f"A variant cannot be chosen by {path}.", f"Use one of {', '.join(FACTS)}."
    if path == "contact.language" and language_tag(value) != value:
        return f"{value!r} is not a language.", "Write a tag such as de or pt-BR."
    if fact.known and value not in fact.known:
        return f"{value!r} is not a {fact.label.lower()}.", f"Use one of {', '.join(fact.known)}."
    return None


def label_of(conditions: Conditions) -> str:
    """ "Language is German and Role is gitlab_admin" """
    parts = []
    for path, value in conditions:
        fact = FACTS.get(path)
        shown = language_label(value) if path == "contact.language" else fact.known.get(value, value) if fact else value
        parts.append(f"{fact.label if fact else path} is {shown}")
    return " and ".join(parts)


def holds(conditions: Conditions, facts: Mapping[str, str | None]) -> bool:
    """Whether all conditions are met. A language also suits its regions: de suits a person who reads de-AT."""
    return all(_met(path, value, facts.get(path)) for path, value in conditions)


def choose(
    default: T, variants: Sequence[T], conditions: Callable[[T], Conditions], facts: Mapping[str, str | None]
) -> T:
    """The variant that says most about this person, or the default. Equal conditions are refused when loading."""
    fitting = [variant for variant in variants if conditions(variant) and holds(conditions(variant), facts)]
    return max(fitting, key=lambda variant: _weight(conditions(variant)), default=default)


def _met(path: str, wanted: str, actual: str | None) -> bool:
    if actual is None:
        return False
    return speaks(actual, wanted) if path == "contact.language" else actual == wanted


def _weight(conditions: Conditions) -> tuple[int, int, str]:
    """More conditions first, then the narrower ones; the text only so that a tie is the same tie every time."""
    return len(conditions), sum(value.count("-") for _, value in conditions), repr(conditions)
