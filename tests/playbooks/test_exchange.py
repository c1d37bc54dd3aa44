"""Playbooks in a folder and on the web: what differs, and that nothing is overwritten unseen. Comments stay."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from server.db import Database
from server.errors import Conflict
from server.playbooks import exchange, queries
from server.playbooks.exchange import MEMORY, ExchangeConflict, Standing
from server.playbooks.problems import PlaybookInvalid
from server.playbooks.publish import publish

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ONE = "# why it is there\nplaybook: one\nname: One  # as they say\ntype: risk\n\nsteps:\n  - {key: a, title: A}\n"
TWO, THREE = ONE.replace("name: One", "name: Two"), ONE.replace("name: One", "name: Three")
DANA = uuid.uuid4()


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.transaction() as session:
        publish(session, ONE, by_id=None, now=NOW)
        yield session


def _write(folder: Path, text: str) -> None:
    (folder / "one.yaml").write_text(text, encoding="utf-8")


def _standing(session: Session, folder: Path) -> Standing:
    (one,) = exchange.compare(session, folder)
    return one.standing


def _push(session: Session, folder: Path, *, is_published: bool = True, take: tuple[str, ...] = ()) -> list[str]:
    pushed = exchange.push(session, folder, is_published=is_published, by_id=DANA, note="", now=NOW, take=take)
    exchange.remember(session, folder)
    return [one.slug for one in pushed]


def test_what_is_pulled_is_letter_by_letter_what_was_published(session: Session, tmp_path: Path) -> None:
    assert _standing(session, tmp_path) is Standing.NOT_HERE
    exchange.pull(session, tmp_path)
    exchange.remember(session, tmp_path)
    assert (tmp_path / "one.yaml").read_bytes() == ONE.encode()
    assert _standing(session, tmp_path) is Standing.SAME
    assert exchange.pull(session, tmp_path) == []
    assert _push(session, tmp_path) == []


def test_what_was_changed_in_the_folder_is_published_or_made_a_draft(session: Session, tmp_path: Path) -> None:
    exchange.pull(session, tmp_path)
    exchange.remember(session, tmp_path)
    _write(tmp_path, TWO)
    assert _standing(session, tmp_path) is Standing.CHANGED_HERE
    assert _push(session, tmp_path, is_published=False) == ["one"]
    draft = queries.draft_of(session, queries.by_slug(session, "one"))
    assert draft is not None
    assert draft.source == TWO
    assert queries.live(session, "one").definition.name == "One"
    assert _push(session, tmp_path) == ["one"]
    assert queries.live(session, "one").definition.name == "Two"


def test_a_newer_text_on_the_web_is_not_pushed_over_and_a_change_here_not_pulled_over(
    session: Session, tmp_path: Path
) -> None:
    exchange.pull(session, tmp_path)
    exchange.remember(session, tmp_path)
    publish(session, TWO, by_id=DANA, now=NOW)
    assert _standing(session, tmp_path) is Standing.CHANGED_ON_THE_WEB
    assert _push(session, tmp_path) == []
    _write(tmp_path, THREE)
    with pytest.raises(ExchangeConflict, match="--take") as refused:
        _push(session, tmp_path)
    assert "-name: Two  # as they say" in refused.value.compared[0].diff()
    with pytest.raises(ExchangeConflict):
        exchange.pull(session, tmp_path)
    assert (tmp_path / "one.yaml").read_text(encoding="utf-8") == THREE
    assert _push(session, tmp_path, take=("one",)) == ["one"]
    assert queries.live(session, "one").definition.name == "Three"


def test_without_a_memory_the_history_tells_which_side_is_newer(session: Session, tmp_path: Path) -> None:
    _write(tmp_path, TWO)
    assert _standing(session, tmp_path) is Standing.CHANGED_HERE
    publish(session, THREE, by_id=DANA, now=NOW)
    assert _standing(session, tmp_path) is Standing.CONFLICT
    _write(tmp_path, ONE)
    assert _standing(session, tmp_path) is Standing.CHANGED_ON_THE_WEB


def test_a_draft_on_the_web_is_not_pushed_over(session: Session, tmp_path: Path) -> None:
    _write(tmp_path, TWO)
    _push(session, tmp_path, is_published=False)
    _write(tmp_path, THREE)
    with pytest.raises(Conflict, match="There is a draft of one on the web"):
        _push(session, tmp_path, is_published=False)


def test_one_wrong_file_keeps_all_from_being_pushed(session: Session, tmp_path: Path) -> None:
    _write(tmp_path, TWO)
    (tmp_path / "odd.yaml").write_text(ONE.replace(": one", ": odd").replace("risk", "rsk"), encoding="utf-8")
    with pytest.raises(PlaybookInvalid, match=r"odd\.yaml:4:7: type: .* Did you mean risk\?"):
        _push(session, tmp_path)
    assert queries.live(session, "one").definition.name == "One"


@pytest.mark.parametrize("memory", ["", "[]", "{}", '{"agreed": 3}'])
def test_a_broken_memory_is_told(session: Session, tmp_path: Path, memory: str) -> None:
    (tmp_path / MEMORY).write_text(memory, encoding="utf-8")
    with pytest.raises(Conflict, match="Restore"):
        exchange.compare(session, tmp_path)


def test_the_memory_holds_no_texts(session: Session, tmp_path: Path) -> None:
    exchange.pull(session, tmp_path)
    exchange.remember(session, tmp_path)
    said = json.loads((tmp_path / MEMORY).read_text(encoding="utf-8"))
    assert list(said) == ["agreed"]
    assert len(said["agreed"]["one"]) == 64
