"""The Cockpit: what is due first, what is mine, page by page, in few statements."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import event, select

from server.cockpit import queries as cockpit
from server.cockpit.pages import ROWS
from server.cockpit.queries import Who
from server.ctas import queries
from server.ctas.models import Cta, CtaStatus
from server.ctas.queries import CockpitFilter
from server.db import Database
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The SQL statements that run inside the block."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def groups_in(page: str) -> dict[str, list[str]]:
    """Group key -> names of its CTAs, in order."""
    parts = re.split(r'id="group-([a-z]+)"', page)[1:]
    return {
        key: re.findall(r'<a class="plain rp-cover" href="[^"]+">([^<]+)</a>', body)
        for key, body in zip(parts[::2], parts[1::2], strict=True)
    }


def test_ctas_stand_in_groups_by_what_of_them_is_due_first(
    book: Book, add: Callable[..., uuid.UUID], today: date, sign_in: SignIn
) -> None:
    day = timedelta(days=1)
    add("no date")
    add("late", due=today - day)
    add("late by its task", due=today + 30 * day, tasks=[(today - 9 * day, False, book.alice)])
    add("its late task is done", due=today + 30 * day, tasks=[(today - 9 * day, True, book.alice)])
    add("today", due=today)
    add("in seven days", due=today + 7 * day)
    add("in eight days", due=today + 8 * day)
    add("closed and late", due=today - 9 * day, status=CtaStatus.CLOSED_SUCCESS)
    client = sign_in(book.alice)
    found = groups_in(client.get("/cockpit").text)
    assert found == {
        "overdue": ["late by its task", "late"],
        "today": ["Onboard Helios Energy", "today"],
        "soon": ["in seven days"],
        "later": ["in eight days", "its late task is done"],
        "none": ["no date"],
    }
    closed = client.get("/cockpit?status=closed_success").text
    assert groups_in(closed) == {"closed": ["closed and late"]}
    assert "Overdue, " not in closed


def test_the_rows_and_the_database_agree_on_what_is_due_first(
    runtime: Runtime, book: Book, add: Callable[..., uuid.UUID], today: date
) -> None:
    for number in range(-4, 4):
        due = today + timedelta(days=number)
        add(f"{number}", due=due if number % 2 else None, tasks=[(due - timedelta(days=number), False, book.alice)])
        add(f"{number} bare", tasks=[(None, False, book.alice)])
    with runtime.db.reading() as session:
        rows = queries.cockpit(session, CockpitFilter(), today=today).rows
    shown = [row.due_on or date.max for row in rows]
    assert len(shown) == 17
    assert shown == sorted(shown)


def test_a_cta_is_also_mine_when_only_one_of_its_tasks_is(
    runtime: Runtime, book: Book, add: Callable[..., uuid.UUID], sign_in: SignIn
) -> None:
    add("Bob helps", tasks=[(None, False, book.alice), (None, False, book.bob)])
    add("Bobs own", owner_id=book.bob)
    add("Alice alone")
    assert groups_in(sign_in(book.bob).get("/cockpit").text) == {"none": ["Bob helps", "Bobs own"]}
    assert groups_in(sign_in(book.charlie).get("/cockpit").text) == {}
    everybody = groups_in(sign_in(book.charlie).get("/cockpit?view=all").text)
    assert sum(len(names) for names in everybody.values()) == 4
    with runtime.db.reading() as session:
        assert queries.count_mine(session, book.bob, today=runtime.clock.now().date()) == 2


def test_filters_work_alone_and_together(book: Book, add: Callable[..., uuid.UUID], sign_in: SignIn) -> None:
    add("Quiet", cta_type="risk", status=CtaStatus.WORK_IN_PROGRESS)
    add("Loud", cta_type="renewal")
    client = sign_in(book.alice)

    def names(query: str) -> set[str]:
        return {name for group in groups_in(client.get(f"/cockpit?{query}").text).values() for name in group}

    assert names("type=risk") == {"Quiet"}
    assert names("type=renewal&status=new") == {"Loud"}
    assert names("type=renewal&status=work_in_progress") == set()
    assert names("q=LOU") == {"Loud"}
    assert names("q=helios") == {"Quiet", "Loud", "Onboard Helios Energy"}
    assert names("q=h%C3%A9lios") == {"Quiet", "Loud", "Onboard Helios Energy"}
    assert names("q=helios&type=risk") == {"Quiet"}


def test_pages_follow_each_other_without_a_gap_or_a_double(
    runtime: Runtime, book: Book, add: Callable[..., uuid.UUID], today: date
) -> None:
    added = {add(f"{number}", due=today + timedelta(days=number % 3) if number % 4 else None) for number in range(20)}
    seen: list[uuid.UUID] = []
    after = None
    with runtime.db.reading() as session:
        while True:
            found = queries.cockpit(session, CockpitFilter(owner_id=book.alice), today=today, limit=3, after=after)
            seen += [row.cta.id for row in found.rows]
            after = found.next_after
            if after is None:
                break
    assert len(seen) == len(set(seen)) == 21
    assert set(seen) == added | {book.cta}


def test_the_link_to_the_next_page_keeps_the_filters(
    book: Book, add: Callable[..., uuid.UUID], sign_in: SignIn
) -> None:
    for number in range(ROWS + 1):
        add(f"Number {number:03}")
    client = sign_in(book.alice)
    page = client.get("/cockpit?type=risk&q=number").text
    link = re.search(r'<div class="rp-more"><a class="btn" href="([^"]+)"', page)
    assert link is not None
    assert "type=risk&amp;q=number&amp;after=" in link[1]
    last = client.get(link[1].replace("&amp;", "&")).text
    shown = [*groups_in(page)["none"], *groups_in(last)["none"]]
    assert sorted(shown) == [f"Number {number:03}" for number in range(ROWS + 1)]
    assert "Show more CTAs" not in last


def test_the_counts_are_mine_and_open(runtime: Runtime, book: Book, add: Callable[..., uuid.UUID], today: date) -> None:
    day = timedelta(days=1)
    add("late", due=today - day)
    add("soon", due=today + 2 * day)
    add("closed", due=today - day, status=CtaStatus.CLOSED_SUCCESS)
    add("not mine", due=today - day, owner_id=book.bob)
    with runtime.db.reading() as session:
        now = runtime.clock.now()
        alice = cockpit.counts(session, Who(user_id=book.alice, today=today, now=now))
        charlie = cockpit.counts(session, Who(user_id=book.charlie, today=today, now=now))
        assert queries.count_mine(session, book.alice, today=today) == alice.mine
    assert (alice.mine, alice.overdue, alice.due_soon, alice.emails_to_send) == (3, 1, 2, 1)
    assert (charlie.mine, charlie.overdue, charlie.due_soon, charlie.emails_to_send) == (0, 0, 0, 0)


def test_what_is_put_off_counts_neither_on_the_page_nor_in_the_side_bar(
    runtime: Runtime, book: Book, today: date, sign_in: SignIn
) -> None:
    alice = sign_in(book.alice)
    badge = '<span>Cockpit</span><span class="rp-badge">'
    assert badge in alice.get("/accounts").text
    with runtime.db.transaction() as session:
        for cta in session.scalars(select(Cta)):
            cta.snoozed_through = today + timedelta(days=2)
    assert badge not in alice.get("/accounts").text
    assert badge not in alice.get("/cockpit?view=mine").text


def test_fifty_ctas_take_as_many_statements_as_one(
    runtime: Runtime, book: Book, add: Callable[..., uuid.UUID], today: date, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    paths = (
        "/cockpit",
        "/cockpit?view=all&q=helios",
        f"/accounts/{book.account}",
        "/search?q=helios",
        f"/ctas/{book.cta}",
    )
    with counted(runtime.db) as few:
        for path in paths:
            assert client.get(path).status_code == 200
    for number in range(50):
        add(f"Helios {number}", due=today, tasks=[(today, False, book.bob), (None, True, book.alice)])
    with counted(runtime.db) as many:
        for path in paths:
            assert client.get(path).status_code == 200
    assert len(many) == len(few)
    assert len(few) <= 24 * len(paths)


def test_many_tasks_of_one_cta_take_as_many_statements_as_one(
    runtime: Runtime, book: Book, add: Callable[..., uuid.UUID], today: date, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    counts = []
    for number in (1, 30):
        cta_id = add("Tasks", tasks=[(today, False, book.alice)] * number)
        with counted(runtime.db) as found:
            assert client.get(f"/ctas/{cta_id}").status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1] < 40


def test_a_piece_of_a_page_asks_nothing_for_the_frame(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    with counted(runtime.db) as found:
        piece = client.get("/cockpit", headers={"HX-Request": "true"}).text
    assert "<html" not in piece
    # BEGIN, session; BEGIN, the view to open with, lists, CTAs, rows, counts of tasks, next tasks
    assert len(found) <= 9
