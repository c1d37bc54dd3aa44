"""Ids: UUIDv7 (RFC 9562, 5.7), so that newer rows sort after older ones."""

from __future__ import annotations

import secrets
import time
import uuid


def new_id() -> uuid.UUID:
    """48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return uuid.UUID(int=value)
