"""`rapport templates …` with a folder under git on one side and the web on the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.runtime import Runtime
from server.template_library.cli import templates
from tests.cast import TEMPLATES, Book
from tests.template_library.conftest import FILE, Editor, change_contact, versions_of

Run = Callable[..., Result]


@pytest.fixture
def run(runtime: Runtime, library: Book) -> Run:
    return lambda *args: CliRunner().invoke(templates, [str(arg) for arg in args], obj=runtime)


def test_a_folder_and_the_web_come_together(run: Run, tmp_path: Path, editor: Editor, runtime: Runtime) -> None:
    tmp_path.joinpath("hello.mjml").write_text(FILE)
    pulled = run("pull", tmp_path)
    assert "wrote blocks/look.mjml (version 1)" in pulled.output
    assert "hello.mjml" not in pulled.output
    assert run("diff", tmp_path).output == "No difference.\n"

    editor.publish(purpose="From the web.")
    assert "hello.mjml: changed on the web" in run("diff", tmp_path).output
    assert run("push", tmp_path).output == "Nothing to push.\n"
    assert run("pull", tmp_path).output == "wrote hello.mjml (version 2)\n"
    assert tmp_path.joinpath("hello.mjml").read_text() == FILE.replace("Say hello.", "From the web.")

    changed = FILE.replace("Say hello.", "From the file.")
    tmp_path.joinpath("hello.mjml").write_text(changed)
    pushed = run("push", tmp_path, "--note", "Because.", "--by", "dana@rapport.example")
    assert pushed.output == "published hello version 3\n"
    newest = versions_of(runtime)[0]
    assert (newest.source_text, newest.note, newest.origin) == (changed, "Because.", "files")


def test_what_changed_on_both_sides_is_shown_and_stays(run: Run, tmp_path: Path, editor: Editor) -> None:
    run("pull", tmp_path)
    editor.publish(purpose="From the web.")
    mine = FILE.replace("Say hello.", "From the file.")
    tmp_path.joinpath("hello.mjml").write_text(mine)
    for command in ("push", "pull"):
        refused = run(command, tmp_path)
        assert refused.exit_code == 1
        assert "-purpose: From the web.\n+purpose: From the file." in refused.output
        assert "--take" in refused.output
        assert tmp_path.joinpath("hello.mjml").read_text() == mine
    assert run("pull", tmp_path, "--take", "hello").exit_code == 0
    assert "From the web." in tmp_path.joinpath("hello.mjml").read_text()
    assert run("push", tmp_path, "--take", "nothing").exit_code == 1


def test_a_push_goes_through_the_same_gate_as_the_web(
    run: Run, tmp_path: Path, runtime: Runtime, library: Book
) -> None:
    change_contact(runtime, library.tom, title=None)
    run("pull", tmp_path)
    tmp_path.joinpath("hello.mjml").write_text(FILE.replace("its plans", "{{ contact.title }}"))
    refused = run("push", tmp_path)
    assert refused.exit_code == 1
    assert "hello.mjml: Contact: job title is empty for 1 of 2 contacts." in refused.output
    assert "Tom Becker (Helios Energy)" in refused.output
    assert len(versions_of(runtime)) == 1


def test_a_draft_on_the_web_is_mentioned(run: Run, tmp_path: Path, editor: Editor) -> None:
    run("pull", tmp_path)
    editor.save(purpose="Half written.")
    tmp_path.joinpath("hello.mjml").write_text(FILE + "\n")
    assert "unpublished draft on the web" in run("diff", tmp_path).output


def test_check_tells_errors_and_warnings_by_file_and_line(run: Run, tmp_path: Path) -> None:
    tmp_path.joinpath("bad.mjml").write_text(FILE.replace("account.name }} and", "account.nmae }} and"))
    tmp_path.joinpath("shouting.mjml").write_text(FILE.replace("Hello {{ account.name }}", "HELLO DEAR CUSTOMER", 1))
    found = run("check", tmp_path)
    assert found.exit_code == 1
    assert "error: bad.mjml:line 11:" in found.output
    assert "warning: shouting.mjml:line 4:" in found.output
    assert "shouting: fine" in found.output
    assert "warning" not in run("check", tmp_path, "--no-warnings").output


def test_the_templates_of_the_checkout_are_fine_without_a_warning(run: Run) -> None:
    found = run("check", TEMPLATES)
    assert found.exit_code == 0
    assert "warning" not in found.output
