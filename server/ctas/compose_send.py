"""Sending what was composed: what to know first, the word of the person, and one email for each into the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from server.contacts.queries import ContactView
from server.ctas import guard
from server.ctas.compose import Composition, Prepared
from server.ctas.guard import Caution
from server.ctas.leave import LeaveAt
from server.ctas.models import EmailTaskSend
from server.db import insert_if_absent
from server.errors import Conflict, Invalid
from server.mailboxes.models import Mailbox
from server.sends.models import MOVING, OutboundEmail, OutboundState
from server.sends.schedule import EmailToSchedule, schedule

_STANDS = frozenset({*MOVING, OutboundState.SENT, OutboundState.REVIEW})


def cautions(session: Session, composition: Composition, chosen: Collection[uuid.UUID], now: datetime) -> list[Caution]:
    """What to know before writing to these contacts."""
    return guard.warnings(
        session,
        guard.Asked(
            account_id=composition.account.id,
            contacts=[contact for contact in composition.contacts if contact.id in chosen],
            now=now,
            cta_id=composition.cta.id,
            own_mail={one.gmail_message_id for one in composition.earlier if one.gmail_message_id},
            own_emails={one.id for one in composition.earlier},
        ),
    )


class Cautioned(Conflict):
    """There is something that the person should know first; who names the keys of it sends all the same."""

    title = "Look before you send"


@dataclass(frozen=True, kw_only=True)
class Word:
    """What the person said at Send. `seen` maps contact ids to the digest of the preview that they saw, `despite` are
    the keys of warnings that they send in spite of."""

    seen: Mapping[str, str]
    despite: Collection[str] = ()
    leave_at: LeaveAt = field(default_factory=LeaveAt)


def send(
    session: Session, composition: Composition, prepared: Sequence[Prepared], word: Word, *, now: datetime
) -> list[OutboundEmail]:
    """Put one email for each contact into the outbox.

    Another text than the one that was seen is refused, and so is what there is a new warning of. Raises Invalid,
    Conflict or Cautioned with nothing written; the same click twice gives the same rows.
    """
    if not prepared:
        raise Invalid("Nobody is chosen.", cure="Tick at least one contact under To.")
    broken = next((one for one in prepared if one.email is None), None)
    if broken is not None:
        raise Invalid(f"{broken.contact.full_name}: {broken.problem}", cure=broken.cure)
    if not composition.can_send or composition.mailbox is None:
        raise Conflict("Your Gmail is not connected.", cure="Connect it under Mailbox, then send.")
    if any(word.seen.get(str(one.contact.id)) != one.digest for one in prepared):
        raise Conflict("The email differs from the preview you saw.", cure="Look at the new preview, then send.")
    standing = {one.contact.id for one in prepared if _standing(composition, one.contact)}
    found = cautions(session, composition, {one.contact.id for one in prepared} - standing, now)
    if any(one.key not in word.despite for one in found):
        first = next(one for one in found if one.key not in word.despite)
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise Cautioned(f"{first.text}{more}.", cure="Look at the warnings. You can send all the same.")
    return [_schedule(session, composition, composition.mailbox, one, word, found, now) for one in prepared]


def _standing(composition: Composition, contact: ContactView) -> OutboundEmail | None:
    """An email of this task to them that stands in the way of another: once they were waited for, none that left."""
    stands = _STANDS if composition.task.waiting_since is None else _STANDS - {OutboundState.SENT}
    of_contact = (email for email in composition.earlier if email.contact_id == contact.id)
    return next((email for email in of_contact if email.state in stands), None)


def _schedule(
    session: Session,
    composition: Composition,
    mailbox: Mailbox,
    one: Prepared,
    word: Word,
    found: Sequence[Caution],
    now: datetime,
) -> OutboundEmail:
    contact = one.contact
    assert one.email is not None
    assert contact.email is not None
    to_contact = [email for email in composition.earlier if email.contact_id == contact.id]
    if _standing(composition, contact) is not None:
        raise Conflict(
            f"This task has already written to {contact.full_name}.",
            cure="Look at the task; leave this contact out, or wait for what is under way.",
        )
    wording = composition.wording_for(contact)
    known = [each for each in found if each.contact_id in (None, contact.id)]
    row = schedule(
        session,
        EmailToSchedule(
            dedupe_key=f"task:{composition.task.id}:contact:{contact.id}:{len(to_contact)}",
            mailbox_id=mailbox.id,
            user_id=composition.sender.id,
            account_id=composition.account.id,
            contact_id=contact.id,
            email_template_version_id=wording.version.id,
            template_label=wording.label,
            from_name=composition.sender.name,
            from_email=mailbox.email,
            to_name=contact.full_name,
            to_email=contact.email,
            subject=one.email.subject,
            html=one.email.html,
            text=one.email.text,
            cc_email=composition.cc.email if composition.cc else None,
            later=word.leave_at.for_zone(composition.zone_of(contact), now),
            note="".join(f"{each.text}: its sender knew. " for each in known).strip(),
        ),
        now=now,
    )
    despite = " ".join(each.key for each in known)
    insert_if_absent(session, EmailTaskSend(cta_task_id=composition.task.id, outbound_email_id=row.id, despite=despite))
    return row
