"""Mail that waits for a person, as the one who holds it is asked about it: by address, the most mails first.

Only ever the viewer's own mail: what nobody has placed yet is nobody else's business, admins included.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from server.accounts.domains import is_free_mail
from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.mail import queries
from server.mail.models import LinkState, MailCopy, MailLink, MailMessage, MailParticipant, MailState

PAGE = 20
_SHOWN_MAILS = 3
_MOST_SUGGESTIONS = 3
_SHORTEST_NAME = 4  # letters of a domain's first label, below which it says nothing
_MOST_AT_ONCE = 500  # mails that one click settles


@dataclass(frozen=True, kw_only=True)
class WaitingMail:
    id: uuid.UUID
    subject: str
    sent_at: datetime


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An account that an address may belong to, and why we think so."""

    account_id: uuid.UUID
    account: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """An address that nobody knows. `count` mails wait because of it; `latest` are a few of them."""

    norm: str
    name: str
    email: str
    registrable: str
    count: int
    latest: tuple[WaitingMail, ...]
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, kw_only=True)
class Tie:
    """An address that several accounts claim: one question for all mails that ask it."""

    norm: str
    account_ids: tuple[uuid.UUID, ...]
    messages: tuple[WaitingMail, ...]


def count_questions(session: Session, user_id: uuid.UUID) -> int:
    """How many addresses wait for an answer; cheap enough for every page."""
    unknown = select(func.count(func.distinct(MailParticipant.email_norm))).where(*_asked(user_id)).scalar_subquery()
    tied = select(func.count(MailMessage.id)).where(*_waits_for_choice(user_id)).scalar_subquery()
    return session.scalar(select(unknown + tied)) or 0


def strangers(session: Session, user_id: uuid.UUID, *, page: int = 0) -> tuple[list[Stranger], bool]:
    """One page, and whether there is another. Three statements and those of the suggestions, whatever the number."""
    waiting = func.count(func.distinct(MailMessage.id))
    statement = (
        select(
            MailParticipant.email_norm,
            func.max(MailParticipant.name),
            func.max(MailParticipant.email),
            func.max(MailParticipant.registrable),
            waiting,
        )
        .where(*_asked(user_id))
        .group_by(MailParticipant.email_norm)
        .order_by(waiting.desc(), func.max(MailMessage.sent_at).desc(), MailParticipant.email_norm)
        .limit(PAGE + 1)
        .offset(page * PAGE)
    )
    rows = session.execute(statement).all()
    norms = [row[0] for row in rows[:PAGE]]
    mails = _latest(session, user_id, norms)
    suggested = suggestions(session, {row[0]: row[3] for row in rows[:PAGE]})
    found = [
        Stranger(
            norm=norm,
            name=name,
            email=email,
            registrable=registrable,
            count=count,
            latest=tuple(mails.get(norm, ())),
            suggestions=tuple(suggested.get(norm, ())[:_MOST_SUGGESTIONS]),
        )
        for norm, name, email, registrable, count in rows[:PAGE]
    ]
    return found, len(rows) > PAGE


def ties(session: Session, user_id: uuid.UUID) -> list[Tie]:
    """Also of mails that are linked to other accounts for sure."""
    return _ties(session, user_id)


def ties_of(session: Session, user_id: uuid.UUID, message_ids: Sequence[uuid.UUID]) -> list[Tie]:
    """Those of these mails, as far as the viewer holds them."""
    return _ties(session, user_id, MailMessage.id.in_(message_ids)) if message_ids else []


