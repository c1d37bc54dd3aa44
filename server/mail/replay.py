"""The present rules, tried on the past: first what would change, then, if a person says so, for good.

A slice is one transaction. What a person decided, and what was sent from Rapport, never changes by a replay.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.clock import Clock
from server.db import Database
from server.errors import Conflict, Invalid, NotFound
from server.mail import again
from server.mail.again import Plan
from server.mail.exclude import RULES
from server.mail.models import LinkRule, MailMessage, MailReplay, MailState
from server.mail.rows import held
from server.mail.rules import Rules, hold_rules, load_rules

log = structlog.get_logger()

PREVIEWING, PREVIEWED, APPLYING, APPLIED = "previewing", "previewed", "applying", "applied"
SAMPLE = 200
_NOTHING = {"link": 0, "unlink": 0, "exclude": 0, "unchanged": 0, "by_person": 0}
_BECAUSE = {
    LinkRule.CONTACT_ADDRESS: "somebody in it is a contact there",
    LinkRule.ALTERNATE_ADDRESS: "somebody in it is a contact there, by another address",
    LinkRule.NORMALISED_ADDRESS: "somebody in it is a contact there, by another spelling of an address",
    LinkRule.BOUNCED_ADDRESS: "mail to a contact there came back",
    LinkRule.THREAD: "its conversation is there",
    LinkRule.DOMAIN: "its domain is one of theirs",
    LinkRule.PERSON: "a person put its conversation there",
    LinkRule.SENT_FROM_HERE: "it was sent from Rapport for them",
}


def begin(session: Session, *, since: datetime, by: uuid.UUID, now: datetime) -> MailReplay:
    """A preview of all mail sent since then. Raises Invalid for a time to come, Conflict while another is applied."""
    if since >= now:
        raise Invalid("This begins in the future.", cure="Choose how many days back the rules are tried.")
    running = session.scalars(select(MailReplay.id).where(MailReplay.state == APPLYING).limit(1)).first()
    if running is not None:
        raise Conflict("The rules are being applied to the past right now.", cure="Wait until that is done.")
    replay = MailReplay(
        state=PREVIEWING,
        by_person_id=by,
        since=since,
        rule_version=load_rules(session).version,
        position=None,
        total=_total(session, since),
        done=0,
        counts=dict(_NOTHING),
        sample=[],
        created_at=now,
        changed_at=now,
    )
    session.add(replay)
    session.flush()
    return replay


def apply(session: Session, replay_id: uuid.UUID, *, by: uuid.UUID, now: datetime) -> None:
    """Do what the preview showed; `run_slice` does the work. Raises NotFound, Conflict when the rules changed since."""
    replay = _held(session, replay_id)
    if replay.state != PREVIEWED:
        words = {PREVIEWING: "The preview is not complete yet.", APPLYING: "This is being done already."}
        raise Conflict(words.get(replay.state, "This is done already."), cure="Load the page anew.")
    if hold_rules(session) != replay.rule_version:
        raise Conflict(
            "The rules were changed after this preview was made: what it shows is not what would happen.",
            cure="Try the present rules on the past once more.",
        )
    replay.state, replay.by_person_id = APPLYING, by
    _from_the_start(session, replay, now)


def run_slice(db: Database, clock: Clock, replay_id: uuid.UUID) -> bool:
    """One slice in a transaction of its own; whether there is more to do. Safe to run twice, also at once."""
    with db.transaction() as session:
        return step(session, _held(session, replay_id), load_rules(session), clock.now())


def step(session: Session, replay: MailReplay, rules: Rules, now: datetime, limit: int = 200) -> bool:
    """The next mails; whether there is more to do. When the rules change meanwhile, the preview begins anew: what is
    done is what a person saw before, so that an application stops there until they say so again.

    A mail that cannot be decided is left as it is, and counted as `failed`.
    """
    if replay.state not in (PREVIEWING, APPLYING):
        return False
    version = hold_rules(session)
    if version != rules.version:
        rules = load_rules(session)
    if version != replay.rule_version:
        replay.state, replay.rule_version = PREVIEWING, version
        _from_the_start(session, replay, now)
    ids = _next_ids(session, replay, limit)
    counts, sample = Counter(replay.counts), list(replay.sample)
    for message_id in ids:
        _one_apart(session, replay, message_id, rules, counts, sample, now)
    replay.counts, replay.sample = dict(counts), sample[:SAMPLE]
    replay.done += len(ids)
    replay.changed_at = now
    if ids:
        replay.position = ids[-1]
    if len(ids) < limit:
        replay.state = PREVIEWED if replay.state == PREVIEWING else APPLIED
        replay.total = replay.done
        return False
    return True


def _held(session: Session, replay_id: uuid.UUID) -> MailReplay:
    statement = select(MailReplay).where(MailReplay.id == replay_id).with_for_update()
    replay = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if replay is None:
        raise NotFound("There is no such preview.", cure="Try the present rules on the past once more.")
    return replay


def _from_the_start(session: Session, replay: MailReplay, now: datetime) -> None:
    replay.position, replay.done, replay.changed_at = None, 0, now
    replay.total = _total(session, replay.since)
    replay.counts, replay.sample = dict(_NOTHING), []


def _total(session: Session, since: datetime) -> int:
    return session.scalar(select(func.count()).select_from(MailMessage).where(*_in_question(since))) or 0


def _in_question(since: datetime) -> list[ColumnElement[bool]]:
    return [MailMessage.state.in_((MailState.LINKED, MailState.WAITING)), MailMessage.sent_at >= since]


def _next_ids(session: Session, replay: MailReplay, limit: int) -> Sequence[uuid.UUID]:
    statement = select(MailMessage.id).where(*_in_question(replay.since))
    if replay.position is not None:
        statement = statement.where(MailMessage.id > replay.position)
    return session.scalars(statement.order_by(MailMessage.id).limit(limit)).all()


def _one_apart(
    session: Session,
    replay: MailReplay,
    message_id: uuid.UUID,
    rules: Rules,
    counts: Counter[str],
    sample: list[Any],
    now: datetime,
) -> None:
    """One mail whole or not at all, whatever it holds: the others do not wait for it."""
    try:
        with session.begin_nested():
            _one(session, replay, message_id, rules, counts, sample, now)
    except OperationalError:
        raise  # the database's trouble, not the mail's: the slice is done again
    except Exception:
        log.exception("mail_not_replayed", mail_message_id=str(message_id))
        counts["failed"] += 1


def _one(
    session: Session,
    replay: MailReplay,
    message_id: uuid.UUID,
    rules: Rules,
    counts: Counter[str],
    sample: list[Any],
    now: datetime,
) -> None:
    message = held(session, message_id) if replay.state == APPLYING else session.get(MailMessage, message_id)
    if message is None or message.state == MailState.REMOVED:
        return
    changes = again.plan(session, message, rules, takes_away=True)
    rows = _rows(session, message, changes) if len(sample) < SAMPLE else []
    if replay.state == APPLYING and changes.is_change:
        again.carry_out(session, message, changes, rules, takes_away=True, now=now)
    sample += rows
    counts["link"] += bool(changes.added)
    counts["unlink"] += bool(changes.removed)
    counts["exclude"] += bool(changes.excluded)
    counts["by_person"] += bool(changes.kept)
    counts["unchanged"] += not changes.is_change


def _rows(session: Session, message: MailMessage, changes: Plan) -> list[dict[str, str]]:
    """What is shown of the changes. No subject: whoever looks may see it by what holds then, or may not."""
    rows = [("link", link.account, f"By the rules of today {_BECAUSE[link.rule]}") for link in changes.added]
    rows += [
        ("unlink", session.get_one(Account, link.account_id).name, "The rules of today do not give it")
        for link in changes.removed
    ]
    rows += [("exclude", "", RULES.get(rule, rule)) for rule in sorted({rule for _, rule in changes.excluded})]
    return [
        {
            "mail_message_id": str(message.id),
            "account": account,
            "change": change,
            "reason": reason,
        }
        for change, account, reason in rows
    ]
