"""Some months or days before the renewal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.triggers.look.candidate import Candidate, Span, accounts_of, said
from server.triggers.watch import Watch
from server.workdays import add_months

_DAY = timedelta(days=1)


def before_renewal(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """From its day until the renewal; a renewal that went by since the last look counts, too."""
    now_on = span.now.date()
    earliest = min(now_on, span.since_on or now_on) - _DAY
    latest = _renewal_for(now_on + timedelta(days=span.ahead + 1), watch)
    where = (Account.renewal_on.is_not(None), Account.renewal_on >= earliest, Account.renewal_on <= latest)
    review = watch.params.get("review_months")
    for account in accounts_of(session, watch, where=where):
        renewal = account.renewal_on
        if renewal is None or renewal < min(account.day_of(span.now), span.since_on or now_on):
            continue
        yield Candidate(
            account=account,
            occasion=f"renewal:{renewal.isoformat()}",
            began_on=begins_on(renewal, watch),
            why=f"Renews on {said(renewal)}.",
            values={"renewal": said(renewal)},
            review_on=add_months(renewal, -review) if review is not None else None,
        )


def begins_on(renewal: date, watch: Watch) -> date:
    """A month before 31 March is the last day of February."""
    if (months := watch.params.get("months")) is not None:
        return add_months(renewal, -months)
    return renewal - timedelta(days=watch.params["days"])


def _renewal_for(day: date, watch: Watch) -> date:
    """No renewal after this one begins by that day."""
    if (months := watch.params.get("months")) is not None:
        # Of 28 February it may be 31 August: those three days more do no harm.
        return add_months(day, months) + 3 * _DAY
    return day + timedelta(days=watch.params["days"])
