"""What is being written on the web: one draft for each template, saved often, never over somebody else's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.email_templates import front_matter, queries
from server.email_templates.models import EmailTemplate, EmailTemplateDraft, Kind
from server.email_templates.problems import TemplateInvalid
from server.email_templates.publish import new_template
from server.email_templates.source import problem_of_slug
from server.errors import Conflict, Invalid


class DraftOvertaken(Conflict):
    """Somebody else has saved or published since this page was loaded. `saved_by_id` may be the same person.

    `revision` is that of the draft as it is now, 0 when there is none.
    """

    title = "The draft was changed meanwhile"

    def __init__(self, draft: EmailTemplateDraft | None) -> None:
        self.saved_by_id = draft.saved_by_id if draft else None
        self.revision = draft.revision if draft else 0
        super().__init__(
            "Another draft of this template was saved meanwhile.",
            cure="Copy what you wrote, reload the page, and put it in again.",
        )


@dataclass(frozen=True, kw_only=True)
class Document:
    """What the editor's form holds. `max_age` has lines such as "account.renewal_date: 7 days"."""

    mjml: str
    name: str
    subject: str = ""
    category: str = ""
    purpose: str = ""
    description: str = ""
    for_roles: tuple[str, ...] = ()
    max_age: str = ""

    def text(self, before: str, kind: Kind) -> str:
        """The file as it will be. `before` is its text until now, whose comments and other keys stay."""
        try:
            front = front_matter.split(before).front if before else ""
        except TemplateInvalid:
            front = ""
        values: dict[str, Any] = {"name": _line(self.name), "description": _line(self.description)}
        if kind is Kind.TEMPLATE:
            values |= {
                "subject": _line(self.subject),
                "category": self.category,
                "purpose": _line(self.purpose),
                "for_roles": list(self.for_roles),
                "max_age": _ages(self.max_age),
            }
            order = ("name", "subject", "category", "purpose", "description", "for_roles", "max_age")
            values = {key: values[key] for key in order}
        return front_matter.join(front_matter.changed(front, values), front_matter.clean(self.mjml))


def current_text(session: Session, template: EmailTemplate) -> tuple[str, EmailTemplateDraft | None]:
    """What the editor opens with: the draft if there is one, else the version in use, else nothing."""
    draft = queries.draft_of(session, template.id)
    if draft is not None:
        return draft.source_text, draft
    if template.current_version_id is None:
        return "", None
    return queries.version(session, template.current_version_id).source_text, None


def is_behind(template: EmailTemplate, draft: EmailTemplateDraft | None) -> bool:
    """Whether another version was published since the draft began."""
    return draft is not None and draft.based_on_id != template.current_version_id


def save(
    session: Session, template: EmailTemplate, *, text: str, revision: int, user_id: uuid.UUID, now: datetime
) -> EmailTemplateDraft:
    """`revision` is the one that the person has seen, 0 for no draft. Raises DraftOvertaken."""
    draft = queries.draft_of(session, template.id)
    if (draft.revision if draft else 0) != revision:
        raise DraftOvertaken(draft)
    if draft is None:
        draft = EmailTemplateDraft(email_template_id=template.id, based_on_id=template.current_version_id, revision=0)
        session.add(draft)
    draft.source_text = text
    draft.revision += 1
    draft.saved_by_id = user_id
    draft.saved_at = now
    session.flush()
    return draft


def build_on_current(session: Session, template: EmailTemplate) -> None:
    """The author has seen the version that was published meanwhile, and keeps the draft on top of it."""
    draft = queries.draft_of(session, template.id)
    if draft is not None:
        draft.based_on_id = template.current_version_id


def discard(session: Session, template: EmailTemplate) -> bool:
    """Back to the version in use. A template that never had one goes altogether; returns whether it is still there."""
    session.execute(delete(EmailTemplateDraft).where(EmailTemplateDraft.email_template_id == template.id))
    if template.current_version_id is not None:
        return True
    session.delete(template)
    session.flush()
    return False


def begin(session: Session, *, slug: str, kind: Kind, text: str, user_id: uuid.UUID, now: datetime) -> EmailTemplate:
    """A new template that is only a draft. Raises Invalid with the field "slug"."""
    problem = problem_of_slug(slug, kind)
    if problem:
        words = "Use small letters, digits and dashes, at most 80."
        raise Invalid(problem, cure=words, fields={"slug": words})
    if queries.find_slug(session, slug) is not None:
        words = f"There is a template {slug} already."
        raise Invalid(words, cure="Choose another file name.", fields={"slug": words})
    template = new_template(slug, kind, now)
    file = front_matter.split(text)
    template.name = str(file.values.get("name") or slug)
    template.category = str(file.values.get("category") or "")
    template.purpose = str(file.values.get("purpose") or "")
    session.add(template)
    session.flush()
    save(session, template, text=text, revision=0, user_id=user_id, now=now)
    return template


def _line(text: str) -> str:
    return " ".join(text.split())


def _ages(text: str) -> dict[str, str]:
    """Lines that cannot be read are kept as they are, so that the check can tell of them."""
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return {path.strip(): age.strip() for path, _, age in pairs}
