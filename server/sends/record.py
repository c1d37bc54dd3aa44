"""What became of a claimed email. Every step is fenced: it holds only for the epoch and state it was decided for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from server.sends.claim import LEASE
from server.sends.models import WILL_NOT_LEAVE, OutboundContent, OutboundEmail, OutboundState, OutboundStep
from server.timeline.record import EmailActivity, Participant, record_email

# Looks into the mailbox after an unknown outcome: soon at first, since most answers are there at once, then each
# after as long a time as went by since the send. Counting tries would be wrong: waiting for a quota is no look.
FIRST_LOOK_AFTER = timedelta(seconds=2)
LONGEST_BETWEEN_LOOKS = timedelta(hours=2)
GIVE_UP_AFTER = timedelta(hours=6)


class Fenced(Exception):
    """Another worker or a person moved this row meanwhile; whoever holds the old claim must let go."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a worker holds: the row as it was claimed."""

    email_id: uuid.UUID
    epoch: int
    state: OutboundState


def _move(session: Session, claim: Claim, to: OutboundState, detail: str, now: datetime, **values: Any) -> Claim:
    result = session.execute(
        update(OutboundEmail)
        .where(
            OutboundEmail.id == claim.email_id,
            OutboundEmail.epoch == claim.epoch,
            OutboundEmail.state == claim.state,
        )
        .values(state=to, changed_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise Fenced(str(claim.email_id))
    if detail:
        session.add(OutboundStep(outbound_email_id=claim.email_id, at=now, state=to, detail=detail))
    return Claim(email_id=claim.email_id, epoch=claim.epoch, state=to)


def drafted(session: Session, claim: Claim, *, draft_id: str, gmail_thread_id: str, now: datetime) -> Claim:
    """The draft stands in the mailbox. Its id is set here, once; only a committed draft is ever sent."""
    return _move(
        session,
        claim,
        OutboundState.DRAFTED,
        "Gmail holds it as a draft.",
        now,
        draft_id=draft_id,
        gmail_thread_id=gmail_thread_id,
        lease_until=now + LEASE,
    )


def sending(session: Session, claim: Claim, *, now: datetime) -> Claim:
    """Committed before the call that sends: from here on its fate is Gmail's to tell."""
    return _move(
        session, claim, OutboundState.SENDING, "Handed to Gmail.", now, sending_at=now, lease_until=now + LEASE
    )


def sent(session: Session, claim: Claim, *, gmail_message_id: str, gmail_thread_id: str, now: datetime) -> None:
    """It left. In the same transaction it stands on the account's timeline."""
    _move(
        session,
        claim,
        OutboundState.SENT,
        "Gmail has sent it.",
        now,
        gmail_message_id=gmail_message_id,
        gmail_thread_id=gmail_thread_id,
        sent_at=now,
        lease_until=None,
        problem=None,
        cure=None,
    )
    log_on_timeline(session, email_id=claim.email_id, now=now)


def log_on_timeline(session: Session, *, email_id: uuid.UUID, now: datetime) -> None:
    """Nothing of an email whose person was erased: it left, and that is all there is to say."""
    email = session.get_one(OutboundEmail, email_id, populate_existing=True)
    content = session.get(OutboundContent, email_id)
    if email.is_erased or content is None:
        return
    record_email(
        session,
        EmailActivity(
            source_key=f"outbound:{email.id}",
            account_id=email.account_id,
            author_id=email.user_id,
            subject=email.subject,
            body_text=content.text,
            occurred_at=email.sent_at or now,
            mailbox_email=email.from_email,
            gmail_message_id=email.gmail_message_id,
            gmail_thread_id=email.gmail_thread_id,
            email_template_version_id=email.email_template_version_id,
            template_label=email.template_label,
            participants=(
                Participant(part="from", name=email.from_name, email=email.from_email),
                Participant(part="to", name=email.to_name, email=email.to_email, contact_id=email.contact_id),
                *([Participant(part="cc", name="", email=email.cc_email)] if email.cc_email else []),
            ),
        ),
        now=now,
    )


def failed(session: Session, claim: Claim, *, problem: str, cure: str, now: datetime) -> None:
    """Known not sent, and trying the same again would not help."""
    _move(session, claim, OutboundState.FAILED, problem, now, problem=problem, cure=cure, lease_until=None)


def suppressed(session: Session, claim: Claim, *, problem: str, now: datetime) -> None:
    cure = "Nothing was sent. Choose another contact."
    _move(session, claim, OutboundState.SUPPRESSED, problem, now, problem=problem, cure=cure, lease_until=None)


def waits(session: Session, claim: Claim, *, until: datetime, problem: str, cure: str, now: datetime) -> None:
    """Known not sent; it stays where it is (a draft stays a draft) and is due again at `until`."""
    back = OutboundState.QUEUED if claim.state is OutboundState.CLAIMED else OutboundState.DRAFTED
    sending_at = {"sending_at": None} if claim.state is OutboundState.SENDING else {}
    _move(
        session, claim, back, problem, now, not_before=until, lease_until=None, problem=problem, cure=cure, **sending_at
    )


def look_later(session: Session, claim: Claim, *, until: datetime, problem: str, cure: str, now: datetime) -> None:
    """Its fate stays unknown; the mailbox could not even be asked."""
    _move(
        session,
        claim,
        OutboundState.SENDING,
        problem,
        now,
        not_before=until,
        lease_until=None,
        problem=problem,
        cure=cure,
    )


def unknown(session: Session, claim: Claim, *, sending_at: datetime, now: datetime) -> None:
    """It may have left. Look into the mailbox again later; after hours of silence ask a person. Never send blindly."""
    if now - sending_at >= GIVE_UP_AFTER:
        problem = "Gmail did not say for hours whether this email left, and Rapport did not find it in Sent."
        cure = "Look into your Gmail Sent folder, then say below whether it was sent."
        _move(session, claim, OutboundState.REVIEW, problem, now, problem=problem, cure=cure, lease_until=None)
        return
    wait = min(max(now - sending_at, FIRST_LOOK_AFTER), LONGEST_BETWEEN_LOOKS)
    _move(
        session,
        claim,
        OutboundState.SENDING,
        "No clear answer from Gmail; looking into the mailbox again shortly.",
        now,
        not_before=now + wait,
        lease_until=None,
        problem="Gmail did not say whether this email left.",
        cure="Nothing to do: Rapport looks into your mailbox until it knows, and never sends it twice.",
    )


def seen_in_sent(session: Session, *, email_id: uuid.UUID, rfc_message_id: str | None, now: datetime) -> None:
    """Read back from the mailbox: the Message-ID that Gmail gave it."""
    session.execute(
        update(OutboundEmail)
        .where(OutboundEmail.id == email_id, OutboundEmail.state == OutboundState.SENT)
        .values(rfc_message_id=rfc_message_id, seen_in_sent_at=now)
    )
    session.add(
        OutboundStep(
            outbound_email_id=email_id, at=now, state=OutboundState.SENT, detail="Seen in the Gmail Sent folder."
        )
    )


def draft_removed(session: Session, *, email_id: uuid.UUID, draft_id: str, detail: str, now: datetime) -> None:
    """The draft of an email that will not leave is gone. Nothing happens when the email moved on meanwhile."""
    email = session.get_one(OutboundEmail, email_id, with_for_update=True, populate_existing=True)
    if email.draft_id == draft_id and email.state in WILL_NOT_LEAVE:
        email.draft_id = None
        session.add(OutboundStep(outbound_email_id=email.id, at=now, state=email.state, detail=detail))


def remove_draft_later(session: Session, *, email_id: uuid.UUID, until: datetime) -> None:
    email = session.get_one(OutboundEmail, email_id, with_for_update=True, populate_existing=True)
    if email.state in WILL_NOT_LEAVE:
        email.not_before = until
