"""The editor: checked while somebody writes, saved without writing over others, looked at in every form."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.template_library.conftest import BODY, FILE, Editor, change_contact, publish_file, versions_of

WITH_TYPO = BODY.replace("account.name", "account.nmae")


def test_a_fine_template_is_called_so(editor: Editor, library: Book) -> None:
    answer = editor.check(library.tom)
    assert answer["findings"] == []
    assert (answer["can_publish"], answer["can_preview"]) == (True, True)
    assert answer["subject"] == "Hello Helios Energy"
    assert answer["merge_fields"] == ["account.name", "contact.first_name"]
    assert 1 < answer["sizes"]["html_kb"] < 20


def test_an_unknown_field_is_marked_at_its_line_with_the_cure(editor: Editor) -> None:
    answer = editor.check(mjml=WITH_TYPO)
    (finding,) = answer["findings"]
    assert (finding["where"], finding["line"], finding["severity"]) == ("mjml", 4, "error")
    assert "account.nmae" in finding["message"]
    assert "account.name" in finding["cure"]
    assert (answer["can_publish"], answer["can_preview"]) == (False, False)


@pytest.mark.parametrize(
    ("changes", "where", "line", "says"),
    [
        ({"subject": "Hello {{ account.nmae }}"}, "subject", 1, "account.nmae"),
        ({"subject": ""}, "settings", 0, "subject is missing"),
        ({"name": " "}, "settings", 0, "name is missing"),
        ({"category": "party"}, "settings", 0, "no category"),
        ({"max_age": "account.arr: soon"}, "settings", 0, "cannot be read"),
        ({"mjml": BODY.replace("</mj-text>", "")}, "mjml", 3, "not closed"),
        ({"mjml": BODY.replace("Hello {{", "Hello {{ {{")}, "mjml", 4, ""),
        ({"mjml": BODY.replace("|default", "|dflt")}, "mjml", 4, "no filter dflt"),
        ({"mjml": BODY.replace("and its plans", '<a href="javascript:x">x</a>')}, "mjml", 4, "link"),
        (
            {"mjml": BODY.replace("</mj-text>", '</mj-text><mj-image src="https://x.example/a.png" />')},
            "mjml",
            5,
            "alt",
        ),
        ({"category": "digital_journey"}, "mjml", 0, "unsubscribe"),
        ({"mjml": '<mjml><mj-body><mj-include path="/etc/passwd" /></mj-body></mjml>'}, "mjml", 1, "shared block"),
    ],
)
def test_what_is_broken_is_found_where_it_stands(
    editor: Editor, changes: dict[str, str], where: str, line: int, says: str
) -> None:
    answer = editor.check(**changes)
    errors = [one for one in answer["findings"] if one["severity"] == "error"]
    assert (where, line) in {(one["where"], one["line"]) for one in errors}, errors
    assert any(says in one["message"] for one in errors), errors
    assert all(one["cure"] for one in errors), errors
    assert answer["can_publish"] is False


def test_a_value_that_a_contact_lacks_is_named(editor: Editor, library: Book, runtime: Runtime) -> None:
    change_contact(runtime, library.tom, title=None)
    mjml = BODY.replace("and its plans", "and {{ contact.title }}")
    answer = editor.check(library.tom, mjml=mjml)
    assert answer["missing"] == [{"path": "contact.title", "label": "Contact: job title"}]
    editor.form["mjml"] = mjml
    assert "contact.title" in editor.picture(library.tom).text


def test_saving_keeps_a_draft_and_the_published_version_stays(editor: Editor, runtime: Runtime) -> None:
    assert editor.save(purpose="Say hello again.").get_json()["saved"]["text"].startswith("Saved ")
    assert editor.save(mjml=WITH_TYPO).get_json()["revision"] == 2
    assert "account.nmae" in editor.open()
    assert [version.source_text for version in versions_of(runtime)] == [FILE]


def test_nobody_saves_over_what_they_have_not_seen(
    editor: Editor, library: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    second = Editor(client=sign_in(library.dana))
    second.load()
    assert editor.save(purpose="First.").status_code == 200
    answer = second.save(purpose="Second.")
    assert answer.status_code == 409
    assert "another tab" in answer.get_json()["detail"]
    assert "First." in editor.open()
    second.revision, second.based_on = answer.get_json()["revision"], answer.get_json()["based_on"]
    assert second.save().status_code == 200
    assert "Second." in editor.open()


def test_a_page_from_before_a_publish_saves_over_nothing(
    editor: Editor, library: Book, runtime: Runtime, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    """Revisions begin again after publishing: an old page must not pass for a new one."""
    old = Editor(client=sign_in(library.dana))
    old.load()
    assert editor.publish(purpose="By somebody else.").status_code == 303
    assert old.save(purpose="Mine.").status_code == 409
    assert old.client.post("/templates/hello/discard", data=old.seen()).status_code == 409
    assert "By somebody else." in versions_of(runtime)[0].source_text


def test_a_fresh_token_is_given_to_a_page_of_an_earlier_session(
    library: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    client = sign_in(library.dana)
    assert client.get("/templates/hello/csrf").get_json() == {"token": client.csrf_token}
    assert sign_in(library.alice).get("/templates/hello/csrf").status_code == 403


def test_a_form_that_is_none_is_refused(dana: SignedInClient) -> None:
    for body in ({}, {"mjml": 1}, {"mjml": "x", "contact_id": "y"}, {"mjml": "x" * 400_000}, []):
        answer = dana.post("/templates/hello/check", json=body, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), body
    answer = dana.post("/templates/hello/draft", json={"mjml": "x"}, headers={"Accept": "application/json"})
    assert "which draft" in answer.get_json()["detail"]


def test_the_picture_is_of_the_chosen_contact_in_every_form(editor: Editor, library: Book) -> None:
    html = editor.picture(library.priya)
    assert "Hello Priya, this is about Helios Energy" in html.text
    assert "<!doctype html>" in html.text
    text = editor.picture(library.priya, "text").text
    assert "<pre>Hello Priya, this is about Helios Energy and its plans." in text
    gmail = editor.picture(library.priya, "gmail").text
    assert '<div dir="ltr">' in gmail
    assert "Hello Priya" in gmail
    assert "<!--" not in gmail
    assert "class=" not in gmail.partition("<body")[2]
    assert "Hello Ada" in editor.picture().text


def test_the_picture_runs_no_script_and_sends_nothing(editor: Editor) -> None:
    policy = editor.picture().headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox " in policy
    assert "allow-scripts" not in policy


def test_in_the_dark_a_template_shows_its_own_dark_styles_or_turned_colours(editor: Editor) -> None:
    assert "filter:invert" in editor.picture(theme="dark").text
    assert "filter:invert" not in editor.picture(theme="light").text
    style = "<mj-style>@media (prefers-color-scheme: dark) { p { color: #eeeeee } }</mj-style></mj-head>"
    editor.form["mjml"] = BODY.replace("</mj-head>", style)
    dark = editor.picture(theme="dark").text
    assert "prefers-color-scheme" not in dark
    assert "filter:invert" not in dark


def test_the_fields_show_their_value_and_age_for_a_contact(editor: Editor, library: Book) -> None:
    page = editor.client.get(f"/templates/hello/fields?contact_id={library.tom}").text
    assert "Helios Energy" in page
    assert "contact.first_name" in page
    assert "never synced" in page


def test_a_contact_is_found_by_name_and_address(editor: Editor, library: Book) -> None:
    for q in ("becker", "tom@helios"):
        (found,) = editor.client.get(f"/templates/hello/contacts?q={q}").get_json()
        assert (found["id"], found["label"], found["account"]) == (str(library.tom), "Tom Becker", "Helios Energy")


def test_the_worst_contacts_say_why(editor: Editor, library: Book, runtime: Runtime) -> None:
    change_contact(runtime, library.tom, first_name="", last_name="田中")
    page = editor.client.get("/templates/hello/worst").text
    assert "Empty: first name" in page
    assert "Sam" not in page  # opted out: nobody writes to them


def test_completion_knows_tags_fields_filters_and_blocks(editor: Editor, runtime: Runtime) -> None:
    known = editor.client.get("/templates/hello/language").get_json()
    assert "mj-text" in known["components"]["mj-column"]["children"]
    assert "mj-include" not in known["components"]
    assert {"path": "blocks/look.mjml", "name": known["blocks"][-2]["name"]} in known["blocks"]
    assert "default" in {one["name"] for one in known["filters"]}
    paths = {one["path"]: one for one in known["merge_fields"]}
    assert (paths["account.renewal_date"]["type"], paths["account.renewal_date"]["source"]) == (
        "date",
        "Salesforce account",
    )


def test_only_admins_change_templates(library: Book, sign_in: Callable[[uuid.UUID], SignedInClient]) -> None:
    for person in (library.alice, library.charlie):
        client = sign_in(person)
        assert client.get("/templates/hello").status_code == 200
        assert "Edit</a>" not in client.get("/templates/hello").text
        for path in ("edit", "fields", "contacts", "worst", "language"):
            assert client.get(f"/templates/hello/{path}").status_code == 403, path
        posts = "check draft preview publish discard test-email archive unarchive draft/keep draft/take-published"
        for path in (*posts.split(), "versions/1/restore"):
            assert client.post(f"/templates/hello/{path}").status_code == 403, path
        assert client.get("/templates/new").status_code == 403
        assert client.post("/templates/new").status_code == 403


def test_a_draft_that_began_before_a_newer_version_is_shown_and_not_published(editor: Editor, runtime: Runtime) -> None:
    editor.save(purpose="From the web.")
    publish_file(runtime, FILE.replace("Say hello.", "From the files."))
    assert "newer version was published" in editor.open()
    assert editor.publish().status_code == 409
    page = editor.client.get("/templates/hello/compare?from=2&to=draft").text
    for words in ("<del>files</del>", "<ins>web</ins>", "Keep mine", "Take theirs"):
        assert words in page
    assert editor.client.post("/templates/hello/draft/keep").status_code == 303
    editor.load()
    assert editor.publish("Mine after all.").status_code == 303
    assert [version.number for version in versions_of(runtime)] == [3, 2, 1]


def test_theirs_can_be_taken_instead(editor: Editor, runtime: Runtime) -> None:
    editor.save(purpose="From the web.")
    publish_file(runtime, FILE.replace("Say hello.", "From the files."))
    assert editor.client.post("/templates/hello/draft/take-published").status_code == 303
    assert "From the web." not in editor.open()
