"""Keeping a mail that was decided on: the message, this copy of it, its people, its links, its timeline entries.

All of it in the caller's transaction, so that a mail stands whole or not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.ids import new_id
from server.mail import bounces, choices, entries, removal, same_mail
from server.mail.decide import Decision, LinkTo, Outcome
from server.mail.incoming import Incoming, Party
from server.mail.match import Match
from server.mail.models import (
    LinkState,
    MailContent,
    MailCopy,
    MailKey,
    MailLink,
    MailMessage,
    MailParticipant,
    MailReference,
    MailState,
)
from server.mail.rows import held, links_by_account, links_of
from server.mail.same_mail import Rival
from server.mail.threads import merge_threads, new_thread
from server.messages.model import Mail
from server.timeline.models import Level, most_careful


def take_in(session: Session, incoming: Incoming, decision: Decision, *, salt: str, now: datetime) -> MailMessage:
    """Store what is linked or waiting; the mail as it stands now, which is REMOVED if a person took it away before.

    Raises Rival when another worker stored the same mail at this moment.
    """
    if decision.outcome is Outcome.EXCLUDED:
        raise ValueError("what is excluded is not stored")
    if decision.choice is not None:
        choices.use_up(session, decision.choice, incoming, decision.parties, salt=salt, now=now)
    outbound_id = str(decision.outbound.id) if decision.outbound else None
    keys = same_mail.keys_of(incoming, decision.parties, salt, outbound_id=outbound_id)
    known = _hold(session, same_mail.find(session, incoming, keys))
    if known is not None and known.state == MailState.REMOVED:
        same_mail.claim_keys(session, known.id, keys)
        _add_copy(session, known, incoming, decision, now)
        return known
    message = known or _new_message(session, incoming, decision, now)
    others = same_mail.claim_keys(session, message.id, keys, is_new=known is None)
    if others and known is None:
        raise Rival
    _add_copy(session, message, incoming, decision, now)
    _note_other_id(session, message, incoming)
    _add_people(session, message, decision, is_new=known is None)
    _join_threads(session, message, decision)
    if _was_taken_off(session, message, others):
        removal.tombstone(session, message, now=now)
        return message
    for other in others:
        _merge(session, into=message, other_id=other)
    apply(session, message, decision, now=now)
    if incoming.mail is not None and _may_keep_text(message, incoming):
        keep_text(session, message, incoming.mail)
    bounces.mark(session, message, incoming, decision.matches)
    entries.project(session, message, now=now, outbound=decision.outbound)
    return message


def add_to_tombstone(session: Session, incoming: Incoming, decision: Decision, *, salt: str, now: datetime) -> bool:
    """Note that this holder has a mail, too, that a person took off: whoever brings it back brings it to all of them.

    False where no such mail is known. For what `decide` excluded as "unlinked".
    """
    keys = same_mail.keys_of(incoming, decision.parties, salt)
    known = _hold(session, same_mail.find(session, incoming, keys))
    if known is None or known.state != MailState.REMOVED:
        return False
    same_mail.claim_keys(session, known.id, keys)
    _add_copy(session, known, incoming, decision, now)
    return True


def _hold(session: Session, known: MailMessage | None) -> MailMessage | None:
    """The mail as it stands now: a person may take it off at this very moment."""
    if known is None:
        return None
    found = held(session, known.id)
    if found is None:
        raise Rival
    return found


def _was_taken_off(session: Session, message: MailMessage, others: Sequence[uuid.UUID]) -> bool:
    """Whether a person took this very mail off, when it was known by another key. Their later word stands above it."""
    removed = select(MailMessage.id).where(MailMessage.id.in_(others), MailMessage.state == MailState.REMOVED)
    if not others or session.scalars(removed.limit(1)).first() is None:
        return False
    by_person = select(MailLink.id).where(
        MailLink.mail_message_id == message.id, MailLink.state == LinkState.LINKED, MailLink.by_person_id.is_not(None)
    )
    return session.scalars(by_person.limit(1)).first() is None


def apply(session: Session, message: MailMessage, decision: Decision, *, now: datetime) -> None:
    """Add what the decision links. It takes nothing away: a link that stands is only undone by a person or a replay."""
    known = links_by_account(session, message.id)
    for link in decision.links:
        if link.account_id not in known:
            known[link.account_id] = _add_link(session, message, link, decision, now)
    is_linked = any(link.state == LinkState.LINKED for link in known.values())
    message.state = MailState.LINKED if is_linked else MailState.WAITING
    asked = _unseen_ties(message, decision) | {
        address: [str(one.account_id) for one in tie] for address, tie in decision.ties.items()
    }
    answers = {str(account_id) for account_id in known}
    message.ties = {address: tie for address, tie in asked.items() if answers.isdisjoint(tie)}
    message.waiting_reason = None if is_linked else "tie" if message.ties else "nobody_known"
    message.rule_version = decision.rule_version
    message.changed_at = now
    session.flush()


def _unseen_ties(message: MailMessage, decision: Decision) -> dict[str, Any]:
    """Questions that this copy does not tell of, because it does not show who is in Bcc: they stay asked."""
    seen = {party.norm for party in decision.parties}
    return {address: tie for address, tie in message.ties.items() if address not in seen}


def keep_text(session: Session, message: MailMessage, mail: Mail) -> None:
    """What it says. Kept once, whoever brings it first."""
    insert_if_absent(
        session,
        MailContent(
            id=message.id,
            text=mail.text,
            new_text=mail.new_text,
            html=mail.html,
            attachments=[
                {"name": one.name, "content_type": one.content_type, "size": one.size} for one in mail.attachments
            ],
            is_cut=mail.is_cut,
        ),
    )


def _may_keep_text(message: MailMessage, incoming: Incoming) -> bool:
    """Of what waits for a person, text is kept only if it cannot be asked for again.

    What the retention rule took away does not come back, whoever brings it.
    """
    if message.text_removed_months is not None:
        return False
    return message.state == MailState.LINKED or incoming.gmail_message_id is None


def _new_message(session: Session, incoming: Incoming, decision: Decision, now: datetime) -> MailMessage:
    envelope = incoming.envelope
    message = MailMessage(
        id=new_id(),
        mail_thread_id=decision.thread_id or new_thread(session, now),
        state=MailState.WAITING,
        waiting_reason=decision.reason or None,
        ties={},
        rfc_message_id=envelope.rfc_message_id,
        subject=envelope.subject,
        sent_at=incoming.sent_at,
        kind=envelope.kind,
        kind_reason=envelope.kind_reason,
        level_by_person=None,
        rule_version=decision.rule_version,
        created_at=now,
        changed_at=now,
    )
    session.add(message)
    session.flush()
    session.add_all(
        MailReference(mail_message_id=message.id, rfc_message_id=reference) for reference in envelope.references
    )
    return message


def _note_other_id(session: Session, message: MailMessage, incoming: Incoming) -> None:
    """A copy whose Message-ID was rewritten on its way: answers to it name that one."""
    _note_id(session, message, incoming.envelope.rfc_message_id)


def _note_id(session: Session, message: MailMessage, other: str | None) -> None:
    if other is None or other == message.rfc_message_id:
        return
    if other not in _references_of(session, message):
        session.add(MailReference(mail_message_id=message.id, rfc_message_id=other))


def _add_copy(session: Session, message: MailMessage, incoming: Incoming, decision: Decision, now: datetime) -> None:
    # What was sent from Rapport was written to be seen; its level is lowered by a person alone.
    level = Level.FULL if decision.outbound is not None else incoming.level
    own_level = decision.choice.level if decision.choice is not None else None
    is_new = insert_if_absent(
        session,
        MailCopy(
            mail_message_id=message.id,
            user_id=incoming.user_id,
            mailbox_id=incoming.mailbox_id,
            route=incoming.route,
            source=incoming.source,
            gmail_message_id=incoming.gmail_message_id,
            gmail_thread_id=incoming.gmail_thread_id,
            is_sent=incoming.is_sent,
            level=level,
            own_level=own_level,
            created_at=now,
        ),
    )
    if is_new and own_level is not None and own_level != Level.NOTHING:
        # As the holder's word on a mail that stands: what they said since then is not overwritten.
        said = [message.level_by_person] if message.level_by_person is not None else []
        message.level_by_person = most_careful([*said, own_level])


def _add_people(session: Session, message: MailMessage, decision: Decision, *, is_new: bool) -> None:
    """Those who are not there yet: the sender's copy knows of Bcc what the others do not."""
    known: dict[tuple[str, str], MailParticipant] = {}
    if not is_new:
        found = select(MailParticipant).where(MailParticipant.mail_message_id == message.id)
        known = {(person.part, person.email_norm): person for person in session.scalars(found)}
    matched = {match.party.norm: match for match in decision.matches}
    for party in decision.parties:
        person = known.get((party.part, party.norm))
        if person is None:
            person = _participant(message, party)
            session.add(person)
        _settle(person, matched.get(party.norm), decision)


