"""Two admins at one playbook: nobody saves or publishes over what they have not seen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from server.db import Database
from server.errors import Conflict, Invalid
from server.playbooks import drafts, queries
from server.playbooks.drafts import DraftConflict, mark_of
from server.playbooks.models import Playbook
from server.playbooks.problems import PlaybookInvalid
from server.playbooks.publish import publish

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ONE = "playbook: one\nname: One\ntype: risk\nsteps:\n  - {key: a, title: A}\n"
TWO, THREE = ONE.replace("name: One", "name: Two"), ONE.replace("name: One", "name: Three")
ALICE, DANA = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.transaction() as session:
        publish(session, ONE, by_id=None, now=NOW)
        yield session


@pytest.fixture
def playbook(session: Session) -> Playbook:
    return queries.by_slug(session, "one")


def _save(session: Session, playbook: Playbook, source: str, seen: str, by: uuid.UUID = ALICE) -> str:
    return mark_of(playbook, drafts.save(session, playbook, source, seen=seen, by_id=by, now=NOW))


def _publish(session: Session, playbook: Playbook, seen: str) -> int:
    return drafts.publish_draft(session, playbook, seen=seen, note="why", by_id=ALICE, now=NOW).number


def test_the_second_of_two_saves_is_refused_with_what_the_first_saved(session: Session, playbook: Playbook) -> None:
    both_saw = mark_of(playbook, None)
    _save(session, playbook, TWO, both_saw, ALICE)
    with pytest.raises(DraftConflict) as refused:
        _save(session, playbook, THREE, both_saw, DANA)
    assert refused.value.draft is not None
    assert (refused.value.draft.source, refused.value.draft.saved_by_id) == (TWO, ALICE)
    on_top = mark_of(playbook, refused.value.draft)
    assert _save(session, playbook, THREE, on_top, DANA) != on_top


def test_a_save_that_saw_an_earlier_draft_is_refused_though_the_new_one_counts_from_one_again(
    session: Session, playbook: Playbook
) -> None:
    seen = _save(session, playbook, TWO, mark_of(playbook, None))
    drafts.discard(session, playbook, seen=seen)
    _save(session, playbook, THREE, mark_of(playbook, None))
    with pytest.raises(DraftConflict):
        _save(session, playbook, TWO, seen)


def test_a_page_without_a_draft_cannot_be_saved_once_another_version_is_live(
    session: Session, playbook: Playbook
) -> None:
    seen = mark_of(playbook, None)
    publish(session, TWO, by_id=DANA, now=NOW)
    with pytest.raises(DraftConflict, match="published or thrown away"):
        _save(session, playbook, THREE, seen)


def test_a_draft_is_not_published_over_a_version_that_its_writer_has_not_seen(
    session: Session, playbook: Playbook
) -> None:
    seen = _save(session, playbook, THREE, mark_of(playbook, None))
    publish(session, TWO, by_id=DANA, now=NOW)
    with pytest.raises(Conflict, match="version 2 was published"):
        _publish(session, playbook, seen)
    drafts.look_again(session, playbook, seen=seen)
    assert _publish(session, playbook, seen) == 3
    assert queries.draft_of(session, playbook) is None


def test_a_draft_may_be_wrong_but_is_not_published_then(session: Session, playbook: Playbook) -> None:
    seen = _save(session, playbook, ONE + "what: this\n", mark_of(playbook, None))
    with pytest.raises(PlaybookInvalid, match="There is no field what here"):
        _publish(session, playbook, seen)
    with pytest.raises(PlaybookInvalid, match="no text"):
        _save(session, playbook, "a\x00", seen)


def test_a_new_playbook_that_is_thrown_away_leaves_nothing(session: Session) -> None:
    source = ONE.replace("playbook: one", "playbook: new")
    made = drafts.begin(session, source, by_id=ALICE, now=NOW)
    with pytest.raises(Invalid, match="already"):
        drafts.begin(session, source, by_id=ALICE, now=NOW)
    drafts.discard(session, made, seen=mark_of(made, queries.draft_of(session, made)))
    assert queries.find_slug(session, "new") is None
