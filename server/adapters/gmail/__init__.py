"""Gmail through its REST API."""

from server.adapters.gmail.mailbox import GoogleGmail

__all__ = ["GoogleGmail"]
