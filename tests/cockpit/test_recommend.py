"""What is recommended, and the sentence that says why."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from server.accounts.models import Account
from server.cockpit import recommend
from server.cockpit.recommend import Facts
from server.ctas.models import CtaTask
from server.measures.models import MeasureName
from server.runtime import Runtime
from tests.cast import Book
from tests.cockpit.conftest import Add, names_in
from tests.conftest import SignedInClient

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (Facts(due_on=TODAY - DAY), ["1 day overdue"]),
        (Facts(due_on=TODAY - 9 * DAY), ["9 days overdue"]),
        (Facts(due_on=TODAY), []),
        (Facts(renewal_on=TODAY), ["renews today"]),
        (Facts(renewal_on=TODAY + 29 * DAY), ["renews in 29 days"]),
        (Facts(renewal_on=TODAY + 120 * DAY), ["renews in 120 days"]),
        (Facts(renewal_on=TODAY + 121 * DAY), []),
        (Facts(renewal_on=TODAY - DAY), []),
        (Facts(sentiment="red"), ["sentiment is red"]),
        (Facts(sentiment="yellow"), ["sentiment is yellow"]),
        (Facts(sentiment="green"), []),
        (Facts(licence_use=74.4), ["74 % of the licences are used"]),
        (Facts(licence_use=75), []),
        (Facts(arr=Decimal(858_000)), ["worth $858,000 a year"]),
        (Facts(arr=Decimal(99_999)), []),
        (Facts(replied_at=datetime(2026, 11, 22, tzinfo=UTC)), ["the customer replied"]),
        (Facts(), []),
    ],
)
def test_each_part_of_the_score_is_a_sentence(facts: Facts, said: list[str]) -> None:
    found = recommend.reasons(facts, TODAY)
    assert [one.text for one in found] == said
    assert recommend.score(facts, TODAY) == sum(one.points for one in found)
    assert bool(said) == (recommend.score(facts, TODAY) > 0)


def test_the_strongest_reason_is_said_first_and_nearer_or_later_weighs_more() -> None:
    both = recommend.reasons(Facts(sentiment="red", due_on=TODAY - DAY), TODAY)
    assert [one.text for one in both] == ["sentiment is red", "1 day overdue"]

    def of(**facts: date) -> int:
        return recommend.score(Facts(**facts), TODAY)  # type: ignore[arg-type]

    assert of(renewal_on=TODAY + 5 * DAY) > of(renewal_on=TODAY + 100 * DAY)
    assert of(due_on=TODAY - 20 * DAY) > of(due_on=TODAY - DAY)
    assert of(due_on=TODAY - 500 * DAY) == of(due_on=TODAY - 30 * DAY)


def test_the_page_says_why_and_leaves_out_what_nothing_speaks_for(
    runtime: Runtime,
    book: Book,
    add: Add,
    today: date,
    sign_in: Callable[[uuid.UUID], SignedInClient],
    measured: Callable[[MeasureName, str | float], None],
) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        quiet = Account(name="Quiet", name_key="quiet", created_at=now, updated_at=now)
        session.add(quiet)
        session.flush()
        quiet_id = quiet.id
    add("Nothing speaks for it", account_id=quiet_id)
    add("Late there", account_id=quiet_id, due=today - 3 * DAY)
    replied = add("Answered", account_id=quiet_id, tasks=[(None, False, book.alice)])
    with runtime.db.transaction() as session:
        session.query(CtaTask).filter_by(cta_id=replied).one().replied_at = now
    measured(MeasureName.SENTIMENT, "green")
    runtime.clock.advance(seconds=1)  # type: ignore[attr-defined]
    measured(MeasureName.SENTIMENT, "red")
    measured(MeasureName.LICENCE_USE, 40)
    page = sign_in(book.alice).get("/cockpit?view=recommended").text
    assert names_in(page) == ["Onboard Helios Energy", "Answered", "Late there"]
    for reason in ("sentiment is red", "40 % of the licences are used", "3 days overdue", "the customer replied"):
        assert f"<li>{reason}</li>" in page
    assert names_in(sign_in(book.charlie).get("/cockpit?view=recommended").text) == []