def _participant(message: MailMessage, party: Party) -> MailParticipant:
    return MailParticipant(
        mail_message_id=message.id,
        part=party.part,
        position=party.position,
        name=party.person.name,
        email=party.person.email,
        email_norm=party.norm,
        match_key=party.key,
        registrable=party.registrable,
        is_ours=party.is_ours,
        contact_id=None,
        account_id=None,
    )


def _settle(person: MailParticipant, match: Match | None, decision: Decision) -> None:
    if decision.outbound is not None and not person.is_ours:
        person.account_id = decision.outbound.account_id
        person.contact_id = decision.outbound.contact_id if person.part == "to" else None
    elif match is not None and match.found and person.account_id is None:
        person.account_id, person.contact_id = match.found[0].account_id, match.found[0].contact_id


def _join_threads(session: Session, message: MailMessage, decision: Decision) -> None:
    if decision.thread_id is not None and decision.thread_id != message.mail_thread_id:
        other = decision.thread_id
        merge_threads(session, message.mail_thread_id, other)
        entries.rethread(session, message.mail_thread_id)


def _add_link(session: Session, message: MailMessage, link: LinkTo, decision: Decision, now: datetime) -> MailLink:
    row = MailLink(
        mail_message_id=message.id,
        account_id=link.account_id,
        state=LinkState.LINKED,
        rule=link.rule,
        address=link.address,
        contact_id=link.contact_id,
        candidates=decision.candidates_for(link.account_id),
        rule_version=decision.rule_version,
        by_person_id=link.by_person_id,
        decided_at=now,
        timeline_entry_id=None,
    )
    session.add(row)
    return row


