"""Fields of a CTA, with the tasks that go along, refused when changed meanwhile, and undone as a whole."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from server.ctas import change, history, queries, tasks
from server.ctas.change import Change, ChangedMeanwhile, TasksToo
from server.ctas.models import Cta, CtaTask
from server.ctas.tasks import NewTask, TaskChange
from server.errors import Conflict, Forbidden, Invalid
from server.runtime import Runtime
from tests.cast import Book
from tests.ctas import doing
from tests.ctas.doing import Person

DAY = timedelta(days=1)
MONDAY = date(2027, 3, 1)


def stands(runtime: Runtime, book: Book) -> tuple[Cta, list[CtaTask]]:
    with runtime.db.reading() as session:
        return queries.cta(session, book.cta), doing.tasks(session, book.cta)


@pytest.mark.parametrize(
    ("too", "moved"), [(TasksToo.NONE, (0, 0)), (TasksToo.OF_OWNER, (0, 4)), (TasksToo.ALL, (4, 4))]
)
def test_the_due_date_takes_open_tasks_along_by_the_same_days_and_one_undo_puts_all_back(
    runtime: Runtime, book: Book, too: TasksToo, moved: tuple[int, int]
) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        cta = doing.with_dates(session, book.cta, MONDAY, MONDAY - DAY, MONDAY)
        doing.tasks(session, book.cta)[0].owner_id = book.bob
        wanted = Change(values={"due_on": MONDAY + 4 * DAY}, seen={"due_on": MONDAY}, tasks_too=too)
        deed = change.change(session, [cta], wanted, asker=alice, now=now)
        assert deed is not None
    cta, rows = stands(runtime, book)
    assert cta.due_on == MONDAY + 4 * DAY
    assert [one.due_on for one in rows] == [MONDAY - DAY + moved[0] * DAY, MONDAY + moved[1] * DAY]
    with runtime.db.transaction() as session:
        assert change.undo(session, change.deed(session, deed.id), asker=alice, now=now) == 1
    cta, rows = stands(runtime, book)
    assert (cta.due_on, [one.due_on for one in rows]) == (MONDAY, [MONDAY - DAY, MONDAY])
    with runtime.db.transaction() as session, pytest.raises(Conflict, match="undone already"):
        change.undo(session, change.deed(session, deed.id), asker=alice, now=now)


@pytest.mark.parametrize(
    ("too", "hers", "bobs"), [(TasksToo.NONE, 0, 0), (TasksToo.OF_OWNER, 1, 0), (TasksToo.ALL, 1, 1)]
)
def test_a_new_owner_takes_over_the_tasks_that_were_asked_for_and_the_former_one_may_undo_it(
    runtime: Runtime, book: Book, too: TasksToo, hers: int, bobs: int
) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        cta = queries.cta(session, book.cta)
        doing.tasks(session, book.cta)[0].owner_id = book.bob
        wanted = Change(values={"owner_id": book.dana}, tasks_too=too)
        deed = change.change(session, [cta], wanted, asker=alice, now=now)
        assert deed is not None
        assert "Owner: Dana Petrov" in deed.label
    cta, rows = stands(runtime, book)
    assert cta.owner_id == book.dana
    owners = [one.owner_id for one in rows]
    assert owners == [book.dana if bobs else book.bob, book.dana if hers else book.alice]
    with runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=alice, now=now)
    cta, rows = stands(runtime, book)
    assert [cta.owner_id, *(one.owner_id for one in rows)] == [book.alice, book.bob, book.alice]


def test_a_done_task_goes_nowhere(runtime: Runtime, book: Book) -> None:
    with runtime.db.transaction() as session:
        cta = doing.with_dates(session, book.cta, MONDAY, MONDAY, MONDAY)
        doing.tasks(session, book.cta)[1].done_at = runtime.clock.now()
        wanted = Change(values={"due_on": MONDAY + DAY, "owner_id": book.bob}, tasks_too=TasksToo.ALL)
        change.change(session, [cta], wanted, asker=Person(user_id=book.alice), now=runtime.clock.now())
    _, rows = stands(runtime, book)
    assert [(one.due_on, one.owner_id) for one in rows] == [(MONDAY + DAY, book.bob), (MONDAY, book.alice)]


def test_what_somebody_else_changed_meanwhile_is_told_with_both_values_and_nothing_is_written(
    runtime: Runtime, book: Book
) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        cta = doing.with_dates(session, book.cta, MONDAY, None, None)
        dana = Person(user_id=book.dana, role="admin")
        change.change(session, [cta], Change(values={"due_on": MONDAY + DAY}), asker=dana, now=now)
    with runtime.db.transaction() as session:
        wanted = Change(
            values={"due_on": MONDAY + 2 * DAY, "name": "Something else"},
            seen={"due_on": MONDAY, "name": queries.cta(session, book.cta).name},
        )
        with pytest.raises(ChangedMeanwhile) as told:
            change.change(session, queries.hold(session, [book.cta]), wanted, asker=Person(user_id=book.alice), now=now)
    said = "Due date was changed meanwhile to 2 Mar 2027 by Dana Petrov, you chose 3 Mar 2027"
    assert said in told.value.detail
    cta, _ = stands(runtime, book)
    assert (cta.due_on, cta.name != "Something else") == (MONDAY + DAY, True)


def test_a_field_that_was_left_as_it_was_seen_keeps_what_somebody_else_made_of_it(runtime: Runtime, book: Book) -> None:
    """A page sends its whole form; only what differs from what was shown is meant."""
    with runtime.db.transaction() as session:
        cta = doing.with_dates(session, book.cta, MONDAY + DAY, None, None)
        wanted = Change(
            values={"due_on": MONDAY, "priority": "high"}, seen={"due_on": MONDAY, "priority": cta.priority}
        )
        change.change(session, [cta], wanted, asker=Person(user_id=book.alice), now=runtime.clock.now())
    cta, _ = stands(runtime, book)
    assert (cta.due_on, cta.priority) == (MONDAY + DAY, "high")


def test_an_undo_is_refused_whole_when_anything_of_it_was_changed_since(runtime: Runtime, book: Book) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        cta = doing.with_dates(session, book.cta, MONDAY, MONDAY, MONDAY)
        wanted = Change(values={"due_on": MONDAY + DAY}, tasks_too=TasksToo.ALL)
        deed = change.change(session, [cta], wanted, asker=alice, now=now)
        assert deed is not None
        second = TaskChange(values={"due_on": MONDAY + 9 * DAY}, reason="They asked")
        assert tasks.edit(session, doing.tasks(session, book.cta)[1], second, asker=alice, now=now) is not None
    with pytest.raises(Conflict, match="was changed since"), runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=alice, now=now)
    cta, rows = stands(runtime, book)
    assert [cta.due_on, *(one.due_on for one in rows)] == [MONDAY + DAY, MONDAY + DAY, MONDAY + 9 * DAY]
    with pytest.raises(Forbidden), runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=Person(user_id=book.bob), now=now)


WRONG: tuple[dict[str, Any], ...] = (
    {"priority": "enormous"},
    {"status": "closed_success"},
    {"owner_id": uuid.UUID(int=1)},
    {"name": " "},
    {"reason": "no_such"},
    {"colour": "red"},
    {"due_on": MONDAY + 30 * DAY},
)


def test_what_cannot_be_chosen_is_refused_and_a_foreign_cta_too(runtime: Runtime, book: Book) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        doing.with_dates(session, book.cta, MONDAY, date(9999, 12, 30), None)
    for values in WRONG:
        wanted = Change(values=values, tasks_too=TasksToo.ALL)
        with pytest.raises(Invalid), runtime.db.transaction() as session:
            change.change(session, queries.hold(session, [book.cta]), wanted, asker=alice, now=now)
    charlie = Person(user_id=book.charlie, role="viewer")
    with pytest.raises(Forbidden), runtime.db.transaction() as session:
        change.change(
            session, queries.hold(session, [book.cta]), Change(values={"name": "Mine"}), asker=charlie, now=now
        )
    assert stands(runtime, book)[0].due_on == MONDAY


def test_tasks_are_handed_over_with_a_reason_added_and_taken_away_and_all_of_it_is_undone(
    runtime: Runtime, book: Book
) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        cta = queries.cta(session, book.cta)
        first, second = doing.tasks(session, book.cta)
        wanted = TaskChange(values={"owner_id": book.bob}, seen={"owner_id": book.alice}, reason="On leave")
        handed = tasks.edit(session, second, wanted, asker=alice, now=now)
        assert handed is not None
        assert handed.label.endswith("Owner: Bob Lindqvist (On leave)")
        new = NewTask(title=" Ring  them ", owner_id=book.alice, due_on=MONDAY)
        mine = tasks.add(session, cta, new, asker=alice, now=now)
        assert (mine.title, mine.position, mine.kind) == ("Ring them", second.position + 1, "to_do")
        first.key = "welcome"
        with pytest.raises(Conflict, match="comes from the playbook"):
            tasks.remove(session, first, asker=alice, now=now)
        gone = tasks.remove(session, mine, asker=alice, now=now)
        assert not mine.is_open
        change.undo(session, gone, asker=alice, now=now)
        assert mine.is_open
        [_, _, add] = history.of_cta(session, book.cta)[:3]
        change.undo(session, next(one for one in (add, *history.of_cta(session, book.cta)) if "added" in one.label),
                    asker=alice, now=now)  # fmt: skip
        assert len(doing.tasks(session, book.cta)) == 2
        change.undo(session, handed, asker=alice, now=now)
        assert second.owner_id == book.alice


def test_of_two_who_change_a_cta_at_the_same_moment_one_is_told_so(runtime: Runtime, book: Book) -> None:
    """Without holding the row before; `row_version` decides."""
    both_read, told, won = threading.Barrier(2, timeout=20), [], []

    def work(name: str) -> None:
        try:
            with runtime.db.reading() as session:
                seen = queries.cta(session, book.cta)
            both_read.wait()
            with runtime.db.transaction() as session:
                session.add(seen)
                seen.name = name
            won.append(name)
        except Conflict as error:
            told.append(error.detail)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("First", "Second")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert told == ["Somebody else changed this at the same moment."]
    assert [stands(runtime, book)[0].name] == won


def test_two_who_choose_differently_at_the_same_moment_never_overwrite_each_other(runtime: Runtime, book: Book) -> None:
    both, told = threading.Barrier(2, timeout=20), []
    with runtime.db.transaction() as session:
        doing.with_dates(session, book.cta, MONDAY, None, None)

    def work(days: int) -> None:
        both.wait()
        try:
            with runtime.db.transaction() as session:
                wanted = Change(values={"due_on": MONDAY + days * DAY}, seen={"due_on": MONDAY})
                asker = Person(user_id=book.dana, role="admin")
                change.change(session, queries.hold(session, [book.cta]), wanted, asker=asker, now=runtime.clock.now())
        except ChangedMeanwhile as error:
            told.append(error.clashes[0])

    threads = [threading.Thread(target=work, args=(days,)) for days in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    cta, _ = stands(runtime, book)
    assert cta.due_on in (MONDAY + DAY, MONDAY + 2 * DAY)
    [clash] = told
    assert {clash.theirs, clash.yours} == {"2 Mar 2027", "3 Mar 2027"}


def test_who_may_only_look_can_own_nothing_and_is_not_offered(
    runtime: Runtime, book: Book, sign_in: Callable[[uuid.UUID], FlaskClient]
) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        ctas = queries.hold(session, [book.cta])
        with pytest.raises(Invalid, match="may only look"):
            change.change(session, ctas, Change(values={"owner_id": book.charlie}), asker=alice, now=now)
    client = sign_in(book.alice)
    for page in (f"/ctas/{book.cta}", f"/ctas/new?account={book.account}", "/cockpit?view=all"):
        assert f'value="{book.charlie}"' not in client.get(page).text
        assert f'value="{book.bob}"' in client.get(page).text
