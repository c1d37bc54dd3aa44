"""Mail that Rapport itself writes to its own users, by the company's mail server. No customer gets one this way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from server.ports.errors import PortError


class NotNow(PortError):
    """Known not done: the server cannot be reached, or says that it may be tried again later."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """`key` makes the same letter have the same Message-ID, so that a double would be seen as one."""

    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    key: str


class Post(Protocol):
    def send(self, letter: Letter) -> None:
        """Raises Rejected (for good), NotNow (known not done), OutcomeUnknown (it may have left)."""
        ...
