"""A person's clicks at Google: they choose an account, then agree or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests
from flask.testing import FlaskClient

from tests.conftest import BASE_URL

OURS = {"Origin": BASE_URL}


def agree(url: str, email: str, *, tick: Sequence[str] | None = None, decision: str = "allow") -> str:
    """Path and query of the way back. `tick` None leaves every box as it is."""
    parts = urlsplit(url)
    google = f"{parts.scheme}://{parts.netloc}"
    chooser = requests.get(url, timeout=5, allow_redirects=False)
    found = re.search(r'name="request" value="([^"]*)"', chooser.text)
    assert found is not None, chooser.text
    form: dict[str, Any] = {"request": unescape(found[1]), "account": email}
    answer = _post(f"{google}/o/oauth2/v2/auth/account", form)
    if answer.status_code == 200:
        boxes = re.findall(r'type="checkbox" name="scope" value="([^"]+)" checked', answer.text)
        form |= {"scope": boxes if tick is None else list(tick), "decision": decision}
        answer = _post(f"{google}/o/oauth2/v2/auth/consent", form)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def _post(url: str, form: dict[str, Any]) -> requests.Response:
    response = requests.post(url, data=form, timeout=5, allow_redirects=False)
    assert response.status_code in (200, 302), response.text
    return response


def start_sign_in(client: FlaskClient, *, next_path: str = "/") -> str:
    """Google's address, where the browser is sent."""
    answer = client.post("/auth/start", data={"next": next_path}, headers=OURS, base_url=BASE_URL)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def sign_in_at(client: FlaskClient, email: str, *, next_path: str = "/") -> Any:
    """The answer of our callback."""
    return client.get(agree(start_sign_in(client, next_path=next_path), email), base_url=BASE_URL)
