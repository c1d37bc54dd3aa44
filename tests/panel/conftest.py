"""A desk with mail, and people who ask the panel's API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from server.runtime import Runtime
from tests.cast import ALICE
from tests.conftest import SignedInClient
from tests.mail.letters import Desk

SignIn = Callable[[uuid.UUID], SignedInClient]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return Desk.open(runtime.db)


@pytest.fixture
def alice(desk: Desk, sign_in: SignIn) -> SignedInClient:
    return sign_in(desk.book.alice)


@pytest.fixture
def beside(alice: SignedInClient) -> Ask:
    """beside("tom@…", cc=[…]) is what the panel shows Alice about such a draft of hers."""

    def ask(*to: str, **draft: object) -> dict[str, Any]:
        answer = alice.post("/api/v1/panel/situation", json={"written_from": ALICE, "to": list(to), **draft})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    return ask
