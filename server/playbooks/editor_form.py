"""Between the form of the editor and the YAML: what the fields show, and what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from server.playbooks import edit
from server.playbooks.definition import Anchor, Direction, Unit
from server.playbooks.edit import WantedStep
from server.playbooks.problems import PlaybookInvalid, PlaybookProblem
from server.playbooks.schemas import MOST_STEPS
from server.playbooks.source import parse

Form = MultiDict[str, str]
_STEP_FIELDS = ("key", "title", "task", "template", "to", "owner", "minutes", "instructions")


def is_filled(form: Form) -> bool:
    """Whether the fields were sent, and not the text alone."""
    return form.get("view") == "form"


def written(base: str, form: Form) -> str:
    """The YAML with what the fields say, and with the steps moved, added or removed as the pressed button says.

    Raises PlaybookInvalid when the text is no YAML.
    """
    steps = [_step(form, at) for at in range(min(_number(form, "count"), MOST_STEPS + 1))]
    top = {
        "name": form.get("name", "").strip(),
        "type": form.get("type", ""),
        "reason": form.get("reason", ""),
        "priority": form.get("priority", ""),
        "owner": form.get("owner", ""),
        "description": form.get("description", ""),
        "applies": {
            key: value
            for key, value in (
                ("stages", form.getlist("stages")),
                ("arr_at_least", _whole(form.get("arr_at_least", ""))),
                ("arr_under", _whole(form.get("arr_under", ""))),
            )
            if value not in ("", [])
        },
        "due": _due(form, "due"),
    }
    return edit.changed(base, top, _moved(steps, form.get("act", "")))


def _moved(steps: list[WantedStep], act: str) -> Sequence[WantedStep]:
    found = re.fullmatch(r"(up|down|remove):(\d{1,3})", act)
    at = int(found[2]) if found else -1
    if found and at < len(steps):
        step = steps.pop(at)
        if found[1] != "remove":
            steps.insert(max(at - 1, 0) if found[1] == "up" else at + 1, step)
    elif act == "add":
        taken = {str(step.values["key"]) for step in steps}
        key = next(f"step-{n}" for n in range(len(steps) + 1, len(steps) + len(taken) + 2) if f"step-{n}" not in taken)
        steps.append(WantedStep(origin=None, values={"key": key, "title": "New step"}))
    return steps


def _step(form: Form, at: int) -> WantedStep:
    values: dict[str, Any] = {name: form.get(f"s{at}_{name}", "").strip() for name in _STEP_FIELDS}
    values["minutes"] = _whole(values["minutes"])
    values["required"] = f"s{at}_required" in form
    values["needs"] = [one for one in re.split(r"[\s,]+", form.get(f"s{at}_needs", "")) if one]
    values["due"] = _due(form, f"s{at}_due")
    days = _whole(form.get(f"s{at}_silent_days", ""))
    template = form.get(f"s{at}_silent_template", "").strip()
    values["if_silent"] = {
        key: value for key, value in (("after_business_days", days), ("template", template)) if value != ""
    }
    if values["task"] != "email":
        values |= {"template": "", "to": "", "if_silent": {}}
    origin = form.get(f"s{at}_origin", "")
    return WantedStep(origin=int(origin) if origin.isdecimal() and len(origin) < 4 else None, values=values)


def _due(form: Form, name: str) -> dict[str, Any]:
    amount = _whole(form.get(f"{name}_amount", ""))
    if amount == "":
        return {}
    unit = form.get(f"{name}_unit", Unit.DAYS)
    side, _, anchor = form.get(f"{name}_from", "after:opened").partition(":")
    return {unit: amount, side: anchor} if (side, anchor) != ("after", "opened") else {unit: amount}


def _whole(text: str) -> int | str:
    """What is no number stays as it was typed: reading it says so."""
    text = text.strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 12 else text[:40]


def _number(form: Form, name: str) -> int:
    found = _whole(form.get(name, ""))
    return found if isinstance(found, int) else 0


def fields(source: str) -> dict[str, Any] | None:
    """What the form shows, as far as it can be read; None when it is no YAML at all."""
    try:
        document = parse(source).document
    except PlaybookInvalid:
        return None
    steps = document.get("steps")
    applies = document.get("applies")
    applies = applies if isinstance(applies, Mapping) else {}
    stages = applies.get("stages")
    return {
        **{key: _text(document.get(key)) for key in ("playbook", "name", "type", "reason", "description")},
        "priority": _text(document.get("priority")) or "medium",
        "owner": _text(document.get("owner")) or "tam",
        "stages": [str(one) for one in stages] if isinstance(stages, list) else [],
        "arr_at_least": _text(applies.get("arr_at_least")),
        "arr_under": _text(applies.get("arr_under")),
        "due": _due_fields(document.get("due")),
        "steps": [_step_fields(one if isinstance(one, Mapping) else {}, at) for at, one in enumerate(steps)]
        if isinstance(steps, list)
        else [],
    }


def _step_fields(step: Mapping[str, Any], at: int) -> dict[str, Any]:
    silent = step.get("if_silent")
    silent = silent if isinstance(silent, Mapping) else {}
    needs = step.get("needs")
    return {
        **{key: _text(step.get(key)) for key in ("key", "title", "template", "to", "instructions")},
        "at": at,
        "task": _text(step.get("task")) or "to_do",
        "owner": _text(step.get("owner")) or "tam",
        "minutes": _text(step.get("minutes")) or "15",
        "required": step.get("required") is not False,
        "needs": ", ".join(str(one) for one in needs) if isinstance(needs, list) else "",
        "due": _due_fields(step.get("due")),
        "silent_days": _text(silent.get("after_business_days")),
        "silent_template": _text(silent.get("template")),
    }


def _due_fields(due: Any) -> dict[str, str]:
    due = due if isinstance(due, Mapping) else {}
    unit = next((unit.value for unit in Unit if unit.value in due), Unit.DAYS.value)
    side = Direction.BEFORE if "before" in due else Direction.AFTER
    anchor = due.get(side.value) or Anchor.OPENED
    return {"amount": _text(due.get(unit)), "unit": unit, "from": f"{side}:{anchor}"}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def errors(problems: Sequence[PlaybookProblem]) -> dict[str, str]:
    """By the name of the field beside which it is shown; what belongs to none stands in the list above."""
    found: dict[str, str] = {}
    for one in problems:
        parts = one.path.split(".")
        is_step = len(parts) > 2 and parts[0] == "steps"
        name = f"s{parts[1]}_{parts[2]}" if is_step else parts[0]
        found.setdefault(name, one.text)
    return found
