"""Where a mail stands, why, who sees what of it, and what this visitor may do about it there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.errors import Invalid
from server.mail import again, entries, present, queries, words
from server.mail.access import only_held_by, why_not_correct
from server.mail.models import LinkRule, MailMessage
from server.mail.queries import Why
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.models import Level, most_careful
from server.timeline.present import viewer_of
from server.web.identity import Visitor

_LEVEL_LABELS = {
    Level.FULL: "Everything",
    Level.SUBJECT: "Subject and people",
    Level.METADATA: "People and time only",
}


@dataclass(frozen=True, kw_only=True)
class LevelChoice:
    """`is_usual`: as the holder chose for their mailbox."""

    level: Level
    label: str
    is_chosen: bool
    is_usual: bool


@dataclass(frozen=True, kw_only=True)
class Place:
    """One account's timeline. `level` is what colleagues see, `why_not` is "" for whoever may correct it.

    `levels` is empty for all but holders. `never_addresses`: of which "never link it with this account" can be said.
    `in_thread`: how many mails of the conversation a deed on all of it would reach.
    """

    account_id: uuid.UUID
    account: str
    entry_id: uuid.UUID
    mail_message_id: uuid.UUID
    occurred_at: datetime
    why: str
    level: Level
    level_words: str
    why_not: str
    levels: tuple[LevelChoice, ...]
    never_addresses: tuple[str, ...]
    in_thread: int


def of_mail(session: Session, visitor: Visitor, message_id: uuid.UUID) -> list[Place]:
    return of_entries(session, visitor, timeline.of_mails(session, viewer_of(visitor), [message_id]))


def of_entries(session: Session, visitor: Visitor, found: Iterable[SeenEntry]) -> list[Place]:
    """By name of the account. Entries that no mail made are left out."""
    shown = list(found)
    reasons = queries.why(session, shown)
    made = [_place(session, visitor, one, reasons[one.id]) for one in shown if one.id in reasons]
    return sorted(made, key=lambda place: (place.account.lower(), place.account_id))


def _place(session: Session, visitor: Visitor, one: SeenEntry, found: Why) -> Place:
    message = queries.message(session, found.mail_message_id)
    level = entries.level_of(message, again.copies_of(session, message.id))
    address = address_to_refuse(one, found)
    return Place(
        account_id=found.account_id,
        account=found.account,
        entry_id=one.id,
        mail_message_id=message.id,
        occurred_at=one.occurred_at,
        why=present.reason(found, one),
        level=level,
        level_words=words.who_sees(level, _whom(session, visitor, message)),
        why_not=why_not_correct(session, visitor, message_id=message.id, account_id=found.account_id),
        levels=level_choices(session, message.id, visitor.user_id) if one.seen.is_holder else (),
        never_addresses=(address,) if address else (),
        in_thread=queries.linked_in_thread(
            session,
            message.mail_thread_id,
            found.account_id,
            only_held_by=only_held_by(session, visitor, found.account_id),
        ),
    )


def _whom(session: Session, visitor: Visitor, message: MailMessage) -> Sequence[str]:
    """Its holders by name, the visitor first, as "you"."""
    names = {one.user_id: one.name for one in queries.held_by(session, message.id)}
    you = ["you"] if names.pop(visitor.user_id, None) is not None else []
    return [*you, *names.values()]


def address_to_refuse(one: SeenEntry, found: Why) -> str:
    """The address of which can be said that its mail never goes to this account; "" where that makes no sense."""
    if found.rule is LinkRule.SENT_FROM_HERE or (found.is_bcc and not one.seen.shows_bcc):
        return ""
    return found.address or ""


def level_choices(session: Session, message_id: uuid.UUID, user_id: uuid.UUID) -> tuple[LevelChoice, ...]:
    """What a holder may choose for colleagues. Nobody can open what another holder keeps closed."""
    chosen = queries.levels(session, message_id)
    usual, own = chosen.pop(user_id, (Level.FULL, None))
    floor = most_careful([Level.FULL, *(theirs or usually for usually, theirs in chosen.values())])
    now = most_careful([floor, own or usual])
    return tuple(
        LevelChoice(level=level, label=label, is_chosen=level is now, is_usual=level is usual)
        for level, label in _LEVEL_LABELS.items()
        if most_careful([level, floor]) is level
    )


def level_chosen(allowed: Sequence[LevelChoice], given: str) -> tuple[Level | None, str]:
    """The level, None for the mailbox's own, and what to say of it. Raises Invalid."""
    if given == Level.NOTHING:
        return Level.NOTHING, words.COPY_GONE
    found = next((each for each in allowed if each.level == given), None)
    if found is None:
        raise Invalid("This cannot be chosen here.", cure="Another holder of this mail keeps more of it back.")
    return None if found.is_usual else found.level, words.level_set(found.label)
