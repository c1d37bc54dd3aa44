"""Three OpenID providers that others wrote, and a person's clicks at them.

emulate 0.12.2 plays Okta and Google; oidc-provider 9.13.3 is a provider in its own right.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.cast import ALICE, BOB, CHARLIE
from tests.conftest import BASE_URL

TESTS = Path(__file__).parent.parent
CALLBACK = f"{BASE_URL}/auth/callback"
ZOE = "zoe@rapport.example"
GROUPS = {ALICE: ["Everyone", "CS-TAM"], BOB: ["Everyone"], ZOE: ["CS-Ops", "CS-TAM"], CHARLIE: []}
NAMES = {ALICE: "Alice Moreau", BOB: "Bob Lindqvist", ZOE: "Zoë Quinn", CHARLIE: "Charlie Okoye"}


@dataclass(frozen=True, kw_only=True)
class Provider:
    """`choose(url, email)`: a person follows the way to the provider, signs in there, and this is the way back."""

    name: str
    environ: dict[str, str]
    choose: Callable[[str, str], str]
    issuer: str
    client_secrets: Callable[[str], str]


@contextmanager
def running(folder: str, script: str, *arguments: str) -> Iterator[str]:
    """The address of a provider, which runs until then."""
    if not (TESTS / folder / "node_modules").is_dir():
        pytest.fail(f"tests/{folder} is not installed: run `make setup-tests`")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["node", str(TESTS / folder / script), str(port), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://"), f"{folder}/{script} did not start"
            yield url
        finally:
            process.stdin.close()
            process.wait(10)


@contextmanager
def okta() -> Iterator[Provider]:
    ids = {email: f"00u{number}" for number, email in enumerate(GROUPS)}
    groups = sorted({group for mine in GROUPS.values() for group in mine})
    seed = {
        "users": [
            {"okta_id": ids[email], "login": email, "email": email, "display_name": NAMES[email]} for email in GROUPS
        ],
        "groups": [{"okta_id": f"00g-{group}", "name": group, "type": "OKTA_GROUP"} for group in groups],
        "group_memberships": [
            {"user_okta_id": ids[email], "group_okta_id": f"00g-{group}"} for email in GROUPS for group in GROUPS[email]
        ],
        "authorization_servers": [{"id": "default", "name": "default", "audiences": ["api://default"]}],
        "oauth_clients": [_client(name) | {"auth_server_id": "default"} for name in ("rapport", "other")],
    }
    with running("emulate", "identity.mjs", "okta", json.dumps(seed)) as url:
        environ = {"OIDC_NAME": "Okta", "OIDC_SCOPES": "groups"}
        yield _provider("okta", f"{url}/oauth2/default", environ, _choose_in_a_list)


@contextmanager
def google() -> Iterator[Provider]:
    seed = {
        "users": [{"email": email, "name": name} for email, name in NAMES.items()],
        "oauth_clients": [_client(name) for name in ("rapport", "other")],
    }
    with running("emulate", "identity.mjs", "google", json.dumps(seed)) as url:
        yield _provider("google", url, {"OIDC_NAME": "Google"}, _choose_in_a_list)


@contextmanager
def certified(callback: str = CALLBACK) -> Iterator[Provider]:
    given = {
        "redirectUri": callback,
        "clients": {"rapport": "RS256", "other": "RS256", "ps": "PS256", "es": "ES256", "hs": "HS256"},
        "people": {
            email: {"name": NAMES[email], "email_verified": email != CHARLIE, "groups": GROUPS[email]}
            for email in GROUPS
        },
    }
    with running("identity", "start.mjs", json.dumps(given)) as url:
        environ = {"OIDC_NAME": "Keys & Co", "OIDC_SCOPES": "groups"}
        yield _provider("oidc-provider", url, environ, _sign_in_by_form)


def _provider(name: str, issuer: str, environ: dict[str, str], choose: Callable[[str, str], str]) -> Provider:
    client = {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": "rapport", "OIDC_CLIENT_SECRET": _secret("rapport")}
    return Provider(name=name, issuer=issuer, environ={**client, **environ}, choose=choose, client_secrets=_secret)


def _secret(client_id: str) -> str:
    # With characters that have to be escaped on their way.
    return f"the-secret-of-{client_id}+/%"


def _client(client_id: str) -> dict[str, object]:
    return {"client_id": client_id, "client_secret": _secret(client_id), "name": client_id, "redirect_uris": [CALLBACK]}


def _choose_in_a_list(url: str, email: str) -> str:
    """emulate: a form for each person."""
    page = requests.get(url, timeout=5)
    forms = [form for form in re.findall(r"<form.*?</form>", page.text, re.S) if email in form]
    assert forms, page.text
    fields = {
        unescape(name): unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', forms[0])
    }
    action = re.search(r'action="([^"]+)"', forms[0])
    assert action is not None
    answer = requests.post(urljoin(url, unescape(action[1])), data=fields, timeout=5, allow_redirects=False)
    return _way_back(answer)


def _sign_in_by_form(url: str, email: str) -> str:
    """oidc-provider's own pages: any password, then consent."""
    with requests.Session() as browser:
        answer = browser.get(url, timeout=5, allow_redirects=False)
        for _ in range(12):
            location = answer.headers.get("Location")
            if location and location.startswith(BASE_URL):
                return _way_back(answer)
            if location:
                answer = browser.get(urljoin(answer.url, location), timeout=5, allow_redirects=False)
                continue
            assert answer.status_code == 200, answer.text
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert prompt is not None, answer.text
            form = {"prompt": prompt[1], "login": email, "password": "any"}
            answer = browser.post(answer.url, data=form, timeout=5, allow_redirects=False)
    raise AssertionError("the way back was not found")


def _way_back(answer: requests.Response) -> str:
    """Path and query."""
    back = answer.headers["Location"]
    assert back.startswith(CALLBACK), back
    return back.removeprefix(f"{urlsplit(back).scheme}://{urlsplit(back).netloc}")
