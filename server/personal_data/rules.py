"""How long each kind is kept: defaults, and what an admin chose in their place."""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.audit import retention as audit
from server.auth import retention as auth
from server.ctas import personal_data as ctas
from server.errors import Invalid
from server.mail import choices
from server.mail import retention as mail
from server.panel import misses
from server.personal_data.models import RetentionRule
from server.sends import retention as sends

MOST_MONTHS = 240
_AT_A_TIME = 200  # rows of one transaction


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`default` months; `least` is the floor. `count(session, until)` and `remove(session, until, months, now)`.

    `what` says what goes, `why` why that long.
    """

    kind: str
    label: str
    what: str
    why: str
    default: int
    least: int
    count: Callable[[Session, datetime], int]
    remove: Callable[[Session, datetime, int, datetime], int]


RULES: tuple[Rule, ...] = (
    Rule(
        kind="mail_text",
        label="Text of mail",
        what="Text, layout and names of attachments. Who wrote to whom, when and about what stays.",
        why="Two years cover a contract's year and the renewal before it.",
        default=24,
        least=1,
        count=lambda session, until: mail.count_texts(session, until=until),
        remove=lambda session, until, months, now: mail.remove_texts(
            session, until=until, months=months, now=now, limit=_AT_A_TIME
        ),
    ),
    Rule(
        kind="sent_text",
        label="Text of emails sent from Rapport",
        what="The email as it was sent. To whom, when, about what and from which template stays.",
        why="As long as the mail of the same conversations.",
        default=24,
        least=1,
        count=lambda session, until: sends.count_texts(session, until=until),
        remove=lambda session, until, months, _: sends.remove_texts(
            session, until=until, months=months, limit=_AT_A_TIME
        ),
    ),
    Rule(
        kind="waiting_mail",
        label="Mail that is not placed yet",
        what="All that is known of mail in the queue Unmatched.",
        why="What nobody placed in three months is most likely nobody's.",
        default=3,
        least=1,
        count=lambda session, until: mail.count_waiting(session, until=until),
        remove=lambda session, until, _, now: mail.remove_waiting(session, until=until, now=now, limit=_AT_A_TIME),
    ),
    Rule(
        kind="audit_log",
        label="Audit log",
        what="Lines of who did what. The database refuses to delete one that is younger than a year.",
        why="Two years, so that what an audit of last year asks is still there.",
        default=24,
        least=12,
        count=lambda session, until: audit.count(session, until=until),
        remove=lambda session, until, _, __: audit.remove(session, until=until, limit=_AT_A_TIME),
    ),
)
BY_KIND: Mapping[str, Rule] = {rule.kind: rule for rule in RULES}


@dataclass(frozen=True, kw_only=True)
class AtOnce:
    """What goes the night after it ended; there is nothing to choose. `remove(session, now)` takes all of it."""

    kind: str
    label: str
    what: str
    count: Callable[[Session, datetime], int]
    remove: Callable[[Session, datetime], int]


AT_ONCE: tuple[AtOnce, ...] = (
    AtOnce(
        kind="ended_sessions",
        label="Ended sessions",
        what="Browsers that are signed out by time, with the address and the browser they came from.",
        count=lambda session, now: auth.count_ended(session, now=now),
        remove=lambda session, now: auth.remove_ended(session, now=now),
    ),
    AtOnce(
        kind="mail_choices",
        label="Choices before sending",
        what="Who was to read a mail that then did not leave within a day, and to whom those went that did, as a hash.",
        count=lambda session, now: choices.count_ended(session, now=now),
        remove=lambda session, now: choices.remove_ended(session, now=now),
    ),
    AtOnce(
        kind="gmail_misses",
        label="What was missed in Gmail",
        what="How often the extension did not find a part of Gmail’s page, after 90 days. It names nobody.",
        count=lambda session, now: misses.count_old(session, now=now),
        remove=lambda session, now: misses.remove_old(session, now=now),
    ),
    AtOnce(
        kind="previews",
        label="Previews of the composer",
        what="What an email to a contact would look like, an hour after it was looked at.",
        count=lambda session, now: ctas.count_previews(session, until=now - ctas.PREVIEW_LIFE),
        remove=lambda session, now: ctas.remove_previews(session, until=now - ctas.PREVIEW_LIFE),
    ),
)


def months_of_all(session: Session) -> dict[str, int | None]:
    """kind -> months; None: kept until it is erased."""
    chosen = {row.kind: row.months for row in session.scalars(select(RetentionRule))}
    return {rule.kind: chosen.get(rule.kind, rule.default) for rule in RULES}


def checked(values: Mapping[str, str]) -> dict[str, int | None]:
    """What a form says, by kind: whole months, or "" for no end. Raises Invalid with the fields."""
    wrong: dict[str, str] = {}
    found: dict[str, int | None] = {}
    for rule in RULES:
        said = values.get(rule.kind, "").strip()
        if not said:
            found[rule.kind] = None
        elif said.isascii() and said.isdigit() and len(said) <= 4 and rule.least <= int(said) <= MOST_MONTHS:
            found[rule.kind] = int(said)
        else:
            wrong[rule.kind] = f"{rule.label}: write {rule.least} to {MOST_MONTHS} months, or nothing for no end."
    if wrong:
        raise Invalid(" ".join(wrong.values()), cure="Correct it and look at the preview again.", fields=wrong)
    return found


def choose(session: Session, months: Mapping[str, int | None], *, by: uuid.UUID, now: datetime) -> None:
    for kind, chosen in months.items():
        row = session.scalars(select(RetentionRule).where(RetentionRule.kind == kind)).one_or_none()
        if row is None:
            row = RetentionRule(kind=kind)
            session.add(row)
        row.months, row.by_user_id, row.changed_at = chosen, by, now
    session.flush()


def ends_before(now: datetime, months: int) -> datetime:
    """What is older goes. Never less than `months` times the days that the year's floor is counted in."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return min(now.replace(year=year, month=month + 1, day=day), now - timedelta(days=30.5 * months))


def months_after(instant: datetime, months: int) -> datetime:
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    day = min(instant.day, calendar.monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)
