"""What is known of mails that stand on timelines: why they do, who holds them, what they say."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.auth.models import User
from server.contacts.models import Contact
from server.errors import NotFound
from server.mail.models import (
    LinkRule,
    LinkState,
    MailContent,
    MailCopy,
    MailLink,
    MailMessage,
    MailParticipant,
    Route,
)
from server.mailboxes.models import Mailbox
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.models import Level, most_careful
from server.timeline.visibility import Viewer


@dataclass(frozen=True, kw_only=True)
class LostCandidate:
    """An account that the mail could have gone to. `is_bcc`: the address was in Bcc alone."""

    account: str
    address: str
    is_bcc: bool
    because: str


@dataclass(frozen=True, kw_only=True)
class HeldBy:
    user_id: uuid.UUID
    name: str
    route: Route


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why a mail stands on an account's timeline. `by` is the name of the person who said so, if one did.

    `is_bcc`: the address was in Bcc alone, which is for the sender's eyes.
    """

    mail_message_id: uuid.UUID
    account_id: uuid.UUID
    account: str
    rule: LinkRule
    address: str | None
    is_bcc: bool
    contact: str | None
    candidates: tuple[LostCandidate, ...]
    rule_version: int
    decided_at: datetime
    by: str | None


def why(session: Session, entries: Iterable[SeenEntry]) -> dict[uuid.UUID, Why]:
    """By entry. Two statements, whatever their number; entries that no mail made are left out."""
    wanted = {(one.mail_message_id, one.account_id): one.id for one in entries if one.mail_message_id is not None}
    if not wanted:
        return {}
    statement = (
        select(MailLink, Account.name, Contact.first_name, Contact.last_name, User.name)
        .join(Account, Account.id == MailLink.account_id)
        .outerjoin(Contact, Contact.id == MailLink.contact_id)
        .outerjoin(User, User.id == MailLink.by_person_id)
        .where(
            MailLink.mail_message_id.in_({message_id for message_id, _ in wanted}),
            MailLink.state == LinkState.LINKED,
        )
    )
    hidden = only_in_bcc(session, {message_id for message_id, _ in wanted})
    found = {}
    for link, account, first, last, by in session.execute(statement):
        entry_id = wanted.get((link.mail_message_id, link.account_id))
        if entry_id is not None:
            name = f"{first or ''} {last or ''}".strip() or None
            found[entry_id] = _why(link, account, name, by, hidden.get(link.mail_message_id, set()))
    return found


def _why(link: MailLink, account: str, contact: str | None, by: str | None, hidden: set[str]) -> Why:
    return Why(
        mail_message_id=link.mail_message_id,
        account_id=link.account_id,
        account=account,
        rule=LinkRule(link.rule),
        address=link.address,
        is_bcc=link.address in hidden,
        contact=contact,
        candidates=tuple(
            LostCandidate(
                account=str(one.get("account", "")),
                address=str(one.get("address", "")),
                is_bcc=one.get("address") in hidden,
                because=str(one.get("lost_because", "")),
            )
            for one in link.candidates
        ),
        rule_version=link.rule_version,
        decided_at=link.decided_at,
        by=by,
    )


