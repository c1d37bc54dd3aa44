"""A real mail server on this machine that keeps what it is given, or answers as it is told."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from server.adapters.smtp_post import SmtpPost


class PostOffice:
    """`answers`: what DATA is answered with, one after the other; then "250 OK". "gone" cuts the connection."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.tries = 0

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250") or answer == "gone":
            message = email.message_from_bytes(envelope.original_content, policy=default)
            assert isinstance(message, EmailMessage)
            self.letters.append(message)
        if answer == "gone":
            server.transport.abort()
        return answer


@contextmanager
def open_office() -> Iterator[tuple[PostOffice, SmtpPost]]:
    office = PostOffice()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        sender = "rapport@rapport.example"
        yield office, SmtpPost(host="127.0.0.1", port=port, tls=None, user=None, password=None, sender=sender)
    finally:
        controller.stop()
