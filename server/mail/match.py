"""Whom a person in a mail belongs to: their own address first, then the conversation, then their company's domain.

Each question is one indexed statement for all people of a mail, so that a million contacts cost what a thousand do.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.domains import registrable_domain
from server.accounts.models import Account, AccountDomain
from server.contacts.models import Contact, ContactAddress, FormerAccount
from server.mail.incoming import Party, sender_of
from server.mail.models import LinkRule
from server.mail.rules import Rules, host_and_above
from server.mail.threads import ThreadFacts

_STRONGEST_FIRST = list(LinkRule)
_LOST_TO_STRONGER = "a stronger rule matched"
_NEVER = "you said: never link this address with it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """An account that somebody in the mail may belong to, and by which rule."""

    account_id: uuid.UUID
    account: str
    rule: LinkRule
    address: str
    contact_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    candidate: Candidate
    because: str


@dataclass(kw_only=True, slots=True)
class Match:
    """What one person in the mail leads to: an account, a tie between several, or nothing."""

    party: Party
    found: list[Candidate] = field(default_factory=list)
    tie: list[Candidate] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        return bool(self.found or self.tie)


def is_stronger(rule: LinkRule, other: LinkRule) -> bool:
    return _STRONGEST_FIRST.index(rule) < _STRONGEST_FIRST.index(other)


def match_parties(
    session: Session, parties: Sequence[Party], rules: Rules, thread: ThreadFacts, *, sent_at: datetime
) -> list[Match]:
    """One Match for everybody who is not ours, in the order of `parties`."""
    matches = [Match(party=party) for party in parties if not party.is_ours]
    _by_address(session, matches, rules, sent_at)
    _by_thread(matches, thread, rules, sender=sender_of(parties))
    _by_domain(session, matches, rules)
    return matches


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """An address of a contact, at the account where they were when the mail was sent."""

    norm: str
    is_primary: bool
    contact_id: uuid.UUID
    account_id: uuid.UUID
    account: str


def _by_address(session: Session, matches: Sequence[Match], rules: Rules, sent_at: datetime) -> None:
    known = _known_addresses(session, {match.party.key for match in matches}, sent_at)
    for match in matches:
        _weigh(match, _in_order(match.party, known.get(match.party.key, ())), rules)


def _in_order(party: Party, known: Iterable[_Known]) -> list[list[Candidate]]:
    """Candidates from the strongest rule to the weakest."""
    levels: dict[LinkRule, list[Candidate]] = {
        LinkRule.CONTACT_ADDRESS: [], LinkRule.ALTERNATE_ADDRESS: [], LinkRule.NORMALISED_ADDRESS: []
    }  # fmt: skip
    for one in known:
        rule = LinkRule.NORMALISED_ADDRESS
        if one.norm == party.norm:
            rule = LinkRule.CONTACT_ADDRESS if one.is_primary else LinkRule.ALTERNATE_ADDRESS
        levels[rule].append(
            Candidate(
                account_id=one.account_id, account=one.account, rule=_shown(rule, party), address=party.norm,
                contact_id=one.contact_id,
            )
        )  # fmt: skip
    return list(levels.values())


def _shown(rule: LinkRule, party: Party) -> LinkRule:
    return LinkRule.BOUNCED_ADDRESS if party.part == "bounced" else rule


def _weigh(match: Match, levels: Iterable[Sequence[Candidate]], rules: Rules) -> None:
    """The first level that has anything decides; one account is the answer, several are a tie."""
    for level in levels:
        allowed = [one for one in level if not rules.is_never(match.party.norm, one.account_id)]
        match.lost += [Lost(candidate=one, because=_NEVER) for one in level if one not in allowed]
        if match.is_settled:
            settled = {one.account_id for one in (*match.found, *match.tie)}
            match.lost += [
                Lost(candidate=one, because=_LOST_TO_STRONGER) for one in allowed if one.account_id not in settled
            ]
        elif len({one.account_id for one in allowed}) > 1:
            match.tie = list({one.account_id: one for one in allowed}.values())
        elif allowed:
            # Two people of one account may share an address: the mail is the account's, the person is not known.
            one, shared = allowed[0], len({candidate.contact_id for candidate in allowed}) > 1
            match.found = [_without_contact(one) if shared else one]


def _without_contact(one: Candidate) -> Candidate:
    return Candidate(account_id=one.account_id, account=one.account, rule=one.rule, address=one.address)


def _known_addresses(session: Session, keys: set[str], sent_at: datetime) -> dict[str, list[_Known]]:
    if not keys:
        return {}
    statement = (
        select(
            ContactAddress.match_key, ContactAddress.email_norm, ContactAddress.is_primary, Contact.id,
            Contact.account_id, Account.name,
        )
        .join(Contact, Contact.id == ContactAddress.contact_id)
        .join(Account, Account.id == Contact.account_id)
        .where(ContactAddress.match_key.in_(keys))
        .order_by(ContactAddress.id)
    )  # fmt: skip
    rows = session.execute(statement).all()
    former = _former(session, {row[3] for row in rows}, sent_at)
    found: dict[str, list[_Known]] = {}
    for key, norm, is_primary, contact_id, account_id, account in rows:
        before = former.get(contact_id, _NOWHERE_ELSE)
        if not is_primary and registrable_domain(norm.rpartition("@")[2]) in before.left_behind:
            continue  # their old address is their old company's now
        there = before.then or (account_id, account)
        found.setdefault(key, []).append(
            _Known(norm=norm, is_primary=is_primary, contact_id=contact_id, account_id=there[0], account=there[1])
        )
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Former:
    """`then`: where a contact was at that time, if not where they are now. `left_behind`: domains of those before."""

    then: tuple[uuid.UUID, str] | None = None
    left_behind: frozenset[str] = frozenset()


_NOWHERE_ELSE = _Former()


def _former(session: Session, contact_ids: set[uuid.UUID], sent_at: datetime) -> Mapping[uuid.UUID, _Former]:
    if not contact_ids:
        return {}
    statement = (
        select(FormerAccount.contact_id, FormerAccount.until, Account.id, Account.name, AccountDomain.registrable)
        .join(Account, Account.id == FormerAccount.account_id)
        .outerjoin(AccountDomain, AccountDomain.account_id == Account.id)
        .where(FormerAccount.contact_id.in_(contact_ids))
        .order_by(FormerAccount.until.desc())
    )
    found: dict[uuid.UUID, _Former] = {}
    for contact_id, until, account_id, name, registrable in session.execute(statement):
        known = found.get(contact_id, _NOWHERE_ELSE)
        if until > sent_at:
            found[contact_id] = replace(known, then=(account_id, name))
        elif registrable:
            found[contact_id] = replace(known, left_behind=known.left_behind | {registrable})
    return found


def _by_thread(matches: Sequence[Match], thread: ThreadFacts, rules: Rules, *, sender: Party | None) -> None:
    """Who took part in a conversation that is linked, or is a colleague of one who did, belongs where it belongs.

    Mail servers, who tell of mail that came back, are in no conversation.
    """
    is_bounce = any(match.party.part == "bounced" for match in matches)
    if not is_bounce and not thread.admits(sender):
        return
    for match in matches:
        if not match.is_settled:
            _weigh_all(match, thread.accounts_of(match.party), rules)


def _weigh_all(match: Match, accounts: Sequence[tuple[uuid.UUID, str]], rules: Rules) -> None:
    """A conversation of two accounts is a conversation of both: no tie."""
    for account_id, name in accounts:
        one = Candidate(
            account_id=account_id, account=name, rule=_shown(LinkRule.THREAD, match.party), address=match.party.norm
        )
        if rules.is_never(match.party.norm, account_id):
            match.lost.append(Lost(candidate=one, because=_NEVER))
        else:
            match.found.append(one)


def _by_domain(session: Session, matches: Sequence[Match], rules: Rules) -> None:
    open_ones = [
        match
        for match in matches
        if not match.is_settled and not rules.says_nothing(match.party.host, match.party.registrable)
    ]
    if not open_ones:
        return
    statement = (
        select(AccountDomain.registrable, AccountDomain.domain, Account.id, Account.name)
        .join(Account, Account.id == AccountDomain.account_id)
        .where(AccountDomain.registrable.in_({match.party.registrable for match in open_ones}))
    )
    domains: dict[str, list[tuple[str, uuid.UUID, str]]] = {}
    for registrable, domain, account_id, name in session.execute(statement):
        domains.setdefault(registrable, []).append((domain, account_id, name))
    for match in open_ones:
        _weigh_domains(match, domains.get(match.party.registrable, []), rules)


def _weigh_domains(match: Match, domains: Sequence[tuple[str, uuid.UUID, str]], rules: Rules) -> None:
    """The longest domain that the host is in; else the one account that has anything under the same registration."""
    above = host_and_above(match.party.host)
    closest = next((part for part in above if any(domain == part for domain, _, _ in domains)), None)
    fitting = [one for one in domains if one[0] == closest] if closest else list(domains)
    accounts = {account_id: name for _, account_id, name in fitting}
    candidates = [
        Candidate(
            account_id=account_id, account=name, rule=_shown(LinkRule.DOMAIN, match.party), address=match.party.norm
        )
        for account_id, name in accounts.items()
    ]
    if len(candidates) > 1:
        because = f"{len(candidates)} accounts share this domain"
        match.lost += [Lost(candidate=one, because=because) for one in candidates]
    else:
        _weigh(match, [candidates], rules)
