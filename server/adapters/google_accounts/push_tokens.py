"""The port PushTokens: the OpenID Connect token that Cloud Pub/Sub puts on each push of an authenticated subscription.

Source: cloud.google.com/pubsub/docs/authenticate-push-subscriptions: signed by Google, for the audience that the
subscription names, in the name of the service account that it names.
"""

from __future__ import annotations

import hmac

from server.adapters.google_endpoints import GoogleEndpoints
from server.adapters.oidc.id_token import claims_for
from server.adapters.oidc.provider import Provider
from server.clock import Clock
from server.ports.sign_in import SignInRefused


class GooglePushTokens:
    """Without an audience or a service account no push was set up, and every token is refused."""

    def __init__(
        self, *, endpoints: GoogleEndpoints, audience: str | None, service_account: str | None, clock: Clock
    ) -> None:
        self._audience = audience
        self._service_account = service_account
        self._clock = clock
        self._provider = Provider(issuer=endpoints.issuer, discovery_url=endpoints.discovery, clock=clock)

    def check(self, token: str) -> None:
        if not self._audience or not self._service_account:
            raise _refused("not_set_up")
        claims = claims_for(token, provider=self._provider, audience=self._audience, now=self._clock.now())
        # Anybody can have Google sign a token for our audience; only ours can have it in this account's name.
        if claims.get("email_verified") is not True:
            raise _refused("email_verified")
        if not hmac.compare_digest(str(claims.get("email", "")).encode(), self._service_account.encode()):
            raise _refused("email")


def _refused(what: str) -> SignInRefused:
    return SignInRefused("The push does not come from our own subscription.", reason=f"push_token_{what}")
