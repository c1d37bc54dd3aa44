"""Who may change where a mail stands."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.auth import policy
from server.auth.policy import Deed, Scope
from server.errors import Forbidden
from server.mail import queries
from server.mail.models import LinkState
from server.web.identity import Visitor, require_visitor


def why_not_correct(session: Session, visitor: Visitor, *, message_id: uuid.UUID, account_id: uuid.UUID) -> str:
    """ "" if this visitor may move, unlink and pair the mail at this account; else a kind sentence."""
    if not policy.may(visitor, Deed.CORRECT_MAIL):
        return "You can look at everything here; moving mail is for TAMs, managers and admins."
    if queries.holds(session, message_id, visitor.user_id):
        return ""
    account = accounts.by_id(session, account_id)
    is_for_all = policy.scope_of(visitor.role, Deed.CORRECT_MAIL) is Scope.EVERYBODYS
    if is_for_all or (
        policy.covers(session, visitor, Deed.CORRECT_MAIL, account.tam_id)
        and queries.link_state(session, message_id, account_id) is not None
    ):
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


def demand_may_move(
    session: Session, *, message_id: uuid.UUID, from_account_id: uuid.UUID, to_account_id: uuid.UUID
) -> tuple[Visitor, uuid.UUID]:
    """The visitor, and the account at which they may: where the mail stands, or where it stood before (to undo a move).

    Raises Forbidden.
    """
    visitor = require_visitor()
    if why_not_correct(session, visitor, message_id=message_id, account_id=from_account_id):
        was_there = queries.link_state(session, message_id, to_account_id) == LinkState.UNLINKED
        if was_there and not why_not_correct(session, visitor, message_id=message_id, account_id=to_account_id):
            return visitor, to_account_id
    return demand_may_correct(session, message_id=message_id, account_id=from_account_id), from_account_id


def demand_may_link(session: Session, *, message_id: uuid.UUID, account_id: uuid.UUID, whole_thread: bool) -> Visitor:
    """Holders place their own mail; who may correct it at an account brings back there what was taken off.

    Raises Forbidden.
    """
    visitor = require_visitor()
    policy.demand(visitor, Deed.SORT_MAIL)
    if queries.holds(session, message_id, visitor.user_id):
        return visitor
    if not whole_thread and queries.link_state(session, message_id, account_id) == LinkState.UNLINKED:
        return demand_may_correct(session, message_id=message_id, account_id=account_id)
    raise Forbidden("This mail is not yours.", cure="Those whose own mail it is can say where it belongs.")


def only_held_by(session: Session, visitor: Visitor, account_id: uuid.UUID) -> uuid.UUID | None:
    """Whose mail alone a deed on many mails of this account may touch: None for its TAM and for admins."""
    if is_admin(visitor) or accounts.by_id(session, account_id).tam_id == visitor.user_id:
        return None
    return visitor.user_id


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
    policy.demand(visitor, Deed.SORT_MAIL)
    if not all(queries.holds(session, message_id, visitor.user_id) for message_id in message_ids):
        raise Forbidden("One of these mails is not yours.", cure="Load the page anew and choose again.")
    return visitor


def is_admin(visitor: Visitor) -> bool:
    return policy.may(visitor, Deed.SET_RULES)


def demand_admin() -> Visitor:
    """For rules that hold for everybody. Raises Forbidden."""
    visitor = require_visitor()
    policy.demand(visitor, Deed.SET_RULES)
    return visitor
