"""The rules as their page lists them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from server.accounts.domains import domain_of, is_free_mail
from server.accounts.models import Account
from server.auth.models import User
from server.mail.models import (
    ExclusionKind,
    MailExclusion,
    MailReplay,
    NeverPair,
    OwnDomain,
    RulesChange,
    SharedDomain,
)


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    id: uuid.UUID
    kind: ExclusionKind
    label: str
    by: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Domain:
    """`id` is None for a domain that follows from our users' addresses and cannot be taken away."""

    id: uuid.UUID | None
    domain: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    id: uuid.UUID
    email_norm: str
    account_id: uuid.UUID
    account: str
    by_person_id: uuid.UUID
    by: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Change:
    number: int
    what: str
    by: str
    at: datetime


def left_out(session: Session, *, mailbox_id: uuid.UUID | None) -> list[LeftOut]:
    """Of one mailbox, or (None) of everybody; the newest first."""
    whose: ColumnElement[bool] = (
        MailExclusion.mailbox_id.is_(None) if mailbox_id is None else MailExclusion.mailbox_id == mailbox_id
    )
    statement = (
        select(MailExclusion, User.name)
        .join(User, User.id == MailExclusion.by_person_id)
        .where(whose)
        .order_by(MailExclusion.id.desc())
    )
    return [
        LeftOut(
            id=row.id, kind=ExclusionKind(row.kind), label=row.label or row.value, by=name, created_at=row.created_at
        )
        for row, name in session.execute(statement)
    ]


def own_domains(session: Session) -> list[Domain]:
    """Those of our users' addresses first, then those that an admin added."""
    hosts = {domain_of(email.rpartition("@")[2]) for email in session.scalars(select(User.email))}
    implied = sorted(host for host in hosts if host and not is_free_mail(host))
    statement = (
        select(OwnDomain.id, OwnDomain.domain, User.name)
        .join(User, User.id == OwnDomain.by_person_id)
        .order_by(OwnDomain.domain)
    )
    added = [Domain(id=row[0], domain=row[1], by=row[2]) for row in session.execute(statement)]
    return [Domain(id=None, domain=host, by="") for host in implied] + added


def shared_domains(session: Session) -> list[Domain]:
    statement = (
        select(SharedDomain.id, SharedDomain.domain, User.name)
        .join(User, User.id == SharedDomain.by_person_id)
        .order_by(SharedDomain.domain)
    )
    return [Domain(id=row[0], domain=row[1], by=row[2]) for row in session.execute(statement)]


def never_pairs(session: Session) -> list[Pair]:
    """The newest first."""
    statement = (
        select(NeverPair, Account.name, User.name)
        .join(Account, Account.id == NeverPair.account_id)
        .join(User, User.id == NeverPair.by_person_id)
        .order_by(NeverPair.id.desc())
        .limit(500)
    )
    return [
        Pair(
            id=row.id,
            email_norm=row.email_norm,
            account_id=row.account_id,
            account=account,
            by_person_id=row.by_person_id,
            by=by,
            created_at=row.created_at,
        )
        for row, account, by in session.execute(statement)
    ]


def changes(session: Session, *, limit: int = 20) -> Sequence[Change]:
    """The newest first."""
    statement = (
        select(RulesChange, User.name)
        .outerjoin(User, User.id == RulesChange.by_person_id)
        .order_by(RulesChange.number.desc())
        .limit(limit)
    )
    return [
        Change(number=row.number, what=row.what, by=name or "Rapport", at=row.at)
        for row, name in session.execute(statement)
    ]


def version(session: Session) -> int:
    return session.scalar(select(func.max(RulesChange.number))) or 0


def latest_replay(session: Session) -> MailReplay | None:
    return session.scalars(select(MailReplay).order_by(MailReplay.id.desc()).limit(1)).first()
