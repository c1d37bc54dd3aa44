"""Email templates for this situation, the likeliest first, each with the reason that counts most."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.models import LifecycleStage
from server.auth import people
from server.contacts.models import Contact
from server.ctas import queries as ctas
from server.ctas.models import Cta, CtaTask, TaskKind
from server.email_templates.models import EmailTemplate, EmailTemplateVersion, Kind
from server.email_templates.source import CATEGORY_LABELS, Category, parse_source
from server.panel import used
from server.sends.models import OutboundEmail, OutboundState

RECENT = timedelta(days=90)
# What a reason is worth. A task says what is to be written now; who it is for and the stage say what fits; what one
# used lately decides between equals.
_TASK, _ROLE, _STAGE, _TYPE, _RECENTLY = 100, 30, 20, 10, 9
_FITS_STAGE: Mapping[str, str] = {
    LifecycleStage.ONBOARDING: Category.ONBOARDING,
    LifecycleStage.IMPLEMENTATION: Category.ONBOARDING,
    LifecycleStage.ADOPTION: Category.ADOPTION,
    LifecycleStage.OPTIMIZE_AND_GROW: Category.EBR,
    LifecycleStage.WILL_CHURN: Category.RISK,
}
_FITS_TYPE: Mapping[str, str] = {"risk": Category.RISK, "renewal": Category.RENEWAL}


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """`why` is "" for one that is merely there."""

    template: EmailTemplate
    category_label: str
    why: str
    score: int


@dataclass(frozen=True, kw_only=True)
class Around:
    """The contact and account that are written to, as far as they are known, and the person who writes."""

    user_id: uuid.UUID
    contact_id: uuid.UUID | None
    account_ids: tuple[uuid.UUID, ...]


def suggest(session: Session, around: Around, *, text: str, limit: int, now: datetime) -> list[Suggestion]:
    """Templates in use, no variants and no blocks. `text`: words that all must stand in name, folder or description."""
    rows = session.execute(
        select(EmailTemplate, EmailTemplateVersion)
        .join(EmailTemplateVersion, EmailTemplateVersion.id == EmailTemplate.current_version_id)
        .where(
            EmailTemplate.kind == Kind.TEMPLATE,
            EmailTemplate.variant_of_id.is_(None),
            EmailTemplate.archived_at.is_(None),
        )
    ).all()
    weigh = _Weights(session, around, now)
    wanted = text.lower().split()
    found = [
        weigh.suggestion(row.EmailTemplate, row.EmailTemplateVersion)
        for row in rows
        if _says(row.EmailTemplate, wanted)
    ]
    return sorted(found, key=lambda one: (-one.score, one.template.name.lower(), one.template.slug))[:limit]


def _says(template: EmailTemplate, wanted: Collection[str]) -> bool:
    said = f"{template.name} {_label(template)} {template.description} {template.purpose}".lower()
    return all(word in said for word in wanted)


def _label(template: EmailTemplate) -> str:
    return CATEGORY_LABELS[Category(template.category)] if template.category in tuple(Category) else ""


class _Weights:
    """What counts for a template, asked once for all of them."""

    def __init__(self, session: Session, around: Around, now: datetime) -> None:
        today = people.today_of(people.by_id(session, around.user_id), now)
        self._tasks = _open_tasks(session, around.account_ids, today)
        self._used = _used_by(session, around.user_id, since=now - RECENT)
        self._now = now
        contact = session.get(Contact, around.contact_id) if around.contact_id else None
        self._role = contact.role if contact else None
        self._accounts = [accounts.by_id(session, one) for one in around.account_ids]

    def suggestion(self, template: EmailTemplate, version: EmailTemplateVersion) -> Suggestion:
        reasons = [one for one in self._reasons(template, version) if one is not None]
        score = sum(worth for worth, _ in reasons)
        why = max(reasons, key=lambda one: one[0])[1] if reasons else ""
        return Suggestion(template=template, category_label=_label(template), why=why, score=score)

    def _reasons(self, template: EmailTemplate, version: EmailTemplateVersion) -> Sequence[tuple[int, str] | None]:
        return (self._by_task(template), self._by_role(template, version), self._by_stage(template),
                self._by_type(template), self._by_use(template))  # fmt: skip

    def _by_task(self, template: EmailTemplate) -> tuple[int, str] | None:
        found = [title for template_id, title, _ in self._tasks if template_id == template.id]
        return (_TASK, f"For the task “{found[0]}”") if found else None

    def _by_role(self, template: EmailTemplate, version: EmailTemplateVersion) -> tuple[int, str] | None:
        if self._role and self._role in _roles_of(version.source_text):
            return _ROLE, "Written for this role"
        return None

    def _by_stage(self, template: EmailTemplate) -> tuple[int, str] | None:
        for account in self._accounts:
            if account.lifecycle_stage and _FITS_STAGE.get(account.lifecycle_stage) == template.category:
                return _STAGE, f"{account.name} is in {account.stage_label}"
        return None

    def _by_type(self, template: EmailTemplate) -> tuple[int, str] | None:
        types = {kind for _, _, kind in self._tasks}
        fits = any(_FITS_TYPE.get(kind) == template.category for kind in types)
        return (_TYPE, "Fits an open CTA") if fits else None

    def _by_use(self, template: EmailTemplate) -> tuple[int, str] | None:
        at = self._used.get(template.id)
        if at is None:
            return None
        days = (self._now - at).days
        return max(1, _RECENTLY - days // 10), f"You used it {f'{days} days ago' if days > 1 else 'lately'}"


@lru_cache(maxsize=500)
def _roles_of(source_text: str) -> tuple[str, ...]:
    """A file is read once, however often its template is suggested."""
    return parse_source(source_text, "any", Kind.TEMPLATE).for_roles


def _open_tasks(session: Session, account_ids: Sequence[uuid.UUID], today: date) -> list[tuple[uuid.UUID, str, str]]:
    """(template, title, type of the CTA) of the open email tasks of these accounts, the one due first first."""
    if not account_ids:
        return []
    rows = session.execute(
        select(_template_of_task(), CtaTask.title, Cta.cta_type)
        .join(Cta, Cta.id == CtaTask.cta_id)
        .where(
            Cta.account_id.in_(account_ids),
            Cta.closed_at.is_(None),
            CtaTask.kind == TaskKind.EMAIL,
            ctas.to_do(today),
        )
        .order_by(func.coalesce(CtaTask.due_on, Cta.due_on).nulls_last(), CtaTask.id)
    )
    return [(row[0], row[1], row[2]) for row in rows if row[0] is not None]


def _template_of_task() -> ColumnElement[uuid.UUID | None]:
    """After silence the one that follows it."""
    is_silent = and_(CtaTask.waiting_since.is_not(None), CtaTask.replied_at.is_(None))
    follows = and_(is_silent, CtaTask.silent_template_id.is_not(None))
    return case((follows, CtaTask.silent_template_id), else_=CtaTask.email_template_id)


def _used_by(session: Session, user_id: uuid.UUID, *, since: datetime) -> dict[uuid.UUID, datetime]:
    """When this person last sent or inserted each template, if that was lately."""
    rows = session.execute(
        select(EmailTemplateVersion.email_template_id, func.max(OutboundEmail.sent_at))
        .join(OutboundEmail, OutboundEmail.email_template_version_id == EmailTemplateVersion.id)
        .where(
            OutboundEmail.user_id == user_id,
            OutboundEmail.state == OutboundState.SENT,
            OutboundEmail.sent_at >= since,
        )
        .group_by(EmailTemplateVersion.email_template_id)
    )
    sent = {row[0]: row[1] for row in rows if row[1] is not None}
    inserted = used.since(session, user_id, since)
    return {one: max(at for at in (sent.get(one), inserted.get(one)) if at) for one in sent.keys() | inserted.keys()}