def _ties(session: Session, user_id: uuid.UUID, *which: ColumnElement[bool]) -> list[Tie]:
    statement = (
        select(MailMessage)
        .where(
            MailMessage.state.in_((MailState.WAITING, MailState.LINKED)),
            cast(MailMessage.ties, Text) != "{}",
            MailMessage.id.in_(_own(user_id)),
            *which,
        )
        .order_by(MailMessage.sent_at.desc(), MailMessage.id.desc())
        .limit(_MOST_AT_ONCE)
    )
    found: dict[tuple[str, tuple[uuid.UUID, ...]], list[WaitingMail]] = {}
    mails = session.scalars(statement).all()
    hidden = _hidden_from(session, user_id, [message.id for message in mails])
    for message in mails:
        for norm, account_ids in message.ties.items():
            if norm in hidden.get(message.id, ()):
                continue
            key = (norm, tuple(sorted(uuid.UUID(account_id) for account_id in account_ids)))
            found.setdefault(key, []).append(_mail(message.id, message.subject, message.sent_at))
    return [Tie(norm=norm, account_ids=ids, messages=tuple(asking)) for (norm, ids), asking in found.items()]


def messages_with(session: Session, user_id: uuid.UUID, norm: str) -> list[uuid.UUID]:
    """The viewer's own mails that wait because of this address, at most 500."""
    statement = (
        select(MailMessage.id)
        .where(*_asked(user_id), MailParticipant.email_norm == norm)
        .distinct()
        .limit(_MOST_AT_ONCE)
    )
    return list(session.scalars(statement))


def stranger_of(session: Session, user_id: uuid.UUID, norm: str) -> tuple[str, str] | None:
    """Name and address as they were written, for an address that the viewer is asked about."""
    statement = (
        select(func.max(MailParticipant.name), func.max(MailParticipant.email))
        .where(*_asked(user_id), MailParticipant.email_norm == norm)
        .group_by(MailParticipant.email_norm)
    )
    row = session.execute(statement).first()
    return (row[0], row[1]) if row else None


def _own(user_id: uuid.UUID) -> Select[uuid.UUID]:
    return select(MailCopy.mail_message_id).where(MailCopy.user_id == user_id)


def _written_by(user_id: uuid.UUID) -> Select[uuid.UUID]:
    return select(MailCopy.mail_message_id).where(MailCopy.user_id == user_id, MailCopy.is_sent.is_(True))


