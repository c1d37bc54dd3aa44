"""From YAML to a definition: what is read, and where each error is said to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.playbooks.definition import Anchor, Direction, Due, IfSilent, OwnerRule, TaskType, Unit
from server.playbooks.problems import PlaybookInvalid
from server.playbooks.read import read_source
from server.playbooks.source import LARGEST

GOOD = """\
# Why: asked for by support.
playbook: lost-touch
name: Lost touch
type: risk
reason: no_conversation
priority: high
owner: account_owner
description: When nobody answers.
applies: {stages: [adoption], arr_at_least: 10000}
due: {months: 1}
steps:
  - key: look
    title: Look
    due: {business_days: 2}
  - key: write
    title: Write
    task: email
    template: risk-lost-touch
    to: champion
    due: {weeks: 2, before: renewal}
    owner: former_tam
    required: false
    needs: [look]
    minutes: 20
    if_silent: {after_business_days: 5, template: risk-second-try}
    instructions: |
      Name **two** times.
"""


def _problems(text: str) -> list[str]:
    with pytest.raises(PlaybookInvalid) as caught:
        read_source(text, name="f.yaml")
    return [str(one) for one in caught.value.problems]


def test_a_playbook_is_read_with_everything_in_it() -> None:
    found = read_source(GOOD)
    assert (found.slug, found.cta_type, found.reason, found.priority) == (
        "lost-touch",
        "risk",
        "no_conversation",
        "high",
    )
    assert (found.owner, found.applies.stages, found.applies.arr_at_least) == (
        OwnerRule.ACCOUNT_OWNER,
        ("adoption",),
        10000,
    )
    assert found.due == Due(amount=1, unit=Unit.MONTHS)
    look, write = found.steps
    assert (look.task, look.due, look.minutes, look.required) == (
        TaskType.TO_DO,
        Due(amount=2, unit=Unit.BUSINESS_DAYS),
        15,
        True,
    )
    assert write.due == Due(amount=2, unit=Unit.WEEKS, direction=Direction.BEFORE, anchor=Anchor.RENEWAL)
    assert write.if_silent == IfSilent(after_business_days=5, template="risk-second-try")
    assert (write.needs, write.instructions, write.to) == (("look",), "Name **two** times.", "champion")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type: risk", "type: [risk]", "f.yaml:4:7: type: Write a name here."),
        ("name: Lost touch", "nam: Lost touch", "f.yaml:3:1: nam: There is no field nam here. Did you mean name?"),
        ("{months: 1}", "{months: 1, days: 3}", "f.yaml:10:6: due: Write exactly one of"),
        ("{months: 1}", "{before: ebr}", "f.yaml:10:6: due: Write exactly one of"),
        ("{months: 1}", "{days: true}", "f.yaml:10:13: due.days: Write a whole number from 0 to 3650."),
        ("{months: 1}", "{days: 1.5}", "f.yaml:10:13: due.days: Write a whole number"),
        ("{months: 1}", "{days: 99999999999}", "f.yaml:10:13: due.days: Write a whole number"),
        (
            "{months: 1}",
            "{days: 1, before: opened}",
            "f.yaml:10:24: due.before: Nothing can be due before the opening.",
        ),
        ("{months: 1}", "3", "f.yaml:10:6: due: Write a mapping here"),
        ("task: email", "task: mail", "f.yaml:17:11: steps.1.task: Write one of: to_do, email, call, meeting, survey."),
        ("task: email", "task: call", "f.yaml:18:15: steps.1.template: Only an email task has template."),
        ("    template: risk-lost-touch\n", "", "f.yaml:17:11: steps.1.task: An email task needs its template."),
        ("key: write", "key: look", "f.yaml:15:10: steps.1.key: look is the key of step 1, too."),
        ("needs: [look]", "needs: [lock]", "f.yaml:23:13: steps.1.needs.0: There is no step lock. Did you mean look?"),
        ("needs: [look]", "needs: [write]", "f.yaml:23:12: steps.1.needs: None can be first: write needs write."),
        ("required: false", "required: no", "f.yaml:22:15: steps.1.required: Write true or false."),
        ("title: Look", "title: 2026-01-01", "f.yaml:13:12: steps.0.title: Write a text here"),
        ("title: Look", "title:", "f.yaml:13:5: steps.0.title: title is empty."),
        ("key: look", "key: Look here", "f.yaml:12:10: steps.0.key: Write small letters and digits"),
        ("name: Lost touch", "name: [a", "f.yaml:4:5: This is no YAML"),
        ("name: Lost touch", "name: &x Lost", "f.yaml:3:7: Anchors (&) and aliases (*) are not read."),
        ("name: Lost touch", "name: !!python/name:x Lost", "f.yaml:3:7: Tags (!) are not read here."),
        ("name: Lost touch", "<<: {name: A}", "f.yaml:3:1: Merges (<<) are not read here."),
        ("name: Lost touch", 'name: "a\\0b"', "f.yaml:3:7: There is a character that is no text."),
        ("name: Lost touch", "name: a\x00b", "f.yaml:3:8: There is a character that is no text"),
        ("name: Lost touch", "name: a\nname: b", "f.yaml:4:1: This is no YAML: name stands here twice."),
        ("name: Lost touch", f"name: {'9' * 5000}", "f.yaml:1:1: This is no YAML that can be read"),
        ("name: Lost touch", "name: [[[[[[[[[[1]]]]]]]]]]", "f.yaml:3:14: This is nested too deeply"),
        ("name: Lost touch", "name: a\n---\nb: 1", "f.yaml:4:1: There is a second document"),
        ("stages: [adoption]", "stages: [adopt]", "f.yaml:9:20: applies.stages.0: Write one of: onboarding"),
    ],
)
def test_an_error_has_its_line_and_column_and_says_what_would_be_right(old: str, new: str, said: str) -> None:
    assert old in GOOD
    problems = _problems(GOOD.replace(old, new, 1))
    assert any(one.startswith(said) for one in problems), problems


def test_all_errors_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = GOOD.replace("type: risk", "typ: risk").replace("task: email", "task: mail").replace("[look]", "[x]")
    paths = [one.split(": ")[1] for one in _problems(text)]
    assert paths == ["type", "typ", "steps.1.task", "steps.1.needs.0"]


def test_a_circle_of_needs_is_named_whole() -> None:
    steps = "".join(f"  - {{key: {a}, title: T, needs: [{b}]}}\n" for a, b in (("a", "b"), ("b", "c"), ("c", "a")))
    text = f"playbook: x\nname: X\ntype: risk\nsteps:\n{steps}"
    assert _problems(text) == [
        "f.yaml:5:31: steps.0.needs: None can be first: a needs b needs c needs a. Take one need out."
    ]


@pytest.mark.parametrize("text", ["", "- a\n", "just words", "# only a comment\n", "---\n"])
def test_what_is_no_mapping_is_told_how_a_playbook_begins(text: str) -> None:
    assert "Begin with a line such as playbook: new-customer." in _problems(text)[0]


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    assert "larger than 64 kB" in _problems("a: &a [" + "x" * LARGEST)[0]


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_no_text_makes_anything_but_a_playbook_or_a_problem(text: str) -> None:
    with pytest.raises(PlaybookInvalid):
        read_source(text)


@given(st.data())
def test_a_file_with_a_piece_torn_out_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    stop = data.draw(st.integers(start, len(GOOD)))
    between = data.draw(st.sampled_from(["", ":", "- ", "{", "[", "'", '"', "\t", "&a", "!x", "|", "? ", "1e999", "~"]))
    torn = GOOD[:start] + between + GOOD[stop:]
    try:
        found = read_source(torn)
    except PlaybookInvalid as invalid:
        places = [(one.line, one.column, one.text) for one in invalid.problems]
    else:
        places = [(1, 1, found.slug)]
    assert places
    assert all(line >= 1 and column >= 1 and text for line, column, text in places)
