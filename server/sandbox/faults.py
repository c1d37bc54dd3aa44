"""Faults on request: the next calls of one kind fail in a chosen way. Kept in memory only."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """`cut-*` closes the connection without one byte of answer; `*-after` first does what was asked.

    `empty-page` answers a list with nothing but the token of the page that was asked for. `rubbish` answers 200 with
    JSON that lacks all that was asked for.
    """

    TOO_MANY_REQUESTS = "429"
    QUOTA = "403-quota"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    UNAVAILABLE_AFTER = "503-after"
    CUT_BEFORE = "cut-before"
    CUT_AFTER = "cut-after"
    SLOW_AFTER = "slow-after"
    EXPIRED_HISTORY = "expired-history"
    EMPTY_PAGE = "empty-page"
    RUBBISH = "rubbish"
    UNAUTHORIZED = "401"

    @property
    def is_answered(self) -> bool:
        """Whether the call is answered as if all were well, with something that is of no use."""
        return self in (FaultKind.EMPTY_PAGE, FaultKind.RUBBISH)

    @property
    def comes_after(self) -> bool:
        return self in (FaultKind.UNAVAILABLE_AFTER, FaultKind.CUT_AFTER, FaultKind.SLOW_AFTER)


@dataclass(kw_only=True)
class Fault:
    """`match` is a call such as drafts.send, oauth.token or batch; `mailbox` None means every mailbox.

    `about` is the id of one message or draft: then only calls that name it in their path are met. The first `skip`
    calls that fit are let through.
    """

    match: str
    fault: FaultKind
    mailbox: str | None = None
    about: str | None = None
    skip: int = 0
    times: int = 1
    retry_after_s: int | None = None
    slow_s: float = 30.0


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.stopped = threading.Event()
        """Set when the server ends, so that a slow answer does not hold it up."""

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, call: str, mailbox: str, about: str | None = None) -> Fault | None:
        """The first fault that fits, used up by one."""
        with self._lock:
            for fault in self._waiting:
                if fault.match == call and fault.mailbox in (None, mailbox) and fault.about in (None, about):
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def waiting(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]


class CallLog:
    """Counts every call that reached the sandbox, also those that a fault then broke."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, call: str, mailbox: str) -> None:
        with self._lock:
            self._counts[(call, mailbox)] += 1

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()

    def counts(self) -> list[dict[str, object]]:
        with self._lock:
            return [
                {"method": method, "mailbox": mailbox, "count": count}
                for (method, mailbox), count in sorted(self._counts.items())
            ]
