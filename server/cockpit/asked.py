"""What the address of the Cockpit asks for: whose CTAs, which of them, in which order and layout.

A saved view keeps the same words. What is not in a list is refused with the field's name, so that an address that was
typed or is old never shows something else than it says.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import partial

from server.accounts.models import LifecycleStage
from server.ctas.models import TaskKind
from server.errors import Invalid
from server.playbooks.choices import Choices
from server.playbooks.models import ChoiceList

LONGEST_TEXT = 100
LONGEST_NAME = 200
_EARLIEST, _LATEST = date(1970, 1, 1), date(2200, 12, 31)


class View(StrEnum):
    MINE = "mine"
    ALL = "all"
    TEAM = "team"
    RECOMMENDED = "recommended"


class Layout(StrEnum):
    LIST = "list"
    BOARD = "board"
    CALENDAR = "calendar"


class GroupBy(StrEnum):
    DUE = "due"
    ACCOUNT = "account"
    TYPE = "type"
    STATUS = "status"
    PRIORITY = "priority"
    OWNER = "owner"
    RENEWAL = "renewal"
    PLAYBOOK = "playbook"
    NONE = "none"


class SortBy(StrEnum):
    DUE = "due"
    RENEWAL = "renewal"
    ARR = "arr"
    PRIORITY = "priority"
    OPENED = "opened"
    NAME = "name"


class Columns(StrEnum):
    STATUS = "status"
    PRIORITY = "priority"


class Due(StrEnum):
    ANY = ""
    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"
    NONE = "none"
    RANGE = "range"


class Snoozed(StrEnum):
    HIDE = ""
    ONLY = "only"
    SHOW = "show"


# Beside the keys of the list: "" is all that is open.
ALL_CLOSED = "over"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Empty texts and None ask for nothing. `month` is the first day of the month that the calendar shows.

    `is_closed`: only what is over is asked for. `words` are all of this as the address has it.
    """

    view: View = View.MINE
    layout: Layout = Layout.LIST
    group: GroupBy = GroupBy.DUE
    sort: SortBy = SortBy.DUE
    columns: Columns = Columns.STATUS
    month: date | None = None
    q: str = ""
    type: str = ""
    status: str = ""
    reason: str = ""
    priority: str = ""
    owner: uuid.UUID | None = None
    account: uuid.UUID | None = None
    flagged: bool = False
    snoozed: Snoozed = Snoozed.HIDE
    due: Due = Due.ANY
    due_from: date | None = None
    due_until: date | None = None
    playbook: str = ""
    next: str = ""
    stage: str = ""
    is_closed: bool = False
    words: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def filters(self) -> int:
        """How many of the filters are in use."""
        return sum(name in self.words for name in FILTERS)


FILTERS = (
    *("q", "type", "status", "reason", "priority", "owner", "account", "flagged", "snoozed", "due"),
    *("playbook", "next", "stage"),
)
_ENUMS: Mapping[str, type[StrEnum]] = {
    "view": View,
    "layout": Layout,
    "group": GroupBy,
    "sort": SortBy,
    "columns": Columns,
    "due": Due,
    "snoozed": Snoozed,
    "next": TaskKind,
    "stage": LifecycleStage,
}
_LISTS = {
    "type": ChoiceList.TYPE,
    "status": ChoiceList.STATUS,
    "reason": ChoiceList.REASON,
    "priority": ChoiceList.PRIORITY,
}
NAMES = (*_ENUMS, *_LISTS, "month", "q", "owner", "account", "flagged", "due_from", "due_until", "playbook")


def read(given: Mapping[str, str], lists: Choices) -> Asked:
    """Raises Invalid with the field's name for what is not in a list, no date or no id."""
    words = {name: value for name in NAMES if (value := given.get(name, "").replace("\0", "").strip())}
    for name, longest in _TEXTS.items():
        if name in words:
            words[name] = words[name][:longest]
    values: dict[str, object] = {name: words[name] for name in _TEXTS if name in words}
    for name, take in _TAKEN.items():
        # The words as they were sent: NUL in them is no key.
        if given.get(name):
            values[name] = take(name, given[name])
    for name, which in _LISTS.items():
        if given.get(name):
            values[name] = _key(name, given[name], lists, which)
    status = given.get("status", "")
    values["is_closed"] = status == ALL_CLOSED or (bool(status) and lists.status(status).is_closed)
    return Asked(**values, words=words)  # type: ignore[arg-type]


class _Flagged(StrEnum):
    YES = "1"


def _one_of(name: str, value: str, kind: type[StrEnum]) -> StrEnum:
    try:
        return kind(value)
    except ValueError as error:
        known = ", ".join(one for one in kind if one)
        raise _wrong(name, value, f"Use one of: {known}.") from error


def _of_kind(kind: type[StrEnum], name: str, value: str) -> StrEnum:
    return _one_of(name, value, kind)


def _key(name: str, value: str, lists: Choices, which: ChoiceList) -> str:
    if value not in lists.lists[which] and not (name == "status" and value == ALL_CLOSED):
        raise _wrong(name, value, "It is not in the list.")
    return value


def _month(name: str, value: str) -> date:
    return _day(name, f"{value}-01")


def _flagged(name: str, value: str) -> bool:
    return _one_of(name, value, _Flagged) is _Flagged.YES


def _id(name: str, value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError as error:
        raise _wrong(name, value, "Choose from the list.") from error


def _day(name: str, value: str) -> date:
    try:
        found = date.fromisoformat(value)
    except ValueError as error:
        raise _wrong(name, value, "Give a day such as 2027-03-04.") from error
    if not _EARLIEST <= found <= _LATEST:
        raise _wrong(name, value, "Give a day between 1970 and 2200.")
    return found


def _wrong(name: str, value: str, cure: str) -> Invalid:
    what = f"{value[:40]!r} cannot be asked for as “{name.replace('_', ' ')}” in the Cockpit."
    return Invalid(what, cure=cure, fields={name: cure})


_TEXTS = {"q": LONGEST_TEXT, "playbook": LONGEST_NAME}
_TAKEN: Mapping[str, Callable[[str, str], object]] = {
    **{name: partial(_of_kind, kind) for name, kind in _ENUMS.items()},
    "owner": _id,
    "account": _id,
    "due_from": _day,
    "due_until": _day,
    "month": _month,
    "flagged": _flagged,
}
