"""The shape of a playbook's YAML. Reading, and the JSON Schema for editors, both come from these classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from server.accounts.models import LifecycleStage
from server.playbooks.definition import (
    Anchor,
    Applies,
    Definition,
    Direction,
    Due,
    IfSilent,
    OwnerRule,
    Step,
    TaskType,
    Unit,
)

UNKNOWN = "Unknown field."
MOST_STEPS = 60
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_FURTHEST = {Unit.DAYS: 3650, Unit.BUSINESS_DAYS: 1000, Unit.WEEKS: 520, Unit.MONTHS: 120}


def meant(word: str, known: Iterable[str]) -> str:
    """ " Did you mean due?", or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


class Line(fields.String):
    """One line of text."""

    def __init__(self, *, longest: int, about: str, **kwargs: Any) -> None:
        self.longest = longest
        super().__init__(
            validate=validate.Length(min=1, max=longest, error=f"Write 1 to {longest} characters."),
            error_messages={"invalid": "Write a text here; put numbers and dates into quotes."},
            metadata={"description": about, "minLength": 1, "maxLength": longest},
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if "\n" in text:
            raise ValidationError("Write it in one line.")
        return text


class LongText(fields.String):
    def __init__(self, *, longest: int, about: str, **kwargs: Any) -> None:
        super().__init__(
            validate=validate.Length(max=longest, error=f"Write at most {longest} characters."),
            error_messages={"invalid": "Write a text here, such as instructions: | and indented lines below."},
            metadata={"description": about, "maxLength": longest},
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, attr, data, **kwargs)).strip()


