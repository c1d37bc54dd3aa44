"""What is compared costs a bounded number of steps, and what the editor sends is told apart field by field."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.template_library.compare import Effort, equal_stretches, side_by_side
from tests.template_library.conftest import Editor, versions_of

LINES = st.lists(st.sampled_from("abc"), max_size=12)


def longest_common(before: list[str], after: list[str]) -> int:
    table = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i, old in enumerate(before):
        for j, new in enumerate(after):
            table[i + 1][j + 1] = table[i][j] + 1 if old == new else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(LINES, LINES)
def test_as_much_as_can_be_is_found_equal(before: list[str], after: list[str]) -> None:
    found = equal_stretches(before, after, Effort())
    assert found is not None
    assert sum(length for _, _, length in found) == longest_common(before, after)
    for left, right, length in found:
        assert before[left : left + length] == after[right : right + length]
    assert all(one[0] + one[2] <= next_one[0] for one, next_one in pairwise(found))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["x"] * 4_000, ["x", "y"] * 4_000),
        ([f"old {n}" for n in range(20_000)], [f"new {n}" for n in range(20_000)]),
        (random.Random(1).choices("abc", k=9_000), random.Random(2).choices("abc", k=9_000)),
        ([""] * 100_000, ["z", *[""] * 90_000, "z"]),
    ],
    ids=["every second line new", "nothing in common", "shuffled", "blank"],
)
def test_the_steps_of_a_comparison_are_bounded(before: list[str], after: list[str]) -> None:
    effort = Effort(100_000)
    assert equal_stretches(before, after, effort) is None
    assert effort.left == 0


def test_what_is_equal_at_both_ends_costs_no_step() -> None:
    lines = [f"line {n}" for n in range(50_000)]
    rows = side_by_side("\n".join(lines), "\n".join([*lines[:25_000], "new", *lines[25_000:]]))
    assert [row.kind for row in rows] == ["gap", *["same"] * 3, "added", *["same"] * 3, "gap"]


def test_texts_with_nothing_in_common_are_shown_one_after_the_other() -> None:
    before = ["first", *(f"old {n}" for n in range(3_000)), "last"]
    after = ["first", *(f"new {n}" for n in range(3_000)), "last"]
    rows = side_by_side("\n".join(before), "\n".join(after))
    assert [row.kind for row in rows] == ["same", *["removed"] * 3_000, *["added"] * 3_000, "same"]
    assert [row.left_no for row in rows if row.left_no] == list(range(1, 3_003))
    assert [row.right_no for row in rows if row.right_no] == list(range(1, 3_003))


def test_when_the_effort_is_used_up_lines_are_marked_as_a_whole() -> None:
    chance = random.Random(3)
    before = ["".join(chance.choices("ab ;<", k=1_900)) for _ in range(300)]
    after = ["".join(sign if chance.random() > 0.03 else "#" for sign in line) for line in before]
    rows = side_by_side("\n".join(before), "\n".join(after))
    assert [row.kind for row in rows] == ["changed"] * 300
    assert rows[0].left_html.count("<del>") > 1
    assert rows[-1].left_html.count("<del>") == rows[-1].right_html.count("<ins>") == 1


TEXTS = ["mjml", "name", "subject", "category", "purpose", "description", "max_age"]
POSTED = {"Accept": "application/json"}


def refused(editor: Editor, where: str, **changes: Any) -> dict[str, Any]:
    """The answer to a check or a save of the form with changes."""
    document = {**editor.form, **editor.seen(), **changes}
    answer = editor.client.post(
        f"/templates/{editor.slug}/{where}",
        data=json.dumps(document),
        content_type="application/json",
        headers=POSTED,
    )
    assert answer.status_code == 422, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


@pytest.mark.parametrize("where", ["check", "draft"])
def test_characters_that_no_email_can_have_are_refused_with_their_field(editor: Editor, where: str) -> None:
    for field in TEXTS:
        for sign, code in (("\ud800", "U+D800"), ("\0", "U+0000"), ("\x1b", "U+001B"), ("\uffff", "U+FFFF")):
            answer = refused(editor, where, **{field: f"one\ntwo {sign}"})
            assert set(answer["errors"]) == {field}
            assert code in answer["detail"]
            assert "in line 2" in answer["detail"]
            assert "Delete it" in answer["detail"]
    assert set(refused(editor, where, for_roles=["gitlab_admin", "a\ud800"])["errors"]) == {"for_roles"}


def test_line_breaks_and_tabs_are_saved(editor: Editor) -> None:
    answer = editor.save(
        mjml=editor.form["mjml"] + "\n\t\r\n", description="one\n\ttwo", max_age="account.arr: 7 days\n"
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("where", ["check", "draft"])
def test_a_long_text_is_refused_with_its_limit(editor: Editor, where: str) -> None:
    assert refused(editor, where, mjml="x" * 310_001)["detail"] == (
        "The MJML is longer than 310,000 characters. Make it shorter."
    )
    answer = refused(editor, where, name="x" * 1_001, purpose="y\0")
    assert set(answer["errors"]) == {"name", "purpose"}
    assert "1,000 characters" in answer["errors"]["name"]


def test_what_only_a_script_can_send_asks_to_load_the_page_again(editor: Editor) -> None:
    answer = refused(editor, "draft", revision="new", name="\0")
    assert "could not be read" in answer["detail"]
    assert "Reload" in answer["cure"]
    assert set(answer["errors"]) == {"revision", "name"}
    assert "was not sent as text" in refused(editor, "draft", mjml=None)["detail"]


def test_what_is_refused_leaves_no_trace(editor: Editor, runtime: Any) -> None:
    refused(editor, "draft", subject="Hello \ud800")
    assert len(versions_of(runtime)) == 1
    assert "Hello {{ account.name }}" in editor.open()
