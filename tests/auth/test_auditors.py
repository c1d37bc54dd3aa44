"""An auditor changes as little as a viewer."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from server.auth.models import User
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient


@pytest.mark.parametrize("role", ["viewer", "auditor"])
def test_who_only_looks_changes_nothing(
    runtime: Runtime, book: Book, sign_in: Callable[[uuid.UUID], SignedInClient], role: str
) -> None:
    with runtime.db.transaction() as session:
        session.get_one(User, book.charlie).role = role
    charlie = sign_in(book.charlie)
    for path in (
        "/cockpit",
        "/accounts?view=all",
        f"/accounts/{book.account}",
        "/timeline",
        "/templates",
        "/mail/rules",
    ):
        assert charlie.get(path).status_code == 200, path
    for path in ("/mail/inbound", "/mail/rules/exclude", f"/tasks/{book.to_do}/complete", "/templates/new"):
        answer = charlie.post(path, data={"value": "x@evil.example", "kind": "address"})
        assert answer.status_code == 403, (path, answer.status_code)
    assert {"viewer": "Viewer", "auditor": "Auditor"}[role] in charlie.get("/cockpit").text
