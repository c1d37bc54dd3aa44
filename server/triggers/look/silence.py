"""Nobody spoke with the customer: calls and meetings of the timeline, never mail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.timeline.models import TimelineEntry
from server.timeline.queries import SYNCHRONOUS
from server.triggers.look.candidate import Candidate, Span, accounts_of, said
from server.triggers.watch import Watch


def no_conversation(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """Once for each silence: its occasion is the day of the last conversation.

    With whom nobody ever spoke, the days count from the start of the contract, or from when the account came here.
    What was over before anybody looked opens nothing: they speak again.
    """
    days = watch.params["days"]
    last = _last_spoken(session, span.now)
    for account in accounts_of(session, watch):
        spoken = last.get(account.id)
        since = account.day_of(spoken) if spoken else account.contract_start_on or account.day_of(account.created_at)
        began_on = since + timedelta(days=days)
        yield Candidate(
            account=account,
            occasion=f"silence:{since.isoformat()}",
            began_on=began_on,
            why=f"No call or meeting for {days} days; the last one was on {said(since)}."
            if spoken
            else f"No call or meeting yet, {days} days after {said(since)}.",
            values={"days": str(days), "last": said(since) if spoken else ""},
        )


def _last_spoken(session: Session, now: datetime) -> dict[uuid.UUID, datetime]:
    """What is logged ahead, for later today or in error, is a conversation as well."""
    statement = (
        select(TimelineEntry.account_id, func.max(TimelineEntry.occurred_at))
        .where(
            TimelineEntry.activity_type.in_([one.value for one in SYNCHRONOUS]),
            TimelineEntry.occurred_at <= now + timedelta(days=366),
        )
        .group_by(TimelineEntry.account_id)
    )
    return {row[0]: _aware(row[1]) for row in session.execute(statement)}


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
