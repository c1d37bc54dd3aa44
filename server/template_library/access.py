"""Who may change templates. Everybody who is signed in may look at them."""

from __future__ import annotations

from server.auth import policy
from server.auth.policy import Deed
from server.web.identity import Visitor, require_visitor


def may_change() -> bool:
    return policy.may(require_visitor(), Deed.CHANGE_TEMPLATES)


def demand_admin() -> Visitor:
    """Raises Forbidden."""
    visitor = require_visitor()
    policy.demand(visitor, Deed.CHANGE_TEMPLATES)
    return visitor
