"""A sandbox over HTTP, spoken to with requests and no adapter between."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from server.sandbox.config import SandboxUser
from server.sandbox.running import RunningSandbox

ALICE = "alice@rapport.example"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"


class SteppingClock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def step(self, **by: float) -> None:
        self._now += timedelta(**by)


class Caller:
    """Calls the Gmail API of the sandbox as one user."""

    def __init__(self, sandbox: RunningSandbox, email: str, scopes: tuple[str, ...]) -> None:
        self.email = email
        self.root = f"{sandbox.base_url}/gmail/v1/users/me"
        self.token = sandbox.tokens_for(email, scopes).access_token

    def ask(self, method: str, path: str, body: object = None, **params: Any) -> requests.Response:
        return requests.request(
            method,
            self.root + path,
            json=body,
            params=params,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=5,
        )

    def get(self, path: str, **params: Any) -> Any:
        response = self.ask("GET", path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: object) -> Any:
        response = self.ask("POST", path, body)
        assert response.status_code in (200, 204), response.text
        return response.json() if response.content else None

    def send(self, *headers: str, text: str = "Hello", thread_id: str | None = None) -> Any:
        more = {"threadId": thread_id} if thread_id else {}
        return self.post("/messages/send", {"raw": encoded(*headers, text=text), **more})


def encoded(*headers: str, text: str = "Hello") -> str:
    return base64.urlsafe_b64encode("\r\n".join([*headers, "", text]).encode()).decode()


@pytest.fixture(scope="session")
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, clock: SteppingClock) -> Iterator[RunningSandbox]:
    users = (
        SandboxUser(email=ALICE, name="Alice Moreau", hosted_domain="rapport.example", send_as=("cs@rapport.example",)),
        SandboxUser(email="bob@rapport.example", name="Bob Lindqvist", hosted_domain="rapport.example"),
    )
    with RunningSandbox(tmp_path_factory.mktemp("sandbox") / "s.sqlite3", users=users, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.reset()
    return running


@pytest.fixture
def caller(sandbox: RunningSandbox) -> Callable[..., Caller]:
    """caller(email=…, scopes=…)"""

    def make(email: str = ALICE, scopes: tuple[str, ...] = (MODIFY,)) -> Caller:
        return Caller(sandbox, email, scopes)

    return make


@pytest.fixture
def alice(caller: Callable[..., Caller]) -> Caller:
    return caller()


@pytest.fixture
def bob(caller: Callable[..., Caller]) -> Caller:
    return caller("bob@rapport.example")
