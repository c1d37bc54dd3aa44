"""The kinds of triggers: what each looks for, what must be said of it, and which words a CTA's name may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.accounts.models import STAGE_LABELS
from server.errors import Invalid
from server.measures.models import Sentiment
from server.triggers.models import TriggerKind


class Input(StrEnum):
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"


@dataclass(frozen=True, kw_only=True)
class Param:
    """One thing that is said of a trigger. `least` and `most` are of a number, `choices` value -> label."""

    label: str
    input: Input = Input.NUMBER
    least: int = 0
    most: int = 0
    choices: Mapping[str, str] | None = None
    is_needed: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`one_of`: exactly one of these is said. `names`: what a CTA's name may hold beside {account} and {tam}.

    `is_state`: it can hold already when the trigger is turned on. `by_day`: it comes with a day, and is looked for
    once an hour; the others are looked for at every look.
    """

    label: str
    icon: str
    params: Mapping[str, Param]
    one_of: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    is_state: bool = False
    by_day: bool = False


_ALSO_HELD = Param(
    label="Also for accounts where this holds already",
    input=Input.YES_NO,
    help="Without it, only what begins after it is turned on opens CTAs.",
)
_DUE = Param(label="Due in days", least=0, most=730, help="Only without a playbook that says it.")
_STATE = {"also_held": _ALSO_HELD, "due_in_days": _DUE}
_LICENCE = {
    "percent": Param(label="Percent of the licences", least=0, most=1_000, is_needed=True),
    "min_days_into_contract": Param(label="Not before this day of the contract", least=0, most=3_650),
    "max_days_into_contract": Param(label="Not after this day of the contract", least=0, most=3_650),
    **_STATE,
}
KINDS: Mapping[TriggerKind, Kind] = {
    TriggerKind.TAM_ASSIGNED: Kind(
        label="An account gets a TAM", icon="user-plus", params={"due_in_days": _DUE}, names=("former_tam",)
    ),
    TriggerKind.BEFORE_RENEWAL: Kind(
        label="Some time before the renewal",
        icon="refresh",
        params={
            "months": Param(label="Months before", least=0, most=36),
            "days": Param(label="Days before", least=0, most=1_100),
            "review_months": Param(
                label="Business review this many months before the renewal",
                least=0,
                most=24,
                help="Tasks may count from that day.",
            ),
            **_STATE,
        },
        one_of=("months", "days"),
        names=("renewal",),
        is_state=True,
        by_day=True,
    ),
    TriggerKind.NO_CONVERSATION: Kind(
        label="No call or meeting for some time",
        icon="phone",
        params={"days": Param(label="Days", least=1, most=730, is_needed=True), **_STATE},
        names=("days", "last"),
        is_state=True,
        by_day=True,
    ),
    TriggerKind.SENTIMENT_IS: Kind(
        label="The sentiment becomes",
        icon="flame",
        params={
            "word": Param(
                label="Sentiment",
                input=Input.CHOICE,
                choices={one.value: one.value.capitalize() for one in Sentiment},
                is_needed=True,
            ),
            **_STATE,
        },
        names=("sentiment",),
        is_state=True,
    ),
    TriggerKind.LICENCE_USE_UNDER: Kind(
        label="Licence use falls under a bound",
        icon="report-analytics",
        params=_LICENCE,
        names=("percent",),
        is_state=True,
        by_day=True,
    ),
    TriggerKind.LICENCE_USE_OVER: Kind(
        label="Licence use rises over a bound",
        icon="trending-up",
        params=_LICENCE,
        names=("percent",),
        is_state=True,
        by_day=True,
    ),
    TriggerKind.STAGE_REACHED: Kind(
        label="An account reaches a stage",
        icon="route",
        params={
            "stage": Param(
                label="Stage",
                input=Input.CHOICE,
                choices={stage.value: label for stage, label in STAGE_LABELS.items()},
                is_needed=True,
            ),
            "due_in_days": _DUE,
        },
        names=("stage",),
    ),
    TriggerKind.SURVEY_ANSWER: Kind(
        label="An answer to a survey comes in",
        icon="message",
        params={
            "at_most": Param(label="Points at most", least=0, most=10),
            "at_least": Param(label="Points at least", least=0, most=10),
            "due_in_days": _DUE,
        },
        one_of=("at_most", "at_least"),
        names=("points",),
    ),
    TriggerKind.FILE_IMPORTED: Kind(
        label="A file of accounts is uploaded", icon="file-code", params={"due_in_days": _DUE}, names=("label",)
    ),
}
_FIELD = re.compile(r"\{([^{}]*)\}")
_ALWAYS = ("account", "tam")


def demand_params(kind: TriggerKind, params: Mapping[str, Any]) -> dict[str, Any]:
    """The params, without what is empty. Raises Invalid with what is wrong, by field."""
    wanted = KINDS[kind]
    found = {key: value for key, value in params.items() if value is not None and value != "" and value is not False}
    wrong = {key: f"{wanted.label} knows no {key}." for key in found if key not in wanted.params}
    for key, param in wanted.params.items():
        if key in found and (problem := _problem(param, found[key])):
            wrong[key] = problem
        elif key not in found and param.is_needed:
            wrong[key] = "Say this, too."
    if not wrong and wanted.one_of and sum(key in found for key in wanted.one_of) != 1:
        wrong[wanted.one_of[0]] = f"Say one of: {', '.join(wanted.params[key].label for key in wanted.one_of)}."
    if not wrong and found.get("min_days_into_contract", 0) > found.get("max_days_into_contract", 10**6):
        wrong["max_days_into_contract"] = "This is before the first day."
    if wrong:
        raise Invalid(" ".join(wrong.values()), cure="Correct it and save again.", fields=wrong)
    return found


def _problem(param: Param, value: object) -> str:
    if param.input is Input.NUMBER:
        is_number = isinstance(value, int) and not isinstance(value, bool) and param.least <= value <= param.most
        return "" if is_number else f"Write a whole number from {param.least} to {param.most:,}."
    if param.input is Input.CHOICE:
        return "" if value in (param.choices or {}) else f"Choose one of {', '.join(param.choices or {})}."
    return "" if value is True else "Say yes or no."


def demand_name(kind: TriggerKind, text: str) -> None:
    """Raises Invalid for a field in braces that this kind does not give."""
    known = (*_ALWAYS, *KINDS[kind].names)
    for field in _FIELD.findall(text):
        if field not in known:
            what = f"The name holds {{{field}}}, which this trigger does not know."
            cure = f"Use {', '.join(f'{{{one}}}' for one in known)}, or leave it out."
            raise Invalid(what, cure=cure, fields={"cta_name": what})


def named(text: str, values: Mapping[str, str], *, longest: int) -> str:
    """The name of one CTA: fields filled in, one line, cut where it is too long."""
    name = " ".join(_FIELD.sub(lambda found: values.get(found[1], ""), text).split())
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
