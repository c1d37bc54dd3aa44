"""What stands beside a conversation that is read: where its mails are, who in it is unknown, and what is asked.

Found by the mails of this person's own mailbox alone: an id of Gmail says nothing of another's.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.auth import people
from server.auth.models import User
from server.contacts import queries as contacts
from server.mail import places, waiting, words
from server.mail.cures import name_parts
from server.mail.holders import holder
from server.mail.incoming import parties_named
from server.mail.match import Candidate, Match, match_parties
from server.mail.models import LinkRule
from server.mail.places import Place
from server.mail.rules import Rules, load_rules
from server.mail.threads import ThreadFacts
from server.mailboxes import connection
from server.mailboxes.models import MailboxState
from server.messages.kinds import takes_no_mail
from server.panel.conversation import Conversation, Mails, Standing, of_nothing
from server.panel.foresee import is_read_now
from server.panel.situation import AccountBeside, account_beside
from server.timeline.present import viewer_of
from server.web.identity import Visitor

_MOST_ACCOUNTS = 5
_MOST_SUGGESTIONS = 3


@dataclass(frozen=True, kw_only=True)
class StrangerBeside:
    """Somebody who could become a contact. `account_id`: at the account that their domain or the conversation names."""

    email: str
    first_name: str
    last_name: str
    account_id: uuid.UUID | None
    account: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An account to place a mail on, and why it may be that one."""

    account_id: uuid.UUID
    account: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about a mail. `email` is "" where nobody in it is known."""

    mail_message_id: uuid.UUID
    email: str
    words: str
    accounts: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class ThreadBeside:
    """`standing` and `words` are of the mail that is open, or of the newest; `logged` mails are on a timeline."""

    is_own_mailbox: bool
    is_connected: bool
    is_read: bool
    standing: Standing
    words: str
    logged: int
    places: tuple[Place, ...]
    accounts: tuple[AccountBeside, ...]
    strangers: tuple[StrangerBeside, ...]
    questions: tuple[Question, ...]


def beside(
    session: Session, conversation: Conversation, *, user: User, visitor: Visitor, now: datetime
) -> ThreadBeside:
    """Reads only. At most five accounts."""
    mailbox, mine = connection.of_user(session, user.id), holder(session, user)
    is_own = mine.owns(conversation.written_from)
    is_theirs_read = is_own and is_read_now(session, mine)
    mails = Mails.of(session, mailbox.id, conversation) if is_own and mailbox is not None else Mails()
    rules = load_rules(session)
    matches = match_parties(session, parties_named(conversation.people, rules), rules, ThreadFacts(), sent_at=now)
    stands = places.of_entries(session, visitor, mails.entry_of_each_account(session, viewer_of(visitor)))
    standing, told = mails.standing(stands)
    if not mails.rows:
        standing, told = of_nothing(is_own=is_own, is_read=is_theirs_read)
    strangers = [match for match in matches if _is_stranger(match, rules)]
    return ThreadBeside(
        is_own_mailbox=is_own,
        is_connected=mailbox is not None and mailbox.state == MailboxState.CONNECTED,
        is_read=is_theirs_read,
        standing=standing,
        words=told,
        logged=len(mails.linked),
        places=tuple(stands),
        accounts=_accounts(session, stands, matches, user=user, visitor=visitor, now=now),
        strangers=tuple(_stranger(match, stands) for match in strangers),
        questions=_questions(session, mails, strangers, user.id),
    )


def _accounts(
    session: Session, stands: Sequence[Place], matches: Sequence[Match], *, user: User, visitor: Visitor, now: datetime
) -> tuple[AccountBeside, ...]:
    """Where it stands; of what stands nowhere, the accounts to which its people belong."""
    why = {one.account_id: one.why for one in stands} or _why_of_people(session, matches)
    wanted = list(why)[:_MOST_ACCOUNTS]
    known = accounts.by_ids(session, wanted)
    return tuple(
        account_beside(
            session,
            known[one],
            why[one],
            asker=visitor,
            viewer=viewer_of(visitor),
            today=people.today_of(user, now),
        )
        for one in wanted
        if one in known
    )


def _why_of_people(session: Session, matches: Sequence[Match]) -> dict[uuid.UUID, str]:
    first: dict[uuid.UUID, Candidate] = {}
    for match in matches:
        for one in (*match.found, *match.tie):
            first.setdefault(one.account_id, one)
    ids = [one.contact_id for one in first.values() if one.contact_id is not None]
    names = {one.id: one.full_name for one in contacts.by_ids(session, ids)}
    return {
        account_id: words.why(one.rule, one.address, names.get(one.contact_id) if one.contact_id else None, one.account)
        for account_id, one in first.items()
    }


def _is_stranger(match: Match, rules: Rules) -> bool:
    """No contact, not even one whose address was ruled out for their account; nobody who was erased; no robot."""
    candidates = (*match.found, *match.tie, *(one.candidate for one in match.lost))
    is_known = any(one.rule is not LinkRule.DOMAIN for one in candidates)
    return not (is_known or takes_no_mail(match.party.norm) or rules.erased.holds(match.party.norm))


def _stranger(match: Match, stands: Sequence[Place]) -> StrangerBeside:
    """Their domain says more of them than the conversation does, and that only if it is of one account."""
    first, last = name_parts(match.party.person.name, match.party.person.email)
    by_domain = [(one.account_id, one.account) for one in match.found]
    by_thread = [(one.account_id, one.account) for one in stands] if len(stands) == 1 else []
    account_id, account = next(iter(by_domain or by_thread), (None, ""))
    return StrangerBeside(
        email=match.party.person.email, first_name=first, last_name=last, account_id=account_id, account=account
    )


def _questions(session: Session, mails: Mails, strangers: Sequence[Match], user_id: uuid.UUID) -> tuple[Question, ...]:
    """One for each address that several accounts claim; one for all mails in which nobody is known."""
    asked = [
        Question(
            mail_message_id=tie.messages[0].id,
            email=tie.norm,
            words=f"{words.waiting_words('tie')}.",
            accounts=tuple(
                Choice(account_id=one.id, account=one.name, because="has this address")
                for one in accounts.by_ids(session, list(tie.account_ids)).values()
            ),
        )
        for tie in waiting.ties_of(session, user_id, [one.id for one in mails.stored.values()])
    ]
    unknown = [one for one in mails.waiting if one.waiting_reason == "nobody_known"]
    if unknown:
        asked.append(
            Question(
                mail_message_id=unknown[0].id,
                email="",
                words=f"{words.waiting_words('nobody_known')}.",
                accounts=_suggested(session, strangers),
            )
        )
    return tuple(asked)


def _suggested(session: Session, strangers: Sequence[Match]) -> tuple[Choice, ...]:
    by_address = waiting.suggestions(session, {one.party.norm: one.party.registrable for one in strangers})
    found = {
        each.account_id: Choice(account_id=each.account_id, account=each.account, because=each.because)
        for suggested in by_address.values()
        for each in suggested
    }
    return tuple(found.values())[:_MOST_SUGGESTIONS]
