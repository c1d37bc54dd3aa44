"""What a person chose for one mail before they sent it: which choice a mail has, and that it uses it up.

A choice waits for the next mail from this mailbox to the same people. Whoever stores or leaves out that mail binds the
choice to it in the same transaction, so that reading it again, after whatever interruption, finds the same answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from server.mail import same_mail
from server.mail.incoming import Incoming, Party
from server.mail.models import MailChoice, MailCopy, Route
from server.mail.same_mail import Rival
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState
from server.timeline.models import Level

LIFE = timedelta(hours=24)
# Gmail's clock and ours differ by so much at most.
_CLOCKS = timedelta(minutes=1)
_WRITTEN_TO = ("to", "cc", "bcc")
# Mail that leaves just now comes by these ways; the others bring what is older.
_LEAVING = (Route.GMAIL, Route.BCC)


def people_key(mailbox_id: uuid.UUID, parties: Sequence[Party], salt: str) -> str | None:
    """A keyed hash of everybody to whom it goes, in any order; None when it goes to nobody."""
    keys = written_to(parties)
    return same_mail.keyed(salt, "people", str(mailbox_id), *sorted(keys)) if keys else None


def written_to(parties: Sequence[Party]) -> frozenset[str]:
    """The match keys of everybody to whom it goes."""
    return frozenset(party.key for party in parties if party.part in _WRITTEN_TO)


def of(session: Session, incoming: Incoming, parties: Sequence[Party], salt: str) -> MailChoice | None:
    """The choice that holds for this mail: the one that is bound to it, else the one that it would use up.

    Reads only. What a person forwards to us later is a word of its own.
    """
    if incoming.mailbox_id is None or not incoming.is_sent or incoming.route is Route.FORWARD:
        return None
    mail_keys = _mail_keys(incoming, parties, salt)
    people = people_key(incoming.mailbox_id, parties, salt)
    which: list[ColumnElement[bool]] = []
    if incoming.gmail_message_id is not None:
        which.append(MailChoice.gmail_message_id == incoming.gmail_message_id)
    if mail_keys:
        which.append(MailChoice.mail_key.in_(mail_keys))
    if people is not None:
        which.append(and_(MailChoice.people_key == people, *_may_be_meant(incoming.received_at)))
    if not which:
        return None
    statement = select(MailChoice).where(MailChoice.mailbox_id == incoming.mailbox_id, or_(*which))
    found = session.scalars(statement).all()
    if not found:
        return None
    by_id = [one for one in found if one.gmail_message_id and one.gmail_message_id == incoming.gmail_message_id]
    by_key = [one for one in found if one.mail_key in mail_keys]
    return next(iter((*by_id, *by_key)), None) or _free(session, incoming, found)


def _may_be_meant(left_at: datetime) -> tuple[ColumnElement[bool], ...]:
    return MailChoice.chosen_at <= left_at + _CLOCKS, MailChoice.chosen_at > left_at - LIFE


def _free(session: Session, incoming: Incoming, found: Sequence[MailChoice]) -> MailChoice | None:
    """One that is no other mail's; that of the same conversation first, the newest of several."""
    if incoming.route not in _LEAVING or _is_known(session, incoming):
        return None
    taken_back = _taken_back(session, found)
    fits = [
        one
        for one in found
        if (one.used_at is None or one.id in taken_back or _is_told_of_alone(one, incoming))
        and (one.gmail_thread_id is None or one.gmail_thread_id == incoming.gmail_thread_id)
    ]
    return max(fits, key=lambda one: (one.gmail_thread_id is not None, one.chosen_at), default=None)


def _is_told_of_alone(choice: MailChoice, incoming: Incoming) -> bool:
    """The panel named the mail in Gmail that this may be a Bcc of; by what else to know it nobody could say yet."""
    return incoming.gmail_message_id is None and choice.mail_key is None


def _is_known(session: Session, incoming: Incoming) -> bool:
    """This very copy stands here already: a choice that is free now is for a mail to come."""
    copy = select(MailCopy.id).where(
        MailCopy.user_id == incoming.user_id, MailCopy.route == incoming.route, MailCopy.source == incoming.source
    )
    return session.scalars(copy.limit(1)).first() is not None


def _taken_back(session: Session, choices: Sequence[MailChoice]) -> set[uuid.UUID]:
    """Choices whose mail went away before it was read: Undo Send. They are for the mail that leaves in its place."""
    bound = {one.gmail_message_id: one for one in choices if one.gmail_message_id is not None}
    if not bound:
        return set()
    states = ledger.states_of(session, next(iter(bound.values())).mailbox_id, list(bound))
    return {one.id for key, one in bound.items() if key in states and was_taken_back(*states[key])}


def was_taken_back(state: LedgerState, rule: str | None) -> bool:
    """Whether a mail that had left is no mail any more: it is gone, or a draft again."""
    return state == LedgerState.GONE or (state == LedgerState.EXCLUDED and rule == "draft")


