"""Logs: one constant event name plus fields. Ids, never addresses, bodies or tokens."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog

_SECRET_WORDS = ("token", "secret", "password", "authorization", "cookie", "body", "html", "address", "email_to")
_SECRET_NAMES = frozenset({"email", "to", "cc", "subject", "recipients", "text"})
_HIDDEN = "[redacted]"
# Whatever stands before an @ and looks like mail; also the user and password of a URL.
_ADDRESS = re.compile(r"[^\s@<>\"'(),;=\[\]{}]+@[\w-]+(?:\.[\w-]+)*")


def _is_secret(key: str) -> bool:
    key = key.lower()
    return key in _SECRET_NAMES or key.endswith("_email") or any(word in key for word in _SECRET_WORDS)


def _redact(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {
        key: _without_secrets(value) if key == "event" or not _is_secret(key) else _HIDDEN
        for key, value in event.items()
    }


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _HIDDEN if _is_secret(str(key)) else _without_secrets(one) for key, one in value.items()}
    return value


def _mask(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last net: no address gets out in a text, such as the message of a database's exception."""
    return {key: _ADDRESS.sub("[address]", value) if isinstance(value, str) else value for key, value in event.items()}


def configure(log_format: str = "json", *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog and the standard library's records through one renderer to `stream` (stderr)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _mask,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.getLogger("googleapiclient.discovery_cache").setLevel(logging.ERROR)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return bound
