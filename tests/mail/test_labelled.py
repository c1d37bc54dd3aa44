"""Precision and recall on mail whose right answer was written down before the code: a wrong link is never right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

import pytest

from server.db import Database
from tests.mail import labelled
from tests.mail.labelled_world import Answer, LabelledWorld

CASES = labelled.load_cases()
THEMES = {theme: list(cases) for theme, cases in groupby(CASES, key=lambda case: case.theme)}


class _Undone(Exception):
    """Each theme has a world of its own: what the one before left is taken back."""


def _answers(db: Database, theme: str) -> Iterator[tuple[labelled.Case, Answer, LabelledWorld]]:
    with suppress(_Undone), db.transaction() as session:
        world = LabelledWorld(session=session, world=labelled.load_world()).build()
        for case in THEMES[theme]:
            yield case, world.receive(case), world
        raise _Undone


def _problems(case: labelled.Case, answer: Answer, world: LabelledWorld) -> list[str]:
    expect = case.expect
    found = []
    if answer.outcome != expect.outcome or answer.accounts != expect.accounts:
        found.append(f"{answer.outcome} {answer.accounts} {answer.reason}")
    elif expect.reason and answer.reason != expect.reason:
        found.append(f"reason {answer.reason}")
    if expect.tied and answer.tied != frozenset(expect.tied):
        found.append(f"tied {sorted(answer.tied)}")
    if expect.kind and answer.kind != expect.kind:
        found.append(f"kind {answer.kind}")
    if answer.message_id is not None:
        earlier = {message_id: key for key, message_id in reversed(world.messages.items()) if key != case.id}
        same = earlier.get(answer.message_id)
        if (same is None) != (expect.same_as is None):
            found.append(f"the same mail as {same}")
    return [f"{case.id}: {one}; expected {expect}" for one in found]


@pytest.mark.parametrize("theme", THEMES)
def test_every_labelled_mail_gets_the_answer_that_a_careful_person_gave(db: Database, theme: str) -> None:
    problems = [line for case, answer, world in _answers(db, theme) for line in _problems(case, answer, world)]
    assert not problems, "\n".join(problems)


def test_no_link_is_wrong_and_precision_and_recall_are_printed(
    sqlite_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    tally: Counter[str] = Counter()
    wrong = []
    for theme in THEMES:
        for case, answer, _ in _answers(sqlite_database, theme):
            right, given = set(case.expect.accounts), set(answer.accounts)
            tally["right"] += len(right & given)
            tally["missed"] += len(right - given)
            tally["wrong"] += len(given - right)
            wrong += [f"{case.id}: {account}" for account in given - right]
    precision = tally["right"] / (tally["right"] + tally["wrong"])
    recall = tally["right"] / (tally["right"] + tally["missed"])
    with capsys.disabled():
        print(  # noqa: T201  the figures are the point
            f"\n{len(CASES)} labelled mails: {tally['right']} links right, {tally['wrong']} wrong, "
            f"{tally['missed']} missed; precision {precision:.4f}, recall {recall:.4f}"
        )
    assert len(CASES) >= 300
    assert not wrong
