"""The shape of users' secret addresses for BCC and forwards: log+<token>@<RAPPORT_INBOUND_DOMAIN>."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"log\+([a-z2-7]{26})")


def token_in(email: str) -> str:
    found = _LOCAL.fullmatch(email.strip().strip("<>").rpartition("@")[0].lower())
    return found[1] if found else ""


def is_secret(email: str) -> bool:
    """Whether it is shaped like one of these addresses: they are nobody in a mail and are never shown."""
    return bool(token_in(email))
