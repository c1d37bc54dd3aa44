"""Two stand-ins for Google, one of them not ours, that the same contract tests run against."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.adapters.gmail import GoogleGmail
from server.adapters.google_endpoints import GoogleEndpoints
from server.clock import SystemClock
from server.ports.gmail import COMPOSE_SCOPE, READONLY_SCOPE, GmailMailbox, OAuthTokens
from server.sandbox.config import DEFAULT_USERS, SandboxUser
from server.sandbox.running import RunningSandbox

ALICE = "alice@rapport.example"
EMULATE = Path(__file__).parent.parent / "emulate"


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A place where Alice has a mailbox."""

    name: str
    mailbox: GmailMailbox


class Renewals:
    """Collects the tokens that the adapter renewed."""

    def __init__(self) -> None:
        self.tokens: list[OAuthTokens] = []

    def __call__(self, tokens: OAuthTokens) -> None:
        self.tokens.append(tokens)


def gmail_at(endpoints: GoogleEndpoints, *, read_timeout_s: float = 5.0) -> GoogleGmail:
    return GoogleGmail(
        endpoints=endpoints,
        client_id="rapport-sandbox",
        client_secret="rapport-sandbox-secret",
        clock=SystemClock(),
        read_timeout_s=read_timeout_s,
    )


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    users = (
        SandboxUser(
            email=ALICE, name="Alice Moreau", hosted_domain="rapport.example", send_as=("success@rapport.example",)
        ),
        *DEFAULT_USERS[1:],
    )
    with RunningSandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3", users=users) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: RunningSandbox) -> RunningSandbox:
    for user in running_sandbox.config.users:
        running_sandbox.revoke(user.email)
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def renewals() -> Renewals:
    return Renewals()


@pytest.fixture
def open_mailbox(sandbox: RunningSandbox, renewals: Renewals) -> Callable[..., GmailMailbox]:
    """open_mailbox(*scopes, email=…, read_timeout_s=…): a mailbox of the sandbox through the real adapter."""

    def open_it(*scopes: str, email: str = ALICE, read_timeout_s: float = 5.0) -> GmailMailbox:
        tokens = sandbox.tokens_for(email, scopes or (COMPOSE_SCOPE, READONLY_SCOPE))
        endpoints = GoogleEndpoints.for_sandbox(sandbox.base_url)
        return gmail_at(endpoints, read_timeout_s=read_timeout_s).open(tokens, on_refresh=renewals)

    return open_it


@pytest.fixture(scope="session")
def emulate_url() -> Iterator[str]:
    """The address of emulate@0.12.2."""
    if not (EMULATE / "node_modules" / "emulate").is_dir():
        pytest.fail("emulate is not installed: run `make setup-tests`")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["node", str(EMULATE / "start.mjs"), str(port), ALICE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), "emulate did not start"
        yield url
        process.stdin.close()
        process.wait(10)


@pytest.fixture
def backend(request: pytest.FixtureRequest, renewals: Renewals) -> Backend:
    if request.param == "sandbox":
        return Backend(name="sandbox", mailbox=request.getfixturevalue("open_mailbox")())
    endpoints = GoogleEndpoints.for_sandbox(request.getfixturevalue("emulate_url"))
    tokens = OAuthTokens(
        access_token="emulate-takes-any",
        refresh_token="",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        scopes=frozenset({COMPOSE_SCOPE, READONLY_SCOPE}),
    )
    return Backend(name="emulate", mailbox=gmail_at(endpoints).open(tokens, on_refresh=renewals))
