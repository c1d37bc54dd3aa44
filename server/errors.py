"""What can go wrong in the domain. Nothing here knows of HTTP; `web/problems.py` has the one table that maps it."""

from __future__ import annotations

from collections.abc import Mapping


class RapportError(Exception):
    """`detail` says what happened, `cure` what the person can do; both are shown to people."""

    title = "Something went wrong"

    def __init__(self, detail: str, *, cure: str = "") -> None:
        self.detail = detail
        self.cure = cure
        super().__init__(f"{detail} {cure}".strip())


class NotFound(RapportError):
    title = "Not found"


class Forbidden(RapportError):
    title = "Not allowed"


class Conflict(RapportError):
    """The record is no longer in the state that the deed needs."""

    title = "Changed meanwhile"


class Invalid(RapportError):
    """The input cannot be used. `fields` maps a field's name to what is wrong with it."""

    title = "Please check what you entered"

    def __init__(self, detail: str, *, cure: str = "", fields: Mapping[str, str] | None = None) -> None:
        self.fields = dict(fields or {})
        super().__init__(detail, cure=cure)


class Unavailable(RapportError):
    """A service we depend on does not answer; the same call may work later."""

    title = "Not reachable right now"


class TooMany(RapportError):
    """Somebody asks too often. `wait_s` is after how many seconds it works again."""

    title = "Too many requests"

    def __init__(self, detail: str, *, cure: str = "", wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(detail, cure=cure)
