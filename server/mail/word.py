"""A person's word on a mail or on its conversation, and what follows from it at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.auth import people
from server.db import insert_if_absent
from server.mail import again, entries, ledger_rows, removal
from server.mail.decide import decide
from server.mail.models import (
    LinkRule,
    LinkState,
    MailCopy,
    MailLink,
    MailMessage,
    MailParticipant,
    MailState,
    ThreadDecision,
)
from server.mail.rows import held, links_by_account
from server.mail.rules import load_rules


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """Who says it, when, and what they said before of this conversation: {account: linked or not}."""

    by: uuid.UUID
    now: datetime
    of_thread: dict[uuid.UUID, str]

    def is_of_one_mail(self, link: MailLink) -> bool:
        """Whether a person said so of this mail alone, and not of its conversation."""
        return link.by_person_id is not None and self.of_thread.get(link.account_id) != link.state


def word_on(session: Session, message: MailMessage, by: uuid.UUID, now: datetime) -> Word:
    found = select(ThreadDecision.account_id, ThreadDecision.state).where(
        ThreadDecision.mail_thread_id == message.mail_thread_id
    )
    return Word(by=by, now=now, of_thread={row.account_id: row.state for row in session.execute(found)})


def mails_of(
    session: Session, message: MailMessage, *, whole_thread: bool, only_held_by: uuid.UUID | None = None
) -> Iterable[MailMessage]:
    """The mail, or all of its conversation that stand, in one order for all who hold several.

    `only_held_by`: of the conversation only those of which this user holds a copy.
    """
    if not whole_thread:
        return [message]
    wanted = select(MailMessage.id).where(*_standing_beside(message))
    if only_held_by is not None:
        wanted = wanted.where(MailMessage.id.in_(copies_held_by(only_held_by)))
    ids = session.scalars(wanted.order_by(MailMessage.id)).all()
    found = (held(session, message_id) for message_id in ids)
    return [one for one in found if one is not None and one.state != MailState.REMOVED]


def holds_all(session: Session, message: MailMessage, user_id: uuid.UUID | None) -> bool:
    """Whether a word of this user may be for the whole conversation, and what comes to it; None: it may."""
    if user_id is None:
        return True
    others = select(MailMessage.id).where(*_standing_beside(message), MailMessage.id.not_in(copies_held_by(user_id)))
    return session.scalars(others.limit(1)).first() is None


def copies_held_by(user_id: uuid.UUID) -> Select[uuid.UUID]:
    """Ids of the mails that this user holds."""
    return select(MailCopy.mail_message_id).where(MailCopy.user_id == user_id)


def _standing_beside(message: MailMessage) -> tuple[ColumnElement[bool], ...]:
    return MailMessage.mail_thread_id == message.mail_thread_id, MailMessage.state != MailState.REMOVED


def may_change(word: Word, link: MailLink, one: MailMessage, clicked: MailMessage) -> bool:
    """A word on the whole conversation leaves what was said of one of its mails."""
    return one is clicked or not word.is_of_one_mail(link)


def decide_thread(session: Session, message: MailMessage, account_id: uuid.UUID, state: LinkState, word: Word) -> None:
    fresh = ThreadDecision(
        mail_thread_id=message.mail_thread_id, account_id=account_id, state=state, by_person_id=word.by,
        decided_at=word.now,
    )  # fmt: skip
    if insert_if_absent(session, fresh):
        return
    standing = session.scalars(
        select(ThreadDecision).where(
            ThreadDecision.mail_thread_id == message.mail_thread_id, ThreadDecision.account_id == account_id
        )
    ).one()
    standing.state, standing.by_person_id, standing.decided_at = state, word.by, word.now


def say(link: MailLink, state: LinkState, word: Word) -> None:
    """The row keeps the rule that it came by: that is its reason, and the person's name stands beside it."""
    link.state, link.by_person_id, link.decided_at = state, word.by, word.now


def put(
    session: Session,
    message: MailMessage,
    standing: MailLink | None,
    account_id: uuid.UUID,
    word: Word,
    *,
    clicked: MailMessage,
    lost: Sequence[dict[str, Any]],
    address: str | None = None,
) -> None:
    if standing is not None:
        if not may_change(word, standing, message, clicked):
            return
        say(standing, LinkState.LINKED, word)
        standing.candidates = _with(standing.candidates, lost, account_id)
        return
    session.add(
        MailLink(
            mail_message_id=message.id,
            account_id=account_id,
            state=LinkState.LINKED,
            rule=LinkRule.PERSON,
            address=address or _main_address(session, message),
            contact_id=None,
            candidates=_with([], lost, account_id),
            rule_version=message.rule_version,
            by_person_id=word.by,
            decided_at=word.now,
            timeline_entry_id=None,
        )
    )
    session.flush()


def _main_address(session: Session, message: MailMessage) -> str | None:
    """Whom the mail is with: its sender, or, of what we wrote, the first whom it went to."""
    statement = (
        select(MailParticipant.email_norm)
        .where(
            MailParticipant.mail_message_id == message.id,
            MailParticipant.is_ours.is_(False),
            MailParticipant.part != "bcc",
        )
        .order_by(MailParticipant.position, MailParticipant.id)
    )
    return session.scalars(statement.limit(1)).first()


def _with(standing: Sequence[Any], lost: Sequence[dict[str, Any]], account_id: uuid.UUID) -> list[dict[str, Any]]:
    """Each account that lost once, its newest reason; never the account itself."""
    found = {one["account_id"]: one for one in (*standing, *lost) if one["account_id"] != str(account_id)}
    return list(found.values())


def candidate(session: Session, link: MailLink, because: str) -> dict[str, Any]:
    return {
        "account_id": str(link.account_id),
        "account": session.get_one(Account, link.account_id).name,
        "rule": link.rule,
        "address": link.address or "",
        "lost_because": because,
    }


def ties_that_lost(
    session: Session, message: MailMessage, account_id: uuid.UUID, by: uuid.UUID
) -> list[dict[str, Any]]:
    """The other accounts of a question that this click answers."""
    if not any(str(account_id) in tie for tie in message.ties.values()):
        return []
    because = f"{people.by_id(session, by).name} chose another account"
    decision = decide(session, again.incoming_again(session, message), load_rules(session), message_id=message.id)
    return [
        {
            "account_id": str(one.account_id), "account": one.account, "rule": one.rule, "address": one.address,
            "lost_because": because,
        }
        for tie in decision.ties.values()
        if any(one.account_id == account_id for one in tie)
        for one in tie
        if one.account_id != account_id
    ]  # fmt: skip


def settle(session: Session, message: MailMessage, now: datetime) -> None:
    """Bring the mail, its timeline entries and the ledger to what its links say now."""
    links = links_by_account(session, message.id)
    linked = [link for link in links.values() if link.state == LinkState.LINKED]
    message.ties = {address: tie for address, tie in message.ties.items() if not any(str(one) in tie for one in links)}
    if not linked and not message.ties:
        removal.tombstone(session, message, now=now)
        return
    was_linked = message.state == MailState.LINKED
    message.state = MailState.LINKED if linked else MailState.WAITING
    message.waiting_reason = None if linked else "tie"
    message.changed_at = now
    session.flush()
    if not linked:
        removal.let_wait(session, message, now=now)
    elif not was_linked:
        ledger_rows.read_for_text(session, [message.id], now=now)
    entries.project(session, message, now=now)
