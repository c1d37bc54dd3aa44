"""What a caller must know when the outside fails: was it done, may it be tried again, and when."""

from __future__ import annotations

from datetime import datetime


class PortError(Exception):
    """`reason` is the outside's own short word for it, safe to show and to log (no addresses, no tokens)."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        self.reason = reason
        super().__init__(message)


class Rejected(PortError):
    """Known not done, and trying the same again will not help (a 4xx about the content)."""


class Missing(PortError):
    """Known not there: the thing named does not exist (any more). For `send_draft` see OutcomeUnknown."""


class HistoryExpired(Missing):
    """The history cursor is too old; the caller must rescan."""


class Throttled(PortError):
    """Known not done; no call for this mailbox before `retry_at` (aware, UTC)."""

    def __init__(self, message: str, *, retry_at: datetime, reason: str = "") -> None:
        self.retry_at = retry_at
        super().__init__(message, reason=reason)


class AccessLost(PortError):
    """The grant is gone (revoked, expired, scopes missing): a person has to connect again."""


class OutcomeUnknown(PortError):
    """It may have been done: a connection cut, a time-out, a 5xx, or a 404 for a draft that was being sent."""
