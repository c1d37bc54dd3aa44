"""What calls to action and tasks say of a person: only what people wrote into them. They stay, without the name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.orm import Session

from server.ctas.models import (
    ComposePreview,
    Cta,
    CtaAttachment,
    CtaChange,
    CtaComment,
    CtaDeed,
    CtaPerson,
    CtaTask,
)
from server.personal import Kind, Record, Register, Subject, Tally, redact

COLUMNS: Register = {
    "cta": {
        Kind.TASK: "name snooze_reason closing_note",
        Kind.STAFF: "owner_id opened_by_id",
        Kind.NONE: "id account_id cta_type reason priority status playbook_name playbook_version_id trigger_id "
        "open_key is_flagged due_on next_due_on next_wake_on opened_on ebr_on snoozed_through opened_at closed_at "
        "row_version",
    },
    "cta_task": {
        Kind.TASK: "title instructions snooze_reason",
        Kind.STAFF: "owner_id done_by_id",
        Kind.NONE: "id cta_id position kind due_on email_template_id contact_role done_at snoozed_through key needs "
        "is_required minutes dropped_at waits_days silent_template_id waiting_since silent_on back_on replied_at "
        "reply_entry_id away_entry_id sent_entry_id",
    },
    "cta_person": {Kind.TASK: "contact_id", Kind.NONE: "id cta_id"},
    "cta_comment": {Kind.TASK: "text", Kind.STAFF: "author_id", Kind.NONE: "id cta_id created_at edited_at removed_at"},
    "cta_mention": {Kind.STAFF: "user_id", Kind.NONE: "id cta_comment_id seen_at"},
    "cta_attachment": {
        Kind.TASK: "name",
        Kind.STAFF: "added_by_id",
        Kind.NONE: "id cta_id media_type size sha256 added_at",
    },
    "cta_attachment_data": {Kind.TASK: "data", Kind.NONE: "id"},
    "cta_link": {Kind.STAFF: "added_by_id", Kind.NONE: "id cta_id timeline_entry_id added_at"},
    "cta_deed": {Kind.TASK: "label", Kind.STAFF: "by_user_id", Kind.NONE: "id cta_id done_at undone_at"},
    "cta_change": {Kind.TASK: "before after", Kind.NONE: "id cta_deed_id cta_id cta_task_id field"},
    "email_task_send": {Kind.NONE: "id cta_task_id outbound_email_id despite"},
    "compose_preview": {Kind.DRAFT: "html", Kind.STAFF: "user_id", Kind.NONE: "id created_at"},
}
_TEXTS = (
    *(Cta.name, Cta.snooze_reason, Cta.closing_note, CtaTask.title, CtaTask.instructions, CtaTask.snooze_reason),
    *(CtaComment.text, CtaAttachment.name, CtaDeed.label, CtaChange.before, CtaChange.after),
)
TASK_STAYS = "Calls to action and tasks that name the person: without the name"
FILE_STAYS = "Files at calls to action that are about the person: open them and remove those that name the person"
PREVIEW_LIFE = timedelta(hours=1)


def found(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:
    yield from _of_person(session, subject)
    if not subject.wide.terms:
        return
    yield from _talk(session, subject)
    named = or_(*(subject.wide.may_be_in(column) for column in (Cta.name, Cta.snooze_reason, Cta.closing_note)))
    for cta in session.scalars(select(Cta).where(named).order_by(Cta.id)).all():
        data = {"id": str(cta.id), "what": "Call to action", "name": cta.name, "closing_note": cta.closing_note}
        yield Record(kind=Kind.TASK, data=data, since=cta.opened_at)
    columns = (CtaTask.title, CtaTask.instructions, CtaTask.snooze_reason)
    named = or_(*(subject.wide.may_be_in(column) for column in columns))
    for task in session.scalars(select(CtaTask).where(named).order_by(CtaTask.id)).all():
        data = {"id": str(task.id), "what": "Task", "name": task.title, "instructions": task.instructions}
        data |= {"snooze_reason": task.snooze_reason} if task.snooze_reason else {}
        yield Record(kind=Kind.TASK, data=data, since=None)
    for preview in session.scalars(select(ComposePreview).where(subject.wide.may_be_in(ComposePreview.html))).all():
        shown = {"id": str(preview.id), "what": "Preview of an email"} | ({"html": preview.html} if with_text else {})
        yield Record(kind=Kind.DRAFT, data=shown, since=preview.created_at)


def _of_person(session: Session, subject: Subject) -> Iterator[Record]:
    """That they stand in a CTA, and the files there, which nobody here can read for names."""
    if subject.contact_id is None:
        return
    for person in session.scalars(select(CtaPerson).where(CtaPerson.contact_id == subject.contact_id)).all():
        data = {"id": str(person.id), "what": "Person of a call to action", "cta_id": str(person.cta_id)}
        yield Record(kind=Kind.TASK, data=data, since=None)
    for file in session.scalars(_files(subject)).all():
        data = {"id": str(file.id), "what": "File at a call to action about the person", "name": file.name}
        yield Record(kind=Kind.TASK, data=data, since=file.added_at)


def _files(subject: Subject) -> Select[CtaAttachment]:
    theirs = select(CtaPerson.cta_id).where(CtaPerson.contact_id == subject.contact_id)
    return select(CtaAttachment).where(CtaAttachment.cta_id.in_(theirs)).order_by(CtaAttachment.id)


def _talk(session: Session, subject: Subject) -> Iterator[Record]:
    """Comments, names of files, and the history."""
    said = select(CtaComment).where(subject.wide.may_be_in(CtaComment.text)).order_by(CtaComment.id)
    for comment in session.scalars(said).all():
        data = {"id": str(comment.id), "what": "Comment", "text": comment.text}
        yield Record(kind=Kind.TASK, data=data, since=comment.created_at)
    for file in session.scalars(select(CtaAttachment).where(subject.wide.may_be_in(CtaAttachment.name))).all():
        data = {"id": str(file.id), "what": "Name of a file", "name": file.name}
        yield Record(kind=Kind.TASK, data=data, since=file.added_at)
    for deed in session.scalars(select(CtaDeed).where(subject.wide.may_be_in(CtaDeed.label))).all():
        data = {"id": str(deed.id), "what": "History of a call to action", "label": deed.label}
        yield Record(kind=Kind.TASK, data=data, since=deed.done_at)
    kept = or_(subject.wide.may_be_in(CtaChange.before), subject.wide.may_be_in(CtaChange.after))
    for one in session.scalars(select(CtaChange).where(kept)).all():
        values = {"before": one.before, "after": one.after}
        yield Record(kind=Kind.TASK, data={"id": str(one.id), "what": "What a change was about", **values}, since=None)


def erase(session: Session, subject: Subject, *, now: datetime) -> Tally:
    """Previews go altogether: they live for an hour, and a reload of the composer makes them again."""
    tally = Tally()
    if subject.contact_id is not None:
        if files := session.scalars(_files(subject)).all():
            tally.kept[FILE_STAYS] += len(files)
        gone = delete(CtaPerson).where(CtaPerson.contact_id == subject.contact_id).returning(CtaPerson.id)
        tally.gone[Kind.TASK] += len(session.scalars(gone).all())
    changed = redact(session, _TEXTS, subject.wide)
    tally.gone[Kind.TASK] += changed
    tally.kept[TASK_STAYS] += changed
    tally.gone[Kind.DRAFT] += remove_previews(session, until=now)
    return tally


def count_previews(session: Session, *, until: datetime) -> int:
    return session.scalar(select(func.count(ComposePreview.id)).where(ComposePreview.created_at <= until)) or 0


def remove_previews(session: Session, *, until: datetime) -> int:
    gone = delete(ComposePreview).where(ComposePreview.created_at <= until).returning(ComposePreview.id)
    return len(session.scalars(gone).all())
