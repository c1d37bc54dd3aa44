"""The rules as they stand now: who is ours, what is never kept, which domains say nothing. Read once for many mails."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.domains import domain_of, is_free_mail
from server.auth.models import User
from server.contacts import erased
from server.contacts.addresses import match_key
from server.contacts.erased import ErasedAddresses
from server.db import insert_if_absent
from server.mail.models import (
    ExclusionKind,
    MailExclusion,
    MailSalt,
    NeverPair,
    OwnDomain,
    RulesChange,
    SharedDomain,
)
from server.mailboxes.models import Mailbox, MailboxAlias

_THE_SALT = uuid.UUID(int=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusions:
    """`everybody` and `own` (by mailbox) are (kind, value) pairs."""

    everybody: frozenset[tuple[str, str]]
    own: dict[uuid.UUID, frozenset[tuple[str, str]]]

    def whose(self, mailbox_id: uuid.UUID | None, kind: ExclusionKind, value: str) -> str | None:
        """ "everybody", "own", or None when it is not excluded for this mailbox."""
        if (kind, value) in self.everybody:
            return "everybody"
        return "own" if mailbox_id and (kind, value) in self.own.get(mailbox_id, frozenset()) else None

    def values(self, mailbox_id: uuid.UUID, kind: ExclusionKind) -> frozenset[str]:
        """All of one kind that hold for this mailbox."""
        pairs = self.everybody | self.own.get(mailbox_id, frozenset())
        return frozenset(value for one, value in pairs if one == kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """`own_keys` are match keys of our users' and mailboxes' addresses."""

    version: int
    salt: str
    own_domains: frozenset[str]
    own_keys: frozenset[str]
    shared_domains: frozenset[str]
    exclusions: Exclusions
    never_pairs: frozenset[tuple[str, uuid.UUID]] = frozenset()
    erased: ErasedAddresses = erased.NOBODY

    def is_never(self, norm: str, account_id: uuid.UUID) -> bool:
        """Whether a person said so of this address, however it is spelled, and this account."""
        return (norm, account_id) in self.never_pairs or (match_key(norm), account_id) in self.never_pairs

    def is_ours(self, norm: str) -> bool:
        """A user's address, one that a mailbox sends from, or anything at a domain of ours (whole labels)."""
        return match_key(norm) in self.own_keys or self.is_own_host(norm.rpartition("@")[2])

    def is_own_host(self, host: str) -> bool:
        return any(part in self.own_domains for part in host_and_above(host))

    def says_nothing(self, host: str, registrable: str) -> bool:
        """Whether a domain tells nothing of the company."""
        return bool(self.why_nothing(host, registrable))

    def why_nothing(self, host: str, registrable: str) -> str:
        """Why mail may not be matched by this domain; "" if it may. `registrable` is "" for what is no domain."""
        if not registrable:
            return "This is not a domain."
        if self.is_own_host(host):
            return f"{host} is our own domain."
        if is_free_mail(host) or is_free_mail(registrable):
            return f"Anybody can have an address at {host}."
        if any(part in self.shared_domains for part in host_and_above(host)):
            return f"{host} is on the list of domains that several companies share."
        return ""


def host_and_above(host: str) -> tuple[str, ...]:
    """ "a.b.example" gives itself, "b.example" and "example": whole labels, so notacme.com is never under acme.com."""
    labels = host.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def spellings(norm: str) -> frozenset[str]:
    """An address and its match key; of one that a person wrote with a tag, that one alone is meant."""
    return frozenset({norm} if "+" in norm.rpartition("@")[0] else {norm, match_key(norm)})


def load_rules(session: Session) -> Rules:
    """Some ten small statements; hold the answer for a slice of work, not longer."""
    users = list(session.scalars(select(User.email)))
    own = [*users, *session.scalars(select(Mailbox.email)), *session.scalars(select(MailboxAlias.email_norm))]
    implied = {host for email in users if (host := domain_of(email.rpartition("@")[2])) and not is_free_mail(host)}
    return Rules(
        version=session.scalar(select(func.max(RulesChange.number))) or 0,
        salt=_salt(session),
        own_domains=frozenset(implied | set(session.scalars(select(OwnDomain.domain)))),
        own_keys=frozenset(match_key(email.lower()) for email in own),
        shared_domains=frozenset(session.scalars(select(SharedDomain.domain))),
        exclusions=_exclusions(session),
        never_pairs=frozenset(
            (spelled, account_id)
            for norm, account_id in session.execute(select(NeverPair.email_norm, NeverPair.account_id))
            for spelled in spellings(norm)
        ),
        erased=erased.load(session),
    )


def hold_rules(session: Session) -> int:
    """The present version, which nobody changes before this transaction ends."""
    session.scalars(select(MailSalt.id).where(MailSalt.id == _THE_SALT).with_for_update(read=True)).one_or_none()
    return session.scalar(select(func.max(RulesChange.number))) or 0


def note_change(session: Session, *, what: str, by: uuid.UUID | None, now: datetime) -> int:
    """The rules changed: their new version. `what` is a sentence that a person reads.

    Call it before what the change removes is looked for: it waits for those who are storing by the old rules, and
    lets nobody store by them before this transaction ends.
    """
    _salt(session)
    session.scalars(select(MailSalt.id).where(MailSalt.id == _THE_SALT).with_for_update()).one()
    number = (session.scalar(select(func.max(RulesChange.number))) or 0) + 1
    while not insert_if_absent(session, RulesChange(number=number, what=what, by_person_id=by, at=now)):
        number += 1
    return number


def _exclusions(session: Session) -> Exclusions:
    everybody: set[tuple[str, str]] = set()
    own: dict[uuid.UUID, set[tuple[str, str]]] = {}
    found = select(MailExclusion.kind, MailExclusion.value, MailExclusion.mailbox_id)
    for kind, value, mailbox_id in session.execute(found):
        pairs = {(kind, one) for one in (spellings(value) if kind == ExclusionKind.ADDRESS else (value,))}
        (everybody if mailbox_id is None else own.setdefault(mailbox_id, set())).update(pairs)
    return Exclusions(everybody=frozenset(everybody), own={box: frozenset(pairs) for box, pairs in own.items()})


def _salt(session: Session) -> str:
    """Made by the first who asks in a transaction; a reading session that comes before gets one that is not kept."""
    found = session.get(MailSalt, _THE_SALT)
    if found is None:
        if session.get_bind().get_execution_options().get("rapport_read_only", False):
            return secrets.token_hex(32)
        insert_if_absent(session, MailSalt(id=_THE_SALT, salt=secrets.token_hex(32)))
        found = session.get_one(MailSalt, _THE_SALT)
    return found.salt
