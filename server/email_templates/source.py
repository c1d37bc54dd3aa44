"""A template, a variant or a shared block as its author writes it: a few lines of YAML between ---, then MJML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.email_templates import front_matter
from server.email_templates.conditions import Conditions, problem_of
from server.email_templates.mjml.schema import suggestion
from server.email_templates.models import Kind
from server.email_templates.problems import TemplateInvalid, TemplateProblem


class Category(StrEnum):
    ONBOARDING = "onboarding"
    RENEWAL = "renewal"
    EBR = "ebr"
    ADOPTION = "adoption"
    RISK = "risk"
    DIGITAL_JOURNEY = "digital_journey"


CATEGORY_LABELS = {
    Category.ONBOARDING: "Onboarding",
    Category.RENEWAL: "Renewal",
    Category.EBR: "EBR",
    Category.ADOPTION: "Adoption",
    Category.RISK: "Risk",
    Category.DIGITAL_JOURNEY: "Digital journey",
}
MUST_OFFER_UNSUBSCRIBE = frozenset({Category.DIGITAL_JOURNEY})


@dataclass(frozen=True, kw_only=True)
class TemplateSource:
    """`slug` is the file's name; the lines say where in the file the subject and the MJML start.

    `for_roles` are keys of contact roles, empty for everybody. `max_age` maps merge fields to the oldest age that a
    value may have, in hours. `when` is empty but for a variant. `text` is the whole file; empty for a source that was
    put together in memory.
    """

    slug: str
    name: str
    mjml: str
    kind: Kind = Kind.TEMPLATE
    subject: str = ""
    category: Category | None = None
    purpose: str = ""
    description: str = ""
    for_roles: tuple[str, ...] = ()
    max_age: tuple[tuple[str, int], ...] = ()
    variant_of: str = ""
    when: Conditions = ()
    text: str = ""
    subject_line: int = 1
    mjml_line: int = 1

    @property
    def file_text(self) -> str:
        """The whole file: as it was read, or as this source would be written."""
        return self.text or front_matter.join(front_matter.changed("", self.front_values()), self.mjml)

    @property
    def hash(self) -> str:
        """Of the file's text."""
        return hashlib.sha256(self.file_text.encode()).hexdigest()

    def front_values(self) -> dict[str, Any]:
        """What the YAML lines say, empty values among them."""
        values: dict[str, Any] = {"name": self.name, "description": self.description}
        if self.kind is Kind.BLOCK:
            return values
        return {
            "name": self.name,
            "subject": self.subject,
            "category": self.category.value if self.category else "",
            "purpose": self.purpose,
            "description": self.description,
            "for_roles": list(self.for_roles),
            "max_age": {path: age_text(hours) for path, hours in self.max_age},
            "variant_of": self.variant_of,
            "when": dict(self.when),
        }

    @property
    def must_offer_unsubscribe(self) -> bool:
        return self.category in MUST_OFFER_UNSUBSCRIBE


_NEEDED = {
    Kind.TEMPLATE: ("name", "subject", "category", "purpose"),
    Kind.BLOCK: ("name",),
}
_KEYS = {
    Kind.TEMPLATE: (*_NEEDED[Kind.TEMPLATE], "description", "for_roles", "max_age", "variant_of", "when"),
    Kind.BLOCK: ("name", "description"),
}
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VARIANT_SLUG = re.compile(rf"{_SLUG.pattern}(\.{_SLUG.pattern})?")
_ROLE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_AGE = re.compile(r"(\d{1,4}) (hour|day)s?")


def parse_source(text: str, slug: str, kind: Kind = Kind.TEMPLATE) -> TemplateSource:
    """Raises TemplateInvalid with the lines of the file."""
    file = front_matter.split(text)
    values, lines = file.values, file.lines
    problems = [
        TemplateProblem(line=1, message=f"{key} is missing.", cure=f"Add {key}: … between the --- lines.")
        for key in _NEEDED[kind]
        if not str(values.get(key) or "").strip()
    ]
    if problem_of_slug(slug, kind):
        problems.append(TemplateProblem(line=0, message=problem_of_slug(slug, kind), cure=_SLUG_CURE))
    problems += _odd_values(values, lines, kind)
    roles, max_age, when = (
        _roles(values.pop("for_roles", None), lines, problems),
        _max_age(values.pop("max_age", None), lines, problems),
        _when(values.pop("when", None), lines, problems),
    )
    problems += _variant_problems(slug, str(values.get("variant_of") or ""), when, lines)
    if problems:
        raise TemplateInvalid(problems)
    category = values.pop("category", None)
    return TemplateSource(
        slug=slug,
        kind=kind,
        category=Category(category) if category else None,
        mjml=file.body,
        for_roles=roles,
        max_age=max_age,
        when=when,
        text=front_matter.clean(text),
        subject_line=lines.get("subject", 1),
        mjml_line=file.body_line,
        **{key: " ".join(str(value or "").split()) for key, value in values.items()},
    )


