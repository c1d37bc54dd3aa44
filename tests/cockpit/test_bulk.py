"""Changes of many CTAs at once: all or none, undone as a whole, wrong ones named; and saved views."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.cockpit.models import CockpitView
from server.ctas.models import CtaStatus
from server.ctas.queries import tasks_of
from server.runtime import Runtime
from tests.cast import Book
from tests.cockpit.conftest import Add, names_in, row_of
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]
DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


def change(client: SignedInClient, ids: list[uuid.UUID], **fields: Any) -> TestResponse:
    data = {"cta": [str(one) for one in ids], **fields}
    return client.post("/cockpit/change", data=data, headers=HTMX)


def undo(client: SignedInClient, answer: TestResponse) -> TestResponse:
    found = re.search(r'action="(/cockpit/undo/[^"]+)"', answer.text)
    assert found is not None, answer.text
    return client.post(found[1], headers=HTMX)


@pytest.fixture
def two(book: Book, add: Add, today: date) -> list[uuid.UUID]:
    """Due today, each with a task of Alice's and one of Bob's, both due tomorrow."""
    tasks = [(today + DAY, False, book.alice), (today + DAY, False, book.bob)]
    return [add(name, due=today, tasks=tasks) for name in ("One", "Two")]


def test_a_due_date_takes_tasks_along_and_one_undo_puts_all_back(
    runtime: Runtime, book: Book, two: list[uuid.UUID], today: date, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    done = change(client, two, do="due", due_on=str(today + 5 * DAY), dates_too="of_owner")
    assert done.status_code == 200
    assert done.headers["HX-Trigger"] == "cockpit-changed"
    with runtime.db.reading() as session:
        tasks = tasks_of(session, two)
    assert [row_of(runtime, one).due_on for one in two] == [today + 5 * DAY] * 2
    assert [[task.due_on for task in tasks[one]] for one in two] == [[today + 6 * DAY, today + DAY]] * 2
    assert "Undone on 2 CTAs" in undo(client, done).text
    with runtime.db.reading() as session:
        tasks = tasks_of(session, two)
    assert [row_of(runtime, one).due_on for one in two] == [today] * 2
    assert {task.due_on for one in two for task in tasks[one]} == {today + DAY}
    again = undo(client, done)
    assert again.status_code == 422
    assert "undone already" in again.text


@pytest.mark.parametrize(
    ("fields", "column", "value"),
    [
        ({"do": "priority", "priority": "high"}, "priority", "high"),
        ({"do": "status", "status": "work_in_progress"}, "status", "work_in_progress"),
        ({"do": "flag"}, "is_flagged", True),
        ({"do": "close", "closing": "closed_success"}, "status", "closed_success"),
        ({"do": "snooze", "through": "TOMORROW", "reason": "They  move"}, "snooze_reason", "They move"),
        ({"do": "owner", "owner_id": "BOB"}, "owner_id", "BOB"),
    ],
)
def test_each_act_on_many_is_one_deed_with_undo(
    runtime: Runtime,
    book: Book,
    two: list[uuid.UUID],
    today: date,
    sign_in: SignIn,
    fields: dict[str, str],
    column: str,
    value: Any,
) -> None:
    meant = {"TOMORROW": str(today + DAY), "BOB": str(book.bob)}
    fields = {name: meant.get(given, given) for name, given in fields.items()}
    before = getattr(row_of(runtime, two[0]), column)
    client = sign_in(book.dana)
    done = change(client, two, **fields)
    assert done.status_code == 200, done.text
    expected = book.bob if value == "BOB" else value
    assert [getattr(row_of(runtime, one), column) for one in two] == [expected] * 2
    assert undo(client, done).status_code == 200
    assert [getattr(row_of(runtime, one), column) for one in two] == [before] * 2
    assert row_of(runtime, two[0]).is_open


def test_what_cannot_be_changed_is_named_and_nothing_is_changed(
    runtime: Runtime, book: Book, add: Add, two: list[uuid.UUID], sign_in: SignIn
) -> None:
    bobs, over = add("Bobs own", owner_id=book.bob), add("Long over", status=CtaStatus.CLOSED_SUCCESS)
    client = sign_in(book.alice)
    refused = change(client, [*two, bobs, over], do="priority", priority="high")
    assert refused.status_code == 422
    assert "2 of 4 cannot be changed, so nothing was" in refused.text
    assert "Bobs own: " in refused.text
    assert "Long over: " in refused.text
    assert "One: " not in refused.text
    assert {row_of(runtime, one).priority for one in (*two, bobs, over)} == {"low"}


def test_odd_acts_are_refused_with_words(book: Book, two: list[uuid.UUID], sign_in: SignIn, add: Add) -> None:
    client = sign_in(book.alice)
    for fields in (
        {"do": "x"},
        {"do": "due", "due_on": "yesterday"},
        {"do": "due", "due_on": "2027-01-01", "dates_too": "x"},
        {"do": "owner", "owner_id": "x"},
        {"do": "owner", "owner_id": str(uuid.uuid4())},
        {"do": "priority", "priority": "x\0"},
        {"do": "status", "status": "closed_success"},
        {"do": "snooze", "through": "2020-01-01"},
        {"do": "snooze", "through": "2999-01-01"},
        {"do": "close", "closing": "new"},
        {"do": "close", "closing": "closed_lost_product_gaps"},
        {"do": "done", "x": "1"},
    ):
        ids = two if fields["do"] != "done" else [book.cta]  # its next task is an email
        answer = change(client, ids, **fields)
        assert answer.status_code == 422, fields
        assert "rp-tone-danger" in answer.text
    assert change(client, [], do="flag").status_code == 422
    assert change(client, [uuid.uuid4() for _ in range(201)], do="flag").status_code == 422
    assert change(client, [uuid.uuid4()], do="flag").status_code == 422
    assert client.post("/cockpit/change", data={"cta": "x", "do": "flag"}, headers=HTMX).status_code == 422


def test_a_card_that_somebody_else_moved_meanwhile_stays_where_they_put_it(
    runtime: Runtime, book: Book, two: list[uuid.UUID], sign_in: SignIn
) -> None:
    assert change(sign_in(book.dana), two[:1], do="priority", priority="high", seen="low").status_code == 200
    late = change(sign_in(book.alice), two[:1], do="priority", priority="medium", seen="low")
    assert late.status_code == 422
    assert "changed meanwhile" in late.text
    assert row_of(runtime, two[0]).priority == "high"


def test_ticking_off_does_the_next_task(runtime: Runtime, book: Book, two: list[uuid.UUID], sign_in: SignIn) -> None:
    assert change(sign_in(book.alice), two, do="done").status_code == 200
    with runtime.db.reading() as session:
        assert [[task.done_at is not None for task in tasks_of(session, two)[one]] for one in two] == [
            [True, False]
        ] * 2


def test_without_scripts_the_page_comes_back_and_says_what_was_done(
    book: Book, two: list[uuid.UUID], sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    answer = client.post(
        "/cockpit/change", data={"cta": [str(two[0])], "do": "flag", "back": "/cockpit?view=mine&flagged=1"}
    )
    assert answer.headers["Location"] == "/cockpit?view=mine&flagged=1"
    page = client.get(answer.headers["Location"]).text
    assert names_in(page) == ["One"]
    assert "Flag: on" in page
    away = client.post("/cockpit/change", data={"cta": [str(two[0])], "do": "unflag", "back": "//evil.example"})
    assert away.headers["Location"] == "/cockpit"


def save(client: SignedInClient, **data: str) -> TestResponse:
    return client.post("/cockpit/views", data={"name": "Late", "asked": "view=all&due=overdue", **data})


def test_a_view_is_saved_opened_changed_and_deleted(
    runtime: Runtime, book: Book, add: Add, today: date, sign_in: SignIn
) -> None:
    add("Late one", due=today - DAY)
    client = sign_in(book.alice)
    saved = save(client)
    assert saved.status_code == 303
    page = client.get(saved.headers["Location"]).text
    assert names_in(page) == ["Late one"]
    view_id = saved.headers["Location"].rpartition("=")[2]
    assert client.get(f"/cockpit/views/{view_id}").headers["Location"] == saved.headers["Location"]
    path, data = f"/cockpit/views/{view_id}", {"name": "Late", "row_version": "1"}
    assert client.post(path, data=data | {"is_default": "1", "what": "1", "asked": "q=late"}).status_code == 303
    # The Cockpit opens with it, and an address that asks for something does not.
    assert client.get("/cockpit").headers["Location"] == f"/cockpit?q=late&saved={view_id}"
    assert client.get("/cockpit?view=mine").status_code == 200
    stale = client.post(path, data=data)
    assert stale.status_code == 409
    assert "changed meanwhile" in stale.text
    assert client.post(f"{path}/delete", data={"row_version": "1"}).status_code == 409
    assert client.post(f"{path}/delete", data={"row_version": "2"}).status_code == 303
    assert client.get("/cockpit").status_code == 200
    with runtime.db.reading() as session:
        assert session.query(CockpitView).count() == 0


def test_a_shared_view_is_everybodys_to_use_and_its_owners_to_change(book: Book, sign_in: SignIn) -> None:
    alice, bob = sign_in(book.alice), sign_in(book.bob)
    hers = save(alice).headers["Location"].rpartition("=")[2]
    assert bob.get(f"/cockpit/views/{hers}").status_code == 404
    shared = save(alice, name="Shared", is_shared="1").headers["Location"]
    view_id = shared.rpartition("=")[2]
    page = bob.get(shared).text
    assert "Save as mine…" in page
    assert "This view…" not in page
    assert bob.post(f"/cockpit/views/{view_id}", data={"name": "Mine", "row_version": "1"}).status_code == 403
    assert bob.post(f"/cockpit/views/{view_id}/delete", data={"row_version": "1"}).status_code == 403
    assert save(bob, name="Shared").status_code == 303


@pytest.mark.parametrize(
    "data",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "\0"},
        {"asked": "due=x"},
        {"asked": "q=" + "x" * 5000},
        {"name": "Taken"},
    ],
)
def test_a_view_that_says_nothing_clear_is_refused(book: Book, sign_in: SignIn, data: dict[str, str]) -> None:
    client = sign_in(book.alice)
    save(client, name="Taken")
    assert save(client, **data).status_code == 422


def test_a_viewer_looks_and_changes_nothing(book: Book, two: list[uuid.UUID], sign_in: SignIn) -> None:
    charlie = sign_in(book.charlie)
    page = charlie.get("/cockpit?view=all").text
    assert "data-pick" not in page
    assert change(charlie, two, do="flag").status_code == 403
    assert save(charlie).status_code == 303
