"""What happened to an account: it got a TAM, it reached a stage."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.changes import STAGE, TAM
from server.accounts.models import STAGE_LABELS, Account, AccountChange, LifecycleStage
from server.auth import people
from server.triggers.look.candidate import LONGEST_LATE, Candidate, Span, accounts_of
from server.triggers.watch import Watch


def tam_assigned(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """The last time that the account got the TAM whom it has. A new account got one with its creation."""
    latest = _latest(session, watch, span, TAM)
    former = {_id_of(one.before) for one in latest.values()}
    names = {user_id: user.name for user_id, user in people.by_ids(session, {one for one in former if one}).items()}
    for account in accounts_of(session, watch, ids=[*latest, *_new_accounts(session, watch, span)]):
        change = latest.get(account.id)
        if account.tam_id is None or (change is not None and change.after != str(account.tam_id)):
            continue
        former_id = _id_of(change.before) if change else None
        before = names.get(former_id) if former_id else None
        yield Candidate(
            account=account,
            occasion=f"tam:{change.id if change else 'first'}",
            began_at=(at := change.changed_at if change else account.created_at),
            began_on=account.day_of(at),
            why=f"{account.tam_name} became TAM" + (f"; before it was {before}." if before else "."),
            values={"former_tam": before or ""},
        )


def stage_reached(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """The last time that the account reached the stage, if it is still there."""
    stage = watch.params["stage"]
    latest = _latest(session, watch, span, STAGE)
    label = STAGE_LABELS[LifecycleStage(stage)]
    for account in accounts_of(session, watch, ids=[*latest, *_new_accounts(session, watch, span)]):
        change = latest.get(account.id)
        if account.stage != stage or (change is not None and change.after != stage):
            continue
        at = change.changed_at if change else account.created_at
        yield Candidate(
            account=account,
            occasion=f"stage:{change.id if change else 'first'}",
            began_at=at,
            began_on=account.day_of(at),
            why=f"It reached the stage {label}.",
            values={"stage": label},
        )


def _latest(session: Session, watch: Watch, span: Span, field: str) -> dict[uuid.UUID, AccountChange]:
    """The last change of each account that changed lately. Without an end: a clock may have been set back."""
    since = max(watch.watches_from or span.now - LONGEST_LATE, span.now - LONGEST_LATE)
    statement = (
        select(AccountChange)
        .where(AccountChange.field == field, AccountChange.changed_at >= since)
        .order_by(AccountChange.changed_at, AccountChange.id)
    )
    return {one.account_id: one for one in session.scalars(statement)}


def _new_accounts(session: Session, watch: Watch, span: Span) -> list[uuid.UUID]:
    since = max(watch.watches_from or span.now - LONGEST_LATE, span.now - LONGEST_LATE)
    return list(session.scalars(select(Account.id).where(Account.created_at >= since)))


def _id_of(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
