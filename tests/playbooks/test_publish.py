"""Versions: immutable, numbered, read again from what was published; and a folder of files made live."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from server.db import Database
from server.email_templates.load import load_templates
from server.errors import NotFound
from server.playbooks import queries
from server.playbooks.load import PlaybookFile, load_playbooks, read_files
from server.playbooks.problems import PlaybookInvalid
from server.playbooks.publish import publish
from tests.cast import shipped

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOURCE = """\
playbook: welcome  # its name
name: Welcome
type: lifecycle
reason: new_customer
steps:
  - {key: write, title: Write, task: email, template: onboarding-welcome, to: gitlab_admin}
"""


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.transaction() as session:
        load_templates(session, shipped("onboarding-welcome"), NOW)
        yield session


def _publish(session: Session, source: str = SOURCE, slug: str | None = None) -> int:
    return publish(session, source, by_id=None, now=NOW, note="first", slug=slug).number


def test_a_version_keeps_its_text_and_another_text_is_another_version(session: Session) -> None:
    assert _publish(session) == 1
    assert _publish(session, SOURCE.replace("name: Welcome", "name: Hello")) == 2
    first, second = reversed(queries.versions_of(session, queries.by_slug(session, "welcome")))
    assert (first.source, first.name, second.name) == (SOURCE, "Welcome", "Hello")
    assert queries.definition_of(first).name == "Welcome"
    assert queries.live(session, "welcome").version_id == second.id
    assert queries.all_live(session)["welcome"].definition.name == "Hello"


def test_the_same_text_again_is_no_new_version(session: Session) -> None:
    assert _publish(session) == _publish(session, SOURCE.replace("\n", "\r\n").rstrip()) == 1


def test_what_is_not_live_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="There is no playbook welcome"):
        queries.live(session, "welcome")
    _publish(session)
    queries.by_slug(session, "welcome").archived_at = NOW
    with pytest.raises(NotFound, match="is archived"):
        queries.live(session, "welcome")
    assert queries.all_live(session) == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("template: onboarding-welcome", "template: onbording-welcome", "6:55: steps.0.template: There is no email"),
        ("type: lifecycle", "type: lifecicle", "3:7: type: There is no type of CTA lifecicle. Did you mean lifecycle?"),
        ("reason: new_customer", "reason: sentiment_red", "4:9: reason: There is no reason for the type lifecycle"),
        ("name: Welcome", "name: Welcome\npriority: urgent", "3:11: priority: There is no priority urgent. There are:"),
        ("to: gitlab_admin", "to: gitlab_admn", "6:79: steps.0.to: There is no contact role gitlab_admn."),
    ],
)
def test_what_a_playbook_names_must_be_there(session: Session, old: str, new: str, said: str) -> None:
    with pytest.raises(PlaybookInvalid) as caught:
        _publish(session, SOURCE.replace(old, new))
    assert str(caught.value.problems[0]).startswith(said), caught.value.problems


def test_a_text_of_another_playbook_is_not_published_here(session: Session) -> None:
    with pytest.raises(PlaybookInvalid, match="This is the playbook hello"):
        _publish(session, slug="hello")


def _file(source: str) -> PlaybookFile:
    return PlaybookFile(name="welcome.yaml", slug="welcome", text=source)


def test_loading_files_publishes_what_is_new_and_keeps_what_a_person_published(session: Session) -> None:
    assert load_playbooks(session, [_file(SOURCE)], NOW).created == ["welcome"]
    assert load_playbooks(session, [_file(SOURCE)], NOW).unchanged == ["welcome"]
    newer = SOURCE.replace("name: Welcome", "name: Hello")
    assert load_playbooks(session, [_file(newer)], NOW).updated == ["welcome"]
    publish(session, SOURCE, by_id=uuid.uuid4(), now=NOW)
    assert load_playbooks(session, [_file(newer)], NOW).kept == ["welcome"]
    assert queries.live(session, "welcome").definition.name == "Welcome"


def test_a_file_has_the_name_of_its_playbook(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(SOURCE, encoding="utf-8")
    with pytest.raises(PlaybookInvalid, match=r"hello\.yaml:1:11: playbook: .* Rename the file welcome\.yaml"):
        read_files([path])
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PlaybookInvalid, match="UTF-8"):
        read_files([path])
