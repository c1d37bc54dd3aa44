"""Who may see what of an entry. No other place decides: whatever leaves the timeline goes through `seen`.

By ids, never by looking for an address in a text: ann@x must not see what joann@x holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, false, or_

from server.timeline.models import Level, TimelineEntry, TimelineHolder, TimelineParticipant

HIDDEN_SUBJECT = "Subject hidden"
_NOTHING_HIDDEN = ""
_NO_MAIL_FOR_ROLE = "Your role sees who wrote to whom and when, not what they wrote."


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who looks. `email` is only for links into their own Gmail; rights hang on `user_id`.

    `reads_mail`: whether their role reads colleagues' mail at all; without it they see people and time.
    """

    user_id: uuid.UUID
    email: str
    reads_mail: bool = True


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Somebody whose own mail this is."""

    user_id: uuid.UUID
    name: str
    is_sender: bool


@dataclass(frozen=True, kw_only=True)
class Person:
    """`part` is from, to, cc or bcc, or with (TimelineParticipant)."""

    part: str
    name: str
    email: str
    contact_id: uuid.UUID | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one viewer may see of one entry. `level` is FULL for whoever holds it.

    `reason` says who can read what is missing here, and is "" when nothing is. `shows_bcc`: the viewer wrote it.
    """

    level: Level
    subject: str
    body_text: str
    people: tuple[Person, ...]
    holders: tuple[Holder, ...]
    is_holder: bool
    shows_bcc: bool
    reason: str

    @property
    def has_subject(self) -> bool:
        return self.level in (Level.FULL, Level.SUBJECT)

    @property
    def has_text(self) -> bool:
        return self.level is Level.FULL


def seen(
    viewer: Viewer, entry: TimelineEntry, people: Sequence[TimelineParticipant], holders: Sequence[Holder]
) -> Seen:
    """Holders see everything, colleagues what `entry.level` leaves them; Bcc is for the sender's eyes alone."""
    own = [holder for holder in holders if holder.user_id == viewer.user_id]
    level = Level.FULL if own else _for_colleagues(entry) if viewer.reads_mail else Level.METADATA
    shows_bcc = any(holder.is_sender for holder in own)
    return Seen(
        level=level,
        subject=HIDDEN_SUBJECT if level is Level.METADATA else entry.subject,
        body_text=entry.body_text if level is Level.FULL else "",
        people=tuple(_person(one) for one in people if one.part != "bcc" or shows_bcc),
        holders=tuple(holders),
        is_holder=bool(own),
        shows_bcc=shows_bcc,
        reason=_reason(level, holders) if own or viewer.reads_mail else _NO_MAIL_FOR_ROLE,
    )


def subject_is_open_to(viewer: Viewer, entry: type[TimelineEntry]) -> ColumnElement[bool]:
    """The same rule for a search, so that nobody finds out a hidden subject by searching for it."""
    return or_(_is_open(viewer, entry, Level.FULL, Level.SUBJECT), _is_held_by(viewer, entry))


def text_is_open_to(viewer: Viewer, entry: type[TimelineEntry]) -> ColumnElement[bool]:
    return or_(_is_open(viewer, entry, Level.FULL), _is_held_by(viewer, entry))


def bcc_is_open_to(viewer: Viewer, entry: type[TimelineEntry]) -> ColumnElement[bool]:
    return _is_held_by(viewer, entry, as_sender=True)


def was_sent_by(user_id: uuid.UUID, entry: type[TimelineEntry]) -> ColumnElement[bool]:
    return _holds(user_id, entry, as_sender=True)


def _is_open(viewer: Viewer, entry: type[TimelineEntry], *levels: Level) -> ColumnElement[bool]:
    return entry.level.in_(levels) if viewer.reads_mail else false()


def _is_held_by(viewer: Viewer, entry: type[TimelineEntry], *, as_sender: bool = False) -> ColumnElement[bool]:
    return _holds(viewer.user_id, entry, as_sender=as_sender)


def _holds(user_id: uuid.UUID, entry: type[TimelineEntry], *, as_sender: bool) -> ColumnElement[bool]:
    own = [TimelineHolder.timeline_entry_id == entry.id, TimelineHolder.user_id == user_id]
    return exists().where(*own, *([TimelineHolder.is_sender.is_(True)] if as_sender else []))


def _for_colleagues(entry: TimelineEntry) -> Level:
    """A level that we do not know shows the least: who and when."""
    return Level(entry.level) if entry.level in (Level.FULL, Level.SUBJECT) else Level.METADATA


def _person(one: TimelineParticipant) -> Person:
    return Person(part=one.part, name=one.name, email=one.email, contact_id=one.contact_id)


def _reason(level: Level, holders: Sequence[Holder]) -> str:
    if level is Level.FULL:
        return _NOTHING_HIDDEN
    what = "read the text" if level is Level.SUBJECT else "see the subject and the text"
    names = [holder.name for holder in holders]
    if not names:
        return f"Nobody here can {what}: it is kept by its people and time only."
    return f"Only {_listed(names)} can {what}: it is their own mail."


def _listed(names: Sequence[str]) -> str:
    """At most three by name: a reason is one line."""
    shown = list(names[:3]) + ([f"{len(names) - 3} more"] if len(names) > 3 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
