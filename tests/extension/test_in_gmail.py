"""Reading and writing in Gmail's page: each kind of mail, under Gmail's own policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.cast import ALICE
from tests.extension.chrome import Chrome
from tests.extension.writing import HTML, JEAN, TEXT, body, clear, insert, seen, write
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE


@pytest.mark.peer_case(82, 89, 97)
def test_each_kind_of_mail_is_read_written_and_taken_back(browsing: Chrome, panel: Page, gmail: Page) -> None:
    for kind, shown in {"popup": "new mail", "full_screen": "new mail, full screen", "inline": "reply"}.items():
        for form, recipients in {"new": [JEAN], "old": [JEAN], "unheard_of": None}.items():
            write(gmail, kind=kind, form=form, to=[JEAN], body=["Typed.", ""], signature=True, quote=kind == "inline")
            expect(panel.get_by_text(f"{shown} · ")).to_be_visible()
            found = seen(browsing, panel)
            assert found["kind"] == kind
            assert (found["recipients"] and found["recipients"]["to"]) == recipients, (kind, form)
            assert found["hasSignature"]
            before = body(gmail)
            done = insert(browsing, panel)
            assert done["way"] == "command", (kind, form)
            # A reply has its subject already, out of sight.
            assert done["wroteSubject"] == (kind != "inline")
            after = body(gmail)
            assert after.startswith("<div>Typed.</div>")
            assert after.index("Dear <b>Jean</b>") < after.index("gmail_signature_prefix")
            assert after.count('class="gmail_signature"') == 1
            assert "data-rapport" not in after
            assert "rgb(1, 2, 3)" in after
            assert "insertText" not in gmail.locator("[g_editable]").evaluate("(element) => element.heard")
            assert browsing.ask(panel, "undo", {"insertId": done["insertId"]})["value"] == {"isUndone": True}
            assert body(gmail) == before, (kind, form)
            clear(gmail)


@pytest.mark.peer_case(100)
def test_one_ctrl_z_takes_an_insert_back_and_typing_before_it_stays(browsing: Chrome, panel: Page, gmail: Page) -> None:
    for html, way in {HTML: "command", "<p>" + "long words " * 5000 + "</p>": "range"}.items():
        write(gmail, to=[JEAN], signature=True)
        gmail.bring_to_front()
        gmail.locator("[g_editable]").click()
        gmail.keyboard.press("Control+Home")
        gmail.keyboard.type("Typed by hand.")
        before = body(gmail)
        assert insert(browsing, panel, html=html)["way"] == way
        assert body(gmail) != before
        gmail.bring_to_front()
        gmail.keyboard.press("Control+z")
        assert body(gmail) == before
        assert "Typed by hand." in before
        clear(gmail)


def test_what_was_typed_after_an_insert_is_not_taken_back_with_it(browsing: Chrome, panel: Page, gmail: Page) -> None:
    write(gmail, to=[JEAN])
    done = insert(browsing, panel)
    gmail.bring_to_front()
    gmail.keyboard.type("More.")
    after = body(gmail)
    assert "welcome aboard.More." in after, "the caret stands behind the insert"
    assert browsing.ask(panel, "undo", {"insertId": done["insertId"]})["value"] == {"isUndone": False}
    assert body(gmail) == after


@pytest.mark.peer_case(99)
def test_a_mail_in_plain_text_gets_the_text_and_no_tags(browsing: Chrome, panel: Page, gmail: Page) -> None:
    write(gmail, to=[JEAN], plain=True)
    expect(panel.get_by_text("new mail, plain text")).to_be_visible()
    done = insert(browsing, panel)
    assert done["way"] == "text"
    assert body(gmail) == "Dear Jean,<div><br></div><div>welcome aboard.</div>", "Chrome's own lines"
    assert browsing.ask(panel, "undo", {"insertId": done["insertId"]})["value"] == {"isUndone": True}


@pytest.mark.peer_case(82)
def test_a_subject_that_stands_there_is_left_alone(browsing: Chrome, panel: Page, gmail: Page) -> None:
    write(gmail, to=[JEAN], subject="Our own words")
    assert insert(browsing, panel)["wroteSubject"] is False
    assert gmail.locator("input[name=subjectbox]").input_value() == "Our own words"


@pytest.mark.peer_case(90)
def test_what_could_act_is_not_inserted(browsing: Chrome, panel: Page, gmail: Page) -> None:
    write(gmail, to=[JEAN])
    insert(browsing, panel, html='<p onclick="x()">Hi<script>x()</script><img src="x" onerror="document.title=1"></p>')
    assert "<p>Hi<img></p>" in body(gmail)


def test_a_mail_that_is_gone_is_said_and_nothing_is_written_elsewhere(
    browsing: Chrome, panel: Page, gmail: Page
) -> None:
    write(gmail, to=[JEAN])
    gone = seen(browsing, panel)["id"]
    clear(gmail)
    write(gmail, to=["somebody@else.example"])
    ask = {"composeId": gone, "html": HTML, "text": TEXT, "subject": None}
    assert browsing.ask(panel, "insert", ask)["failure"]["state"] == "gmail_changed"
    assert seen(browsing, panel)["isEmpty"]


@pytest.mark.peer_case(93)
def test_a_worker_that_was_stopped_inserts_as_before(browsing: Chrome, panel: Page, gmail: Page) -> None:
    write(gmail, to=[JEAN])
    browsing.stop_worker(panel)
    insert(browsing, panel)
    assert "welcome aboard" in body(gmail)


@pytest.mark.peer_case(85)
def test_the_self_test_says_what_is_found_and_a_part_that_is_gone_breaks_no_other(
    browsing: Chrome, panel: Page, gmail: Page
) -> None:
    write(gmail, to=[JEAN], form="unheard_of", signature=True)
    gmail.evaluate("() => document.querySelector('[role=banner]').remove()")
    panel.get_by_text("Self-test").click()
    part = panel.locator("li.part")
    expect(part.filter(has_text="whose mailbox it is").get_by_text("not found", exact=True)).to_be_visible()
    expect(part.filter(has_text="the text that you write").get_by_text("rich editor")).to_be_visible()
    expect(part.filter(has_text="who gets the mail").get_by_text("not found", exact=True)).to_be_visible()
    expect(part.filter(has_text="full screen").get_by_text("not there now")).to_be_visible()
    # The title is the other witness.
    expect(panel.get_by_text(f"This Gmail is yours: {ALICE}")).to_be_visible()
    insert(browsing, panel)