def _hidden_from(session: Session, user_id: uuid.UUID, message_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """Whom a colleague put in Bcc of these mails: the viewer is not asked about them."""
    hidden = queries.only_in_bcc(session, message_ids) if message_ids else {}
    own = set(session.scalars(_written_by(user_id).where(MailCopy.mail_message_id.in_(hidden)))) if hidden else ()
    return {message_id: norms for message_id, norms in hidden.items() if message_id not in own}


def _asked(user_id: uuid.UUID) -> list[ColumnElement[bool]]:
    """People in the viewer's waiting mails whom nobody knows. Whom a colleague put in Bcc, the viewer does not see."""
    return [
        MailParticipant.mail_message_id == MailMessage.id,
        MailMessage.state == MailState.WAITING,
        MailMessage.waiting_reason == "nobody_known",
        MailMessage.id.in_(_own(user_id)),
        MailParticipant.is_ours.is_(False),
        MailParticipant.account_id.is_(None),
        or_(MailParticipant.part != "bcc", MailMessage.id.in_(_written_by(user_id))),
    ]


def _waits_for_choice(user_id: uuid.UUID) -> list[ColumnElement[bool]]:
    return [
        MailMessage.state == MailState.WAITING,
        MailMessage.waiting_reason == "tie",
        MailMessage.id.in_(_own(user_id)),
        or_(_asks_about_somebody_in_sight(), MailMessage.id.in_(_written_by(user_id))),
    ]


def _asks_about_somebody_in_sight() -> ColumnElement[bool]:
    key = literal('"') + MailParticipant.email_norm + '"'
    return (
        select(MailParticipant.id)
        .where(
            MailParticipant.mail_message_id == MailMessage.id,
            MailParticipant.part != "bcc",
            cast(MailMessage.ties, Text).contains(key),
        )
        .exists()
    )


def _latest(session: Session, user_id: uuid.UUID, norms: Sequence[str]) -> dict[str, list[WaitingMail]]:
    if not norms:
        return {}
    mails = (
        select(MailParticipant.email_norm, MailMessage.id, MailMessage.subject, MailMessage.sent_at)
        .where(*_asked(user_id), MailParticipant.email_norm.in_(norms))
        .distinct()
        .subquery()
    )
    number = func.row_number().over(
        partition_by=mails.c.email_norm, order_by=(mails.c.sent_at.desc(), mails.c.id.desc())
    )
    ranked = select(mails, number.label("number")).subquery()
    statement = select(ranked).where(ranked.c.number <= _SHOWN_MAILS).order_by(ranked.c.number)
    found: dict[str, list[WaitingMail]] = {}
    for row in session.execute(statement):
        found.setdefault(row.email_norm, []).append(_mail(row.id, row.subject, row.sent_at))
    return found


def _mail(message_id: uuid.UUID, subject: str, sent_at: datetime) -> WaitingMail:
    return WaitingMail(id=message_id, subject=subject or "No subject", sent_at=sent_at)


def suggestions(session: Session, registrables: dict[str, str]) -> dict[str, list[Suggestion]]:
    """For addresses that nobody knows, {address: its registrable domain}.

    First accounts on whose mails the address was seen, then those with a similar domain or name.
    """
    found: dict[str, dict[uuid.UUID, Suggestion]] = {norm: {} for norm in registrables}
    for norm, account_id, account, count in _seen_together(session, list(registrables)):
        because = f"was on {count} {'mail' if count == 1 else 'mails'} with them"
        found[norm][account_id] = Suggestion(account_id=account_id, account=account, because=because)
    labels = {norm: label for norm, host in registrables.items() if (label := _label(host)) and not is_free_mail(host)}
    for account_id, account, name_key, registrable in _alike(session, set(labels.values())):
        for norm, label in labels.items():
            if registrable is not None and _label(registrable) == label:
                because = f"has the domain {registrable}"
            elif name_key.replace(" ", "").startswith(label.replace("-", "")):
                because = "is called so"
            else:
                continue
            found[norm].setdefault(account_id, Suggestion(account_id=account_id, account=account, because=because))
    return {norm: list(by_account.values()) for norm, by_account in found.items()}


def _seen_together(session: Session, norms: Sequence[str]) -> Iterable[tuple[str, uuid.UUID, str, int]]:
    if not norms:
        return []
    count = func.count(func.distinct(MailLink.mail_message_id))
    statement = (
        select(MailParticipant.email_norm, Account.id, Account.name, count)
        .join(MailLink, MailLink.mail_message_id == MailParticipant.mail_message_id)
        .join(Account, Account.id == MailLink.account_id)
        .where(
            MailParticipant.email_norm.in_(norms),
            MailParticipant.part != "bcc",
            MailLink.state == LinkState.LINKED,
        )
        .group_by(MailParticipant.email_norm, Account.id, Account.name)
        .order_by(count.desc(), Account.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def _alike(session: Session, labels: set[str]) -> Iterable[tuple[uuid.UUID, str, str, str | None]]:
    if not labels:
        return []
    by_domain = [AccountDomain.registrable.startswith(f"{label}.", autoescape=True) for label in sorted(labels)]
    words = sorted({fold(label.partition("-")[0]) for label in labels})
    by_name = [Account.name_key.startswith(word, autoescape=True) for word in words]
    statement = (
        select(Account.id, Account.name, Account.name_key, AccountDomain.registrable)
        .outerjoin(AccountDomain, and_(AccountDomain.account_id == Account.id, or_(*by_domain)))
        .where(or_(AccountDomain.id.is_not(None), *by_name))
        .order_by(Account.name_key, Account.id)
        .limit(200)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def _label(registrable: str) -> str:
    """The name in a domain: "helios" of "helios.example"."""
    label = registrable.partition(".")[0]
    return label if len(label) >= _SHORTEST_NAME else ""
