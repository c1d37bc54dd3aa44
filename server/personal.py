"""Personal data of contacts, in words that all features share: kinds, who is meant, taking words out of texts.

Each feature has a `personal_data.py` with what it knows: `COLUMNS`, the register of its tables; `found`, what it holds
of a person; `erase`, which takes that away from its own rows. `server/personal_data` asks all of them.
"""

from __future__ import annotations

import html
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import JSON, ColumnElement, Text, and_, cast, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

ERASED_NAME = "An erased person"
ERASED_WORD = "[erased]"
_SHORTEST_WORD = 3  # letters; of a shorter name only the full name is taken out of texts


class Kind(StrEnum):
    """Kinds of personal data of contacts. STAFF is of our users; NONE is nobody's."""

    CONTACT = "contact_record"
    MAIL_ENVELOPE = "mail_envelope"
    MAIL_TEXT = "mail_text"
    WAITING_MAIL = "waiting_mail"
    MAIL_RULE = "mail_rule"
    SENT_EMAIL = "sent_email"
    SENT_TEXT = "sent_text"
    TIMELINE = "timeline"
    TASK = "task"
    DRAFT = "draft"
    ERASED = "erased_hash"
    STAFF = "staff"
    NONE = "none"


# Kinds in which a person can be found by their name or address.
OF_CONTACTS = tuple(one for one in Kind if one not in (Kind.ERASED, Kind.STAFF, Kind.NONE))
# table -> kind -> its columns, separated by blanks.
Register = Mapping[str, Mapping[Kind, str]]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One person, as they are looked for. `contact_id` is None for an address that is no contact.

    `keys` are match keys (contacts.addresses) of the addresses that are theirs alone; `norms` and `spelled` the same
    addresses as they are compared and as they were written. `shared` are addresses that another contact has, too:
    what is known by them alone stays with that one. `names` are full names; `own_names` those of them that nobody else
    here has, so that they can be taken out of every text.
    """

    contact_id: uuid.UUID | None
    salesforce_id: str | None = None
    norms: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    spelled: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    own_names: tuple[str, ...] = ()

    @property
    def spelled_low(self) -> frozenset[str]:
        return frozenset(one.lower() for one in self.spelled)

    @cached_property
    def wide(self) -> Redactor:
        """For every text here: addresses and full names."""
        return Redactor(terms=tuple(sorted({*self.norms, *self.spelled, *self.own_names})))

    @cached_property
    def close(self) -> Redactor:
        """For mail that they took part in: also single words of their names, as they are written there."""
        words = {word.strip(",.;\"'()") for name in self.names for word in name.split()}
        terms = {*self.wide.terms, *(name for name in self.names if " " in name)}
        long_ones = sorted(one for one in words if len(one) >= _SHORTEST_WORD)
        return Redactor(terms=tuple(sorted(terms)), words=tuple(long_ones))


@dataclass(frozen=True, kw_only=True)
class Record:
    """One thing that is held. `data` is plain JSON, for the export; `since` is when it came to us."""

    kind: Kind
    data: Mapping[str, Any]
    since: datetime | None


@dataclass(kw_only=True)
class Tally:
    """What an erasure did: `gone` counts by kind; `kept` counts by a sentence that says what stays and why."""

    gone: Counter[Kind] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.gone.update(other.gone)
        self.kept.update(other.kept)


@dataclass(frozen=True, kw_only=True)
class Redactor:
    """Takes terms (in any case) and words (as they are written) out of texts."""

    terms: tuple[str, ...]
    words: tuple[str, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        every = {one for term in self.terms for one in (term, html.escape(term))}
        longest_first = sorted(every, key=lambda one: (-len(one), one))
        parts = [f"(?i:{re.escape(term)})" for term in longest_first]
        parts += [rf"\b{re.escape(word)}\b" for word in self.words]
        return re.compile("|".join(parts)) if parts else None

    def text(self, text: str) -> str:
        return self._pattern.sub(ERASED_WORD, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """A JSON value with all its texts and keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(one) for key, one in value.items()}
        if isinstance(value, Sequence):
            return [self.value(one) for one in value]
        return value

    def may_be_in(self, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """A condition that no row fails in which a term stands; of JSON it is searched as it is written."""
        is_json = isinstance(column.type, JSON)
        told = cast(column, Text) if is_json else column
        found: list[ColumnElement[bool]] = []
        for term in self.terms:
            spelled = {term, html.escape(term)}
            if is_json:
                spelled |= {json.dumps(one)[1:-1] for one in spelled}
            for one in sorted(spelled):
                found.append(told.contains(one, autoescape=True))
                found.append(func.lower(told).contains(one.lower(), autoescape=True))
        return or_(*found)


def redact(
    session: Session,
    columns: Iterable[InstrumentedAttribute[Any]],
    redactor: Redactor,
    *,
    only: ColumnElement[bool] | None = None,
) -> int:
    """Take the redactor's terms out of these columns, wherever they stand; how many values changed.

    Reads each table from its first row to its last: for a deed as rare as an erasure. `only` leaves rows out.
    """
    if not redactor.terms:
        return 0
    changed = 0
    for column in columns:
        model = column.class_
        wanted = redactor.may_be_in(column) if only is None else and_(redactor.may_be_in(column), only)
        for row_id, value in session.execute(select(model.id, column).where(wanted)).all():
            clean = redactor.value(value)
            if clean != value:
                session.execute(
                    update(model)
                    .where(model.id == row_id)
                    .values({column.key: clean})
                    .execution_options(synchronize_session="fetch")
                )
                changed += 1
    return changed


def removed_words(months: int | None) -> str:
    """What stands in the place of a text that the retention rule took away; "" while it stands."""
    return f"Text removed after {months} months by the retention rule." if months is not None else ""


def at(instant: datetime | None) -> str | None:
    """An instant as the export writes it."""
    return instant.isoformat() if instant is not None else None
