"""Choosing who may read a mail before it is sent, and finding it again by those to whom it went."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.auth.models import User
from server.errors import Conflict, Forbidden, Invalid
from server.mail import choices, chosen
from server.mail.chosen import hold
from server.mail.holders import Holder, holder
from server.mail.incoming import parties_of
from server.mail.rules import load_rules
from server.panel.foresee import NOT_READ, Draft, as_if_sent, is_read_now
from server.timeline.models import Level


def choose(session: Session, draft: Draft, level: Level | None, *, user: User, now: datetime) -> None:
    """For the mail that leaves next to these people; None takes it back.

    Raises Forbidden for another's mailbox, Conflict for one that is not read, Invalid while nobody is written to.
    """
    mine = holder(session, user)
    if not mine.owns(draft.written_from):
        raise Forbidden("This mailbox is not yours.", cure="Choose in the Gmail that you connected to Rapport.")
    if mine.mailbox_id is None or not is_read_now(session, mine):
        raise Conflict(NOT_READ, cure="Switch the reading on under Mailbox, then choose.")
    people = addressed(session, mine.mailbox_id, draft, mine, now).people_key
    if people is None:
        what = "Nobody is written to yet."
        raise Invalid(what, cure="Add a recipient, then choose.", fields={"to": what})
    hold(session, mine.mailbox_id)
    choices.put(session, mine.mailbox_id, people, gmail_thread_id=draft.gmail_thread_id, level=level, now=now)


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """To whom a draft goes: `keys` are match keys; `people_key` is by what choices are found, None for nobody."""

    keys: frozenset[str]
    people_key: str | None


def addressed(session: Session, mailbox_id: uuid.UUID, draft: Draft, mine: Holder, now: datetime) -> Addressed:
    rules = load_rules(session)
    parties = parties_of(as_if_sent(draft, mine, now), rules)
    return Addressed(keys=choices.written_to(parties), people_key=choices.people_key(mailbox_id, parties, rules.salt))


def bind(session: Session, mine: Holder, people: str, gmail_message_id: str, *, now: datetime) -> None:
    """A mail to these people just left, with the choice that its writer saw: that one is this message's.

    What is bound already stays, and where no choice waits nothing happens.
    """
    if mine.mailbox_id is None:
        return
    hold(session, mine.mailbox_id)
    if choices.bound_to(session, mine.mailbox_id, gmail_message_id) is None:
        choice = choices.waiting(session, mine.mailbox_id, people, now=now)
        if choice is not None:
            chosen.bind(session, choice, gmail_message_id, user_id=mine.user_id, now=now)
