"""What a playbook says, apart from how it is written down (`read.py`) and kept (`models.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class TaskType(StrEnum):
    """The same words as `ctas.models.TaskKind`."""

    TO_DO = "to_do"
    EMAIL = "email"
    CALL = "call"
    MEETING = "meeting"
    SURVEY = "survey"


class Unit(StrEnum):
    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    WEEKS = "weeks"
    MONTHS = "months"


class Anchor(StrEnum):
    """What a due date counts from."""

    OPENED = "opened"
    RENEWAL = "renewal"
    EBR = "ebr"
    CONTRACT_START = "contract_start"


class Direction(StrEnum):
    AFTER = "after"
    BEFORE = "before"


class OwnerRule(StrEnum):
    TAM = "tam"
    FORMER_TAM = "former_tam"
    MANAGER = "manager"
    ACCOUNT_OWNER = "account_owner"


@dataclass(frozen=True, kw_only=True)
class Due:
    """`amount` units after or before the anchor; 0 days is its day."""

    amount: int
    unit: Unit = Unit.DAYS
    direction: Direction = Direction.AFTER
    anchor: Anchor = Anchor.OPENED


@dataclass(frozen=True, kw_only=True)
class IfSilent:
    """An email waits this many business days for an answer; then the next template, a slug, is offered, if any."""

    after_business_days: int
    template: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """`needs` are keys of steps that come first; `minutes` is what it takes. Without `if_silent` an email waits for no
    answer: its task is done when it has left."""

    key: str
    title: str
    task: TaskType = TaskType.TO_DO
    due: Due | None = None
    owner: OwnerRule = OwnerRule.TAM
    required: bool = True
    needs: tuple[str, ...] = ()
    minutes: int = 15
    instructions: str = ""
    template: str | None = None
    to: str | None = None
    if_silent: IfSilent | None = None


@dataclass(frozen=True, kw_only=True)
class Applies:
    """For which accounts a person is offered it. Empty: for every one."""

    stages: tuple[str, ...] = ()
    arr_at_least: int | None = None
    arr_under: int | None = None


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A playbook. `cta_type`, `reason` and `priority` are keys of the lists that CTAs choose from."""

    slug: str
    name: str
    cta_type: str
    reason: str | None = None
    priority: str = "medium"
    owner: OwnerRule = OwnerRule.TAM
    description: str = ""
    applies: Applies = Applies()
    due: Due | None = None
    steps: tuple[Step, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
