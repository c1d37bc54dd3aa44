"""Small parts: two texts side by side, and the contacts that are hardest on a template."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.template_library.compare import side_by_side
from server.template_library.everybody import Person
from server.template_library.worst import ten_worst

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def person(**changes: Any) -> Person:
    usual: dict[str, Any] = {
        "id": uuid.uuid4(),
        "account_id": uuid.uuid4(),
        "first_name": "Ana",
        "last_name": "Ruiz",
        "title": "CTO",
        "role": None,
        "language": None,
        "contact_synced_at": NOW,
        "email": "ana@x.example",
        "account_name": "Northwind",
        "arr": Decimal(1),
        "renewal_on": date(2027, 1, 1),
        "lifecycle_stage": "adoption",
        "account_synced_at": NOW,
        "account_tam_name": "Alice",
        "tam_id": uuid.uuid4(),
        "tam_title": "TAM",
    }
    return Person(**{**usual, **changes})


def test_the_ten_worst_are_ten_different_people_each_with_the_reason() -> None:
    odd = {
        "Empty: first name, ARR": person(first_name="", arr=None),
        "Long name: 43 letters": person(last_name="Wolfeschlegelsteinhausenbergerdorff-Müll"[:39]),
        "Another script than Latin": person(first_name="由紀", last_name="田中"),
        "Signs such as & or quotes in a name": person(account_name="O'Neil & <Sons>"),
        "Long address: 63 letters": person(email="a" * 52 + "@x.example" + "x"),
    }
    found = ten_worst([*(person() for _ in range(50)), *odd.values()])
    reasons = {one.person.id: one.why for one in found}
    assert len(reasons) == len(found) == 10
    assert {reasons[one.id] for one in odd.values()} == set(odd)


def test_right_to_left_names_are_among_the_worst() -> None:
    name = person(first_name="دانا", last_name="خوري")
    assert name.id in {one.person.id for one in ten_worst([*(person() for _ in range(30)), name])}


def test_few_people_are_all_the_worst_there_are() -> None:
    assert len(ten_worst([person(), person()])) == 2
    assert ten_worst([]) == []


def test_equal_texts_have_no_rows_and_long_equal_parts_are_folded() -> None:
    assert side_by_side("a\nb", "a\nb") == []
    lines = [str(number) for number in range(40)]
    kinds = [row.kind for row in side_by_side("\n".join(lines), "\n".join([*lines[:20], "new", *lines[20:]]))]
    assert kinds == ["gap", *["same"] * 3, "added", *["same"] * 3, "gap"]


def test_what_changed_in_a_line_is_marked_and_escaped() -> None:
    (row,) = side_by_side("<b>one</b>", "<b>two</b>")
    assert str(row.left_html) == "&lt;b&gt;<del>one</del>&lt;/b&gt;"
    assert str(row.right_html) == "&lt;b&gt;<ins>two</ins>&lt;/b&gt;"


@given(st.text(alphabet="ab<&\n ", max_size=60), st.text(alphabet="ab<&\n ", max_size=60))
def test_every_line_of_both_sides_is_shown_or_folded(left: str, right: str) -> None:
    rows = side_by_side(left, right)
    for side, text in (("left", left), ("right", right)):
        numbers = [getattr(row, f"{side}_no") for row in rows if getattr(row, f"{side}_no")]
        assert numbers == sorted(set(numbers))
        if rows and not any(row.kind == "gap" for row in rows):
            assert len(numbers) == len(text.splitlines())
