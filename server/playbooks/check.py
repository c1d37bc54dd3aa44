"""What a playbook names, held against what there is: email templates, the lists of CTAs, contact roles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.contacts.models import ROLE_LABELS
from server.email_templates.models import EmailTemplate, Kind
from server.playbooks import choices
from server.playbooks.choices import Choices
from server.playbooks.definition import Definition
from server.playbooks.models import ChoiceList
from server.playbooks.problems import Path, PlaybookInvalid, PlaybookProblem
from server.playbooks.read import Reading, read
from server.playbooks.schemas import meant
from server.playbooks.source import Source


@dataclass(frozen=True, kw_only=True)
class Known:
    """What can be named. `templates` are slugs that can be sent, variants left out; None when nobody knows them."""

    lists: Choices
    templates: Collection[str] | None
    roles: Collection[str] = tuple(ROLE_LABELS)


def known(session: Session) -> Known:
    slugs = session.scalars(
        select(EmailTemplate.slug).where(
            EmailTemplate.kind == Kind.TEMPLATE,
            EmailTemplate.variant_of_id.is_(None),
            EmailTemplate.current_version_id.is_not(None),
            EmailTemplate.archived_at.is_(None),
        )
    )
    return Known(lists=choices.of(session), templates=frozenset(slugs))


def read_checked(session: Session, text: str, *, name: str = "") -> Reading:
    """Raises PlaybookInvalid for what cannot be read and for what names something that is not there."""
    reading = read(text, name=name)
    problems = check(known(session), reading.definition, reading.source)
    if problems:
        raise PlaybookInvalid(problems)
    return reading


def check(known: Known, definition: Definition, source: Source | None = None) -> Sequence[PlaybookProblem]:
    """Without its source, problems have no line."""
    return [
        source.problem(path, text)
        if source
        else PlaybookProblem(line=0, column=0, path=".".join(map(str, path)), text=text)
        for path, text in _wrong(known, definition)
    ]


def _wrong(known: Known, definition: Definition) -> Iterator[tuple[Path, str]]:
    cta_type = definition.cta_type
    types = [one.key for one in known.lists.offered(ChoiceList.TYPE)]
    yield from _demand(("type",), cta_type, types, "type of CTA")
    fitting = cta_type if cta_type in types else None
    if definition.reason is not None:
        reasons = [one.key for one in known.lists.offered(ChoiceList.REASON, fitting)]
        yield from _demand(("reason",), definition.reason, reasons, f"reason for the type {cta_type}")
    priorities = [one.key for one in known.lists.offered(ChoiceList.PRIORITY)]
    yield from _demand(("priority",), definition.priority, priorities, "priority")
    for at, step in enumerate(definition.steps):
        if step.template is not None and known.templates is not None:
            yield from _demand(("steps", at, "template"), step.template, known.templates, "email template")
        if step.if_silent and step.if_silent.template and known.templates is not None:
            path = ("steps", at, "if_silent", "template")
            yield from _demand(path, step.if_silent.template, known.templates, "email template")
        if step.to is not None:
            yield from _demand(("steps", at, "to"), step.to, known.roles, "contact role")


def _demand(path: Path, word: str, there: Collection[str], what: str) -> Iterator[tuple[Path, str]]:
    if word in there:
        return
    listed = sorted(there)
    some = ", ".join(listed[:12]) + (f" and {len(listed) - 12} more" if len(listed) > 12 else "")
    yield path, f"There is no {what} {word}.{meant(word, listed) or f' There are: {some}.'}"