class Name(fields.String):
    """A key of something: small letters, digits, hyphens (and underscores)."""

    def __init__(self, *, about: str, pattern: re.Pattern[str] = _KEY, longest: int = 60, **kwargs: Any) -> None:
        self.pattern, self.longest = pattern, longest
        super().__init__(
            error_messages={"invalid": "Write a name here."},
            metadata={"description": about, "pattern": f"^{pattern.pattern}$", "maxLength": longest},
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if len(text) > self.longest or not self.pattern.fullmatch(text):
            between = "hyphens" if self.pattern is _SLUG else "hyphens or underscores"
            raise ValidationError(f"Write small letters and digits with {between} between, at most {self.longest}.")
        return text


class OneOf(fields.String):
    def __init__(self, words: type[StrEnum], *, about: str, **kwargs: Any) -> None:
        self.words = words
        super().__init__(
            error_messages={"invalid": f"Write one of: {', '.join(words)}."},
            metadata={"description": about, "enum": [word.value for word in words]},
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if text not in list(self.words):
            raise ValidationError(f"Write one of: {', '.join(self.words)}.{meant(text, self.words)}")
        return self.words(text)


class Whole(fields.Integer):
    def __init__(self, *, least: int, most: int, about: str, **kwargs: Any) -> None:
        self.wrong = f"Write a whole number from {least} to {most}."
        super().__init__(
            strict=True,
            error_messages={"invalid": self.wrong, "too_large": self.wrong},
            validate=validate.Range(min=least, max=most, error=self.wrong),
            metadata={"description": about, "minimum": least, "maximum": most},
            **kwargs,
        )

    def _validated(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError(self.wrong)
        return int(value)


class YesNo(fields.Boolean):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Write true or false.")
        return bool(value)


class Shape(Schema):
    """`rules` is what the JSON Schema says beside the fields."""

    error_messages = {"unknown": UNKNOWN, "type": "Write a mapping here, lines such as key: value."}  # noqa: RUF012
    rules: Mapping[str, Any] = {}

    class Meta:
        unknown = RAISE


def _list_of(inner: fields.Field[Any], *, about: str, most: int, least: int = 0, **kwargs: Any) -> fields.List[Any]:
    return fields.List(
        inner,
        validate=validate.Length(min=least, max=most, error=f"Write {least} to {most} of them."),
        error_messages={"invalid": "Write a list here, such as [one, two]."},
        metadata={"description": about, "minItems": least, "maxItems": most},
        **kwargs,
    )


class DueShape(Shape):
    """Exactly one number, and what it counts from."""

    days = Whole(least=0, most=_FURTHEST[Unit.DAYS], about="Calendar days.")
    business_days = Whole(least=0, most=_FURTHEST[Unit.BUSINESS_DAYS], about="Working days of the owner's country.")
    weeks = Whole(least=0, most=_FURTHEST[Unit.WEEKS], about="Weeks.")
    months = Whole(least=0, most=_FURTHEST[Unit.MONTHS], about="Months; the last day where a month is too short.")
    after = OneOf(Anchor, about="What it counts from: it is due after that day. Without it: after the opening.")
    before = OneOf(Anchor, about="What it counts back from: it is due before that day.")
    rules = {  # noqa: RUF012
        "oneOf": [{"required": [unit.value]} for unit in Unit],
        "not": {"required": ["after", "before"]},
    }

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _is_one_day(self, data: Mapping[str, Any], original: Any, **_: Any) -> None:
        if not isinstance(original, Mapping):
            return
        said = [unit.value for unit in Unit if unit.value in original]
        if len(said) != 1:
            found = f", not {' and '.join(said)}" if said else ""
            raise ValidationError(f"Write exactly one of days, business_days, weeks, months{found}: {{days: 7}}.")
        if "after" in original and "before" in original:
            raise ValidationError("Write after or before, not both.", "before")
        if original.get("before") == Anchor.OPENED:
            right = ", ".join(anchor for anchor in Anchor if anchor is not Anchor.OPENED)
            raise ValidationError(f"Nothing can be due before the opening. Count back from one of: {right}.", "before")

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Due:
        unit = next(unit for unit in Unit if unit.value in data)
        return Due(
            amount=data[unit.value],
            unit=unit,
            direction=Direction.BEFORE if "before" in data else Direction.AFTER,
            anchor=data.get("before") or data.get("after") or Anchor.OPENED,
        )


class IfSilentShape(Shape):
    after_business_days = Whole(required=True, least=1, most=60, about="So many working days an answer is waited for.")
    template = Name(about="The email template that is offered then.", pattern=_KEY, longest=80)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> IfSilent:
        return IfSilent(**data)


class StepShape(Shape):
    key = Name(required=True, about="What other steps call it in needs. Never change it: open CTAs know it by this.")
    title = Line(required=True, longest=120, about="What is to be done, in a few words.")
    task = OneOf(TaskType, load_default=TaskType.TO_DO, about="What kind of task it is.")
    template = Name(about="The email template of an email task.", longest=80)
    to = Name(about="The role of the contacts that the email is meant for, such as gitlab_admin.")
    due = fields.Nested(DueShape, metadata={"description": "When it is due."})
    owner = OneOf(OwnerRule, load_default=OwnerRule.TAM, about="Who does it.")
    required = YesNo(load_default=True, metadata={"description": "Whether the CTA asks for it before it is closed."})
    needs = _list_of(Name(about="The key of a step."), about="Keys of the steps that come first.", most=MOST_STEPS)
    minutes = Whole(load_default=15, least=0, most=2400, about="What it takes, in minutes.")
    if_silent = fields.Nested(IfSilentShape, metadata={"description": "The email waits for an answer."})
    instructions = LongText(longest=10_000, about="How it is done, in Markdown.")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _fits_its_kind(self, data: Mapping[str, Any], original: Any, **_: Any) -> None:
        if not isinstance(original, Mapping):
            return
        kind = original.get("task", TaskType.TO_DO)
        if kind == TaskType.EMAIL and "template" not in original:
            raise ValidationError("An email task needs its template. Write template: and a name below it.", "task")
        if kind != TaskType.EMAIL and kind in list(TaskType):
            wrong = {
                name: [f"Only an email task has {name}. Write task: email, or take it out."]
                for name in ("template", "to", "if_silent")
                if name in original
            }
            if wrong:
                raise ValidationError(wrong)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Step:
        return Step(**{**data, "needs": tuple(data.get("needs", ()))})


class AppliesShape(Shape):
    stages = _list_of(OneOf(LifecycleStage, about="A stage."), about="Stages of the account.", most=len(LifecycleStage))
    arr_at_least = Whole(least=0, most=10**9, about="The ARR from which on it applies.")
    arr_under = Whole(least=1, most=10**9, about="The ARR under which it applies.")

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Applies:
        stages = tuple(str(stage) for stage in data.pop("stages", ()))
        return Applies(stages=stages, **data)


class PlaybookShape(Shape):
    playbook = Name(required=True, pattern=_SLUG, longest=80, about="Its name in addresses and of its file.")
    name = Line(required=True, longest=80, about="What people read.")
    type = Name(required=True, about="The type of its CTAs: a key of that list.")
    reason = Name(about="The reason of its CTAs: a key of that list.")
    priority = Name(load_default="medium", about="The priority of its CTAs: a key of that list.")
    owner = OneOf(OwnerRule, load_default=OwnerRule.TAM, about="Who owns its CTAs.")
    description = LongText(longest=2000, about="When to use it.")
    applies = fields.Nested(AppliesShape, metadata={"description": "For which accounts it is offered."})
    due = fields.Nested(DueShape, metadata={"description": "When its CTAs are due."})
    steps = _list_of(
        fields.Nested(StepShape), required=True, least=1, most=MOST_STEPS, about="What is to be done, in order."
    )

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Definition:
        return Definition(slug=data.pop("playbook"), cta_type=data.pop("type"), steps=tuple(data.pop("steps")), **data)
