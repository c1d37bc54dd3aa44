"""Where a mail belongs: linked to accounts, excluded by a named rule, or waiting for a person. Stores nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.mail import choices, same_mail
from server.mail.exclude import why_excluded
from server.mail.incoming import Incoming, Party, parties_of, sender_of
from server.mail.match import Candidate, Lost, Match, is_stronger, match_parties
from server.mail.models import LinkRule, LinkState, MailChoice, MailState
from server.mail.rules import Rules
from server.mail.threads import ThreadFacts, facts_of, find_thread
from server.messages.model import MailKind
from server.sends.models import OutboundEmail

_UNLINKED_BY_PERSON = "a person took this conversation off it"
_BY_MACHINE = (MailKind.BULK, MailKind.AUTOMATIC)


class Outcome(StrEnum):
    LINKED = "linked"
    WAITING = "waiting"
    EXCLUDED = "excluded"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkTo:
    """One account the mail goes to. `lost` are candidates that did not make it, for this mail as a whole."""

    account_id: uuid.UUID
    account: str
    rule: LinkRule
    address: str | None
    contact_id: uuid.UUID | None
    by_person_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """`reason` is the rule's name for EXCLUDED, tie or nobody_known for WAITING, "" for LINKED.

    `ties`: {address: accounts to choose from}, also beside links that are sure. `outbound` is the email of ours that
    this is a copy of, `choice` what its sender chose for this mail alone.
    """

    outcome: Outcome
    reason: str
    parties: tuple[Party, ...]
    links: tuple[LinkTo, ...] = ()
    ties: dict[str, tuple[Candidate, ...]]
    lost: tuple[Lost, ...] = ()
    matches: tuple[Match, ...] = ()
    thread_id: uuid.UUID | None = None
    outbound: OutboundEmail | None = None
    choice: MailChoice | None = None
    rule_version: int

    def candidates_for(self, account_id: uuid.UUID) -> list[dict[str, Any]]:
        """Who lost, as JSON for the link to this account."""
        return [
            {
                "account_id": str(lost.candidate.account_id),
                "account": lost.candidate.account,
                "rule": lost.candidate.rule,
                "address": lost.candidate.address,
                "lost_because": lost.because,
            }
            for lost in self.lost
            if lost.candidate.account_id != account_id
        ]


def decide(session: Session, incoming: Incoming, rules: Rules, *, message_id: uuid.UUID | None = None) -> Decision:
    """`message_id` names the mail when it is decided anew."""
    parties = parties_of(incoming, rules)
    outbound = _outbound(session, incoming)
    # A choice is for what is written in Gmail: our outbox has levels of its own.
    choice = choices.of(session, incoming, parties, rules.salt) if outbound is None else None
    rule = why_excluded(incoming, parties, rules, chosen=choice.level if choice else None)
    if rule is None and same_mail.state_of(session, incoming, parties, rules.salt) is MailState.REMOVED:
        rule = "unlinked"
    if rule is not None:
        return _excluded(rule, parties, rules, choice)
    thread_id = find_thread(session, incoming, parties)
    if outbound is not None:
        return _sent_from_here(session, outbound, parties, thread_id, rules)
    thread = facts_of(session, thread_id, without=message_id)
    matches = match_parties(session, parties, rules, thread, sent_at=incoming.sent_at)
    links, lost = _links(matches, thread, may_join=thread.admits(sender_of(parties)))
    ties = {
        match.party.norm: tuple(match.tie) for match in matches if match.tie and not _is_answered(match.tie, thread)
    }
    if not links and not ties:
        if any(one.because == _UNLINKED_BY_PERSON for one in lost):
            return _excluded("unlinked", parties, rules, choice)
        if _is_bulk(incoming, parties, rules):
            return _excluded("bulk", parties, rules, choice)
    reason = "" if links else "tie" if ties else "nobody_known"
    return Decision(
        outcome=Outcome.LINKED if links else Outcome.WAITING,
        reason=reason,
        parties=parties,
        links=links,
        ties=ties,
        lost=lost,
        matches=tuple(matches),
        thread_id=thread_id,
        choice=choice,
        rule_version=rules.version,
    )


def _is_bulk(incoming: Incoming, parties: Sequence[Party], rules: Rules) -> bool:
    """A newsletter or a robot's mail; not what we sent to many, nor what came through a mailing list of ours."""
    envelope = incoming.envelope
    if envelope.kind not in _BY_MACHINE or any(party.is_ours for party in parties if party.part == "from"):
        return False
    return not (envelope.list_host and rules.is_own_host(envelope.list_host))


