"""A stored mail, decided anew: what the present rules say of it, and bringing it there.

A person's word is never changed here, nor what was sent from Rapport: there a person chose the account.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail import entries, ledger_rows, removal, store
from server.mail.decide import Decision, LinkTo, Outcome, decide
from server.mail.exclude import why_excluded
from server.mail.incoming import Incoming, Party, parties_of
from server.mail.match import is_stronger, match_parties
from server.mail.models import (
    LinkRule,
    LinkState,
    MailCopy,
    MailLink,
    MailMessage,
    MailParticipant,
    MailReference,
    MailState,
    Route,
)
from server.mail.rows import held, links_of
from server.mail.rules import Rules
from server.mail.threads import ThreadFacts
from server.messages.envelope import read_envelope
from server.messages.model import MailKind, Person

_VOUCHERS = 20  # mails of a conversation that are asked whether they still hold it


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would change. `excluded` are (copy, rule); `restated` are links that stay for a better reason, or one that
    still holds; `kept` are the accounts where only a person's word differs.

    `decision` is None when nothing is decided: the mail was sent from here, or goes altogether.
    """

    excluded: tuple[tuple[MailCopy, str], ...] = ()
    goes: bool = False
    decision: Decision | None = None
    added: tuple[LinkTo, ...] = ()
    removed: tuple[MailLink, ...] = ()
    restated: tuple[tuple[MailLink, LinkTo], ...] = ()
    kept: tuple[uuid.UUID, ...] = ()

    @property
    def is_change(self) -> bool:
        return bool(self.excluded or self.added or self.removed or self.restated)


def incoming_again(session: Session, message: MailMessage, copy: MailCopy | None = None) -> Incoming:
    """The mail as it came in, as far as it is stored: its envelope without labels; of `copy`, else the sender's own."""
    copy = copy or copies_of(session, message.id)[0]
    people = session.scalars(
        select(MailParticipant)
        .where(MailParticipant.mail_message_id == message.id)
        .order_by(MailParticipant.position, MailParticipant.id)
    ).all()
    by_part: dict[str, list[Person]] = {}
    for one in people:
        by_part.setdefault(one.part, []).append(Person(name=one.name, email=one.email))
    references = select(MailReference.rfc_message_id).where(MailReference.mail_message_id == message.id)
    envelope = replace(
        read_envelope(()),
        rfc_message_id=message.rfc_message_id,
        references=tuple(session.scalars(references.order_by(MailReference.id))),
        subject=message.subject,
        sent_at=message.sent_at,
        sender=next(iter(by_part.get("from", ())), None),
        authors=tuple(by_part.get("from", ())),
        reply_to=tuple(by_part.get("reply_to", ())),
        to=tuple(by_part.get("to", ())),
        cc=tuple(by_part.get("cc", ())),
        bcc=tuple(by_part.get("bcc", ())),
        failed_recipients=tuple(one.email for one in by_part.get("bounced", ())),
        kind=MailKind(message.kind),
        kind_reason=message.kind_reason,
    )
    return Incoming(
        envelope=envelope,
        user_id=copy.user_id,
        mailbox_id=copy.mailbox_id,
        level=copy.own_level or copy.level,
        route=Route(copy.route),
        source=copy.source,
        gmail_message_id=copy.gmail_message_id,
        gmail_thread_id=copy.gmail_thread_id,
        labels=frozenset({"SENT"} if copy.is_sent else ()),
        received_at=message.sent_at,
        mail=None,
    )


def copies_of(session: Session, message_id: uuid.UUID) -> Sequence[MailCopy]:
    """The sender's own first, which alone tells of Bcc; then the oldest."""
    statement = select(MailCopy).where(MailCopy.mail_message_id == message_id)
    return session.scalars(statement.order_by(MailCopy.is_sent.desc(), MailCopy.id)).all()


def plan(session: Session, message: MailMessage, rules: Rules, *, takes_away: bool) -> Plan:
    """What the present rules change of this mail. Writes nothing.

    `takes_away`: also links that the rules no longer give. Without it a link goes only when it contradicts what is
    known now: its pair was ruled out, or the address that a domain stood for has become a contact elsewhere.
    """
    copies = copies_of(session, message.id)
    if not copies:
        return Plan()
    first = incoming_again(session, message, copies[0])
    parties = parties_of(first, rules)
    verdicts = [(copy, why_excluded(_of(first, copy), parties, rules)) for copy in copies]
    excluded = tuple((copy, rule) for copy, rule in verdicts if rule is not None)
    stay = [copy for copy, rule in verdicts if rule is None]
    if not stay:
        return Plan(excluded=excluded, goes=True)
    links = links_of(session, message.id)
    if any(link.rule == LinkRule.SENT_FROM_HERE for link in links):
        return Plan(excluded=excluded)
    decision = decide(session, _of(first, stay[0]), rules, message_id=message.id)
    wanted = {link.account_id: link for link in decision.links}
    if takes_away:
        wanted = {
            account_id: link
            for account_id, link in wanted.items()
            if link.rule is not LinkRule.THREAD or _is_vouched_for(session, message, account_id, rules)
        }
    decision = replace(decision, links=tuple(wanted.values()))
    changes = _compare(links, decision, _contradicted(links, decision, rules), takes_away=takes_away)
    if decision.outcome is Outcome.EXCLUDED and decision.reason == "bulk":
        # A newsletter is left out at the door, where its headers tell what it is. What stands here waits for a person.
        decision = replace(decision, outcome=Outcome.WAITING, reason="nobody_known")
    if decision.outcome is Outcome.EXCLUDED and not _is_held_by(links, changes.removed):
        all_of_them = (*excluded, *((copy, decision.reason) for copy in stay))
        return Plan(excluded=all_of_them, goes=True)
    return replace(changes, excluded=excluded, decision=decision)


