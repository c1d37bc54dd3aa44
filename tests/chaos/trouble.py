"""What goes wrong in a seed: which calls to Gmail fail and how, who is killed when, what owners do meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from server.sandbox.running import RunningSandbox
from tests.cast import ALICE, BOB

_EVERYWHERE = ("429", "403-quota", "500", "503", "cut-before", "cut-after", "503-after", "401")
_FAULTS = {
    "batch": _EVERYWHERE,
    "messages.get": _EVERYWHERE,
    "messages.list": (*_EVERYWHERE, "empty-page"),
    "history.list": (*_EVERYWHERE, "empty-page", "expired-history"),
    "getProfile": _EVERYWHERE,
    "watch": _EVERYWHERE,
    "settings.sendAs.list": _EVERYWHERE,
    "oauth.token": ("429", "500", "503", "cut-before", "cut-after"),
}
_OFTEN = {"batch": 4, "messages.get": 5, "history.list": 4, "messages.list": 3}
_LONGEST_REST_S = 60


class Deed(StrEnum):
    """What happens at one moment of a seed."""

    MAIL = "mail"
    OWNER = "owner"
    FAULT = "fault"
    KILL_AT_A_CALL = "kill at a call"
    KILL_SOON = "kill soon"
    KILL_THE_WEB = "kill the web"
    EXPIRE_HISTORY = "expire history"
    EXPIRE_TOKENS = "expire tokens"
    REVOKE = "revoke"
    ASK_TO_COMPARE = "ask to compare"


_TIMES = {
    Deed.MAIL: 14,
    Deed.OWNER: 25,
    Deed.FAULT: 30,
    Deed.KILL_AT_A_CALL: 5,
    Deed.KILL_SOON: 6,
    Deed.KILL_THE_WEB: 3,
    Deed.EXPIRE_HISTORY: 2,
    Deed.EXPIRE_TOKENS: 2,
    Deed.REVOKE: 1,
    Deed.ASK_TO_COMPARE: 2,
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """`after_calls` calls to Gmail after the moment before it."""

    deed: Deed
    after_calls: int


def plan(random: Random, *, calls: int) -> list[Moment]:
    """All that happens, in its order, spread over about so many calls to Gmail."""
    deeds = [deed for deed, times in _TIMES.items() for _ in range(times)]
    random.shuffle(deeds)
    # Half of the calls: while somebody rests or is dead, none are made.
    mean = calls / len(deeds) / 2
    return [Moment(deed=deed, after_calls=int(random.expovariate(1 / mean))) for deed in deeds]


def break_something(random: Random, sandbox: RunningSandbox) -> str:
    """The next calls of one kind fail; which and how."""
    call = random.choices(list(_FAULTS), [_OFTEN.get(one, 1) for one in _FAULTS])[0]
    fault = random.choice(_FAULTS[call])
    sandbox.add_fault(
        call,
        fault,
        mailbox=random.choice((None, ALICE, BOB)),
        skip=random.randrange(4),
        times=random.choice((1, 1, 1, 2, 3)) if call != "messages.get" else random.randint(1, 8),
        retry_after_s=random.randint(1, _LONGEST_REST_S) if fault in ("429", "403-quota") else None,
    )
    return f"{call} {fault}"
