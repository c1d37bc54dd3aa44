"""Ids: UUIDv7 (RFC 9562, 5.7), so that newer rows sort after older ones."""

from __future__ import annotations

import secrets
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def new_id() -> uuid.UUID:
    """48 bits of Unix milliseconds, 12 bits of the time within (6.2, method 3), then 62 random bits.

    Rising within a process, also within one tick of the clock and when the clock is set back a little.
    """
    global _last  # noqa: PLW0603  the state of the generator
    nanoseconds = time.time_ns()
    ticks = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 * 4096 // 1_000_000)
    with _lock:
        _last = ticks = max(ticks, _last + 1)
    value = (ticks >> 12 & (2**48 - 1)) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64
    return uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62))
