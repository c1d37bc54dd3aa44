"""Which answer of Google's means what to a caller."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httplib2
import pytest
from googleapiclient.errors import HttpError

from server.adapters.gmail.google_errors import port_error
from server.ports.errors import AccessLost, Missing, OutcomeUnknown, PortError, Rejected, Throttled

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def answer(status: int, reason: str = "", message: str = "", **headers: str) -> PortError:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason}] if reason else []}}
    return translated(status, json.dumps(body).encode(), **headers)


def translated(status: int, content: bytes, **headers: str) -> PortError:
    response = httplib2.Response({"status": status, **{name.replace("_", "-"): text for name, text in headers.items()}})
    return port_error(HttpError(response, content), now=NOW)


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "invalidArgument", Rejected),
        (401, "authError", AccessLost),
        (403, "insufficientPermissions", AccessLost),
        (403, "domainPolicy", AccessLost),
        (403, "dailyLimitExceeded", Throttled),
        (403, "userRateLimitExceeded", Throttled),
        (403, "rateLimitExceeded", Throttled),
        (403, "quotaExceeded", Throttled),
        (403, "accessNotConfigured", Throttled),
        (403, "forbidden", Rejected),
        (404, "notFound", Missing),
        (408, "", OutcomeUnknown),
        (413, "", Rejected),
        (429, "anything", Throttled),
        (302, "", OutcomeUnknown),
        (500, "backendError", OutcomeUnknown),
        (503, "", OutcomeUnknown),
    ],
)
def test_an_answer_has_one_meaning(status: int, reason: str, kind: type[PortError]) -> None:
    error = answer(status, reason)
    assert isinstance(error, kind)
    assert error.reason


@pytest.mark.parametrize(
    ("headers", "message", "after"),
    [
        ({"retry_after": "30"}, "", 30),
        ({"retry_after": "Sun, 22 Nov 2026 09:02:00 GMT"}, "", 120),
        ({}, "User-rate limit exceeded.  Retry after 2026-11-22T09:05:00.000Z", 300),
        ({}, "User-rate limit exceeded.  Retry after 2026-11-22T08:00:00.000Z", 0),
        ({"retry_after": "soon"}, "no time here", 60),
        ({"retry_after": "999999999"}, "", 86_400),
    ],
)
def test_the_time_to_come_back_is_found(headers: dict[str, str], message: str, after: int) -> None:
    error = answer(429, "rateLimitExceeded", message, **headers)
    assert isinstance(error, Throttled)
    assert error.retry_at == NOW + timedelta(seconds=after)


def test_a_scope_that_is_missing_is_seen_in_the_new_style_too() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]
    body = {"error": {"code": 403, "message": "x", "details": details}}
    assert isinstance(translated(403, json.dumps(body).encode()), AccessLost)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"error": "text"}', b'{"error": {"errors": [7]}}'])
def test_an_unreadable_error_still_has_a_meaning(content: bytes) -> None:
    assert isinstance(translated(429, content), Throttled)
    assert isinstance(translated(400, content), Rejected)


def test_google_s_text_never_becomes_a_reason() -> None:
    error: Any = answer(400, "zoe@customer.example is not valid", "zoe@customer.example")
    assert "zoe" not in f"{error} {error.reason}"
