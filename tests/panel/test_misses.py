"""What the extension did not find in Gmail's page: numbers by day, and a page for admins."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.auth import devices
from server.auth.devices import From
from server.panel import misses
from server.panel.models import GmailMiss
from server.runtime import Runtime
from tests.conftest import SignedInClient
from tests.mail.letters import Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
HERE = "/settings/extension"


def tell(client: SignedInClient, *missed: tuple[str, int], **changed: object) -> Any:
    found = [{"part": part, "count": count} for part, count in missed]
    asked = {"extension_version": "0.1.0", "table_date": "2026-11-20", "misses": found} | changed
    return client.post("/api/v1/panel/misses", json=asked)


def test_they_are_added_up_by_day_part_table_and_version(
    alice: SignedInClient, sign_in: SignIn, desk: Desk, runtime: Runtime
) -> None:
    answer = tell(alice, ("subject", 2), ("recipients", 1), ("subject", 3))
    assert (answer.status_code, answer.get_json()) == (200, {"taken": 3})
    tell(sign_in(desk.book.charlie), ("subject", 1_000_000))
    tell(alice, ("subject", 1), extension_version="0.2.0")
    with runtime.db.reading() as session:
        rows = {(one.part, one.extension_version): one.count for one in session.scalars(select(GmailMiss))}
        [subject, recipients] = misses.lately(session, now=runtime.clock.now())
        assert session.scalars(select(AuditEntry)).all() == [], "a hint is no deed"
    assert rows == {("subject", "0.1.0"): 1_000_005, ("recipients", "0.1.0"): 1, ("subject", "0.2.0"): 1}
    assert (subject.part, subject.count, len(subject.by), recipients.count) == ("subject", 1_000_006, 2, 1)


def test_they_are_shown_for_thirty_days_and_go_after_ninety(alice: SignedInClient, runtime: Runtime) -> None:
    tell(alice, ("subject", 2))
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        assert len(misses.lately(session, now=now + timedelta(days=29))) == 1
        assert misses.lately(session, now=now + timedelta(days=31)) == []
        assert (misses.count_old(session, now=now + timedelta(days=89)), misses.remove_old(session, now=now)) == (0, 0)
        assert misses.count_old(session, now=now + timedelta(days=91)) == 1
        assert misses.remove_old(session, now=now + timedelta(days=91)) == 1


@ON_SQLITE
def test_an_admin_sees_what_is_missed_by_which_version_and_who_uses_it(
    alice: SignedInClient, sign_in: SignIn, desk: Desk, runtime: Runtime
) -> None:
    dana = sign_in(desk.book.dana)
    empty = dana.get(HERE).get_data(as_text=True)
    assert "Nothing was missed" in empty
    assert "Nobody is signed in" in empty
    tell(alice, ("reply_box", 1200))
    origin = From(user_agent="Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0.0.0 Safari/537.36", ip=None)
    with runtime.db.transaction() as session:
        devices.open_device(
            session, user_id=desk.book.alice, redirect_uri="https://x", scopes="read", origin=origin,
            now=runtime.clock.now(),
        )  # fmt: skip
    said = dana.get(HERE).get_data(as_text=True)
    for words in ("reply box", "1,200 times", "version 0.1.0", "Alice Moreau", "Gmail extension in Chrome on Linux"):
        assert words in said
    assert alice.get(HERE).status_code == 403
    assert HERE not in alice.get("/accounts").get_data(as_text=True)
    assert HERE in dana.get("/accounts").get_data(as_text=True)


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"misses": [{"part": "Tom Becker", "count": 1}]},
        {"misses": [{"part": "a" * 41, "count": 1}]},
        {"misses": [{"part": "subject", "count": 0}]},
        {"misses": [{"part": "subject", "count": 1_000_001}]},
        *({"misses": [{"part": "subject", "count": count}]} for count in (1.5, "1", True, None, 1e999)),
        {"misses": [{"part": "subject", "count": 1, "text": "Dear Tom"}]},
        {"misses": [{"part": "subject", "count": 1}] * 41},
        {"table_date": "lately"},
        {"extension_version": "1.0\n"},
        {"extension_version": "tom@helios.example"},
    ],
)
def test_nothing_but_numbers_and_the_extensions_own_words_is_taken(
    alice: SignedInClient, runtime: Runtime, wrong: dict[str, object]
) -> None:
    assert tell(alice, ("subject", 1), **wrong).status_code == 422
    with runtime.db.reading() as session:
        assert session.scalars(select(GmailMiss)).all() == []
