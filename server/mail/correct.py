"""What a person decides about a mail. Their word has their name, and no automatic work ever changes it.

Each deed holds the mail's row first, so that a reader who stores the same mail at this moment comes before or after.
Who may do what is the caller's question, but for what only holders may. `only_held_by`: for whoever may act on their
own mail alone, a deed on many mails leaves those that this user holds no copy of.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.auth import people
from server.contacts.addresses import address_of, match_key
from server.db import insert_if_absent
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.mail import again, choices, entries, ledger_rows, removal
from server.mail.models import (
    LinkState,
    MailLink,
    MailMessage,
    MailParticipant,
    MailState,
    MailThread,
    NeverPair,
)
from server.mail.rows import held, links_by_account, links_of
from server.mail.rules import load_rules, note_change, spellings
from server.mail.word import (
    candidate,
    copies_held_by,
    decide_thread,
    holds_all,
    mails_of,
    may_change,
    put,
    say,
    settle,
    ties_that_lost,
    word_on,
)
from server.timeline.models import Level, most_careful

MOST_AT_ONCE = 1_000  # mails that one click decides anew; the nightly look goes on from there


def move(
    session: Session,
    *,
    mail_message_id: uuid.UUID,
    from_account_id: uuid.UUID,
    to_account_id: uuid.UUID,
    whole_thread: bool,
    by: uuid.UUID,
    only_held_by: uuid.UUID | None = None,
    now: datetime,
) -> None:
    """From one account's timeline to another's. Raises NotFound, Conflict when it is not there (any more), Invalid."""
    if from_account_id == to_account_id:
        raise Invalid("It stands on the timeline of this account already.", cure="Choose another account.")
    accounts.by_id(session, to_account_id)
    message = _demand_linked(session, mail_message_id, from_account_id, whole_thread=whole_thread)
    word = word_on(session, message, by, now)
    if whole_thread and holds_all(session, message, only_held_by):
        decide_thread(session, message, from_account_id, LinkState.UNLINKED, word)
        decide_thread(session, message, to_account_id, LinkState.LINKED, word)
    mover = people.by_id(session, by).name
    for one in mails_of(session, message, whole_thread=whole_thread, only_held_by=only_held_by):
        links = links_by_account(session, one.id)
        source = links.get(from_account_id)
        if source is None or source.state != LinkState.LINKED or not may_change(word, source, one, message):
            continue  # what a stranger slipped into the conversation was never there
        lost = [candidate(session, source, f"{mover} moved it")]
        address = source.address
        say(source, LinkState.UNLINKED, word)
        put(session, one, links.get(to_account_id), to_account_id, word, clicked=message, lost=lost, address=address)
        settle(session, one, now)


def unlink(
    session: Session,
    *,
    mail_message_id: uuid.UUID,
    account_id: uuid.UUID,
    whole_thread: bool,
    by: uuid.UUID,
    only_held_by: uuid.UUID | None = None,
    now: datetime,
) -> None:
    """Off this account's timeline. A mail that is on no other goes for good and leaves a tombstone.

    Raises Conflict when it is not there.
    """
    message = _demand_linked(session, mail_message_id, account_id, whole_thread=whole_thread)
    word = word_on(session, message, by, now)
    if whole_thread and holds_all(session, message, only_held_by):
        decide_thread(session, message, account_id, LinkState.UNLINKED, word)
    for one in mails_of(session, message, whole_thread=whole_thread, only_held_by=only_held_by):
        link = links_by_account(session, one.id).get(account_id)
        if link is not None and link.state == LinkState.LINKED and may_change(word, link, one, message):
            say(link, LinkState.UNLINKED, word)
            settle(session, one, now)


def link(
    session: Session,
    *,
    mail_message_id: uuid.UUID,
    account_id: uuid.UUID,
    whole_thread: bool = False,
    by: uuid.UUID,
    only_held_by: uuid.UUID | None = None,
    now: datetime,
) -> None:
    """Onto this account's timeline, beside where it stands already. Of a mail that was taken off, see `bring_back`.

    Raises NotFound.
    """
    accounts.by_id(session, account_id)
    message = _demand(session, mail_message_id, whole_thread=whole_thread)
    if message.state == MailState.REMOVED:
        bring_back(session, mail_message_id=mail_message_id, by=by, now=now)
        return
    word = word_on(session, message, by, now)
    if whole_thread and holds_all(session, message, only_held_by):
        decide_thread(session, message, account_id, LinkState.LINKED, word)
    for one in mails_of(session, message, whole_thread=whole_thread, only_held_by=only_held_by):
        lost = ties_that_lost(session, one, account_id, by)
        standing = links_by_account(session, one.id).get(account_id)
        put(session, one, standing, account_id, word, clicked=message, lost=lost)
        settle(session, one, now)


def bring_back(session: Session, *, mail_message_id: uuid.UUID, by: uuid.UUID, now: datetime) -> None:
    """Undo the tombstone: its mailboxes read the mail once more, and the rules decide of it as if it were new.

    Raises Conflict where no mailbox has it: its content is gone. Forbidden for whoever never held it.
    """
    message = _demand(session, mail_message_id)
    if message.state != MailState.REMOVED:
        return
    copies = again.copies_of(session, message.id)
    took_it_off = {link.by_person_id for link in links_of(session, message.id)}
    if by not in took_it_off and not any(copy.user_id == by for copy in copies):
        raise Forbidden("Only those whose own mail it was can bring it back.", cure="Ask one of them.")
    if ledger_rows.read_anew(session, message.id, now=now) == 0:
        raise Conflict(
            "This mail cannot be brought back: its content was deleted here, and no mailbox has it.",
            cure="Write a note on the timeline if it matters.",
        )
    choices.let_go(session, copies)
    session.delete(message)
    session.flush()


def restrict(
    session: Session, *, mail_message_id: uuid.UUID, level: Level | None, by: uuid.UUID, now: datetime
) -> None:
    """What colleagues see of this mail, in the place of what this holder chose for their mailbox; None: as there.

    The most careful holder still decides for all. `nothing` takes it away if nobody else holds it; if somebody does,
    this holder's copy goes and the others keep theirs. Raises Forbidden for all but holders.
    """
    message = _demand(session, mail_message_id)
    copies = again.copies_of(session, message.id)
    own = [copy for copy in copies if copy.user_id == by]
    if not own:
        raise Forbidden("Only those whose own mail this is can say who reads it.", cure="Ask one of them to change it.")
    if message.state == MailState.REMOVED:
        raise Conflict("This mail was taken off meanwhile.", cure="Load the page anew.")
    if level is Level.NOTHING and len(own) == len(copies):
        removal.tombstone(session, message, now=now)
        return
    for copy in own:
        copy.own_level = Level.METADATA if level is Level.NOTHING else level
    said = [copy.own_level for copy in copies if copy.own_level is not None]
    message.level_by_person = most_careful(said) if said else None
    message.changed_at = now
    session.flush()
    if level is Level.NOTHING:
        removal.withdraw(session, [copy.id for copy in own], rule=removal.UNLINKED, now=now)
    else:
        entries.project(session, message, now=now)


def dismiss(session: Session, *, mail_message_ids: Sequence[uuid.UUID], by: uuid.UUID, now: datetime) -> int:
    """Not customer mail: this person's copies of these waiting mails go for good. How many mails; those that somebody
    placed meanwhile stay, and so do the copies of others, who are asked themselves.

    Raises Forbidden when one of them is not the person's own.
    """
    gone = 0
    for message_id in sorted(set(mail_message_ids)):
        message = held(session, message_id)
        if message is None or message.state != MailState.WAITING:
            continue
        copies = again.copies_of(session, message_id)
        own = [copy for copy in copies if copy.user_id == by]
        if not own:
            raise Forbidden("One of these mails is not yours.", cure="Load the page anew and choose again.")
        if len(own) == len(copies):
            removal.tombstone(session, message, now=now)
        else:
            removal.withdraw(session, [copy.id for copy in own], rule=removal.UNLINKED, now=now)
        gone += 1
    return gone


def never_pair(
    session: Session,
    *,
    mail_message_id: uuid.UUID,
    account_id: uuid.UUID,
    email_norm: str,
    by: uuid.UUID,
    only_held_by: uuid.UUID | None = None,
    now: datetime,
) -> int:
    """Mail of this address never goes to this account; what stands there by it alone goes. How many mails changed.

    A mail that is then on no timeline waits for a person. Raises Invalid for what is no address, NotFound.
    """
    account, norm = accounts.by_id(session, account_id), _norm(email_norm)
    what = f"{people.by_id(session, by).name}: mail of {norm} never goes to {account.name}."
    note_change(session, what=what, by=by, now=now)
    insert_if_absent(session, NeverPair(email_norm=norm, account_id=account_id, by_person_id=by, created_at=now))
    message = _demand(session, mail_message_id)
    own_word = links_by_account(session, message.id).get(account_id)
    gone = 0
    if own_word is not None and own_word.by_person_id is not None and _is_spelled(own_word.address, norm):
        gone += own_word.state == LinkState.LINKED
        say(own_word, LinkState.UNLINKED, word_on(session, message, by, now))
        settle(session, message, now)
    stands_by_it = (
        select(MailLink.id)
        .where(
            MailLink.mail_message_id == MailMessage.id,
            MailLink.account_id == account_id,
            MailLink.address == MailParticipant.email_norm,
        )
        .exists()
    )
    which = or_(MailParticipant.account_id == account_id, stands_by_it)
    if only_held_by is not None:
        which = and_(which, MailMessage.id.in_(copies_held_by(only_held_by)))
    return gone + _decide_anew(session, norm, which, now)


def allow_pair(session: Session, *, never_pair_id: uuid.UUID, by: uuid.UUID, now: datetime) -> int:
    """Take `never_pair` back: the rules decide again of the mail of this address. How many mails changed.

    Raises NotFound when it was taken back already.
    """
    pair = session.get(NeverPair, never_pair_id)
    if pair is None:
        raise NotFound("This is not on the list any more.", cure="Load the page anew.")
    account = accounts.by_id(session, pair.account_id)
    what = f"{people.by_id(session, by).name}: mail of {pair.email_norm} may go to {account.name} again."
    note_change(session, what=what, by=by, now=now)
    session.execute(delete(NeverPair).where(NeverPair.id == pair.id))
    is_elsewhere = or_(MailParticipant.account_id.is_(None), MailParticipant.account_id != account.id)
    return _decide_anew(session, pair.email_norm, is_elsewhere, now)


def _decide_anew(session: Session, norm: str, which: ColumnElement[bool], now: datetime) -> int:
    """The newest mails of this address in any spelling, decided by the rules as they stand since a moment ago."""
    is_meant = or_(MailParticipant.email_norm == norm, MailParticipant.match_key.in_(spellings(norm)))
    newest = (
        select(MailMessage.id)
        .join(MailParticipant, MailParticipant.mail_message_id == MailMessage.id)
        .where(is_meant, MailMessage.state != MailState.REMOVED, which)
        .order_by(MailMessage.id.desc())
        .limit(MOST_AT_ONCE)
    )
    rules, changed = load_rules(session), 0
    for message_id in sorted(set(session.scalars(newest))):
        changed += again.decide_anew(session, message_id, rules, now=now)
    return changed


def _demand(session: Session, message_id: uuid.UUID, *, whole_thread: bool = False) -> MailMessage:
    """The mail, held; before it its conversation, so that two who act on all of it come one after the other."""
    if whole_thread:
        thread_id = select(MailMessage.mail_thread_id).where(MailMessage.id == message_id).scalar_subquery()
        session.scalars(select(MailThread).where(MailThread.id == thread_id).with_for_update()).one_or_none()
    message = held(session, message_id)
    if message is None:
        raise NotFound("There is no such mail.", cure="It may have been taken off meanwhile. Load the page anew.")
    return message


def _demand_linked(
    session: Session, message_id: uuid.UUID, account_id: uuid.UUID, *, whole_thread: bool
) -> MailMessage:
    message = _demand(session, message_id, whole_thread=whole_thread)
    link = links_by_account(session, message.id).get(account_id)
    if link is None or link.state != LinkState.LINKED:
        raise Conflict("This mail does not stand on the timeline of that account any more.", cure="Load the page anew.")
    return message


def _is_spelled(address: str | None, norm: str) -> bool:
    """Whether a person who names `norm` means this address."""
    return address is not None and not spellings(norm).isdisjoint((address, match_key(address)))


def _norm(email: str) -> str:
    try:
        return address_of(email).norm
    except Invalid as invalid:
        what = f"“{email.strip()[:100]}” {invalid.detail}."
        raise Invalid(what, cure="Write one address, such as ann@acme.com.", fields={"email": what}) from None
