"""Which entries are asked for: of an account, of a person, of everything, and by what words."""

from __future__ import annotations

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, tuple_

from server.accounts.models import Account
from server.errors import Invalid
from server.timeline.models import TimelineEntry, TimelineParticipant
from server.timeline.visibility import Viewer, bcc_is_open_to, subject_is_open_to, text_is_open_to

Row = type[TimelineEntry]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """All that is set must hold. `tam_id`: entries of that TAM's accounts. `direction` is "in" or "out".

    `words` are looked for in what the viewer may see of an entry: its subject, its text, its people.
    """

    account_id: uuid.UUID | None = None
    contact_id: uuid.UUID | None = None
    tam_id: uuid.UUID | None = None
    activity_type: str | None = None
    direction: str | None = None
    words: str = ""

    def whole(self) -> Scope:
        """Without what only picks entries: of a conversation that is found, all of it is told."""
        return Scope(contact_id=self.contact_id)

    def conditions(self, viewer: Viewer, entry: Row) -> list[ColumnElement[bool]]:
        named = (
            (self.account_id, entry.account_id),
            (self.activity_type, entry.activity_type),
            (self.direction, entry.direction),
        )
        wanted: list[ColumnElement[bool]] = [column == value for value, column in named if value is not None]
        if self.tam_id is not None:
            wanted.append(entry.account_id.in_(select(Account.id).where(Account.tam_id == self.tam_id)))
        if self.contact_id is not None:
            wanted.append(_has_contact(viewer, entry, self.contact_id))
        return wanted + [_says(viewer, entry, word) for word in self.words.split()[:8]]


def _has_contact(viewer: Viewer, entry: Row, contact_id: uuid.UUID) -> ColumnElement[bool]:
    """Somebody in Bcc is in it for the sender alone."""
    is_in_it = (TimelineParticipant.timeline_entry_id == entry.id, TimelineParticipant.contact_id == contact_id)
    return or_(
        exists().where(*is_in_it, TimelineParticipant.part != "bcc"),
        and_(bcc_is_open_to(viewer, entry), exists().where(*is_in_it)),
    )


def _has_person(viewer: Viewer, entry: Row, who: ColumnElement[bool]) -> ColumnElement[bool]:
    """As `_has_contact`, for what no index finds: the people are gone through once, not for each entry."""
    found = select(TimelineParticipant.timeline_entry_id).where(who)
    return or_(
        entry.id.in_(found.where(TimelineParticipant.part != "bcc")),
        and_(bcc_is_open_to(viewer, entry), entry.id.in_(found)),
    )


def _says(viewer: Viewer, entry: Row, word: str) -> ColumnElement[bool]:
    # Case does not matter; on SQLite, whose lower() knows ASCII only, that of other letters does.
    name, email = TimelineParticipant.name, TimelineParticipant.email
    return or_(
        and_(subject_is_open_to(viewer, entry), entry.subject.icontains(word, autoescape=True)),
        and_(text_is_open_to(viewer, entry), entry.body_text.icontains(word, autoescape=True)),
        _has_person(viewer, entry, or_(name.icontains(word, autoescape=True), email.icontains(word, autoescape=True))),
    )


@dataclass(frozen=True, kw_only=True)
class Marker:
    """Where a page ended, and the newest entry when the first page was shown: what comes later moves nothing.

    `newest` is None in markers of an older release.
    """

    occurred_at: datetime
    id: uuid.UUID
    newest: uuid.UUID | None

    def encode(self) -> str:
        return base64.urlsafe_b64encode(f"{self.occurred_at.isoformat()}|{self.id}|{self.newest}".encode()).decode()

    @classmethod
    def decode(cls, cursor: str) -> Marker:
        """Raises Invalid for anything that `encode` did not make."""
        try:
            instant, entry_id, *rest = base64.urlsafe_b64decode(cursor.encode()).decode().split("|", 2)
            found = datetime.fromisoformat(instant)
            if found.tzinfo is None:
                raise ValueError("a naive datetime")
            newest = uuid.UUID(rest[0]) if rest else None
            return cls(occurred_at=found.astimezone(UTC), id=uuid.UUID(entry_id), newest=newest)
        except (ValueError, OverflowError, binascii.Error) as error:
            raise Invalid("This page marker is not one of ours.", cure="Start from the first page.") from error

    def is_before(self, entry: Row) -> ColumnElement[bool]:
        """Whether `entry` comes on a later page."""
        place = tuple_(literal(self.occurred_at, entry.occurred_at.type), literal(self.id, entry.id.type))
        return tuple_(entry.occurred_at, entry.id) < place
