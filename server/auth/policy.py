"""Who may do what. No other place decides by role: pages, the API, lists and single reads all ask here.

A role has, for each deed, a scope: nobody's, their own, their team's, or everybody's. A list is filtered by the same
condition that a single read is checked with (`within`), so that the two can never differ. What a role may do with a
mail is bounded further by what its holders let others see (timeline/visibility.py): no role reads past that.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from enum import IntEnum, StrEnum
from typing import Protocol

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.auth.models import ROLE_LABELS, Role, User
from server.errors import Forbidden

_Owner = ColumnElement[uuid.UUID] | InstrumentedAttribute[uuid.UUID] | InstrumentedAttribute[uuid.UUID | None]


class Deed(StrEnum):
    """What can be done here. The value is the word for logs."""

    LOOK = "look"
    READ_MAIL = "read_mail"
    WORK_TASKS = "work_tasks"
    SEND_EMAILS = "send_emails"
    SEE_OUTBOX = "see_outbox"
    HAVE_MAILBOX = "have_mailbox"
    SORT_MAIL = "sort_mail"
    CORRECT_MAIL = "correct_mail"
    LOG_ACTIVITY = "log_activity"
    SET_RULES = "set_rules"
    CHANGE_TEMPLATES = "change_templates"
    CHANGE_PLAYBOOKS = "change_playbooks"
    READ_AUDIT_LOG = "read_audit_log"
    SEE_PERSONAL_DATA = "see_personal_data"
    ERASE_PERSONAL_DATA = "erase_personal_data"


class OutsideScopes(Forbidden):
    """The person may, but their token may not (RFC 6750: insufficient_scope)."""


class Asker(Protocol):
    """Who asks: a visitor, by their role; one with a token, for these deeds alone."""

    @property
    def user_id(self) -> uuid.UUID: ...

    @property
    def role(self) -> str: ...

    @property
    def deeds(self) -> frozenset[str] | None: ...


class Scope(IntEnum):
    """Whose things a deed may be done with; each holds those before it."""

    NOBODYS = 0
    OWN = 1
    TEAMS = 2
    EVERYBODYS = 3


_LOOKS = {Deed.LOOK: Scope.EVERYBODYS}
_WORKS = _LOOKS | {
    Deed.READ_MAIL: Scope.EVERYBODYS,
    Deed.WORK_TASKS: Scope.OWN,
    Deed.SEND_EMAILS: Scope.OWN,
    Deed.SEE_OUTBOX: Scope.OWN,
    Deed.HAVE_MAILBOX: Scope.OWN,
    Deed.SORT_MAIL: Scope.OWN,
    Deed.CORRECT_MAIL: Scope.OWN,
    # As mail of anybody's goes to whatever account it is with: who spoke with a customer is not always their TAM.
    Deed.LOG_ACTIVITY: Scope.EVERYBODYS,
}
_SCOPES: dict[Role, dict[Deed, Scope]] = {
    Role.VIEWER: _LOOKS | {Deed.READ_MAIL: Scope.EVERYBODYS},
    Role.AUDITOR: _LOOKS | {Deed.READ_AUDIT_LOG: Scope.EVERYBODYS, Deed.SEE_PERSONAL_DATA: Scope.EVERYBODYS},
    Role.TAM: _WORKS,
    Role.MANAGER: _WORKS | {Deed.WORK_TASKS: Scope.TEAMS, Deed.CORRECT_MAIL: Scope.TEAMS},
    Role.ADMIN: _WORKS
    | {
        Deed.WORK_TASKS: Scope.EVERYBODYS,
        Deed.CORRECT_MAIL: Scope.EVERYBODYS,
        Deed.SET_RULES: Scope.EVERYBODYS,
        Deed.CHANGE_TEMPLATES: Scope.EVERYBODYS,
        Deed.CHANGE_PLAYBOOKS: Scope.EVERYBODYS,
        Deed.READ_AUDIT_LOG: Scope.EVERYBODYS,
        Deed.SEE_PERSONAL_DATA: Scope.EVERYBODYS,
        Deed.ERASE_PERSONAL_DATA: Scope.EVERYBODYS,
    },
}
_WORDS = {
    Deed.LOOK: "Looking at accounts",
    Deed.READ_MAIL: "Reading mail",
    Deed.WORK_TASKS: "Working on tasks",
    Deed.SEND_EMAILS: "Sending emails",
    Deed.SEE_OUTBOX: "The outbox",
    Deed.HAVE_MAILBOX: "Connecting a mailbox",
    Deed.SORT_MAIL: "Sorting mail",
    Deed.CORRECT_MAIL: "Moving mail between accounts",
    Deed.LOG_ACTIVITY: "Logging calls, meetings and notes",
    Deed.SET_RULES: "Changing rules that hold for everybody",
    Deed.CHANGE_TEMPLATES: "Changing email templates",
    Deed.CHANGE_PLAYBOOKS: "Changing playbooks, triggers and the lists of CTAs",
    Deed.READ_AUDIT_LOG: "The audit log",
    Deed.SEE_PERSONAL_DATA: "Looking up what is held of a person",
    Deed.ERASE_PERSONAL_DATA: "Exporting and erasing personal data",
}


def scope_of(role: str, deed: Deed) -> Scope:
    return _SCOPES[Role(role)].get(deed, Scope.NOBODYS)


def can_own_work(user: User) -> bool:
    """Whether a CTA or a task can be theirs: they work here, in a role that works on tasks."""
    return user.deactivated_at is None and scope_of(user.role, Deed.WORK_TASKS) > Scope.NOBODYS


def _scope(asker: Asker, deed: Deed) -> Scope:
    is_outside = asker.deeds is not None and deed not in asker.deeds
    return Scope.NOBODYS if is_outside else scope_of(asker.role, deed)


def may(asker: Asker, deed: Deed) -> bool:
    """With anything at all; whose things, `within` and `covers` tell."""
    return _scope(asker, deed) > Scope.NOBODYS


def demand(asker: Asker, deed: Deed) -> None:
    """Raises Forbidden with a sentence that names who may."""
    if scope_of(asker.role, deed) > Scope.NOBODYS and not may(asker, deed):
        raise OutsideScopes(f"{_WORDS[deed]}: this token may not.", cure="Use one with the scope for it.")
    if not may(asker, deed):
        what = f"{_WORDS[deed]} is for {_who_may(deed)}."
        raise Forbidden(what, cure="Ask one of them, or an admin for that role.")


def within(asker: Asker, deed: Deed, owner: _Owner) -> ColumnElement[bool]:
    """For lists: that what `owner` names may be used for this deed by them."""
    scope = _scope(asker, deed)
    if scope is Scope.NOBODYS:
        return false()
    if scope is Scope.EVERYBODYS:
        return true()
    is_own = owner == asker.user_id
    if scope is Scope.OWN:
        return is_own
    team = select(User.team_id).where(User.id == asker.user_id).scalar_subquery()
    return or_(is_own, owner.in_(select(User.id).where(User.team_id == team)))


def covered(session: Session, asker: Asker, deed: Deed, owner_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these owners whose things may be used: the same condition, asked once for many single reads."""
    if not owner_ids or not may(asker, deed):
        return set()
    return set(session.scalars(select(User.id).where(User.id.in_(owner_ids), within(asker, deed, User.id))))


def covers(session: Session, asker: Asker, deed: Deed, owner_id: uuid.UUID | None) -> bool:
    """For one. What nobody owns is for those who may use everybody's."""
    if owner_id is None:
        return _scope(asker, deed) is Scope.EVERYBODYS
    return owner_id in covered(session, asker, deed, {owner_id})


def _who_may(deed: Deed) -> str:
    labels = [f"{ROLE_LABELS[role]}s" for role in Role if scope_of(role, deed) > Scope.NOBODYS]
    return " and ".join([", ".join(labels[:-1]), labels[-1]]) if len(labels) > 1 else labels[0]
