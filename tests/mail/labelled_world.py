"""The labelled world as rows of a database, and its mails as they would come in."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.domains import domain_of
from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.auth.models import User
from server.contacts.addresses import address_of, match_key
from server.contacts.models import Contact, ContactAddress, FormerAccount
from server.ids import new_id
from server.mail import correct
from server.mail.decide import Decision, Outcome, decide
from server.mail.incoming import Incoming
from server.mail.models import (
    ExclusionKind,
    LinkState,
    MailExclusion,
    MailLink,
    MailMessage,
    MailState,
    NeverPair,
    OwnDomain,
    Route,
)
from server.mail.rules import load_rules
from server.mail.store import take_in
from server.mailboxes.models import Mailbox, MailboxAlias, MailboxState
from server.messages.read import read_mail
from tests.mail import labelled

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Answer:
    """What came of one case. `accounts` are keys of the world, with the rule."""

    outcome: str
    accounts: dict[str, str]
    reason: str
    tied: frozenset[str]
    kind: str
    message_id: uuid.UUID | None
    decision: Decision


@dataclass(kw_only=True)
class LabelledWorld:
    """Rows of `world.yaml` by its keys, and the mails that came in so far."""

    session: Session
    world: labelled.World
    users: dict[str, uuid.UUID] = field(default_factory=dict)
    boxes: dict[str, uuid.UUID] = field(default_factory=dict)
    accounts: dict[str, uuid.UUID] = field(default_factory=dict)
    messages: dict[str, uuid.UUID] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def build(self) -> LabelledWorld:
        self._people()
        self._customers()
        self._wishes()
        return self

    def account_key(self, account_id: uuid.UUID) -> str:
        return next(key for key, found in self.accounts.items() if found == account_id)

    def receive(self, case: labelled.Case) -> Answer:
        for act in case.after:
            self._do(act)
        incoming = self._incoming(case)
        rules = load_rules(self.session)
        decision = decide(self.session, incoming, rules)
        message_id = None
        if decision.outcome is not Outcome.EXCLUDED:
            message = take_in(self.session, incoming, decision, salt=rules.salt, now=NOW)
            assert message.state != MailState.REMOVED
            message_id = self.messages[case.id] = message.id
        return Answer(
            outcome=decision.outcome,
            accounts=self._linked(message_id),
            reason=decision.reason,
            tied=frozenset(self.account_key(one.account_id) for tie in decision.ties.values() for one in tie),
            kind=str(incoming.envelope.kind),
            message_id=message_id,
            decision=decision,
        )

    def _linked(self, message_id: uuid.UUID | None) -> dict[str, str]:
        statement = select(MailLink.account_id, MailLink.rule).where(
            MailLink.mail_message_id == message_id, MailLink.state == LinkState.LINKED
        )
        return {self.account_key(account_id): rule for account_id, rule in self.session.execute(statement)}

    def _incoming(self, case: labelled.Case) -> Incoming:
        mail = read_mail(case.raw)
        gmail_id = hashlib.sha256(case.id.encode()).hexdigest()[:16]
        user = self.world.users[case.mailbox]
        return Incoming(
            envelope=mail.envelope,
            user_id=self.users[case.mailbox],
            mailbox_id=self.boxes[case.mailbox],
            level=user.level,
            route=Route.GMAIL,
            source=gmail_id,
            gmail_message_id=gmail_id,
            gmail_thread_id=case.gmail_thread or gmail_id,
            labels=frozenset(case.labels),
            received_at=case.received or mail.envelope.sent_at or NOW,
            mail=mail,
        )

    def _people(self) -> None:
        for key, one in self.world.users.items():
            user = User(
                id=new_id(), email=one.address, name=one.name, title="TAM", role="tam", team_id=None,
                time_zone="UTC", created_at=THEN,
            )  # fmt: skip
            self.session.add(user)
            self.session.flush()
            box = Mailbox(
                id=new_id(), user_id=user.id, email=one.address, state=MailboxState.CONNECTED, sealed_tokens=None,
                scopes="", problem=None, connected_at=THEN, state_changed_at=THEN,
            )  # fmt: skip
            self.session.add(box)
            self.session.flush()
            self.users[key], self.boxes[key] = user.id, box.id
            self.session.add_all(
                MailboxAlias(mailbox_id=box.id, email_norm=address_of(alias).norm) for alias in one.aliases
            )

    def _customers(self) -> None:
        for key, one in self.world.accounts.items():
            account = Account(id=new_id(), name=one.name, name_key=fold(one.name), created_at=THEN, updated_at=THEN)
            self.session.add(account)
            self.session.flush()
            self.accounts[key] = account.id
            self.session.add_all(AccountDomain(account_id=account.id, domain=domain_of(host)) for host in one.domains)
        for person in self.world.contacts.values():
            self._contact(person)
        self.session.flush()

    def _contact(self, person: labelled.Contact) -> None:
        first, _, last = person.name.partition(" ")
        contact = Contact(
            id=new_id(), account_id=self.accounts[person.account], first_name=first, last_name=last,
            name_key=fold(f"{last} {first}"), opted_out_at=THEN if person.opted_out else None, created_at=THEN,
            updated_at=THEN,
        )  # fmt: skip
        self.session.add(contact)
        self.session.flush()
        for number, text in enumerate((person.address, *person.alternates)):
            address = address_of(text)
            self.session.add(
                ContactAddress(
                    contact_id=contact.id, email=address.email, email_norm=address.norm, is_primary=number == 0
                )
            )
        self.session.add_all(
            FormerAccount(contact_id=contact.id, account_id=self.accounts[account], until=until)
            for account, until in person.former
        )

    def _wishes(self) -> None:
        any_user = next(iter(self.users.values()))
        self.session.add_all(
            OwnDomain(domain=domain, by_person_id=any_user, created_at=THEN) for domain in self.world.own_domains
        )
        for one in self.world.exclusions:
            kind, value = _exclusion(one)
            self.session.add(
                MailExclusion(
                    kind=kind, value=value, label=value, by_person_id=any_user, created_at=THEN,
                    mailbox_id=self.boxes[one.mailbox] if one.mailbox else None,
                )
            )  # fmt: skip
        self.session.add_all(
            NeverPair(
                email_norm=address_of(address).norm, account_id=self.accounts[account],
                by_person_id=any_user, created_at=THEN,
            )
            for address, account in self.world.never_pairs
        )  # fmt: skip
        self.session.flush()

    def _do(self, act: labelled.Act) -> None:
        """What a person did, on the mail of an earlier case."""
        message_id, by = self.messages[act.case], self.users["alice"]
        at = NOW + timedelta(minutes=1)
        account_id = self.accounts[act.account] if act.account else None
        if act.act == "never_pair":
            assert act.address is not None
            assert account_id is not None
            norm = address_of(act.address).norm
            correct.never_pair(
                self.session, mail_message_id=message_id, account_id=account_id, email_norm=norm, by=by, now=at
            )
        elif act.act == "move":
            self._move(message_id, account_id, self.accounts[act.to or ""], by, at)
        else:
            assert account_id is not None
            correct.unlink(
                self.session, mail_message_id=message_id, account_id=account_id,
                whole_thread=act.act == "unlink_thread", by=by, now=at,
            )  # fmt: skip

    def _move(
        self, message_id: uuid.UUID, source: uuid.UUID | None, target: uuid.UUID, by: uuid.UUID, at: datetime
    ) -> None:
        linked = self.session.scalars(select(MailLink.account_id).where(MailLink.mail_message_id == message_id)).all()
        if source is None and not linked:
            correct.link(self.session, mail_message_id=message_id, account_id=target, whole_thread=True, by=by, now=at)
            return
        correct.move(
            self.session, mail_message_id=message_id, from_account_id=source or linked[0], to_account_id=target,
            whole_thread=True, by=by, now=at,
        )  # fmt: skip

    def message_count(self) -> int:
        return len(self.session.scalars(select(MailMessage.id)).all())


def _exclusion(one: labelled.Exclusion) -> tuple[ExclusionKind, str]:
    if one.rule in ("excluded_address", "excluded_pair"):
        return ExclusionKind.ADDRESS, match_key(address_of(one.value).norm)
    if one.rule == "excluded_domain":
        return ExclusionKind.DOMAIN, domain_of(one.value) or one.value
    return (ExclusionKind.LABEL if one.rule == "excluded_label" else ExclusionKind.THREAD), one.value
