"""A Gmail extension as the server sees it, over a test client; its challenges are made by Authlib."""

from __future__ import annotations

import html
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import BASE_URL, EXTENSION_ID, SignedInClient

REDIRECT_URI = f"https://{EXTENSION_ID}.chromiumapp.org/"
CHROME = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@dataclass(kw_only=True)
class GmailExtension:
    app: Flask
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def ask(self, **changes: str | None) -> dict[str, str]:
        """The parameters of the page that asks; None leaves one out."""
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "rapport-gmail",
            "redirect_uri": REDIRECT_URI,
            "scope": "read mail tasks send",
            "state": self.state,
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}

    def code(self, person: SignedInClient, **changes: str | None) -> str:
        """What the person's browser brings back after they said yes."""
        back = self.answer(person, "allow", **changes)
        assert back["state"] == [self.state]
        assert back["iss"] == [BASE_URL]
        return back["code"][0]

    def answer(self, person: SignedInClient, answer: str, **changes: str | None) -> dict[str, list[str]]:
        """The page is opened, its hidden fields are sent as they stand there: the parameters of the way back."""
        shown = person.get("/oauth/authorize", query_string=self.ask(**changes))
        assert shown.status_code == 200, shown.text
        found = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', shown.text)
        fields = {name: html.unescape(value) for name, value in found}
        there = person.post("/oauth/authorize", data={**fields, "answer": answer})
        assert there.status_code == 303
        parts = urlsplit(there.headers["Location"])
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == REDIRECT_URI
        return parse_qs(parts.query)

    def redeem(self, code: str, **changes: str) -> TestResponse:
        return self._post(
            "/oauth/token",
            grant_type="authorization_code",
            code=code,
            **{"redirect_uri": REDIRECT_URI, "code_verifier": self.verifier, **changes},
        )

    def refresh(self, refresh_token: str) -> TestResponse:
        return self._post("/oauth/token", grant_type="refresh_token", refresh_token=refresh_token)

    def revoke(self, token: str) -> TestResponse:
        return self._post("/oauth/revoke", token=token)

    def pair(self, person: SignedInClient, **changes: str | None) -> dict[str, Any]:
        """The whole way: access_token, refresh_token, expires_in, scope."""
        answer = self.redeem(self.code(person, **changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def get(self, path: str, token: str) -> TestResponse:
        return self.app.test_client().get(path, headers={"Authorization": f"Bearer {token}"}, base_url=BASE_URL)

    def _post(self, path: str, **form: str) -> TestResponse:
        data = {"client_id": "rapport-gmail", **form}
        return self.app.test_client().post(path, data=data, base_url=BASE_URL, headers={"User-Agent": CHROME})
