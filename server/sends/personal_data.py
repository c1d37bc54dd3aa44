"""What the outbox holds of a person, and its erasure.

What has not been handed to Gmail is cancelled, which fences off a worker that holds it; what is being handed over
goes on without its name and text, for its fate is Gmail's to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from server.personal import ERASED_NAME, Kind, Record, Register, Subject, Tally, at, redact
from server.sends.models import MOVING, RECALLABLE, OutboundContent, OutboundEmail, OutboundState, OutboundStep

COLUMNS: Register = {
    "outbound_email": {
        Kind.SENT_EMAIL: "contact_id to_name to_email subject problem gmail_thread_id gmail_message_id rfc_message_id "
        "wall_zone",
        Kind.STAFF: "user_id from_name from_email cc_email",
        Kind.NONE: "id dedupe_key mailbox_id account_id email_template_version_id template_label state epoch attempts "
        "not_before lease_until draft_id cure queued_at sending_at sent_at seen_in_sent_at changed_at "
        "text_removed_months wall_time is_held",
    },
    "outbound_content": {Kind.SENT_TEXT: "html text", Kind.NONE: "id"},
    "outbound_step": {Kind.SENT_EMAIL: "detail", Kind.NONE: "id outbound_email_id at state"},
    "send_lane": {Kind.NONE: "id holder held_until"},
}
ROW_STAYS = "That an email was sent or meant to be, when, by whom, from which template: no name, subject or text"
_ON_ITS_WAY = "Emails to others on their way that name the person: erase again when they have left"
_CANCELLED = "Cancelled: the person was erased on request."


def found(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:
    statement = select(OutboundEmail).where(_theirs(subject)).order_by(OutboundEmail.id)
    for email in session.scalars(statement).all():
        sent_at = email.sent_at or email.queued_at
        data = {
            "to_name": email.to_name,
            "to_email": email.to_email,
            "from": email.from_email,
            "subject": email.subject,
            "state": email.state,
            "queued_at": at(email.queued_at),
            "sent_at": at(email.sent_at),
            "template": email.template_label,
            "problem": email.problem,
            "time_zone": email.wall_zone,
        }
        yield Record(kind=Kind.SENT_EMAIL, data=data | {"id": str(email.id)}, since=sent_at)
        has_text = select(OutboundContent.id).where(OutboundContent.id == email.id)
        if session.scalar(has_text) is None:
            continue
        text = {}
        if with_text:
            content = session.get_one(OutboundContent, email.id)
            text = {"text": content.text, "html": content.html}
        yield Record(kind=Kind.SENT_TEXT, data={"id": str(email.id)} | text, since=sent_at)


def erase(session: Session, subject: Subject, *, now: datetime) -> Tally:
    tally = Tally()
    statement = select(OutboundEmail).where(_theirs(subject)).order_by(OutboundEmail.id).with_for_update()
    emails = session.scalars(statement.execution_options(populate_existing=True)).all()
    for email in emails:
        if email.state in RECALLABLE:
            # A new epoch, so that nobody sends it any more; a draft that stands at Gmail is removed from there next.
            email.state, email.epoch, email.not_before = OutboundState.CANCELLED, email.epoch + 1, now
            email.lease_until = None
            step = OutboundStep(outbound_email_id=email.id, at=now, state=email.state, detail=_CANCELLED)
            session.add(step)
        email.contact_id, email.to_name, email.to_email, email.subject = None, ERASED_NAME, "", ""
        email.problem = email.cure = email.wall_time = email.wall_zone = None
        email.changed_at = now
        for other in session.scalars(select(OutboundStep).where(OutboundStep.outbound_email_id == email.id)):
            other.detail = subject.close.text(other.detail)
    ids = [email.id for email in emails]
    session.flush()
    texts = delete(OutboundContent).where(OutboundContent.id.in_(ids)).returning(OutboundContent.id)
    tally.gone[Kind.SENT_EMAIL] += len(ids)
    tally.gone[Kind.SENT_TEXT] += len(session.scalars(texts).all())
    tally.kept[ROW_STAYS] += len(ids)
    _take_name_out_of_others(session, subject, tally)
    return tally


def _take_name_out_of_others(session: Session, subject: Subject, tally: Tally) -> None:
    """Emails to others that name them. What was seen is what is sent: those on their way stay as they were written."""
    moving = select(OutboundEmail.id).where(OutboundEmail.state.in_(sorted(MOVING)))
    stands = OutboundEmail.state.not_in(sorted(MOVING))
    tally.gone[Kind.SENT_EMAIL] += redact(session, [OutboundEmail.subject], subject.wide, only=stands)
    tally.gone[Kind.SENT_EMAIL] += redact(session, [OutboundEmail.problem, OutboundStep.detail], subject.wide)
    words = (OutboundContent.text, OutboundContent.html)
    tally.gone[Kind.SENT_TEXT] += redact(session, words, subject.wide, only=OutboundContent.id.not_in(moving))
    if subject.wide.terms:
        named = or_(*(subject.wide.may_be_in(column) for column in words))
        tally.kept[_ON_ITS_WAY] += len(
            session.scalars(select(OutboundContent.id).where(OutboundContent.id.in_(moving), named)).all()
        )


def _theirs(subject: Subject) -> ColumnElement[bool]:
    by_address = func.lower(OutboundEmail.to_email).in_(sorted(subject.norms))
    return by_address if subject.contact_id is None else or_(OutboundEmail.contact_id == subject.contact_id, by_address)
