"""Filters, groups, orders and layouts of the Cockpit, as its address asks for them."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from server.cockpit import asked, queries
from server.cockpit.asked import Asked, GroupBy, SortBy
from server.ctas.models import CtaStatus
from server.playbooks import choices
from server.runtime import Runtime
from tests.cast import Book
from tests.cockpit.conftest import Add, names_in
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]
DAY = timedelta(days=1)
HERS = "Onboard Helios Energy"


@pytest.fixture
def many(book: Book, add: Add, today: date) -> None:
    add("Late", due=today - 2 * DAY, priority="high", is_flagged=True, cta_type="renewal", reason="renewal_near")
    add("Asleep", due=today, snoozed_through=today)
    add("Awake again", due=today + DAY, snoozed_through=today - DAY, playbook_name="At risk")
    add("Bobs", owner_id=book.bob, due=today + 40 * DAY)
    add("Over", status=CtaStatus.CLOSED_SUCCESS, due=today)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("view=mine", {"Late", "Awake again", HERS}),
        ("view=all", {"Late", "Awake again", HERS, "Bobs"}),
        ("view=mine&snoozed=only", {"Asleep"}),
        ("view=mine&snoozed=show", {"Late", "Awake again", HERS, "Asleep"}),
        ("view=mine&status=over", {"Over"}),
        ("view=mine&status=closed_success", {"Over"}),
        ("view=mine&status=new&type=renewal", {"Late"}),
        ("view=mine&reason=renewal_near", {"Late"}),
        ("view=mine&priority=high", {"Late", HERS}),
        ("view=mine&flagged=1", {"Late"}),
        ("view=mine&playbook=At risk", {"Awake again"}),
        ("view=mine&next=email", {HERS}),
        ("view=mine&stage=onboarding", {"Late", "Awake again", HERS}),
        ("view=mine&stage=will_churn", set()),
        ("view=mine&due=overdue", {"Late"}),
        ("view=mine&due=today", {HERS}),
        ("view=mine&due=week", {"Awake again", HERS}),
        ("view=mine&due=none", set()),
        ("view=mine&q=awake", {"Awake again"}),
    ],
)
@pytest.mark.usefixtures("many")
def test_a_filter_shows_what_it_says(book: Book, sign_in: SignIn, query: str, found: set[str]) -> None:
    assert set(names_in(sign_in(book.alice).get(f"/cockpit?{query}").text)) == found


@pytest.mark.usefixtures("many", "team")
def test_of_whom_and_between_which_days(book: Book, sign_in: SignIn, today: date) -> None:
    client = sign_in(book.alice)
    assert names_in(client.get(f"/cockpit?view=all&owner={book.bob}").text) == ["Bobs"]
    assert "Bobs" in names_in(client.get("/cockpit?view=team").text)
    assert names_in(sign_in(book.dana).get("/cockpit?view=team").text) == []
    assert names_in(client.get(f"/cockpit?view=all&account={uuid.uuid4()}").text) == []
    far = f"due=range&due_from={today + 30 * DAY}&due_until={today + 50 * DAY}"
    assert names_in(client.get(f"/cockpit?view=all&{far}").text) == ["Bobs"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("due", "Late"), ("name", "Awake again"), ("priority", "Late"), ("arr", "Late"), ("renewal", "Late")],
)
@pytest.mark.usefixtures("many")
def test_it_is_ordered_as_asked(book: Book, sign_in: SignIn, sort: str, first: str) -> None:
    page = sign_in(book.alice).get(f"/cockpit?view=all&group=none&sort={sort}").text
    assert first in names_in(page)[:2]
    assert len(names_in(page)) == 4


@pytest.mark.parametrize(
    ("group", "labels"),
    [
        ("due", ["Overdue", "Today", "Next 7 days", "Later"]),
        ("account", ["Helios Energy"]),
        ("type", ["Risk", "Lifecycle", "Renewal"]),
        ("status", ["New"]),
        ("priority", ["High", "Low"]),
        ("owner", ["Alice Moreau", "Bob Lindqvist"]),
        ("renewal", ["Renews in September 2027"]),
        ("playbook", ["At risk", "No playbook"]),
        ("none", ["All"]),
    ],
)
@pytest.mark.usefixtures("many")
def test_groups_stand_together_whatever_the_order(book: Book, sign_in: SignIn, group: str, labels: list[str]) -> None:
    client = sign_in(book.alice)
    for sort in SortBy:
        page = client.get(f"/cockpit?view=all&group={group}&sort={sort}").text
        assert re.findall(r'id="group-[^"]+">([^<]+) <span', page) == labels, sort


def test_pages_follow_each_other_in_every_order(runtime: Runtime, book: Book, add: Add, today: date) -> None:
    for number in range(9):
        due = today + (number % 3) * DAY if number % 4 else None
        playbook = "B" if number % 2 else None
        add(f"Same {number % 2}", due=due, playbook_name=playbook, owner_id=(book.alice, book.bob)[number % 2])
    who = queries.Who(user_id=book.alice, today=today, now=runtime.clock.now())
    with runtime.db.reading() as session:
        for group, sort in itertools.product(GroupBy, SortBy):
            wanted = asked.read({"view": "all", "group": group, "sort": sort}, choices.of(session))
            whole = [row.cta.id for row in queries.listed(session, wanted, who, limit=100).rows]
            assert len(whole) == 10
            assert paged(session, wanted, who) == whole, (group, sort)


def paged(session: Session, wanted: Asked, who: queries.Who) -> list[uuid.UUID]:
    seen: list[uuid.UUID] = []
    after = None
    while True:
        found = queries.listed(session, wanted, who, limit=4, after=after)
        seen += [row.cta.id for row in found.rows]
        after = found.next_after
        if after is None:
            return seen


@pytest.mark.usefixtures("many")
def test_the_board_has_a_column_for_each_status_or_priority(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    page = client.get("/cockpit?view=all&layout=board").text
    assert re.findall(r'id="column-\d">([^<]+) <span class="quiet num">(\d+)', page) == [
        ("New", "4"),
        ("Work in progress", "0"),
    ]
    page = client.get("/cockpit?view=all&layout=board&columns=priority").text
    assert re.findall(r'id="column-\d">([^<]+) <span class="quiet num">(\d+)', page) == [
        ("High", "2"),
        ("Medium", "0"),
        ("Low", "2"),
    ]


def test_the_calendar_shows_ctas_and_their_tasks_on_their_days(book: Book, add: Add, sign_in: SignIn) -> None:
    add(
        "In May",
        due=date(2027, 5, 31),
        tasks=[(date(2027, 5, day), day > 3, book.alice) for day in (3, 4)],
    )
    for number in range(6):
        add(f"Full {number}", due=date(2027, 5, 12))
    client = sign_in(book.alice)
    page = client.get("/cockpit?view=mine&layout=calendar&month=2027-05").text
    days = dict(re.findall(r'<time datetime="([^"]+)".*?(?=<time|</tbody>)()', page, re.S))
    assert min(days) == "2027-04-26"
    assert max(days) == "2027-06-06"
    cells = {day: page.split(f'<time datetime="{day}"')[1].split("</td>")[0] for day in days}
    assert "In May" in cells["2027-05-31"]
    assert "In May 0" in cells["2027-05-03"]
    assert "In May 1" not in page  # done
    assert "2 more" in cells["2027-05-12"]
    assert "month=2027-04" in page
    assert "month=2027-06" in page