_SLUG_CURE = "Use small letters, digits and dashes; a variant has a dot before its own word: welcome.de."


def problem_of_slug(slug: str, kind: Kind) -> str:
    """What is wrong with a file's name, or an empty text."""
    if slug == "new":  # the address of the form for a new one
        return "The name 'new' is taken by Rapport itself."
    pattern = _SLUG if kind is Kind.BLOCK else _VARIANT_SLUG
    return "" if pattern.fullmatch(slug) and len(slug) <= 80 else f"The file name {slug!r} is not a slug."


def age_text(hours: int) -> str:
    """ "7 days", "36 hours": as the front matter writes it."""
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _odd_values(values: Mapping[str, Any], lines: Mapping[str, int], kind: Kind) -> list[TemplateProblem]:
    problems = []
    for key, value in values.items():
        line = lines.get(str(key), 1)
        if key not in _KEYS[kind]:
            cure = suggestion(str(key), _KEYS[kind]) or f"Known are: {', '.join(_KEYS[kind])}."
            problems.append(TemplateProblem(line=line, message=f"There is no key {key}.", cure=cure))
        elif key in ("for_roles", "max_age", "when"):
            continue
        elif value is not None and not isinstance(value, str):
            problems.append(TemplateProblem(line=line, message=f"{key} is not a text.", cure="Put it in quotes."))
        elif key == "category" and value and value not in tuple(Category):
            cure = f"Use one of {', '.join(Category)}."
            problems.append(TemplateProblem(line=line, message=f"There is no category {value!r}.", cure=cure))
    return problems


def _roles(value: Any, lines: Mapping[str, int], problems: list[TemplateProblem]) -> tuple[str, ...]:
    roles = value if isinstance(value, list) else [value] if value else []
    odd = [role for role in roles if not isinstance(role, str) or not _ROLE.fullmatch(role)]
    for role in odd:
        problems.append(
            TemplateProblem(
                line=lines.get("for_roles", 1),
                message=f"{role!r} is not the key of a role.",
                cure="Write for_roles: [gitlab_admin, executive_sponsor].",
            )
        )
    return () if odd else tuple(dict.fromkeys(roles))


def _max_age(value: Any, lines: Mapping[str, int], problems: list[TemplateProblem]) -> tuple[tuple[str, int], ...]:
    ages: list[tuple[str, int]] = []
    entries: Sequence[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    if value and not entries:
        entries = [("", value)]
    for path, age in entries:
        match = _AGE.fullmatch(age) if isinstance(age, str) and path else None
        if match:
            ages.append((str(path), int(match[1]) * (24 if match[2] == "day" else 1)))
            continue
        message = f"The age {age!r} of {path or 'a merge field'} cannot be read."
        cure = "Write max_age: {account.renewal_date: 7 days}."
        problems.append(TemplateProblem(line=lines.get("max_age", 1), message=message, cure=cure))
    return tuple(ages)


def _when(value: Any, lines: Mapping[str, int], problems: list[TemplateProblem]) -> Conditions:
    conditions: list[tuple[str, str]] = []
    entries: Sequence[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    line = lines.get("when", 1)
    if value and not entries:
        cure = "Write when: {contact.language: de}."
        problems.append(TemplateProblem(line=line, message="The condition of this variant cannot be read.", cure=cure))
    for path, wanted in entries:
        # YAML reads the language no as False.
        text = "no" if wanted is False else str(wanted)
        problem = problem_of(str(path), text)
        if problem:
            problems.append(TemplateProblem(line=line, message=problem[0], cure=problem[1]))
        conditions.append((str(path), text))
    return tuple(sorted(conditions))


def _variant_problems(slug: str, variant_of: str, when: Conditions, lines: Mapping[str, int]) -> list[TemplateProblem]:
    if variant_of and not when:
        message, cure = "A variant does not say when it is used.", "Add when: {contact.language: de}."
        return [TemplateProblem(line=lines.get("variant_of", 1), message=message, cure=cure)]
    if when and not variant_of:
        message, cure = "Only a variant has a condition.", "Add variant_of: and the name of the default's file."
        return [TemplateProblem(line=lines.get("when", 1), message=message, cure=cure)]
    if variant_of == slug:
        message, cure = "A template cannot be a variant of itself.", "Name the default's file."
        return [TemplateProblem(line=lines.get("variant_of", 1), message=message, cure=cure)]
    return []
