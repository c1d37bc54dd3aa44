"""Google's error answers, told as what a caller must know: done or not, and may it be tried again."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from googleapiclient.errors import HttpError

from server.ports.errors import AccessLost, Missing, OutcomeUnknown, PortError, Rejected, Throttled

# developers.google.com/gmail/api/guides/handle-errors: quota errors come as 403 or as 429.
QUOTA_REASONS = frozenset({"dailyLimitExceeded", "userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded"})
# These concern the grant or the mailbox, never the content of one message.
ACCESS_REASONS = frozenset({"insufficientPermissions", "domainPolicy", "delegationDenied", "authError"})
# The Gmail API is switched off in the Google project: an administrator's matter that passes.
CONFIGURATION_REASONS = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
DEFAULT_WAIT = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=24)
_RETRY_AFTER_TEXT = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")
_REASON = re.compile(r"[A-Za-z_]{1,60}")


class TokenRefused(AccessLost):
    """A 401. Google looks at the token before anything else, so nothing was done."""


def port_error(error: HttpError, *, now: datetime) -> PortError:
    """The port's error for an answer of 300 or more. The message is ours; `reason` is one word of Google's."""
    status = int(error.resp.status)
    reason, text = _read(error.content)
    if status == 401:
        return TokenRefused("Gmail refuses the access token.", reason=reason or "unauthorized")
    if status == 429 or (status == 403 and reason in QUOTA_REASONS):
        retry_at = _retry_at(error.resp, text, now)
        return Throttled("Gmail asks to wait.", retry_at=retry_at, reason=reason or "tooManyRequests")
    if status == 403 and reason in CONFIGURATION_REASONS:
        return Throttled("The Gmail API is switched off.", retry_at=now + timedelta(minutes=5), reason=reason)
    if status == 403 and reason in ACCESS_REASONS:
        return AccessLost("The grant does not cover this.", reason=reason)
    if status == 404:
        return Missing("Gmail knows of no such thing.", reason=reason or "notFound")
    if 400 <= status < 500 and status != 408:
        return Rejected(f"Gmail refused with {status}.", reason=reason or str(status))
    return OutcomeUnknown(f"Gmail answered {status}.", reason=reason or str(status))


def _read(content: bytes) -> tuple[str, str]:
    """The reason, and the text for looking up a time in it."""
    try:
        error: Any = json.loads(content)["error"]
        details = [detail for detail in error.get("details", []) if detail.get("reason")]
        errors = error.get("errors") or details or [{}]
        reason = str(errors[0].get("reason", ""))
        if any(detail.get("reason") == "ACCESS_TOKEN_SCOPE_INSUFFICIENT" for detail in details):
            reason = "insufficientPermissions"
        text = str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "", ""
    return (reason if _REASON.fullmatch(reason) else ""), text


def _retry_at(headers: Any, text: str, now: datetime) -> datetime:
    """Retry-After in seconds or as a date, else the time in the text, else a minute from now; at most a day."""
    asked = _from_header(str(headers.get("retry-after", "")), now) or _from_text(text) or now + DEFAULT_WAIT
    return min(max(asked, now), now + LONGEST_WAIT)


def _from_header(value: str, now: datetime) -> datetime | None:
    if value.isdigit():
        return now + min(timedelta(seconds=int(value[:9])), LONGEST_WAIT)
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _from_text(text: str) -> datetime | None:
    found = _RETRY_AFTER_TEXT.search(text)
    if found is None:
        return None
    return datetime.fromisoformat(found[1].replace("Z", "+00:00"))