def _of(incoming: Incoming, copy: MailCopy) -> Incoming:
    return replace(
        incoming,
        user_id=copy.user_id,
        mailbox_id=copy.mailbox_id,
        level=copy.own_level or copy.level,
        route=Route(copy.route),
        source=copy.source,
        gmail_message_id=copy.gmail_message_id,
        gmail_thread_id=copy.gmail_thread_id,
        labels=frozenset({"SENT"} if copy.is_sent else ()),
    )


def _compare(
    links: Sequence[MailLink], decision: Decision, contradicted: Sequence[MailLink], *, takes_away: bool
) -> Plan:
    wanted = {link.account_id: link for link in decision.links}
    known = {link.account_id: link for link in links}
    automatic = [link for link in links if link.by_person_id is None and link.state == LinkState.LINKED]
    return Plan(
        added=tuple(link for account_id, link in wanted.items() if account_id not in known),
        removed=tuple(
            link for link in automatic if link.account_id not in wanted and (takes_away or link in contradicted)
        ),
        restated=tuple(
            (link, wanted[link.account_id])
            for link in automatic
            if link.account_id in wanted
            and (link in contradicted or is_stronger(wanted[link.account_id].rule, LinkRule(link.rule)))
        ),
        kept=tuple(
            link.account_id
            for link in links
            if link.by_person_id is not None and (link.state == LinkState.LINKED) != (link.account_id in wanted)
        ),
    )


def _contradicted(links: Sequence[MailLink], decision: Decision, rules: Rules) -> list[MailLink]:
    settled = {match.party.norm: match.found[0].rule for match in decision.matches if match.found}
    return [
        link
        for link in links
        if (link.address and rules.is_never(link.address, link.account_id))
        or (link.rule == LinkRule.DOMAIN and settled.get(link.address or "", LinkRule.DOMAIN) is not LinkRule.DOMAIN)
    ]


def _is_held_by(links: Sequence[MailLink], removed: Sequence[MailLink]) -> bool:
    return any(link.state == LinkState.LINKED and link not in removed for link in links)


def _is_vouched_for(session: Session, message: MailMessage, account_id: uuid.UUID, rules: Rules) -> bool:
    """Whether another mail of the conversation is the account's by itself: two may not hold up each other alone."""
    statement = (
        select(MailMessage, MailLink)
        .join(MailLink, MailLink.mail_message_id == MailMessage.id)
        .where(
            MailMessage.mail_thread_id == message.mail_thread_id,
            MailMessage.id != message.id,
            MailLink.account_id == account_id,
            MailLink.state == LinkState.LINKED,
            MailLink.rule != LinkRule.THREAD,
        )
        .order_by(MailMessage.sent_at.desc())
        .limit(_VOUCHERS)
    )
    for other, link in session.execute(statement):
        if link.by_person_id is not None or link.rule == LinkRule.SENT_FROM_HERE:
            return True
        parties = parties_of(incoming_again(session, other), rules)
        alone = match_parties(session, parties, rules, ThreadFacts(), sent_at=other.sent_at)
        if any(one.account_id == account_id for match in alone for one in match.found):
            return True
    return False


def carry_out(
    session: Session, message: MailMessage, changes: Plan, rules: Rules, *, takes_away: bool, now: datetime
) -> None:
    """Make it so, in the caller's transaction, which holds the mail."""
    was_linked = message.state == MailState.LINKED
    for rule in sorted({rule for _, rule in changes.excluded}):
        removal.withdraw(session, [copy.id for copy, why in changes.excluded if why == rule], rule=rule, now=now)
    if changes.goes or changes.decision is None:
        return
    _settle_people(session, message, changes.decision, rules, takes_away=takes_away)
    for link in changes.removed:
        removal.take_off(session, link)
    for link, better in changes.restated:
        link.rule, link.address, link.contact_id = better.rule, better.address, better.contact_id
        link.candidates = changes.decision.candidates_for(link.account_id)
        link.rule_version, link.decided_at = changes.decision.rule_version, now
    store.apply(session, message, changes.decision, now=now)
    if message.state == MailState.WAITING and was_linked:
        removal.let_wait(session, message, now=now)
    elif message.state == MailState.LINKED and not was_linked:
        ledger_rows.read_for_text(session, [message.id], now=now)
    entries.project(session, message, now=now)


def decide_anew(
    session: Session, message_id: uuid.UUID, rules: Rules, *, takes_away: bool = False, now: datetime
) -> bool:
    """Hold the mail and bring it to what the rules say; whether anything changed. Tombstones stay what they are."""
    message = held(session, message_id)
    if message is None or message.state == MailState.REMOVED:
        return False
    changes = plan(session, message, rules, takes_away=takes_away)
    carry_out(session, message, changes, rules, takes_away=takes_away, now=now)
    return changes.is_change


def _settle_people(
    session: Session, message: MailMessage, decision: Decision, rules: Rules, *, takes_away: bool
) -> None:
    """Whom each one in it belongs to, as it is known now."""
    parties = {(party.part, party.norm): party for party in decision.parties}
    matched = {match.party.norm: match for match in decision.matches}
    found = select(MailParticipant).where(MailParticipant.mail_message_id == message.id)
    for one in session.scalars(found).all():
        party: Party | None = parties.get((one.part, one.email_norm))
        one.is_ours = party.is_ours if party is not None else one.is_ours
        match = matched.get(one.email_norm)
        if match is not None and match.found:
            one.account_id, one.contact_id = match.found[0].account_id, match.found[0].contact_id
        elif takes_away or one.is_ours or (one.account_id and rules.is_never(one.email_norm, one.account_id)):
            one.account_id = one.contact_id = None
    session.flush()
