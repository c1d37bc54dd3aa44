"""Files become versions: a changed file a new one, an unchanged one nothing; and the commands around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, inspect, select

from server.db import Database
from server.email_templates import queries
from server.email_templates.catalogue import sample_values
from server.email_templates.compile import apply_edits, compile_template
from server.email_templates.load import load_templates, read_folder
from server.email_templates.models import EmailTemplate, EmailTemplateVersion
from server.email_templates.problems import TemplateInvalid
from server.email_templates.render import render
from server.email_templates.source import parse_source
from server.errors import NotFound
from server.template_library.cli import templates
from tests.email_templates.mails import words

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
LATER = datetime(2026, 6, 2, 9, tzinfo=UTC)
FRONT = '---\nname: A name\nsubject: "Hi {{ contact.first_name }}"\ncategory: onboarding\npurpose: To test.\n---\n'


def file(body: str = "<p>x</p>") -> str:
    return FRONT + words(body)


def test_loading_twice_changes_nothing(db: Database, shipped: Path):
    sources = read_folder(shipped)
    with db.transaction() as session:
        assert load_templates(session, sources, NOW).created == [source.slug for source in sources]
    with db.transaction() as session:
        report = load_templates(session, sources, LATER)
        assert (report.created, report.updated, len(report.unchanged)) == ([], [], len(sources))
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(EmailTemplateVersion)) == len(sources)
        assert {template.updated_at for template in queries.list_all(session)} == {NOW}


def test_a_changed_file_makes_a_new_version_and_the_old_one_stays(db: Database):
    first = parse_source(file("<p>one</p>"), "test")
    with db.transaction() as session:
        load_templates(session, [first], NOW)
    with db.transaction() as session:
        assert load_templates(
            session, [replace(first, mjml=words("<p>two</p>"), name="New", text="")], LATER
        ).updated == ["test"]
    with db.reading() as session:
        template = queries.by_slug(session, "test")
        newest, oldest = queries.versions(session, template.id)
        assert (newest.number, oldest.number, template.name) == (2, 1, "New")
        assert queries.current_version(session, template).id == newest.id == queries.version(session, newest.id).id
        assert "one" in render(queries.compiled(session, oldest), sample_values()).text
        assert "two" in render(queries.compiled(session, newest), sample_values()).text


def test_a_version_can_be_edited_and_rendered_from_the_database(db: Database, shipped: Path):
    with db.transaction() as session:
        load_templates(session, read_folder(shipped), NOW)
    with db.reading() as session:
        template = queries.by_slug(session, "onboarding-welcome")
        version = queries.current_version(session, template)
        edited = apply_edits(queries.source_of(template, version), None, {"closing": "Bye, {{ contact.first_name }}."})
        assert "Bye, Ada." in render(edited, sample_values()).text


def test_archived_templates_are_listed_only_when_asked_for(db: Database):
    with db.transaction() as session:
        load_templates(session, [parse_source(file(), "a"), parse_source(file(), "b")], NOW)
        queries.by_slug(session, "a").archived_at = LATER
    with db.reading() as session:
        assert [template.slug for template in queries.list_all(session)] == ["b"]
        assert len(queries.list_all(session, archived=True)) == 2


def test_what_is_not_there_is_not_found(db: Database):
    with db.reading() as session:
        for look in (lambda: queries.by_slug(session, "x"), lambda: queries.by_id(session, EmailTemplate().id)):
            with pytest.raises(NotFound):
                look()
        with pytest.raises(NotFound):
            queries.version(session, EmailTemplate().id)
        with pytest.raises(NotFound):
            queries.current_version(session, EmailTemplate(slug="x"))


def test_no_relationship_loads_by_itself():
    for model in (EmailTemplate, EmailTemplateVersion):
        assert all(relationship.lazy == "raise" for relationship in inspect(model).relationships)


def test_problems_of_all_files_are_told_with_file_and_line(tmp_path: Path):
    (tmp_path / "a.mjml").write_text(file("<p>{{ x }}</p>"), encoding="utf-8")
    (tmp_path / "b.mjml").write_text(FRONT.replace("onboarding", "nothing") + words("x"), encoding="utf-8")
    (tmp_path / "Bad Name.mjml").write_text(file(), encoding="utf-8")
    (tmp_path / "c.mjml").write_bytes(b"\xff\xfe")
    (tmp_path / "d.mjml").write_text(file(), encoding="utf-8")
    with pytest.raises(TemplateInvalid) as caught:
        read_folder(tmp_path)
    assert {(problem.file, problem.line) for problem in caught.value.problems} == {
        ("Bad Name.mjml", 0),
        ("a.mjml", 7),
        ("b.mjml", 4),
        ("c.mjml", 0),
    }
    with pytest.raises(TemplateInvalid, match=r"no \.mjml files"):
        read_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("<mjml></mjml>", 1, "does not start"),
        (FRONT.replace("name:", "nmae:"), 2, "Did you mean name?"),
        (FRONT.replace("purpose: To test.\n", ""), 1, "purpose is missing"),
        (FRONT.replace("A name", "a: b: c"), 2, "cannot be read"),
        (FRONT.replace("A name", "[1]"), 2, "not a text"),
        (FRONT.replace("A name", "2026-01-01"), 2, "not a text"),
        ("---\n- a\n---\n", 1, "key: value"),
        (FRONT.replace("To test.", "!!python/object:os.system x"), 5, "cannot be read"),
    ],
)
def test_a_mistake_in_the_first_lines_is_named(text: str, line: int, says: str):
    with pytest.raises(TemplateInvalid, match=says) as caught:
        parse_source(text, "test")
    assert line in {problem.line for problem in caught.value.problems}


def test_lines_count_from_the_top_of_the_file():
    source = parse_source(file("\n{{ x }}"), "test")
    with pytest.raises(TemplateInvalid, match="line 8: "):
        compile_template(source)


@dataclass
class Runtime:
    db: Database
    clock: Any


def test_the_commands_check_load_and_render(db: Database, clock: Any, shipped: Path):
    runner, runtime = CliRunner(), Runtime(db, clock)
    assert "ebr-agenda: fine" in runner.invoke(templates, ["check", str(shipped)], obj=runtime).output
    assert "created ebr-agenda" in runner.invoke(templates, ["load", str(shipped)], obj=runtime).output
    assert "unchanged ebr-agenda" in runner.invoke(templates, ["load", str(shipped)], obj=runtime).output
    field = "--field=contact.first_name=Zoë"
    assert "Hello Zoë," in runner.invoke(templates, ["render", "ebr-agenda", field, "--text"], obj=runtime).output
    assert "<p" in runner.invoke(templates, ["render", "ebr-agenda"], obj=runtime).output
    for wrong in (
        ["nothing"],
        ["ebr-agenda", "--no-sample"],
        ["ebr-agenda", "--field=x=1"],
        ["ebr-agenda", "--field=today=x"],
    ):
        assert runner.invoke(templates, ["render", *wrong], obj=runtime).exit_code != 0


def test_the_check_command_prints_every_problem(tmp_path: Path):
    (tmp_path / "a.mjml").write_text(file("<p>{{ x }}</p>"), encoding="utf-8")
    result = CliRunner().invoke(templates, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert "a.mjml:line 7: There is no merge field x." in result.output
