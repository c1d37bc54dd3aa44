"""What is reported of an account: its sentiment, its licence use, answers to surveys."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.measures.models import Measure, MeasureName
from server.triggers.look.candidate import AT_ONCE, LONGEST_LATE, BookRow, Candidate, Span, accounts_of, said
from server.triggers.models import TriggerKind
from server.triggers.watch import Watch


def sentiment_is(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """Once for each time that it turned so: red said again while it is red is no new occasion."""
    word = watch.params["word"]
    found = _latest_runs(session, MeasureName.SENTIMENT, lambda one: one.word == word, span)
    for account in accounts_of(session, watch, ids=found):
        first = found[account.id]
        yield Candidate(
            account=account,
            occasion=f"sentiment:{first.id}",
            began_at=first.measured_at,
            began_on=account.day_of(first.measured_at),
            why=f"The sentiment is {word} since {said(account.day_of(first.measured_at))}.",
            values={"sentiment": word},
        )


def licence_use(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """Once for each time that it passed the bound, within the given days of the contract, if any are given."""
    bound = watch.params["percent"]
    is_under = watch.kind is TriggerKind.LICENCE_USE_UNDER
    name = "under" if is_under else "over"
    found = _latest_runs(
        session,
        MeasureName.LICENCE_USE,
        lambda one: one.number is not None and (one.number < bound if is_under else one.number > bound),
        span,
    )
    for account in accounts_of(session, watch, ids=found):
        first = found[account.id]
        measured_on = account.day_of(first.measured_at)
        window = _window(account, watch)
        if window is None or measured_on > window[1] or span.now.date() - timedelta(days=1) > window[1]:
            continue
        yield Candidate(
            account=account,
            occasion=f"licences:{first.id}:{window[0].isoformat()}",
            began_on=max(measured_on, window[0]),
            why=f"Licence use is {name} {bound} %: {first.number:g} % on {said(measured_on)}.",
            values={"percent": f"{first.number:g}"},
        )


def survey_answer(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """Each answer once. `created_at` finds those that were reported late."""
    since = span.now - LONGEST_LATE
    statement = select(Measure).where(Measure.name == MeasureName.NPS.value, Measure.created_at >= since)
    at_most, at_least = watch.params.get("at_most"), watch.params.get("at_least")
    if at_most is not None:
        statement = statement.where(Measure.number <= at_most)
    if at_least is not None:
        statement = statement.where(Measure.number >= at_least)
    answers: dict[uuid.UUID, list[Measure]] = {}
    for one in session.scalars(statement.order_by(Measure.created_at, Measure.id)):
        answers.setdefault(one.account_id, []).append(one)
    for account in accounts_of(session, watch, ids=answers):
        for one in answers[account.id]:
            points = f"{one.number:g}"
            yield Candidate(
                account=account,
                occasion=f"answer:{one.id}",
                # Tables say the day of an answer, not the hour.
                began_on=account.day_of(one.measured_at),
                why=f"Somebody answered with {points} of 10 on {said(account.day_of(one.measured_at))}.",
                values={"points": points},
            )


def _window(account: BookRow, watch: Watch) -> tuple[date, date] | None:
    """The first and the last day of the contract that count; None when they cannot be known."""
    least, most = watch.params.get("min_days_into_contract"), watch.params.get("max_days_into_contract")
    if least is None and most is None:
        return date.min, date.max
    start = account.contract_start_on
    if start is None:
        return None
    return start + timedelta(days=least or 0), start + timedelta(days=most) if most is not None else date.max


def _latest_runs(
    session: Session, name: MeasureName, is_so: Callable[[Measure], bool], span: Span
) -> dict[uuid.UUID, Measure]:
    """For each account, the first of the last measures in a row that are so, if they ended no longer ago than the
    last look. What is said to be measured later than tomorrow is left out."""
    lately = select(Measure.account_id).where(Measure.name == name.value).distinct()
    found: dict[uuid.UUID, Measure] = {}
    ids = sorted(session.scalars(lately))
    for start in range(0, len(ids), AT_ONCE):
        statement = (
            select(Measure)
            .where(
                Measure.name == name.value,
                Measure.account_id.in_(ids[start : start + AT_ONCE]),
                Measure.measured_at <= span.now + timedelta(days=1),
            )
            .order_by(Measure.account_id, Measure.measured_at, Measure.id)
        )
        for account_id, measures in groupby(session.scalars(statement), key=lambda one: one.account_id):
            if (first := _run(list(measures), is_so, span)) is not None:
                found[account_id] = first
    return found


def _run(measures: list[Measure], is_so: Callable[[Measure], bool], span: Span) -> Measure | None:
    first, ended = None, None
    for one, before in zip(measures, [None, *measures], strict=False):
        if is_so(one):
            if before is None or not is_so(before):
                first = one
            ended = None
        elif before is not None and is_so(before):
            ended = one
    if ended is None:
        return first
    # It turned and turned back while nobody looked: it happened all the same.
    since = span.since_on
    return first if since is not None and ended.created_at.date() > since else None
