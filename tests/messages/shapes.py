"""The raw mails in `shapes/`, written by hand after what mail programs and servers send; all people are invented."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from server.messages.model import Mail

FOLDER = Path(__file__).parent / "shapes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.eml"))


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def mail(body: str = "Hello.", **headers: str) -> bytes:
    """A mail from Anna to Alice; `headers` are added or replace hers: `list_id="x"` is `List-Id: x`."""
    lines = {
        "from": "Anna Muster <anna@muster.example>",
        "to": "Alice Adams <alice@rapport.example>",
        "date": "Tue, 3 Nov 2026 10:15:00 +0100",
        "message-id": "<made-1@muster.example>",
        **{name.replace("_", "-").lower(): value for name, value in headers.items()},
    }
    return ("".join(f"{name}: {value}\n" for name, value in lines.items()) + "\n" + body).encode()


def html_mail(html: str) -> bytes:
    return mail(html, content_type="text/html; charset=utf-8")


def plain_data(mail: Mail) -> dict[str, Any]:
    """The mail as what JSON can hold."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, tuple | list):
            return [plain(one) for one in value]
        return value.isoformat() if isinstance(value, datetime) else value

    return plain(asdict(mail))


def texts_in(data: Any) -> list[str]:
    """Every text of `plain_data`, at any depth."""
    if isinstance(data, str):
        return [data]
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for one in inside for text in texts_in(one)]
