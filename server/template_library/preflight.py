"""What a template would do to everybody whom it is meant for.

Up to MOST_EXACT contacts, every email is made. Beyond, one of each kind of contact is filled in: those with the same
empty fields, the same language and stage, and equally old values.
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.auth import people
from server.email_templates.catalogue import MERGE_FIELDS
from server.email_templates.checks import check_size
from server.email_templates.compile import CompiledTemplate
from server.email_templates.freshness import StaleValue
from server.email_templates.problems import MissingValue, RenderRefused, Severity, TemplateProblem
from server.sends.fill_in import Recipient, fill_in
from server.template_library.everybody import Audience, Person, stand_in

MOST_EXACT = 20_000  # some seconds
MOST_KINDS = 20_000
_EXAMPLES = 3
_LABELS = {field.path: field.label for field in MERGE_FIELDS}


@dataclass(kw_only=True)
class Kindred:
    """Contacts with whom a template does the same, or one alone."""

    first: Person
    count: int = 0
    examples: list[Person] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class PeopleFinding:
    """What goes wrong for some of the contacts. `problem.line` is 0: it is nobody's line."""

    problem: TemplateProblem
    count: int
    examples: tuple[Person, ...]


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """`checked` of `people` contacts were looked at, by kind."""

    people: int
    checked: int
    findings: tuple[PeopleFinding, ...]


def check_everybody(
    session: Session, compiled: CompiledTemplate, audience: Audience, *, visitor_id: uuid.UUID | None, now: datetime
) -> Preflight:
    """Reads every contact of the audience. Raises NotFound when there is nobody who could write."""
    kinds, total = _kinds(session, compiled, audience, now)
    found: dict[tuple[str, ...], tuple[TemplateProblem, list[Kindred]]] = {}
    looked_at = kinds[:MOST_KINDS]
    users = {user.id: user for user in people.all_users(session)}
    writer = stand_in(session, visitor_id) if looked_at else None
    for kindred in looked_at:
        assert writer is not None
        for key, problem in _outcome(compiled, kindred.first.recipient(users, writer, now)):
            found.setdefault(key, (problem, []))[1].append(kindred)
    return Preflight(
        people=total,
        checked=sum(kindred.count for kindred in looked_at),
        findings=tuple(_finding(problem, kindred, total) for problem, kindred in found.values()),
    )


def _kinds(
    session: Session, compiled: CompiledTemplate, audience: Audience, now: datetime
) -> tuple[list[Kindred], int]:
    """Each contact alone, or by kind when there are many; and how many there are."""
    used = set(compiled.merge_fields) | {path for path, _ in compiled.max_age}
    oldest = {path: now - timedelta(hours=hours) for path, hours in compiled.max_age}
    kinds: dict[Hashable, Kindred] = {}
    alone: list[Kindred] = []
    total = 0
    for person in audience.people(session):
        total += 1
        if total <= MOST_EXACT:
            alone.append(Kindred(first=person, count=1, examples=[person]))
        kindred = kinds.setdefault(_signature(person, used, oldest), Kindred(first=person))
        kindred.count += 1
        if len(kindred.examples) < _EXAMPLES:
            kindred.examples.append(person)
    return (alone if total <= MOST_EXACT else list(kinds.values())), total


def _signature(person: Person, used: set[str], oldest: dict[str, datetime]) -> Hashable:
    """What decides the outcome: the empty fields, the few values that conditions can ask for, and the ages."""
    return (
        *(not value.strip() if isinstance(value, str) else value is None for value in _values(person, used)),
        person.language if "contact.language" in used else None,
        person.lifecycle_stage if "account.lifecycle_stage" in used else None,
        *(
            _is_old(person.account_synced_at if path.startswith("account.") else person.contact_synced_at, since)
            for path, since in oldest.items()
        ),
    )


def _values(person: Person, used: set[str]) -> list[object]:
    values = {
        "contact.first_name": person.first_name,
        "contact.last_name": person.last_name,
        "contact.full_name": person.full_name,
        "contact.title": person.title,
        "account.arr": person.arr,
        "account.renewal_date": person.renewal_on,
        "tam.name": person.tam_id or person.account_tam_name,
        "tam.first_name": person.tam_id,
        "tam.email": person.tam_id,
        "sender.title": person.tam_title,
    }
    return [value for path, value in values.items() if path in used]


def _is_old(at: datetime | None, since: datetime) -> bool:
    return at is None or at < since


def _outcome(compiled: CompiledTemplate, one: Recipient) -> list[tuple[tuple[str, ...], TemplateProblem]]:
    """(what makes two problems the same, the problem) for each thing that is wrong with this contact's email."""
    try:
        email = fill_in(compiled, one)
    except MissingValue as missing:
        return [(("missing", path), _missing(path)) for path in missing.missing]
    except StaleValue as stale:
        # Fresh values may come with the next import; what else is wrong stays.
        others = _outcome(replace(compiled, max_age=()), one)
        words = "The values of {people} are older than max_age allows."
        cure = "Import the records again; nothing is sent with older values."
        problem = TemplateProblem(line=0, message=words, cure=cure, severity=Severity.WARNING)
        return [(("stale", *stale.fields), problem), *others]
    except RenderRefused as refused:
        problem = TemplateProblem(line=0, message=f"{refused.detail} (for {{people}})", cure=refused.cure)
        return [(("refused", *(refused.fields or [refused.detail])), problem)]
    return [(("size", str(problem.severity)), problem) for problem in check_size(email.html)]


def _missing(path: str) -> TemplateProblem:
    return TemplateProblem(
        line=0,
        message=f"{_LABELS.get(path, path)} is empty for {{people}}.",
        cure=f'Write {{{{ {path}|default("…") }}}} with words of yours, or put {{% if {path} %}} around it.',
    )


def _finding(problem: TemplateProblem, kindred: list[Kindred], total: int) -> PeopleFinding:
    count = sum(one.count for one in kindred)
    who = f"{count:,} of {total:,} contacts" if total > 1 else "the only contact"
    examples = [person for one in kindred for person in one.examples][:_EXAMPLES]
    worded = TemplateProblem(
        line=problem.line,
        message=problem.message.replace("{people}", who),
        cure=problem.cure,
        severity=problem.severity,
    )
    return PeopleFinding(problem=worded, count=count, examples=tuple(examples))
