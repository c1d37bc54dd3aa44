"""The form changes the YAML line by line: comments stay, and what was not changed is the same letter by letter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.playbooks.edit import WantedStep, changed
from server.playbooks.read import read_source
from server.playbooks.source import parse

FOLDER = Path(__file__).parents[2] / "playbooks"
TEXT = """\
# above all
playbook: one  # never change it
name: One   # as they say
type: risk
# when it is due
due: {days: 3}  # three

steps:
  # first of all
  - key: a  # the key
    title: A
    # for how long
    minutes: 20
    instructions: |
      Do *this*.

      # no comment, but a heading
      Then that.

  # then
  - {key: b, title: "B: two", needs: [a]}  # short

  - key: c
    title: C
# the end
"""


def _steps(text: str) -> list[dict[str, Any]]:
    return [dict(one) for one in parse(text).document["steps"]]


def _kept(text: str) -> list[WantedStep]:
    return [WantedStep(origin=at, values=one) for at, one in enumerate(_steps(text))]


def _comments(text: str) -> set[str]:
    return {found[1] for found in re.finditer(r"(?:^| )(# [a-z ]+)$", text, re.M)}


def test_a_form_that_changes_nothing_changes_no_letter() -> None:
    document = parse(TEXT).document
    assert changed(TEXT, {key: document[key] for key in ("name", "type", "due")}, _kept(TEXT)) == TEXT


def test_one_changed_value_changes_one_line_and_keeps_its_comment() -> None:
    text = changed(TEXT, {"name": "Two: again"}, _kept(TEXT))
    assert text == TEXT.replace("name: One   # as they say", "name: 'Two: again'  # as they say")
    text = changed(TEXT, {"due": {"weeks": 2, "before": "renewal"}}, _kept(TEXT))
    assert text == TEXT.replace("due: {days: 3}  # three", "due: {weeks: 2, before: renewal}  # three")


def test_a_new_key_stands_in_its_place_and_an_empty_one_goes() -> None:
    steps = _kept(TEXT)
    steps[0] = WantedStep(origin=0, values={**steps[0].values, "owner": "manager", "minutes": None})
    text = changed(TEXT, {"priority": "high", "due": None}, steps)
    assert "type: risk\npriority: high\n# when it is due\n\nsteps:" in text
    assert "    title: A\n    owner: manager\n    # for how long\n    instructions: |\n" in text


def test_steps_move_with_the_comments_above_them() -> None:
    a, b, c = _kept(TEXT)
    text = changed(TEXT, {}, [c, a, b])
    assert [one["key"] for one in _steps(text)] == ["c", "a", "b"]
    assert text.index("# first of all") < text.index("key: a") < text.index("# then") < text.index("{key: b")
    assert _comments(text) == _comments(TEXT)
    assert text.endswith("# the end\n")
    assert parse(text).document["steps"][1]["instructions"] == parse(TEXT).document["steps"][0]["instructions"]


def test_a_removed_step_takes_its_own_comment_along_and_no_other() -> None:
    a, _, c = _kept(TEXT)
    text = changed(TEXT, {}, [a, c])
    assert [one["key"] for one in _steps(text)] == ["a", "c"]
    assert _comments(TEXT) - _comments(text) == {"# then", "# short"}


def test_a_new_step_is_written_as_the_others() -> None:
    new = WantedStep(origin=None, values={"key": "d", "title": "D", "due": {"days": 2}, "instructions": "One\r\nTwo"})
    text = changed(TEXT, {}, [*_kept(TEXT), new])
    wanted = "  - key: d\n    title: D\n    due: {days: 2}\n    instructions: |\n      One\n      Two\n# the end\n"
    assert text.endswith(wanted)


def test_a_short_step_that_changes_is_written_out() -> None:
    a, b, c = _kept(TEXT)
    text = changed(TEXT, {}, [a, WantedStep(origin=1, values={**b.values, "title": "B"}), c])
    assert _steps(text)[1] == {"key": "b", "title": "B", "needs": ["a"]}


@pytest.mark.parametrize("steps", ["[{key: a, title: A}]", "\n-\n  key: a\n  title: A", "\n- key: a\n  title: A", "[]"])
def test_any_style_of_yaml_can_be_changed(steps: str) -> None:
    text = f"playbook: one\nsteps: {steps}\nname: One\ntype: risk\n"
    new = [*_kept(text), WantedStep(origin=None, values={"key": "b", "title": "B"})]
    found = read_source(changed(text, {"name": "Two", "description": "Why\nand when"}, new))
    assert (found.name, found.description, found.steps[-1].key) == ("Two", "Why\nand when", "b")
    assert len(found.steps) == len(new)


_TEXTS = st.text(alphabet=st.sampled_from("ab:#-'\"{}[]&*!|> é\n1"), min_size=1, max_size=20).filter(str.strip)


def test_a_heading_in_instructions_goes_with_its_step() -> None:
    a, b, c = _kept(TEXT)
    told = WantedStep(origin=2, values={**c.values, "instructions": "First\n# Then\nLast"})
    once = changed(TEXT, {}, [told, a, b])
    assert changed(once, {}, _kept(once)) == once
    assert once.count("# Then") == 1
    assert read_source(once).steps[0].instructions == "First\n# Then\nLast"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_the_form_says_stands_in_the_file_and_all_other_comments_stay(data: st.DataObject) -> None:
    steps = _kept(TEXT)
    order = data.draw(st.permutations(range(len(steps))))
    title, text, minutes = data.draw(_TEXTS), data.draw(_TEXTS), data.draw(st.integers(0, 99))
    at = data.draw(st.sampled_from(order))
    values = {**steps[at].values, "title": title.replace("\n", " ").strip(), "instructions": text, "minutes": minutes}
    steps[at] = WantedStep(origin=at, values=values)
    name = data.draw(_TEXTS).replace("\n", " ").strip()
    written = changed(TEXT, {"name": name}, [steps[number] for number in order])
    found = parse(written).document
    assert found["name"] == name
    step = next(one for one in found["steps"] if one["key"] == values["key"])
    assert step["title"] == values["title"]
    assert step.get("minutes", 15) == minutes
    assert step["instructions"].split() == text.split()
    assert _comments(TEXT) - {"# short"} <= _comments(written)
    assert changed(written, {"name": name}, _kept(written)) == written


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_playbooks_go_through_the_form_unchanged(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert changed(text, {}, _kept(text)) == text
