"""How times, dates and amounts look to the person who reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask, g

from server.ids import new_id
from server.runtime import Runtime
from server.web import show
from server.web.identity import Visitor
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE


@pytest.fixture
def reading(app: Flask, runtime: Runtime) -> Iterator[Runtime]:
    """A request of somebody in Kathmandu, 5:45 ahead of UTC."""
    with app.test_request_context("/cockpit"):
        g.visitor = Visitor(
            user_id=new_id(),
            session_id=new_id(),
            name="N",
            email="n@rapport.example",
            role="tam",
            role_label="TAM",
            initials="N",
            time_zone="Asia/Kathmandu",
            csrf_token="t",
        )
        yield runtime


def test_instants_are_told_by_their_age_for_a_week(reading: Runtime) -> None:
    now = reading.clock.now()
    for seconds, text in (
        (5, "just now"), (65, "1 min ago"), (3_700, "1 h ago"), (90_000, "1 d ago"), (6 * 86_400 + 60, "6 d ago"),
        (-30, "in a moment"), (-7_300, "in 2 h"),
    ):  # fmt: skip
        moment = show.moment(now - timedelta(seconds=seconds))
        assert moment is not None
        assert moment.text == text
    old = show.moment(now - timedelta(days=400))
    assert old is not None
    assert old.text[-4:].isdigit()
    assert old.title.endswith("+0545")
    assert show.moment(None) is None


def test_dates_are_told_by_their_nearness(reading: Runtime) -> None:
    today = show.today()
    for days, text in ((0, "Today"), (1, "Tomorrow"), (-1, "Yesterday")):
        shown = show.day(today + timedelta(days=days))
        assert shown is not None
        assert shown.text == text
    far = show.day(date(2031, 3, 4))
    assert far is not None
    assert (far.text, far.iso, far.title) == ("4 Mar 2031", "2031-03-04", "Tuesday 4 March 2031")
    assert show.day(None) is None


def test_today_is_the_readers_day(reading: Runtime) -> None:
    local = reading.clock.now() + timedelta(hours=5, minutes=45)
    assert show.today() == local.date()
    assert show.day_heading(reading.clock.now()) == "Today"


def test_amounts_are_whole_units(reading: Runtime) -> None:
    assert show.amount(Decimal("858000.49")) == "$858,000"
    assert show.amount(Decimal("0.00")) == "$0"
    assert show.amount(None) is None