def only_in_bcc(session: Session, message_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """By mail, the addresses that stand in its Bcc and nowhere else: they are for its sender's eyes."""
    statement = select(MailParticipant.mail_message_id, MailParticipant.email_norm, MailParticipant.part).where(
        MailParticipant.mail_message_id.in_(list(message_ids))
    )
    hidden: dict[uuid.UUID, set[str]] = {}
    open_: dict[uuid.UUID, set[str]] = {}
    for message_id, norm, part in session.execute(statement):
        (hidden if part == "bcc" else open_).setdefault(message_id, set()).add(norm)
    return {message_id: norms - open_.get(message_id, set()) for message_id, norms in hidden.items()}


def message(session: Session, message_id: uuid.UUID) -> MailMessage:
    """Raises NotFound."""
    found = session.get(MailMessage, message_id)
    if found is None:
        raise NotFound("There is no such mail.", cure="It may have been taken off meanwhile.")
    return found


def content(session: Session, message_id: uuid.UUID) -> MailContent | None:
    """None where only the envelope was read. Ask only for whoever may read it: see timeline.visibility."""
    return session.get(MailContent, message_id)


def held_by(session: Session, message_id: uuid.UUID) -> Sequence[HeldBy]:
    """Each holder once for each way it came, by name."""
    statement = (
        select(MailCopy.user_id, User.name, User.email, MailCopy.route)
        .join(User, User.id == MailCopy.user_id)
        .where(MailCopy.mail_message_id == message_id)
        .distinct()
    )
    found = [
        HeldBy(user_id=user_id, name=name or email, route=Route(route))
        for user_id, name, email, route in session.execute(statement)
    ]
    return sorted(found, key=lambda one: (one.name, one.route))


def in_gmail(session: Session, message_id: uuid.UUID, user_id: uuid.UUID) -> tuple[str, str] | None:
    """Mailbox and Gmail id of this user's own copy."""
    statement = (
        select(Mailbox.email, MailCopy.gmail_message_id)
        .join(Mailbox, Mailbox.id == MailCopy.mailbox_id)
        .where(
            MailCopy.mail_message_id == message_id,
            MailCopy.user_id == user_id,
            MailCopy.gmail_message_id.is_not(None),
        )
        .limit(1)
    )
    row = session.execute(statement).first()
    return (row[0], row[1]) if row is not None and row[1] is not None else None


def holds(session: Session, message_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    statement = select(MailCopy.id).where(MailCopy.mail_message_id == message_id, MailCopy.user_id == user_id)
    return session.scalars(statement.limit(1)).first() is not None


def link_state(session: Session, message_id: uuid.UUID, account_id: uuid.UUID) -> LinkState | None:
    statement = select(MailLink.state).where(MailLink.mail_message_id == message_id, MailLink.account_id == account_id)
    found = session.scalars(statement).first()
    return LinkState(found) if found is not None else None


def linked_in_thread(
    session: Session, thread_id: uuid.UUID, account_id: uuid.UUID, *, only_held_by: uuid.UUID | None = None
) -> int:
    """How many mails of the conversation stand on this account's timeline; or only those that this user holds."""
    statement = (
        select(MailLink.id)
        .join(MailMessage, MailMessage.id == MailLink.mail_message_id)
        .where(
            MailMessage.mail_thread_id == thread_id,
            MailLink.account_id == account_id,
            MailLink.state == LinkState.LINKED,
        )
    )
    if only_held_by is not None:
        held = select(MailCopy.mail_message_id).where(MailCopy.user_id == only_held_by)
        statement = statement.where(MailMessage.id.in_(held))
    return len(session.scalars(statement).all())


def levels(session: Session, message_id: uuid.UUID) -> dict[uuid.UUID, tuple[Level, Level | None]]:
    """By holder: what they chose for their mailbox, the most careful of several copies, and for this mail alone."""
    statement = select(MailCopy.user_id, MailCopy.level, MailCopy.own_level).where(
        MailCopy.mail_message_id == message_id
    )
    found: dict[uuid.UUID, tuple[Level, Level | None]] = {}
    for user_id, level, own_level in session.execute(statement):
        usual, own = found.get(user_id, (Level.FULL, None))
        word = Level(own_level) if own_level is not None else None
        found[user_id] = (most_careful([usual, level]), own or word)
    return found


def subjects_open_to(session: Session, viewer: Viewer, message_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Subjects that the viewer may see: of mail that they hold, and of what the timeline shows them."""
    if not message_ids:
        return {}
    found = {
        one.mail_message_id: one.subject
        for one in timeline.of_mails(session, viewer, message_ids)
        if one.mail_message_id is not None and one.seen.has_subject
    }
    own = (
        select(MailMessage.id, MailMessage.subject)
        .join(MailCopy, MailCopy.mail_message_id == MailMessage.id)
        .where(MailMessage.id.in_(message_ids), MailCopy.user_id == viewer.user_id)
    )
    return found | {row.id: row.subject for row in session.execute(own)}


def own_gmail_thread(session: Session, message_id: uuid.UUID, user_id: uuid.UUID) -> str | None:
    """The id of the conversation in this user's own mailbox; None when no mailbox of theirs brought the mail."""
    return session.scalars(
        select(MailCopy.gmail_thread_id)
        .where(
            MailCopy.mail_message_id == message_id,
            MailCopy.user_id == user_id,
            MailCopy.mailbox_id.is_not(None),
            MailCopy.gmail_thread_id.is_not(None),
        )
        .limit(1)
    ).one_or_none()
