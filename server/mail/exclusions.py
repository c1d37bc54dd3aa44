"""What is never kept: leaving mail out, and taking it in again. What is left out is removed where it is stored.

Each change notes itself first (`rules.note_change`): that waits for readers who store by the old rules, and lets
nobody store by them afterwards, so what is looked for then is all there is.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from server.accounts.domains import domain_of, is_free_mail, registrable_domain
from server.accounts.models import Account, AccountDomain
from server.auth import people
from server.contacts.addresses import address_of, match_key
from server.contacts.models import Contact, ContactAddress
from server.db import insert_if_absent
from server.errors import Forbidden, Invalid, NotFound
from server.mail import again, ledger_rows, removal
from server.mail.models import (
    ExclusionKind,
    MailCopy,
    MailExclusion,
    MailMessage,
    MailParticipant,
    MailState,
    OwnDomain,
    SharedDomain,
)
from server.mail.rules import Rules, load_rules, note_change, spellings
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState, Mailbox, MailboxMessage

MOST_AT_ONCE = 1_000
_SLICE = 500
_GMAIL_THREAD = re.compile(r"[0-9a-f]{1,16}")
_WHOLE_MAILBOX = ("INBOX", "SENT", "UNREAD", "IMPORTANT", "CATEGORY_PERSONAL")
_RULE = {
    ExclusionKind.ADDRESS: "excluded_address",
    ExclusionKind.DOMAIN: "excluded_domain",
    ExclusionKind.LABEL: "excluded_label",
    ExclusionKind.THREAD: "excluded_thread",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Excluded:
    """`removed` mails that were stored are gone, or lost the copy of this mailbox. `reread`: copies that Gmail is asked
    about again, since only Gmail knows their labels. `warning` is for a person's eyes, "" if all is well.
    """

    exclusion_id: uuid.UUID | None
    removed: int
    reread: int = 0
    is_new: bool = True
    warning: str = ""


def exclude(
    session: Session,
    *,
    kind: ExclusionKind,
    value: str,
    label: str,
    mailbox_id: uuid.UUID | None,
    by: uuid.UUID,
    now: datetime,
) -> Excluded:
    """Never keep such mail: of this mailbox, or (None) of everybody. The same exclusion stands once.

    Raises Invalid for a value that cannot be meant, Forbidden for another's mailbox, NotFound.
    """
    mailbox = _own_mailbox(session, mailbox_id, by)
    clean = _checked(ExclusionKind(kind), value, mailbox, load_rules(session))
    name = people.by_id(session, by).name
    # What one person leaves out of their own mailbox is nobody else's to read.
    what = (
        f"{name}: something is left out of their own mailbox." if mailbox else f"{name}: mail of {clean} is left out."
    )
    note_change(session, what=what, by=by, now=now)
    standing = session.scalars(
        select(MailExclusion).where(
            MailExclusion.kind == kind, MailExclusion.value == clean, MailExclusion.mailbox_id == mailbox_id
        )
    ).first()
    row = standing or MailExclusion(
        kind=kind,
        value=clean,
        label=label.strip()[:200] or clean,
        mailbox_id=mailbox_id,
        by_person_id=by,
        created_at=now,
    )
    session.add(row)
    session.flush()
    removed, reread = _remove_stored(session, row, now)
    return Excluded(
        exclusion_id=row.id,
        removed=removed,
        reread=reread,
        is_new=standing is None,
        warning=_warning(session, ExclusionKind(kind), clean),
    )


def include_again(session: Session, *, exclusion_id: uuid.UUID, by: uuid.UUID, now: datetime) -> int:
    """Take an exclusion back: what it kept out of the mailboxes is read again. How many messages. Raises NotFound."""
    row = session.get(MailExclusion, exclusion_id)
    if row is None:
        raise NotFound("This is not on the list any more.", cure="Load the page anew.")
    _own_mailbox(session, row.mailbox_id, by)
    name = people.by_id(session, by).name
    what = (
        f"{name}: something is let into their own mailbox again."
        if row.mailbox_id
        else f"{name}: mail of {row.value} is kept again."
    )
    note_change(session, what=what, by=by, now=now)
    session.delete(row)
    session.flush()
    rule = _rule_of(row)
    which: ColumnElement[bool] = MailboxMessage.rule == rule
    if row.mailbox_id is not None:
        which = and_(which, MailboxMessage.mailbox_id == row.mailbox_id)
    if row.kind == ExclusionKind.THREAD:
        which = and_(which, MailboxMessage.gmail_thread_id == row.value)
    return ledger_rows.open_again(session, which, now=now)


def own_domain_add(session: Session, *, domain: str, by: uuid.UUID, now: datetime) -> Excluded:
    """Everybody at this domain is a colleague: mail among colleagues alone is removed. Raises Invalid.

    Links of other mail by people there stay until the rules are tried on the past (`replay`).
    """
    host = _company_domain(domain)
    if is_free_mail(host):
        raise Invalid(
            f"Anybody can have an address at {host}: customers would become colleagues.",
            cure="Add the addresses of colleagues as users, or as aliases of their mailboxes.",
            fields={"domain": "Free mail."},
        )
    note_change(session, what=f"{people.by_id(session, by).name}: {host} is our own domain.", by=by, now=now)
    is_new = insert_if_absent(session, OwnDomain(domain=host, by_person_id=by, created_at=now))
    _mark_ours(session, host)
    among_us = _slices(session, _has_colleagues_only(host))
    removed = sum(removal.withdraw(session, ids, rule="internal_only", now=now) for ids in among_us)
    return Excluded(exclusion_id=None, removed=removed, is_new=is_new, warning=_warning_of_domain(session, host))


def own_domain_remove(session: Session, *, domain: str, by: uuid.UUID, now: datetime) -> int:
    """People there are strangers again: mail that was left out as internal is read again. How many messages."""
    host = _listed(session, OwnDomain, domain)
    note_change(session, what=f"{people.by_id(session, by).name}: {host} is not our own domain.", by=by, now=now)
    session.execute(delete(OwnDomain).where(OwnDomain.domain == host))
    _mark_ours(session, host)
    return ledger_rows.open_again(session, MailboxMessage.rule == "internal_only", now=now)


def shared_domain_add(session: Session, *, domain: str, by: uuid.UUID, now: datetime) -> Excluded:
    """This domain says nothing of the company any more. Links that stand by it wait for `replay`. Raises Invalid."""
    host = _company_domain(domain)
    what = f"{people.by_id(session, by).name}: {host} is shared by several companies."
    note_change(session, what=what, by=by, now=now)
    is_new = insert_if_absent(session, SharedDomain(domain=host, by_person_id=by, created_at=now))
    return Excluded(exclusion_id=None, removed=0, is_new=is_new, warning=_warning_of_domain(session, host))


def shared_domain_remove(session: Session, *, domain: str, by: uuid.UUID, now: datetime) -> int:
    """The domain speaks for its company again: what nobody was known in is read again. How many messages."""
    host = _listed(session, SharedDomain, domain)
    what = f"{people.by_id(session, by).name}: {host} is one company’s again."
    note_change(session, what=what, by=by, now=now)
    session.execute(delete(SharedDomain).where(SharedDomain.domain == host))
    waiting = (
        select(MailMessage.id)
        .where(
            MailMessage.state == MailState.WAITING,
            MailMessage.id.in_(select(MailParticipant.mail_message_id).where(_at_host(host))),
        )
        .order_by(MailMessage.id.desc())
    )
    rules, linked = load_rules(session), 0
    for message_id in session.scalars(waiting.limit(MOST_AT_ONCE)).all():
        linked += again.decide_anew(session, message_id, rules, now=now)
    return linked + ledger_rows.open_again(session, MailboxMessage.rule == "bulk", now=now)


def _own_mailbox(session: Session, mailbox_id: uuid.UUID | None, by: uuid.UUID) -> Mailbox | None:
    if mailbox_id is None:
        return None
    mailbox = session.get(Mailbox, mailbox_id)
    if mailbox is None:
        raise NotFound("There is no such mailbox.", cure="Connect Gmail first.")
    if mailbox.user_id != by:
        raise Forbidden("This is not your mailbox.", cure="Only its owner says what is left out of it.")
    return mailbox


def _checked(kind: ExclusionKind, value: str, mailbox: Mailbox | None, rules: Rules) -> str:
    """The value in the form that it is compared by. Raises Invalid."""
    if kind is ExclusionKind.ADDRESS:
        return _address(value, rules)
    if kind is ExclusionKind.DOMAIN:
        host = _company_domain(value)
        if rules.is_own_host(host):
            raise _invalid(
                f"{host} is our own domain: all of your mail would be left out.",
                "Mail among colleagues alone is never kept anyway.",
            )
        return host
    clean = value.strip()
    if mailbox is None:
        raise _invalid("Labels and conversations are those of one mailbox.", "Leave it out of your own mailbox.")
    if kind is ExclusionKind.LABEL and clean in _WHOLE_MAILBOX:
        raise _invalid(
            f"The label {clean} is on nearly all of your mail.", "Choose the level Nothing if no mail is to be kept."
        )
    if not clean or (kind is ExclusionKind.THREAD and not _GMAIL_THREAD.fullmatch(clean)):
        raise _invalid("This is no label or conversation of Gmail.", "Load the page anew and choose it again.")
    return clean


def _address(value: str, rules: Rules) -> str:
    try:
        norm = address_of(value).norm
    except Invalid as invalid:
        raise _invalid(f"“{value.strip()[:100]}” {invalid.detail}.", "Write one address, as ann@acme.com.") from None
    if match_key(norm) in rules.own_keys:
        raise _invalid(
            f"{norm} is an address of ours: all mail that it is in would be left out.",
            "Leave out the other side, or choose the level Nothing for the mailbox.",
        )
    return norm


def _company_domain(value: str) -> str:
    host = domain_of(value.strip().removeprefix("@"))
    if host is None:
        raise _invalid(f"“{value.strip()[:100]}” is no domain.", "Write a domain, as acme.com.")
    if not registrable_domain(host):
        raise _invalid(
            f"{host} is an ending that many companies have domains under.", f"Write a whole domain, as acme.{host}."
        )
    return host


def _invalid(detail: str, cure: str) -> Invalid:
    return Invalid(detail, cure=cure, fields={"value": detail})


def _remove_stored(session: Session, row: MailExclusion, now: datetime) -> tuple[int, int]:
    """(mails removed, copies to be read again)."""
    if row.kind == ExclusionKind.LABEL:
        assert row.mailbox_id is not None
        kept = [LedgerState.LOGGED, LedgerState.WAITING]
        return 0, ledger.reopen(session, row.mailbox_id, states=kept, now=now)
    if row.kind == ExclusionKind.THREAD:
        which: ColumnElement[bool] = MailCopy.gmail_thread_id == row.value
    elif row.kind == ExclusionKind.DOMAIN:
        which = _has_somebody(_at_host(row.value))
    else:
        spelled = spellings(row.value)
        which = _has_somebody(or_(MailParticipant.email_norm.in_(spelled), MailParticipant.match_key.in_(spelled)))
    if row.mailbox_id is not None:
        which = and_(which, MailCopy.mailbox_id == row.mailbox_id)
    rule = _rule_of(row)
    return sum(removal.withdraw(session, ids, rule=rule, now=now) for ids in _slices(session, which)), 0


def _rule_of(row: MailExclusion) -> str:
    return "excluded_pair" if row.kind == ExclusionKind.ADDRESS and row.mailbox_id else _RULE[ExclusionKind(row.kind)]


def _has_somebody(who: ColumnElement[bool]) -> ColumnElement[bool]:
    return MailCopy.mail_message_id.in_(select(MailParticipant.mail_message_id).where(who))


def _slices(session: Session, which: ColumnElement[bool]) -> Iterator[Sequence[uuid.UUID]]:
    """Ids of copies, some hundreds at once, until none is left: whoever gets them takes them away."""
    statement = select(MailCopy.id).join(MailMessage, MailMessage.id == MailCopy.mail_message_id)
    statement = statement.where(MailMessage.state != MailState.REMOVED, which).order_by(MailCopy.mail_message_id)
    while found := session.scalars(statement.limit(_SLICE)).all():
        yield found


def _at_host(host: str) -> ColumnElement[bool]:
    """At this domain or below it, by whole labels."""
    ends = [MailParticipant.email_norm.endswith(mark + host, autoescape=True) for mark in ("@", ".")]
    return and_(MailParticipant.registrable == registrable_domain(host), or_(*ends))


def _mark_ours(session: Session, host: str) -> None:
    """Who at this domain is a colleague, by the rules as they are now."""
    rules = load_rules(session)
    norms = session.scalars(select(MailParticipant.email_norm).where(_at_host(host)).distinct()).all()
    for is_ours in (True, False):
        some = [norm for norm in norms if rules.is_ours(norm) is is_ours]
        for start in range(0, len(some), _SLICE):
            session.execute(
                update(MailParticipant)
                .where(MailParticipant.email_norm.in_(some[start : start + _SLICE]))
                .values(is_ours=is_ours)
            )


def _has_colleagues_only(host: str) -> ColumnElement[bool]:
    stranger = aliased(MailParticipant)
    has_stranger = exists().where(stranger.mail_message_id == MailCopy.mail_message_id, stranger.is_ours.is_(False))
    return and_(_has_somebody(_at_host(host)), ~has_stranger)


def _listed(session: Session, model: type[OwnDomain | SharedDomain], domain: str) -> str:
    host = _company_domain(domain)
    if session.scalars(select(model.id).where(model.domain == host)).first() is None:
        raise NotFound(
            f"{host} is not on this list.",
            cure="Domains of our users’ addresses, and free-mail domains, are known without a list and always hold.",
        )
    return host


def _warning(session: Session, kind: ExclusionKind, value: str) -> str:
    if kind is ExclusionKind.DOMAIN:
        return _warning_of_domain(session, value)
    if kind is not ExclusionKind.ADDRESS:
        return ""
    found = (
        select(Contact.first_name, Contact.last_name, Account.name)
        .join(ContactAddress, ContactAddress.contact_id == Contact.id)
        .join(Account, Account.id == Contact.account_id)
        .where(ContactAddress.match_key == match_key(value))
    )
    row = session.execute(found.limit(1)).first()
    return f"{row[0]} {row[1]} of {row[2]} has this address: their mail is not kept any more.".strip() if row else ""


def _warning_of_domain(session: Session, host: str) -> str:
    """Whom this touches that we know."""
    owners = select(Account.name).join(AccountDomain, AccountDomain.account_id == Account.id)
    names = session.scalars(owners.where(AccountDomain.domain == host).order_by(Account.name_key).limit(3)).all()
    ends = or_(*(ContactAddress.email_norm.endswith(mark + host, autoescape=True) for mark in ("@", ".")))
    contacts = session.scalar(select(func.count()).select_from(ContactAddress).where(ends)) or 0
    found = [f"It is a domain of {' and '.join(names)}."] if names else []
    if is_free_mail(host):
        found.append(f"Anybody can have an address at {host}, customers too.")
    if contacts:
        found.append(
            f"{contacts:,} {'address of a contact is' if contacts == 1 else 'addresses of contacts are'} there."
        )
    return " ".join(found)
