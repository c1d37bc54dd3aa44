"""Signing in with Google, access to a person's Gmail, and the pushes of Pub/Sub."""

from server.adapters.google_accounts.mailbox_access import GoogleMailboxAccess
from server.adapters.google_accounts.push_tokens import GooglePushTokens
from server.adapters.google_accounts.sign_in import GoogleSignIn

__all__ = ["GoogleMailboxAccess", "GooglePushTokens", "GoogleSignIn"]
