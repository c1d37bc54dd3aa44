"""The gate before publishing: what is wrong with the template itself, and with the email of anybody it is meant for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.compile import CompiledTemplate
from server.email_templates.findings import Examined, examine_source
from server.email_templates.models import EmailTemplate, EmailTemplateVersion, Kind
from server.email_templates.problems import Severity, TemplateInvalid, TemplateProblem
from server.email_templates.publish import Signature, file_of, publish, touched_by
from server.email_templates.source import TemplateSource
from server.template_library.everybody import names
from server.template_library.family import audience
from server.template_library.preflight import PeopleFinding, Preflight, check_everybody


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One source before the gate. `preflight` is None for what does not compile, and for blocks."""

    source: TemplateSource
    examined: Examined
    preflight: Preflight | None

    @property
    def people_errors(self) -> tuple[PeopleFinding, ...]:
        findings = self.preflight.findings if self.preflight else ()
        return tuple(one for one in findings if one.problem.severity is Severity.ERROR)

    @property
    def is_refused(self) -> bool:
        return bool(self.examined.errors or self.people_errors)


class PublishRefused(TemplateInvalid):
    """Something is broken. `judged` has all findings, warnings among them."""

    title = "This cannot be published yet"

    def __init__(self, judged: Sequence[Judged]) -> None:
        self.judged = tuple(judged)
        super().__init__([problem for one in judged for problem in _errors(one)])


def judge(
    session: Session, sources: Sequence[TemplateSource], *, visitor_id: uuid.UUID | None, now: datetime
) -> list[Judged]:
    """Every source with the shared blocks as they would be. `visitor_id` writes where an account has no TAM."""
    blocks = {**queries.shared_blocks(session), **{one.slug: one for one in sources if one.kind is Kind.BLOCK}}
    judged = []
    for source in sources:
        examined = examine_source(source, blocks)
        compiled = examined.compilation.compiled if examined.compilation else None
        preflight = _preflight(session, source, compiled, visitor_id, now)
        judged.append(Judged(source=source, examined=examined, preflight=preflight))
    return judged


def publish_checked(
    session: Session, sources: Sequence[TemplateSource], signature: Signature
) -> dict[str, EmailTemplateVersion]:
    """The one door to a new version, in one transaction. Raises PublishRefused or TemplateInvalid."""
    demand_passing(session, sources, signature)
    return publish(session, sources, signature)


def demand_passing(session: Session, sources: Sequence[TemplateSource], signature: Signature) -> None:
    """Reads for some seconds when there are many contacts, so better before the transaction that writes.

    Raises PublishRefused with all findings.
    """
    everything = [*sources, *touched_by(session, sources)]
    judged = judge(session, everything, visitor_id=signature.author_id, now=signature.now)
    if any(one.is_refused for one in judged):
        raise PublishRefused(judged)


def _preflight(
    session: Session,
    source: TemplateSource,
    compiled: CompiledTemplate | None,
    visitor_id: uuid.UUID | None,
    now: datetime,
) -> Preflight | None:
    if compiled is None or source.kind is Kind.BLOCK:
        return None
    template = queries.find_slug(session, source.slug)
    meant = audience(session, template or EmailTemplate(id=uuid.uuid4(), kind=source.kind.value), source)
    return check_everybody(session, compiled, meant, visitor_id=visitor_id, now=now)


def _errors(judged: Judged) -> list[TemplateProblem]:
    file = file_of(judged.source)
    of_people = [
        replace(one.problem, file=file, message=f"{one.problem.message} Such as {', '.join(names(one.examples))}.")
        for one in judged.people_errors
    ]
    return [*judged.examined.errors, *of_people]
