"""A trigger as a form of the page: read from what was sent, and shown again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from server.accounts.models import STAGE_LABELS
from server.errors import Invalid
from server.playbooks import choices
from server.playbooks import queries as playbooks
from server.playbooks.definition import OwnerRule
from server.playbooks.models import ChoiceList
from server.triggers.kinds import KINDS, Input, Param
from server.triggers.models import TriggerKind
from server.triggers.watch import Watch

OWNERS = {
    OwnerRule.TAM: "The account’s TAM",
    OwnerRule.FORMER_TAM: "The TAM before",
    OwnerRule.MANAGER: "The TAM’s manager",
    OwnerRule.ACCOUNT_OWNER: "The account’s owner in sales",
}
_PARAM = "p_"
_LONGEST = 300


def kind_of(text: str) -> TriggerKind:
    """Raises Invalid."""
    if text not in tuple(TriggerKind):
        raise Invalid("There is no such kind of trigger.", cure="Choose one of the list.")
    return TriggerKind(text)


def read_form(sent: MultiDict[str, str]) -> Watch:
    """What was sent, whatever it is: `save.checked` says what is wrong with it. Raises Invalid for the kind alone."""
    kind = kind_of(sent.get("kind", ""))

    def text(name: str) -> str:
        return sent.get(name, "").replace("\0", "").strip()[:_LONGEST]

    params: dict[str, Any] = {}
    for key, param in KINDS[kind].params.items():
        value = text(f"{_PARAM}{key}")
        if param.input is Input.YES_NO:
            params[key] = value == "yes"
        elif value:
            params[key] = _number(value) if param.input is Input.NUMBER else value
    only = {
        "stages": list(sent.getlist("stages"))[: len(STAGE_LABELS)],
        "arr_at_least": _number(text("arr_at_least")),
        "arr_under": _number(text("arr_under")),
    }
    return Watch(
        slug="",
        name=text("name"),
        kind=kind,
        params=params,
        only=only,
        cta_name=text("cta_name"),
        cta_type=text("cta_type"),
        reason=text("reason") or None,
        priority=text("priority"),
        playbook_slug=text("playbook_slug") or None,
        owner_rule=text("owner_rule"),
        names_count=text("names_count") == "yes",
    )


def _number(text: str) -> int | str | None:
    """What is no number stays as it was written, and is refused later with its field's name."""
    plain = text.replace(",", "").replace(" ", "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else text or None


def shown(session: Session, watch: Watch, errors: dict[str, str] | None = None) -> dict[str, Any]:
    """As triggers/_form.html takes it."""
    lists, kind = choices.of(session), KINDS[watch.kind]
    live = playbooks.all_live(session)
    return {
        "kind": watch.kind.value,
        "kind_label": kind.label,
        "name": watch.name,
        "cta_name": watch.cta_name,
        "fields": [f"{{{one}}}" for one in ("account", "tam", *kind.names)],
        "params": [_param(key, param, watch.params.get(key)) for key, param in kind.params.items()],
        "stages": [
            {"value": stage.value, "label": label, "is_chosen": stage.value in (watch.only.get("stages") or ())}
            for stage, label in STAGE_LABELS.items()
        ],
        "arr_at_least": _plain(watch.only.get("arr_at_least")),
        "arr_under": _plain(watch.only.get("arr_under")),
        "cta_type": watch.cta_type,
        "types": _offered(lists, ChoiceList.TYPE, watch.cta_type),
        "reason": watch.reason or "",
        "reasons": [{"value": "", "label": "None"}, *_offered(lists, ChoiceList.REASON, watch.reason or "")],
        "priority": watch.priority,
        "priorities": _offered(lists, ChoiceList.PRIORITY, watch.priority),
        "playbook": watch.playbook_slug or "",
        "playbooks": [
            {"value": "", "label": "None"},
            *({"value": slug, "label": one.definition.name} for slug, one in live.items()),
            *([{"value": watch.playbook_slug, "label": f"{watch.playbook_slug} (not live)"}]
              if watch.playbook_slug and watch.playbook_slug not in live else []),
        ],
        "owner_rule": watch.owner_rule,
        "owners": [{"value": rule.value, "label": label} for rule, label in OWNERS.items()],
        "names_count": watch.names_count,
        "errors": errors or {},
    }  # fmt: skip


def _offered(lists: choices.Choices, name: ChoiceList, chosen: str) -> Sequence[dict[str, str]]:
    found = [{"value": one.key, "label": one.label} for one in lists.offered(name)]
    if chosen and chosen not in {one["value"] for one in found}:
        found.append({"value": chosen, "label": lists.get(name, chosen).label})
    return found


def _param(key: str, param: Param, value: Any) -> dict[str, Any]:
    return {
        "name": f"{_PARAM}{key}",
        "key": key,
        "label": param.label,
        "input": param.input.value,
        "value": _plain(value),
        "is_on": value is True,
        "choices": [{"value": one, "label": label} for one, label in (param.choices or {}).items()],
        "help": param.help,
        "is_needed": param.is_needed,
    }


def _plain(value: Any) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)
