"""Access to a person's Gmail, and the pushes of Pub/Sub."""

from server.adapters.google_accounts.mailbox_access import GoogleMailboxAccess
from server.adapters.google_accounts.push_tokens import GooglePushTokens

__all__ = ["GoogleMailboxAccess", "GooglePushTokens"]