def _mail_keys(incoming: Incoming, parties: Sequence[Party], salt: str) -> list[str]:
    """By what the mail's other copies of the same person are known: its Message-ID with all that must go with it."""
    return [key for key in same_mail.keys_of(incoming, parties, salt) if key.startswith(same_mail.ID)]


def use_up(
    session: Session, choice: MailChoice, incoming: Incoming, parties: Sequence[Party], *, salt: str, now: datetime
) -> None:
    """It is this mail's from now on. Raises Rival when another mail took it at this moment."""
    mail_key = next(iter(_mail_keys(incoming, parties, salt)), choice.mail_key)
    gmail_id = incoming.gmail_message_id or choice.gmail_message_id
    if (choice.gmail_message_id, choice.mail_key) == (gmail_id, mail_key) and choice.used_at is not None:
        return
    is_its_own = choice.used_at is not None and choice.gmail_message_id in (None, gmail_id)
    result = session.execute(
        update(MailChoice)
        .where(
            MailChoice.id == choice.id,
            MailChoice.gmail_message_id.is_not_distinct_from(choice.gmail_message_id),
            MailChoice.mail_key.is_not_distinct_from(choice.mail_key),
        )
        .values(gmail_message_id=gmail_id, mail_key=mail_key, used_at=choice.used_at if is_its_own else now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise Rival


def waiting(session: Session, mailbox_id: uuid.UUID, people: str, *, now: datetime) -> MailChoice | None:
    """The newest choice for a mail to these people that has not left yet."""
    fits = session.scalars(
        select(MailChoice)
        .where(MailChoice.mailbox_id == mailbox_id, MailChoice.people_key == people, *_may_be_meant(now))
        .order_by(MailChoice.chosen_at.desc(), MailChoice.id.desc())
    ).all()
    taken_back = _taken_back(session, fits)
    return next((one for one in fits if one.used_at is None or one.id in taken_back), None)


def put(
    session: Session, mailbox_id: uuid.UUID, people: str, *, gmail_thread_id: str | None, level: Level | None,
    now: datetime,
) -> None:  # fmt: skip
    """In the place of what was chosen before for such a mail; None takes that back. The caller holds the reading."""
    earlier = select(MailChoice).where(
        MailChoice.mailbox_id == mailbox_id,
        MailChoice.people_key == people,
        MailChoice.gmail_thread_id.is_not_distinct_from(gmail_thread_id),
    )
    rows = session.scalars(earlier).all()
    taken_back = _taken_back(session, rows)
    for one in rows:
        if one.used_at is None or one.id in taken_back:
            session.delete(one)
    if level is not None:
        session.add(
            MailChoice(
                mailbox_id=mailbox_id, people_key=people, gmail_thread_id=gmail_thread_id, level=level, chosen_at=now
            )
        )
    session.flush()


def bound_to(session: Session, mailbox_id: uuid.UUID, gmail_message_id: str) -> MailChoice | None:
    which = (MailChoice.mailbox_id == mailbox_id, MailChoice.gmail_message_id == gmail_message_id)
    return session.scalars(select(MailChoice).where(*which)).one_or_none()


def last_used(session: Session, mailbox_id: uuid.UUID, people: str, *, since: datetime) -> MailChoice | None:
    """By the newest mail to these people that had a choice."""
    return session.scalars(
        select(MailChoice)
        .where(MailChoice.mailbox_id == mailbox_id, MailChoice.people_key == people, MailChoice.used_at >= since)
        .order_by(MailChoice.used_at.desc(), MailChoice.id.desc())
        .limit(1)
    ).first()


def let_go(session: Session, copies: Collection[MailCopy]) -> None:
    """A person brings these back: their later word stands above what they had chosen before."""
    for copy in copies:
        if copy.mailbox_id is not None and copy.gmail_message_id is not None:
            session.execute(
                delete(MailChoice).where(
                    MailChoice.mailbox_id == copy.mailbox_id, MailChoice.gmail_message_id == copy.gmail_message_id
                )
            )


def count_ended(session: Session, *, now: datetime) -> int:
    return session.scalar(select(func.count(MailChoice.id)).where(*_is_ended(now))) or 0


def remove_ended(session: Session, *, now: datetime) -> int:
    """Choices that no mail used go; how many. One that was used stays for its mail, and forgets to whom that went."""
    forgotten = update(MailChoice).where(MailChoice.used_at.is_not(None), MailChoice.chosen_at <= now - LIFE)
    session.execute(forgotten.where(MailChoice.people_key.is_not(None)).values(people_key=None))
    result = session.execute(delete(MailChoice).where(*_is_ended(now)))
    assert isinstance(result, CursorResult)
    return result.rowcount


def _is_ended(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return MailChoice.used_at.is_(None), MailChoice.chosen_at <= now - LIFE
