"""What would become of a mail, and why, as JSON. Reads only: nothing of it is stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.contacts.models import Contact
from server.mail import words
from server.mail.decide import Decision, LinkTo, Outcome
from server.mail.gmail_labels import label_ids, left_out
from server.mail.holders import Holder, first_of
from server.mail.incoming import Incoming
from server.mail.ingest import Arrival, Foreseen, foresee, mails_in, source_of
from server.mail.models import MailState, Route
from server.mail.rules import load_rules
from server.messages.model import Envelope, Mail, Person
from server.messages.read import Unreadable, read_mail
from server.timeline.models import Level

LINKED, NOT_LINKED, UNREADABLE = 0, 1, 2  # exit codes
Answer = tuple[dict[str, Any], int]

_NOBODY = Holder(user_id=uuid.UUID(int=0), name="", mailbox_id=None, level=Level.SUBJECT, keys=frozenset())
_NO_USER = "No user of ours is in it, so it was decided without a mailbox. Name one with --for."


def explain(session: Session, raw: bytes, *, for_holder: Holder | None, now: datetime) -> Answer:
    """The decision and the exit code: 0 linked, 1 not linked, 2 not readable as mail. No bytes make it raise."""
    try:
        mail = read_mail(raw)
        owner = for_holder or first_of(session, _addresses(mail.envelope)) or _NOBODY
        [incoming] = mails_in(raw, mail, _arrival(session, raw, mail, owner, now))
    except Unreadable as error:
        return unreadable(error.detail, error.cure)
    foreseen = foresee(session, load_rules(session), incoming)
    return _told(session, foreseen, owner), LINKED if _is_linked(foreseen) else NOT_LINKED


def undecided(detail: str, cure: str) -> Answer:
    return {"outcome": "undecided", "reason": detail, "cure": cure}, NOT_LINKED


def unreadable(detail: str, cure: str) -> Answer:
    return {"outcome": "unreadable", "reason": detail, "cure": cure}, UNREADABLE


def _arrival(session: Session, raw: bytes, mail: Mail, owner: Holder, now: datetime) -> Arrival:
    envelope = mail.envelope
    return Arrival(
        holder=owner,
        route=Route.IMPORT,
        source=source_of(raw),
        level=owner.level,
        received_at=envelope.sent_at or now,
        labels=label_ids(envelope.gmail_labels, left_out(session, owner.mailbox_id)),
        gmail_thread_id=envelope.gmail_thread_id,
    )


def _addresses(envelope: Envelope) -> list[str]:
    """Of everybody in it, whose mail it most likely is first: the sender, then whom it was delivered to."""
    sender: Iterable[Person] = (envelope.sender,) if envelope.sender else ()
    others = (*envelope.to, *envelope.cc, *envelope.bcc)
    return [*(one.email for one in sender), *envelope.delivered_to, *(one.email for one in others)][:200]


def _is_linked(foreseen: Foreseen) -> bool:
    return _outcome(foreseen)[0] == Outcome.LINKED


def _outcome(foreseen: Foreseen) -> tuple[str, str]:
    """A mail that stands already keeps its links, whatever would be decided of it today."""
    known = foreseen.known
    if known is not None and known.state == MailState.REMOVED:
        return Outcome.EXCLUDED, "unlinked"
    return foreseen.decision.outcome, foreseen.decision.reason


def _told(session: Session, foreseen: Foreseen, owner: Holder) -> dict[str, Any]:
    incoming, decision = foreseen.incoming, foreseen.decision
    outcome, reason = _outcome(foreseen)
    told: dict[str, Any] = {
        "outcome": str(outcome),
        "reason": reason,
        "why": _why(outcome, reason, decision),
        "for": owner.name or None,
        "links": [_link(session, link, decision) for link in decision.links],
        "ties": {
            address: [{"account": one.account, "rule": str(one.rule)} for one in tie]
            for address, tie in decision.ties.items()
        },
        "parties": [
            {"part": party.part, "email": party.person.email, "ours": party.is_ours} for party in decision.parties
        ],
        "level": str(decision.choice.level if decision.choice else owner.level),
        "rule_version": decision.rule_version,
        **_of_mail(incoming),
        "same_as": None,
    }
    if owner is _NOBODY:
        told["note"] = _NO_USER
    if foreseen.known is not None:
        told["same_as"] = {"mail": str(foreseen.known.id), "state": foreseen.known.state}
    return told


def _why(outcome: str, reason: str, decision: Decision) -> str:
    if outcome == Outcome.EXCLUDED:
        return words.excluded_words(reason)
    if outcome == Outcome.WAITING:
        return words.waiting_words(reason)
    return f"It belongs to {', '.join(link.account for link in decision.links)}"


def _link(session: Session, link: LinkTo, decision: Decision) -> dict[str, Any]:
    contact = session.get(Contact, link.contact_id) if link.contact_id else None
    name = f"{contact.first_name or ''} {contact.last_name or ''}".strip() if contact else ""
    return {
        "account": link.account,
        "rule": str(link.rule),
        "why": words.why(link.rule, link.address, name or None, link.account),
        "address": link.address,
        "contact": name or None,
        "candidates_lost": [
            {key: str(value) for key, value in candidate.items() if key != "account_id"}
            for candidate in decision.candidates_for(link.account_id)
        ],
    }


def _of_mail(incoming: Incoming) -> dict[str, Any]:
    envelope = incoming.envelope
    return {
        "kind": str(envelope.kind),
        "kind_reason": envelope.kind_reason,
        "message_id": envelope.rfc_message_id,
        "sent_at": envelope.sent_at.isoformat() if envelope.sent_at else None,
        "subject": envelope.subject,
    }
