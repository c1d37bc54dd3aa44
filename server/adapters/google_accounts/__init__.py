"""Signing in with Google, and access to a person's Gmail."""

from server.adapters.google_accounts.mailbox_access import GoogleMailboxAccess
from server.adapters.google_accounts.sign_in import GoogleSignIn

__all__ = ["GoogleMailboxAccess", "GoogleSignIn"]
