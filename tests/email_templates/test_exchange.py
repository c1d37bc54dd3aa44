"""Files in git and versions on the web: nothing is lost on the way, and nothing is written over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from server.email_templates import drafts, exchange, queries
from server.email_templates.exchange import ExchangeConflict, Standing
from server.email_templates.load import load_templates, read_folder
from server.email_templates.models import Kind, Origin
from server.email_templates.problems import TemplateInvalid
from server.email_templates.publish import Signature, publish
from server.email_templates.source import parse_source
from server.errors import Conflict

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
FILE = """---
# Ask Dana before you change the subject.
name:   "Hello"
subject: 'Hello {{ account.name }}'   # single quotes on purpose
category: onboarding
purpose: Say hello.
---

<mjml><mj-body><mj-section><mj-column>
  <mj-text><p>Hello {{ contact.first_name }}.</p></mj-text>
</mj-column></mj-section></mj-body></mjml>

"""
BLOCK = "---\nname: Footer\n---\n<mj-section><mj-column><mj-text><p>Bye.</p></mj-text></mj-column></mj-section>\n"
WITH_BLOCK = FILE.replace("</mj-section></mj-body>", '</mj-section><mj-include path="blocks/footer.mjml" /></mj-body>')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.mjml").write_text(FILE)
    return tmp_path


def by_files(now: datetime = NOW) -> Signature:
    return Signature(origin=Origin.FILES, now=now)


def publish_on_the_web(session: Session, text: str, slug: str = "hello", now: datetime = LATER) -> None:
    publish(session, [parse_source(text, slug)], Signature(origin=Origin.WEB, now=now))


def standings(session: Session, folder: Path) -> dict[str, Standing]:
    return {one.slug: one.standing for one in exchange.compare(session, folder)}


def test_a_round_trip_keeps_every_letter(db, folder: Path, tmp_path_factory: pytest.TempPathFactory):
    (folder / "blocks").mkdir()
    (folder / "blocks" / "footer.mjml").write_text(BLOCK)
    (folder / "other.mjml").write_text(WITH_BLOCK.replace('Hello"', 'Other"'))
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
    elsewhere = tmp_path_factory.mktemp("clone")
    with db.transaction() as session:
        written = exchange.pull(session, elsewhere)
    assert sorted(one.path for one in written) == ["blocks/footer.mjml", "hello.mjml", "other.mjml"]
    for path in ("hello.mjml", "other.mjml", "blocks/footer.mjml"):
        assert (elsewhere / path).read_bytes() == (folder / path).read_bytes()
    with db.transaction() as session:
        assert set(standings(session, elsewhere).values()) == {Standing.SAME}
        assert exchange.push(session, elsewhere, by_files(LATER)) == {}


def test_a_form_on_the_web_changes_its_line_and_no_other(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        template = queries.by_slug(session, "hello")
        before, _ = drafts.current_text(session, template)
        document = drafts.Document(
            mjml=parse_source(before, "hello").mjml,
            name="Hello",
            subject="Hello {{ account.name }}",
            category="onboarding",
            purpose="Say hello: again.",
        )
        after = document.text(before, parse_source(before, "hello").kind)
    assert after == FILE.replace("purpose: Say hello.", 'purpose: "Say hello: again."')


def test_a_form_that_changes_nothing_changes_no_letter(folder: Path):
    source = parse_source(FILE, "hello")
    document = drafts.Document(
        mjml=source.mjml, name=source.name, subject=source.subject, category="onboarding", purpose=source.purpose
    )
    assert document.text(FILE, source.kind) == FILE


def test_what_the_web_changed_is_pulled_and_never_pushed_over(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        exchange.remember(session, folder)
        publish_on_the_web(session, FILE.replace("Hello {{ contact", "Good morning {{ contact"))
        assert standings(session, folder) == {"hello": Standing.CHANGED_ON_THE_WEB}
        assert exchange.push(session, folder, by_files(LATER)) == {}
        exchange.pull(session, folder)
    assert "Good morning" in (folder / "hello.mjml").read_text()


def test_what_was_changed_on_both_sides_is_shown_and_refused(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        exchange.remember(session, folder)
        publish_on_the_web(session, FILE.replace("Say hello.", "From the web."))
        (folder / "hello.mjml").write_text(FILE.replace("Say hello.", "From the file."))
        for deed in (lambda: exchange.push(session, folder, by_files()), lambda: exchange.pull(session, folder)):
            with pytest.raises(ExchangeConflict, match=r"hello\.mjml") as conflict:
                deed()
        diff = conflict.value.compared[0].diff()
        assert "-purpose: From the web." in diff
        assert "+purpose: From the file." in diff
        assert "From the file." in (folder / "hello.mjml").read_text()


def test_one_side_can_be_taken_by_name_and_the_other_stays_in_the_history(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        exchange.remember(session, folder)
        publish_on_the_web(session, FILE.replace("Say hello.", "From the web."))
        (folder / "hello.mjml").write_text(FILE.replace("Say hello.", "From the file."))
        exchange.push(session, folder, by_files(LATER), take=["hello"])
        template = queries.by_slug(session, "hello")
        found = [parse_source(one.source_text, "hello").purpose for one in queries.versions(session, template.id)]
    assert found == ["From the file.", "From the web.", "Say hello."]


def test_a_text_taken_back_by_git_is_a_change_and_no_old_file(db, folder: Path):
    changed = FILE.replace("Say hello.", "Changed.")
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        (folder / "hello.mjml").write_text(changed)
        exchange.push(session, folder, by_files(LATER))
        exchange.remember(session, folder)
        (folder / "hello.mjml").write_text(FILE)
        assert standings(session, folder) == {"hello": Standing.CHANGED_HERE}


def test_a_text_taken_back_while_the_web_changed_is_a_conflict(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        (folder / "hello.mjml").write_text(FILE.replace("Say hello.", "Changed."))
        exchange.push(session, folder, by_files(LATER))
        exchange.remember(session, folder)
        publish_on_the_web(session, FILE.replace("Say hello.", "From the web."))
        (folder / "hello.mjml").write_text(FILE)
        assert standings(session, folder) == {"hello": Standing.CONFLICT}


def test_what_is_archived_on_the_web_stays_archived(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        queries.by_slug(session, "hello").archived_at = NOW
        assert standings(session, folder) == {"hello": Standing.ARCHIVED}
        assert exchange.push(session, folder, by_files(LATER)) == {}
        assert exchange.push(session, folder, by_files(LATER), take=["hello"]).keys() == {"hello"}


def test_a_template_here_and_a_block_there_of_one_name_are_told(db, folder: Path):
    with db.transaction() as session:
        publish(session, [parse_source(BLOCK, "hello", Kind.BLOCK)], by_files())
        with pytest.raises(Conflict, match="shared block on the other"):
            exchange.pull(session, folder, take=["hello"])


def test_the_web_keeps_its_text_when_only_its_block_came_from_files(db, folder: Path):
    (folder / "blocks").mkdir()
    (folder / "blocks" / "footer.mjml").write_text(BLOCK)
    (folder / "hello.mjml").write_text(WITH_BLOCK)
    with db.transaction() as session:
        load_templates(session, read_folder(folder), NOW)
        publish_on_the_web(session, WITH_BLOCK.replace("Say hello.", "From the web."))
        (folder / "blocks" / "footer.mjml").write_text(BLOCK.replace("Bye.", "Bye, bye."))
        for _ in range(2):
            assert load_templates(session, read_folder(folder), LATER).kept == ["hello"]
        assert "From the web." in queries.current_version(session, queries.by_slug(session, "hello")).source_text


@pytest.mark.parametrize(
    "front",
    [
        "  name: Hello\n  subject: Hi\n  category: onboarding\n  purpose: P\n",
        "{name: Hello, subject: Hi, category: onboarding, purpose: P}\n",
        'name: "Hel\u2028lo"\nsubject: Hi\ncategory: onboarding\npurpose: P\n',
        "name: |\n  Hello\nsubject: >\n  Hi\n  there\ncategory: onboarding\npurpose: P\n",
        "name: Hello\nsubject: Hi\ncategory: onboarding\npurpose: P\nvariant_of: x\nwhen: {contact.language: de}\n",
    ],
)
def test_a_form_never_breaks_what_yaml_allows(front: str):
    before = f"---\n{front}---\n<mjml></mjml>"
    document = drafts.Document(
        mjml="<mjml></mjml>", name="Other: name", subject="Hi there", category="onboarding", purpose="P"
    )
    once = document.text(before, Kind.TEMPLATE)
    source = parse_source(once, "x.de" if "variant_of" in front else "x")
    assert (source.name, source.subject, source.purpose) == ("Other: name", "Hi there", "P")
    assert source.when == ((("contact.language", "de"),) if "variant_of" in front else ())
    assert document.text(once, Kind.TEMPLATE) == once


def test_anchors_are_refused_before_they_grow():
    bomb = "a: &a [x, x]\n" + "".join(f"{name}: &{name} [*{before}, *{before}]\n" for before, name in ("ab", "bc"))
    with pytest.raises(TemplateInvalid, match="anchor"):
        parse_source(f"---\n{bomb}---\n<mjml></mjml>", "x")


def test_without_its_memory_an_old_folder_is_behind_and_a_changed_one_in_conflict(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        publish_on_the_web(session, FILE.replace("Say hello.", "From the web."))
        assert standings(session, folder) == {"hello": Standing.CHANGED_ON_THE_WEB}
        (folder / "hello.mjml").write_text(FILE.replace("Say hello.", "From the file."))
        assert standings(session, folder) == {"hello": Standing.CONFLICT}


def test_a_broken_file_is_named_and_nothing_is_pushed(db, folder: Path):
    (folder / "broken.mjml").write_text(FILE.replace("</mj-text>", ""))
    with db.transaction() as session:
        with pytest.raises(TemplateInvalid, match=r"broken\.mjml:line 10"):
            exchange.push(session, folder, by_files())
        assert queries.list_all(session) == []


def test_a_memory_that_cannot_be_read_is_told(db, folder: Path):
    (folder / exchange.MEMORY).write_text("{")
    with db.transaction() as session, pytest.raises(Exception, match="cannot be read"):
        exchange.compare(session, folder)


def test_files_with_other_line_ends_are_the_same(db, folder: Path):
    with db.transaction() as session:
        exchange.push(session, folder, by_files())
        (folder / "hello.mjml").write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
        assert standings(session, folder) == {"hello": Standing.SAME}


def test_the_first_load_leaves_alone_what_the_web_has_changed(db, folder: Path):
    with db.transaction() as session:
        load_templates(session, read_folder(folder), NOW)
        publish_on_the_web(session, FILE.replace("Say hello.", "From the web."))
        (folder / "hello.mjml").write_text(FILE.replace("Say hello.", "A newer release."))
        assert load_templates(session, read_folder(folder), LATER).kept == ["hello"]
        assert "From the web." in queries.current_version(session, queries.by_slug(session, "hello")).source_text
