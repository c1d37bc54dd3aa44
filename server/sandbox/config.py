"""What a sandbox is told at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from server.clock import Clock, SystemClock


@dataclass(frozen=True, kw_only=True)
class SandboxUser:
    """A person with a Google account. `hosted_domain` is the Workspace domain, None for a private account.

    `send_as` are further addresses, beside their own, that the person may put into From.
    """

    email: str
    name: str
    hosted_domain: str | None = None
    send_as: tuple[str, ...] = ()


DEFAULT_USERS = (
    SandboxUser(email="alice@rapport.example", name="Alice Moreau", hosted_domain="rapport.example"),
    SandboxUser(email="bob@rapport.example", name="Bob Lindqvist", hosted_domain="rapport.example"),
    SandboxUser(email="charlie@rapport.example", name="Charlie Okoye", hosted_domain="rapport.example"),
    SandboxUser(email="dana@rapport.example", name="Dana Petrov", hosted_domain="rapport.example"),
    SandboxUser(email="erin@rapport.example", name="Erin Walsh", hosted_domain="rapport.example"),
)


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """`data_path` is an SQLite file, made when it is missing. URLs have no trailing slash.

    `redirect_uris_prefix` is the only beginning that a redirect_uri may have: Rapport's base URL. `push_url` is told of
    watched mailboxes from the start, with itself as the audience. `smtp_routes` names the servers on this machine
    that mail for a domain is handed to: {domain: (host, port)}.
    """

    data_path: Path
    base_url: str
    client_id: str = "rapport-sandbox"
    client_secret: str = field(default="rapport-sandbox-secret", repr=False)
    redirect_uris_prefix: str
    users: tuple[SandboxUser, ...] = DEFAULT_USERS
    clock: Clock = field(default_factory=SystemClock)
    push_url: str | None = None
    smtp_routes: Mapping[str, tuple[str, int]] = field(default_factory=dict)
