"""The lists that CTAs choose from: types, statuses, reasons, priorities. Data, which admins change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import Invalid
from server.playbooks.models import ChoiceList, CtaChoice

_HELD = "cta_choices"
_WORDS = {
    ChoiceList.TYPE: "a type of CTA",
    ChoiceList.STATUS: "a status of a CTA",
    ChoiceList.REASON: "a reason of a CTA",
    ChoiceList.PRIORITY: "a priority",
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One entry as it is read. A key that no list has any more is shown as words made of it."""

    key: str
    label: str
    position: int = 9999
    only_types: frozenset[str] = frozenset()
    tone: str = "neutral"
    icon: str = ""
    is_closed: bool = False
    is_success: bool = False
    asks_note: bool = False
    is_retired: bool = False

    def suits(self, cta_type: str) -> bool:
        return not self.only_types or cta_type in self.only_types


@dataclass(frozen=True, kw_only=True)
class Choices:
    """All lists, each in its order."""

    lists: Mapping[ChoiceList, Mapping[str, Choice]]

    def get(self, name: ChoiceList, key: str) -> Choice:
        """Never fails: what stands in a CTA is shown, whatever became of the list."""
        return self.lists[name].get(key) or Choice(key=key, label=key.replace("_", " ").capitalize())

    def type(self, key: str) -> Choice:
        return self.get(ChoiceList.TYPE, key)

    def status(self, key: str) -> Choice:
        return self.get(ChoiceList.STATUS, key)

    def reason(self, key: str | None) -> Choice | None:
        return self.get(ChoiceList.REASON, key) if key else None

    def priority(self, key: str) -> Choice:
        return self.get(ChoiceList.PRIORITY, key)

    def offered(self, name: ChoiceList, cta_type: str | None = None) -> Sequence[Choice]:
        """Those that can be chosen: not retired, and of this type when one is named."""
        return [
            one for one in self.lists[name].values() if not one.is_retired and (cta_type is None or one.suits(cta_type))
        ]

    def demand_known(self, name: ChoiceList, key: str) -> None:
        """For what is looked for: also what is retired. Raises Invalid."""
        if key not in self.lists[name]:
            what = f"{key[:60]!r} is not {_WORDS[name]}."
            raise Invalid(what, cure=f"Use one of: {', '.join(self.lists[name])}.", fields={name: what})

    def demand(self, name: ChoiceList, key: str, cta_type: str | None = None) -> Choice:
        """Raises Invalid for what cannot be chosen."""
        found = next((one for one in self.offered(name, cta_type) if one.key == key), None)
        if found is None:
            keys = ", ".join(one.key for one in self.offered(name, cta_type))
            of_type = f" for {self.type(cta_type).label}" if cta_type and key in self.lists[name] else ""
            raise Invalid(
                f"{key[:60]!r} is not {_WORDS[name]}{of_type}.",
                cure=f"Choose one of: {keys}.",
                fields={name: "Not in the list."},
            )
        return found


def of(session: Session) -> Choices:
    """The lists as they are; read once in a session."""
    held = session.info.get(_HELD)
    if isinstance(held, Choices):
        return held
    lists: dict[ChoiceList, dict[str, Choice]] = {name: {} for name in ChoiceList}
    for row in session.scalars(select(CtaChoice).order_by(CtaChoice.position, CtaChoice.key)):
        lists[ChoiceList(row.list_name)][row.key] = Choice(
            key=row.key,
            label=row.label,
            position=row.position,
            only_types=frozenset(row.only_types.split()),
            tone=row.tone,
            icon=row.icon,
            is_closed=row.is_closed,
            is_success=row.is_success,
            asks_note=row.asks_note,
            is_retired=row.retired_at is not None,
        )
    found = session.info[_HELD] = Choices(lists=lists)
    return found


def forget(session: Session) -> None:
    """After a change of the lists in this session."""
    session.info.pop(_HELD, None)
