"""UUIDv7 as RFC 9562 has it."""

from __future__ import annotations

import time
import uuid

from server.ids import new_id


def test_an_id_is_a_uuid_of_version_7_that_holds_its_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_ids_of_later_milliseconds_sort_later_also_as_text() -> None:
    first = new_id()
    while time.time_ns() // 1_000_000 == first.int >> 80:
        pass
    second = new_id()
    assert first < second
    assert str(first) < str(second)


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_ids_of_one_process_rise_also_within_one_tick_of_the_clock() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