def _references_of(session: Session, message: MailMessage) -> Sequence[str]:
    named = select(MailReference.rfc_message_id).where(MailReference.mail_message_id == message.id)
    return session.scalars(named).all()


def _people_missing(session: Session, into: MailMessage, other: MailMessage) -> list[uuid.UUID]:
    """Those of the other mail whom this one does not have: what stands by them must keep telling whom it is about."""
    statement = select(MailParticipant).where(MailParticipant.mail_message_id.in_((into.id, other.id)))
    people = session.scalars(statement).all()
    known = {(one.part, one.email_norm) for one in people if one.mail_message_id == into.id}
    return [one.id for one in people if (one.part, one.email_norm) not in known]


def _merge(session: Session, *, into: MailMessage, other_id: uuid.UUID) -> None:
    """Two mails turn out to be one, by a copy that has a key of each. A person's word on the other one is kept."""
    other = session.get_one(MailMessage, other_id)
    if other.state == MailState.REMOVED:
        return
    merge_threads(session, into.mail_thread_id, other.mail_thread_id)
    entries.remove(session, other_id)
    mine = links_by_account(session, into.id)
    for word in links_of(session, other_id):
        own = mine.get(word.account_id)
        if own is not None and word.by_person_id is not None and own.by_person_id is None:
            own.state, own.by_person_id, own.decided_at = word.state, word.by_person_id, word.decided_at
    into.ties = other.ties | into.ties
    _note_id(session, into, other.rfc_message_id)
    session.flush()
    for model, condition in (
        (MailParticipant, MailParticipant.id.in_(_people_missing(session, into, other))),
        (MailReference, MailReference.rfc_message_id.not_in(_references_of(session, into))),
        (MailLink, MailLink.account_id.not_in(list(mine))),
        (MailCopy, MailCopy.mail_message_id == other_id),
        (MailKey, MailKey.mail_message_id == other_id),
    ):
        session.execute(
            update(model).where(model.mail_message_id == other_id, condition).values(mail_message_id=into.id)
        )
    content = session.get(MailContent, other_id)
    may_have_text = into.text_removed_months is None and session.get(MailContent, into.id) is None
    if content is not None and may_have_text:
        session.execute(update(MailContent).where(MailContent.id == other_id).values(id=into.id))
    session.execute(delete(MailMessage).where(MailMessage.id == other_id))
    session.expire_all()
