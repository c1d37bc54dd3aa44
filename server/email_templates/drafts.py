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
from server.email_templates.publish import new_template
from server.email_templates.source import problem_of_slug
from server.errors import Conflict, Invalid


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a person had before their eyes: the draft's revision, 0 for none, and the version that it was built on.

    Both are needed: revisions begin again after publishing and discarding.
    """

    revision: int
    based_on: uuid.UUID | None


class DraftOvertaken(Conflict):
    """Somebody else has saved or published since this page was loaded. `saved_by_id` may be the same person.

    `now` is what the draft is by now.
    """

    title = "The draft was changed meanwhile"

    def __init__(self, seen: Seen, saved_by_id: uuid.UUID | None) -> None:
        self.now = seen
        self.saved_by_id = saved_by_id
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
        """The file as it will be. `before` is its text until now, whose comments and other keys stay.

        Raises TemplateInvalid when its front matter cannot be read.
        """
        front = front_matter.split(before).front if before else ""
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


def standing(session: Session, template: EmailTemplate) -> Seen:
    """What somebody sees who opens the editor now."""
    draft = queries.draft_of(session, template.id)
    if draft is None:
        return Seen(revision=0, based_on=template.current_version_id)
    return Seen(revision=draft.revision, based_on=draft.based_on_id)


def demand_seen(session: Session, template: EmailTemplate, seen: Seen) -> None:
    """Nobody changes what they have not seen. Locks the template until the transaction ends. Raises DraftOvertaken."""
    queries.lock(session, template)
    now = standing(session, template)
    if now != seen:
        draft = queries.draft_of(session, template.id)
        raise DraftOvertaken(now, draft.saved_by_id if draft else None)


def save(
    session: Session, template: EmailTemplate, *, text: str, seen: Seen, user_id: uuid.UUID, now: datetime
) -> EmailTemplateDraft:
    """Raises DraftOvertaken."""
    demand_seen(session, template, seen)
    draft = queries.draft_of(session, template.id)
    if draft is None:
        draft = EmailTemplateDraft(email_template_id=template.id, based_on_id=template.current_version_id, revision=0)
        session.add(draft)
    draft.source_text = text
    draft.revision += 1
    draft.saved_by_id = user_id
    draft.saved_at = now
    session.flush()
    return draft


def build_on_current(session: Session, template: EmailTemplate) -> bool:
    """The author has seen the version published meanwhile, and keeps the draft on top of it. False without a draft."""
    queries.lock(session, template)
    draft = queries.draft_of(session, template.id)
    if draft is not None:
        draft.based_on_id = template.current_version_id
    return draft is not None


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
    save(session, template, text=text, seen=standing(session, template), user_id=user_id, now=now)
    return template


def _line(text: str) -> str:
    return " ".join(text.split())


def _ages(text: str) -> dict[str, str]:
    """Lines that cannot be read are kept as they are, so that the check can tell of them."""
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return {path.strip(): age.strip() for path, _, age in pairs}
