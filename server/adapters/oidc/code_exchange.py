"""The code flow's two steps by Authlib: the address to send the browser to, and the one POST of a code for tokens."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote_plus

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from server.adapters.checked_session import checked_session
from server.adapters.oidc.http import TIMEOUT_S, address_refused
from server.adapters.oidc.provider import Provider
from server.adapters.oidc.token_answer import checked_answer
from server.adapters.outbound_address import AddressRefused, Origin
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import SignInRefused

# The body first: there is one spelling of it, and some who list both take only this.
_CLIENT_AUTH = ("client_secret_post", "client_secret_basic")


def authorization_url(provider: Provider, *, client_id: str, redirect_uri: str, **query: str) -> str:
    with OAuth2Session(client_id, redirect_uri=redirect_uri) as session:
        url, _state = session.create_authorization_url(
            provider.endpoint("authorization_endpoint"), code_challenge_method="S256", **query
        )
    return str(url)


def exchange_code(
    provider: Provider, *, client_id: str, client_secret: str, code: str, redirect_uri: str, code_verifier: str
) -> dict[str, Any]:
    """The token answer. Raises SignInRefused, or OutcomeUnknown when no answer came."""
    endpoint, client_auth = provider.endpoint("token_endpoint"), _client_auth(provider)
    with OAuth2Session(client_id, client_secret, token_endpoint_auth_method=client_auth) as session:
        for scheme, adapter in checked_session(operators=[Origin.of(provider.issuer)]).adapters.items():
            session.mount(scheme, adapter)
        session.register_client_auth_method(("client_secret_basic", _basic))
        session.register_compliance_hook("access_token_response", _checked)
        try:
            answer: dict[str, Any] = session.fetch_token(
                endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=code_verifier,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except AddressRefused as refused:
            raise address_refused(refused) from None
        except requests.RequestException as error:
            raise OutcomeUnknown("The provider cannot be reached.", reason=type(error).__name__) from None
        except (AuthlibBaseError, TypeError, ValueError):
            raise SignInRefused("The provider refused the code.", reason="error_in_answer") from None
    return answer


def _client_auth(provider: Provider) -> str:
    # Basic is what holds when nothing is said (OpenID Connect Discovery 1.0, 3).
    told = provider.lists("token_endpoint_auth_methods_supported")
    found = [method for method in _CLIENT_AUTH if method in (("client_secret_basic",) if told is None else told)]
    if not found:
        raise SignInRefused("The provider takes no client secret.", reason="client_auth")
    return found[0]


def _checked(response: requests.Response) -> requests.Response:
    checked_answer(response)
    return response


def _basic(client: Any, _method: str, uri: str, headers: Any, body: str) -> tuple[str, Any, str]:
    """As RFC 6749, 2.3.1 wants it: each half form-encoded first, which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body
