"""Only a token that Google signed, for our audience and in our service account's name, is Pub/Sub's."""

from __future__ import annotations

import pytest

from server.adapters.google_accounts import GooglePushTokens
from server.adapters.google_endpoints import GoogleEndpoints
from server.clock import SystemClock
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import SignInRefused
from server.sandbox.running import RunningSandbox

AUDIENCE = "https://rapport.example/hooks/gmail"
ACCOUNT = "push@rapport.iam.gserviceaccount.com"


def checker(url: str, audience: str | None = AUDIENCE, account: str | None = ACCOUNT) -> GooglePushTokens:
    endpoints = GoogleEndpoints.for_sandbox(url)
    return GooglePushTokens(endpoints=endpoints, audience=audience, service_account=account, clock=SystemClock())


def test_a_push_of_our_subscription_is_taken(sandbox: RunningSandbox) -> None:
    checker(sandbox.base_url).check(sandbox.push_token(audience=AUDIENCE, email=ACCOUNT))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://evil.example"}, "id_token_iss"),
        ({"aud": "https://other.example"}, "id_token_aud"),
        ({"aud": None}, "id_token_aud"),
        ({"aud": [AUDIENCE, "https://other.example"]}, "id_token_aud"),
        ({"email": "someone@evil.iam.gserviceaccount.com"}, "push_token_email"),
        ({"email": None}, "push_token_email"),
        ({"email_verified": False}, "push_token_email_verified"),
        ({"email_verified": "true"}, "push_token_email_verified"),
        ({"exp": 1_700_000_000}, "id_token_exp"),
        ({"iat": 1_700_000_000}, "id_token_iat"),
    ],
)
def test_false_claims_are_refused(sandbox: RunningSandbox, changed: dict[str, object], reason: str) -> None:
    claims = {"audience": AUDIENCE, "email": ACCOUNT, **changed}
    token = sandbox.push_token(**claims)  # type: ignore[arg-type]
    with pytest.raises(SignInRefused) as caught:
        checker(sandbox.base_url).check(token)
    assert caught.value.reason == reason


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é.é.é"])
def test_what_is_no_token_is_refused(sandbox: RunningSandbox, token: str) -> None:
    with pytest.raises(SignInRefused):
        checker(sandbox.base_url).check(token)


def test_a_token_that_was_changed_is_refused(sandbox: RunningSandbox) -> None:
    head, body, signature = sandbox.push_token(audience=AUDIENCE, email=ACCOUNT).split(".")
    with pytest.raises(SignInRefused):
        checker(sandbox.base_url).check(f"{head}.{body[:-2]}xx.{signature}")


def test_without_a_subscription_nothing_is_taken(sandbox: RunningSandbox) -> None:
    token = sandbox.push_token(audience=AUDIENCE, email=ACCOUNT)
    for incomplete in (checker(sandbox.base_url, audience=None), checker(sandbox.base_url, account=None)):
        with pytest.raises(SignInRefused) as caught:
            incomplete.check(token)
        assert caught.value.reason == "push_token_not_set_up"


def test_keys_that_cannot_be_had_are_no_refusal(sandbox: RunningSandbox) -> None:
    token = sandbox.push_token(audience=AUDIENCE, email=ACCOUNT)
    with pytest.raises(OutcomeUnknown):
        checker("http://127.0.0.1:9").check(token)
