"""Logs: one JSON object on a line, ids only, exceptions whole but without addresses."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog

from server import logs

ADDRESS = "priya.nair@helios.example"


def lines(log_stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_stream.getvalue().splitlines()]


def test_each_event_is_one_json_object_on_one_line(log_stream: io.StringIO) -> None:
    log = logs.logger("test")
    log.info("email_sent", outbound_email_id="0190", note="two\nlines \u2028 and \x00")
    logging.getLogger("somebody.else").warning("their %s\nmessage", "own")
    first, second = lines(log_stream)
    assert first["event"] == "email_sent"
    assert first["outbound_email_id"] == "0190"
    assert first["level"] == "info"
    assert first["timestamp"].endswith("Z")
    assert second["event"] == "their own\nmessage"
    assert second["level"] == "warning"


@pytest.mark.parametrize(
    "name",
    [
        "access_token", "refresh_token", "csrf_token", "SECRET_KEY", "client_secret", "password", "Authorization",
        "cookie", "body", "body_text", "html", "to_address", "email", "to", "cc", "from_email", "email_to", "subject",
    ],
)  # fmt: skip
def test_a_field_that_may_hold_a_secret_is_not_written(log_stream: io.StringIO, name: str) -> None:
    logs.logger("test").info("event", **{name: "hush-hush"}, nested={name: "hush-hush", "kept": 1})
    assert "hush-hush" not in log_stream.getvalue()
    assert lines(log_stream)[0][name] == "[redacted]"
    assert lines(log_stream)[0]["nested"]["kept"] == 1


@pytest.mark.parametrize("name", ["email_id", "mailbox_id", "emails", "template", "state", "tone"])
def test_ids_counts_and_states_are_written(log_stream: io.StringIO, name: str) -> None:
    logs.logger("test").info("event", **{name: "seen"})
    assert lines(log_stream)[0][name] == "seen"


def test_an_address_in_a_text_is_masked_wherever_it_stands(log_stream: io.StringIO) -> None:
    logs.logger("test").info("event", detail=f"to {ADDRESS}: refused", plain="<a@b> and x@y.z.example.")
    logging.getLogger("requests").error("GET https://user:pw@host/path for %s", ADDRESS)
    text = log_stream.getvalue()
    assert ADDRESS not in text
    assert "user:pw" not in text
    assert lines(log_stream)[0]["detail"] == "to [address]: refused"
    assert lines(log_stream)[0]["plain"] == "<[address]> and [address]."


@pytest.mark.parametrize("name", ["structlog", "standard library"])
def test_an_exception_is_in_the_same_line_with_its_traceback_and_no_address(log_stream: io.StringIO, name: str) -> None:
    log: Any = logs.logger("test") if name == "structlog" else logging.getLogger("test")
    try:
        raise ValueError(f"Key (email)=({ADDRESS}) already exists.")
    except ValueError:
        log.exception("request_crashed")
    [line] = lines(log_stream)
    assert line["event"] == "request_crashed"
    assert "Traceback" in line["exception"]
    assert "ValueError: Key (email)=([address]) already exists." in line["exception"]
    assert "exc_info" not in line


def test_what_is_bound_to_the_request_stands_in_each_line(log_stream: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1")
    logs.logger("test").info("one")
    logging.getLogger("other").info("two")
    assert [line["request_id"] for line in lines(log_stream)] == ["r-1", "r-1"]


def test_values_that_json_does_not_know_do_not_stop_a_log(log_stream: io.StringIO) -> None:
    logs.logger("test").info("event", value=object(), surrogate="\ud800", number=float("inf"))
    assert lines(log_stream)[0]["event"] == "event"


def test_the_console_format_says_the_same_and_hides_the_same(log_stream: io.StringIO) -> None:
    logs.configure("console", stream=log_stream)
    logs.logger("test").info("email_sent", token="hush-hush", detail=ADDRESS)
    assert "email_sent" in log_stream.getvalue()
    assert "hush-hush" not in log_stream.getvalue()
    assert ADDRESS not in log_stream.getvalue()
