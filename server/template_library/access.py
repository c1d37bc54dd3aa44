"""Who may change templates. Everybody who is signed in may look at them."""

from __future__ import annotations

from server.errors import Forbidden
from server.web.identity import Visitor, require_visitor

_ADMIN = "admin"


def may_change() -> bool:
    return require_visitor().role == _ADMIN


def demand_admin() -> Visitor:
    """Raises Forbidden."""
    visitor = require_visitor()
    if visitor.role != _ADMIN:
        raise Forbidden(
            "Only admins (CS operations) can change email templates.",
            cure="Ask one of them, or write to the contact yourself from a CTA.",
        )
    return visitor
