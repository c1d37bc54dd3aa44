"""Email templates are written for many and hold nobody's data, unless somebody wrote a name into one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.email_templates.models import EmailTemplateDraft, EmailTemplateVersion
from server.personal import Kind, Record, Register, Subject, Tally, redact

COLUMNS: Register = {
    "email_template": {
        Kind.NONE: "id kind slug name category purpose description variant_of_id applies_when current_version_id "
        "created_at updated_at archived_at",
    },
    "email_template_version": {
        Kind.STAFF: "author_id",
        Kind.NONE: "id email_template_id number name subject_source source_text mjml_source source_hash compiled note "
        "origin created_at",
    },
    "shared_block_use": {Kind.NONE: "id template_version_id block_version_id"},
    "email_template_draft": {
        Kind.DRAFT: "source_text",
        Kind.STAFF: "saved_by_id",
        Kind.NONE: "id email_template_id based_on_id revision saved_at",
    },
}
VERSION_STAYS = (
    "Versions of email templates that name the person: a version never changes. Publish one without the name"
)


def found(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:
    if not subject.wide.terms:
        return
    named = subject.wide.may_be_in(EmailTemplateDraft.source_text)
    for draft in session.scalars(select(EmailTemplateDraft).where(named)).all():
        data = {"id": str(draft.id), "what": "Draft of an email template"}
        yield Record(
            kind=Kind.DRAFT, data=data | ({"text": draft.source_text} if with_text else {}), since=draft.saved_at
        )


def erase(session: Session, subject: Subject, *, now: datetime) -> Tally:  # noqa: ARG001  one shape for all features
    tally = Tally()
    tally.gone[Kind.DRAFT] += redact(session, [EmailTemplateDraft.source_text], subject.wide)
    if subject.wide.terms:
        texts = (EmailTemplateVersion.source_text, EmailTemplateVersion.mjml_source, EmailTemplateVersion.note)
        named = or_(*(subject.wide.may_be_in(column) for column in texts))
        tally.kept[VERSION_STAYS] += len(session.scalars(select(EmailTemplateVersion.id).where(named)).all())
    return tally
