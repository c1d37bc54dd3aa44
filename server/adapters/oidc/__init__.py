"""Signing in at any OpenID provider, and what is checked of the ID tokens of all of them."""

from server.adapters.oidc.sign_in import OidcSignIn

__all__ = ["OidcSignIn"]
