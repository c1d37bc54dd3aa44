"""Who may change where a mail stands."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.auth.models import LOOKS_ONLY, Role
from server.errors import Forbidden
from server.mail import queries
from server.web.identity import Visitor, require_visitor


def why_not_correct(session: Session, visitor: Visitor, *, message_id: uuid.UUID, account_id: uuid.UUID) -> str:
    """ "" if this visitor may move, unlink and pair the mail at this account; else a kind sentence."""
    if visitor.role in LOOKS_ONLY:
        return "You can look at everything here; moving mail is for TAMs and admins."
    if visitor.role == Role.ADMIN or queries.holds(session, message_id, visitor.user_id):
        return ""
    account = accounts.by_id(session, account_id)
    if account.tam_id == visitor.user_id and queries.link_state(session, message_id, account_id) is not None:
        return ""
    whom = f"{account.tam_name}, the TAM of {account.name}" if account.tam_name else "an admin"
    return f"Only those whose mail it is, the account’s TAM and admins can move it. Ask {whom}."


def demand_may_correct(session: Session, *, message_id: uuid.UUID, account_id: uuid.UUID) -> Visitor:
    """Raises Forbidden."""
    visitor = require_visitor()
    why_not = why_not_correct(session, visitor, message_id=message_id, account_id=account_id)
    if why_not:
        raise Forbidden("You cannot change where this mail stands.", cure=why_not)
    return visitor


def demand_holder(session: Session, message_id: uuid.UUID) -> Visitor:
    """For what only those whose own mail it is may do. Raises Forbidden."""
    visitor = require_visitor()
    if not queries.holds(session, message_id, visitor.user_id):
        raise Forbidden(
            "Only those whose own mail this is can say who reads it.",
            cure="Ask one of them: their names stand at “Why is it here?”.",
        )
    return visitor


def demand_all_held(session: Session, message_ids: list[uuid.UUID]) -> Visitor:
    """For the queue: mail that waits is for the eyes and hands of those who hold it. Raises Forbidden."""
    visitor = require_visitor()
    if visitor.role in LOOKS_ONLY:
        raise Forbidden("You can look at everything here.", cure="Sorting mail is for TAMs and admins.")
    if not all(queries.holds(session, message_id, visitor.user_id) for message_id in message_ids):
        raise Forbidden("One of these mails is not yours.", cure="Load the page anew and choose again.")
    return visitor


def is_admin(visitor: Visitor) -> bool:
    return visitor.role == Role.ADMIN


def demand_admin() -> Visitor:
    """For rules that hold for everybody. Raises Forbidden."""
    visitor = require_visitor()
    if visitor.role != Role.ADMIN:
        raise Forbidden(
            "Only admins (CS operations) can change rules that hold for everybody.",
            cure="Ask one of them, or make a rule for your own mailbox.",
        )
    return visitor
