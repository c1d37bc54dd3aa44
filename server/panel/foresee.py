"""Where a mail would go that is still being written: the same decision that is made when it is read, made before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.auth.models import User
from server.mail import words
from server.mail.decide import Decision, Outcome, decide
from server.mail.exclude import CHOSEN
from server.mail.holders import Holder, holder
from server.mail.incoming import Incoming
from server.mail.models import Route
from server.mail.rules import load_rules
from server.mailboxes.models import Mailbox, MailboxReading, MailboxState, Phase
from server.messages.model import Envelope, MailKind, Person
from server.timeline.models import Level

_LEVELS = {
    Level.FULL: "Colleagues can read it.",
    Level.SUBJECT: "Colleagues see the subject, and only you the text.",
    Level.METADATA: "Colleagues see who wrote to whom and when, and only you the rest.",
    Level.NOTHING: "Nothing of it is logged.",
}
NOT_READ = "Rapport does not read this mailbox, so nothing of it is logged by itself."


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mail that is being written, as the page of Gmail shows it. `gmail_thread_id` for a reply."""

    written_from: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    gmail_thread_id: str | None = None

    @property
    def everybody(self) -> tuple[str, ...]:
        """Each address once, in order."""
        return tuple(dict.fromkeys((*self.to, *self.cc, *self.bcc)))


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What would become of it. `words` is a whole sentence, `level_words` another; `level` is "" when it goes nowhere.

    `is_read`: whether we read this mailbox at all, without which nothing happens by itself. `chosen` is what the person
    chose for this mail, `levels` are what they may choose, {level: a sentence}, empty where nothing can be chosen.
    """

    decision: Decision
    holder: Holder
    is_own_mailbox: bool
    is_read: bool
    words: str
    level: str
    level_words: str
    chosen: str | None
    levels: Mapping[str, str]

    @property
    def usual_level(self) -> str:
        """What the person chose for all of their mail; "" where nothing is read."""
        return self.holder.level if self.levels else ""


def foresee(session: Session, draft: Draft, *, user: User, now: datetime) -> Filing:
    """Reads only. The rules are those of this moment: what is sent later is decided again."""
    mine = holder(session, user)
    decision = decide(session, as_if_sent(draft, mine, now), load_rules(session))
    is_own = mine.owns(draft.written_from)
    is_read = is_own and is_read_now(session, mine)
    chosen = decision.choice.level if decision.choice is not None and is_read else None
    level = (chosen or mine.level) if decision.outcome != Outcome.EXCLUDED else ""
    return Filing(
        decision=decision,
        holder=mine,
        is_own_mailbox=is_own,
        is_read=is_read,
        words=NOT_READ if is_own and not is_read else _words(decision, draft),
        level=level,
        level_words=_LEVELS.get(Level(level), "") if level else "",
        chosen=chosen,
        levels={str(one): said for one, said in _LEVELS.items()} if is_read else {},
    )


def as_if_sent(draft: Draft, mine: Holder, now: datetime) -> Incoming:
    """The mail as it will be read."""
    sender = _person(draft.written_from)
    envelope = Envelope(
        rfc_message_id=None,
        references=(),
        subject="",
        sent_at=now,
        sender=sender,
        reply_to=(),
        to=_people(draft.to),
        cc=_people(draft.cc),
        bcc=_people(draft.bcc),
        kind=MailKind.PERSONAL,
        kind_reason="",
        outbound_id=None,
        is_test=False,
        gmail_thread_id=draft.gmail_thread_id,
        gmail_labels=(),
        delivered_to=(),
        authentication="",
        authors=(sender,),
    )
    return Incoming(
        envelope=envelope,
        user_id=mine.user_id,
        mailbox_id=mine.mailbox_id,
        level=mine.level,
        route=Route.GMAIL,
        source="",
        gmail_message_id=None,
        gmail_thread_id=draft.gmail_thread_id,
        labels=frozenset({"SENT"}),
        received_at=now,
        mail=None,
    )


def _people(addresses: Sequence[str]) -> tuple[Person, ...]:
    return tuple(map(_person, addresses))


def _person(address: str) -> Person:
    return Person(name="", email=address)


def is_read_now(session: Session, mine: Holder) -> bool:
    """Whether this person's mailbox is connected, and its reading is on."""
    if mine.mailbox_id is None:
        return False
    reading = session.get(MailboxReading, mine.mailbox_id)
    mailbox = session.get_one(Mailbox, mine.mailbox_id)
    return reading is not None and reading.phase != Phase.OFF and mailbox.state == MailboxState.CONNECTED


def _words(decision: Decision, draft: Draft) -> str:
    if not draft.everybody:
        return "Nobody is written to yet."
    if decision.reason == CHOSEN:
        return "It is not logged: you chose so."
    if decision.outcome == Outcome.EXCLUDED:
        return f"It is not logged: {words.excluded_words(decision.reason)}."
    if decision.outcome == Outcome.WAITING:
        return f"It will wait under Unmatched. {words.waiting_words(decision.reason)}."
    return f"It goes on the timeline of {listed([link.account for link in decision.links])}."


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; there must be one at least."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
