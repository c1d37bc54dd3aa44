"""What reaches the sandbox, counted call by call, so that something can be done at a certain one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask, request


class Traffic:
    """Each call of the Gmail API counts, those inside a batch as well."""

    def __init__(self, app: Flask) -> None:
        """Before the application has answered anything."""
        self._changed = threading.Condition()
        self._calls = 0
        self._at: int | None = None
        self._then: Callable[[], None] | None = None
        app.before_request(self._count)

    @property
    def calls(self) -> int:
        with self._changed:
            return self._calls

    def at_call(self, number: int, then: Callable[[], None]) -> None:
        """`then` is done while that call is being answered."""
        with self._changed:
            self._at, self._then = number, then

    def forget(self) -> None:
        with self._changed:
            self._at = self._then = None

    def something_happened(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_until(self, is_so: Callable[[], bool], *, limit_s: float) -> bool:
        """Looks again with each call and each news. False when for so long there was neither."""
        with self._changed:
            while not is_so():
                if not self._changed.wait(limit_s):
                    return is_so()
        return True

    @staticmethod
    def let_pass(seconds: float) -> None:
        """A moment of no particular kind."""
        threading.Event().wait(seconds)

    def _count(self) -> None:
        if not request.path.startswith(("/gmail/", "/batch/", "/token")):
            return
        with self._changed:
            self._calls += 1
            then = None
            if self._at is not None and self._calls >= self._at:
                then, self._at, self._then = self._then, None, None
            self._changed.notify_all()
        if then is not None:
            then()