def _excluded(rule: str, parties: tuple[Party, ...], rules: Rules, choice: MailChoice | None) -> Decision:
    return Decision(
        outcome=Outcome.EXCLUDED, reason=rule, parties=parties, ties={}, choice=choice, rule_version=rules.version
    )


def _outbound(session: Session, incoming: Incoming) -> OutboundEmail | None:
    """The email of the outbox that this is the sender's copy of. The header alone proves nothing."""
    if not incoming.is_sent or incoming.mailbox_id is None or incoming.envelope.outbound_id is None:
        return None
    try:
        email_id = uuid.UUID(incoming.envelope.outbound_id)
    except ValueError:
        return None
    return session.scalars(
        select(OutboundEmail).where(OutboundEmail.id == email_id, OutboundEmail.mailbox_id == incoming.mailbox_id)
    ).one_or_none()


def _sent_from_here(
    session: Session, outbound: OutboundEmail, parties: tuple[Party, ...], thread_id: uuid.UUID | None, rules: Rules
) -> Decision:
    """A person chose the contact and with it the account when they sent it: nothing is left to match."""
    link = LinkTo(
        account_id=outbound.account_id,
        account=session.get_one(Account, outbound.account_id).name,
        rule=LinkRule.SENT_FROM_HERE,
        address=outbound.to_email,
        contact_id=outbound.contact_id,
    )
    return Decision(
        outcome=Outcome.LINKED,
        reason="",
        parties=parties,
        links=(link,),
        ties={},
        thread_id=thread_id,
        outbound=outbound,
        rule_version=rules.version,
    )


def _links(
    matches: Sequence[Match], thread: ThreadFacts, *, may_join: bool
) -> tuple[tuple[LinkTo, ...], tuple[Lost, ...]]:
    """All accounts that were found, each once and by its strongest rule; a person's word for the conversation first.

    `may_join`: whether that word is also for this mail, and not for what a stranger slips in.
    """
    best: dict[uuid.UUID, Candidate] = {}
    lost: list[Lost] = []
    for match in matches:
        lost += match.lost
        for one in match.found:
            known = best.get(one.account_id)
            if known is None or is_stronger(one.rule, known.rule):
                best[one.account_id] = one
    links = {one.account_id: _link(one) for one in best.values()}
    for account_id, (name, state, by_person_id) in thread.decided.items():
        if state is LinkState.UNLINKED:
            if links.pop(account_id, None):
                lost.append(Lost(candidate=best[account_id], because=_UNLINKED_BY_PERSON))
        elif may_join:
            links[account_id] = LinkTo(
                account_id=account_id, account=name, rule=LinkRule.PERSON, address=None, contact_id=None,
                by_person_id=by_person_id,
            )  # fmt: skip
    return tuple(links.values()), tuple(_once(lost, links))


def _link(one: Candidate) -> LinkTo:
    return LinkTo(
        account_id=one.account_id,
        account=one.account,
        rule=one.rule,
        address=one.address,
        contact_id=one.contact_id,
    )


def _once(lost: Iterable[Lost], links: dict[uuid.UUID, LinkTo]) -> Iterable[Lost]:
    seen: set[tuple[uuid.UUID, str]] = set()
    for one in lost:
        key = (one.candidate.account_id, one.candidate.address)
        if one.candidate.account_id not in links and key not in seen:
            seen.add(key)
            yield one


def _is_answered(tie: Sequence[Candidate], thread: ThreadFacts) -> bool:
    """Whether a person has said of this conversation which of them it is."""
    return any(
        one.account_id in thread.decided and thread.decided[one.account_id][1] is LinkState.LINKED for one in tie
    )
