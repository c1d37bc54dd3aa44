"""What stands where after an insert, to the letter: lines, signature, caret, and frames that change around the mail."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.extension.chrome import Chrome
from tests.extension.writing import JEAN, body, clear, insert, seen, write
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE
LONG = "<p>" + "long words " * 5000 + "</p>"
SIGNATURE = (
    '<span class="gmail_signature_prefix">-- </span>'
    '<div class="gmail_signature" data-smartmail="gmail_signature"><b>Alice Moreau</b></div>'
)


def insert_here(browsing: Chrome, panel: Page, gmail: Page, html: str) -> str:
    """The way that it took; the mail is in front afterwards, with the caret where the insert left it."""
    way: str = insert(browsing, panel, html=html)["way"]
    gmail.bring_to_front()
    return way


@pytest.mark.peer_case(98)
def test_each_line_stands_once_and_no_empty_one_comes_along(browsing: Chrome, panel: Page, gmail: Page) -> None:
    for lines, expected in {
        ("",): "<div><p>One</p><p>Two</p></div>",
        ("Typed.",): "<div>Typed.</div><div><br></div><p>One</p><p>Two</p>",
        ("Typed.", ""): "<div>Typed.</div><div><p>One</p><p>Two</p></div>",
        ("Typed.", "", ""): "<div>Typed.</div><div><br></div><div><p>One</p><p>Two</p></div>",
    }.items():
        write(gmail, to=[JEAN], body=list(lines), signature=True)
        assert insert_here(browsing, panel, gmail, "<p>One</p>\n<p>Two</p>\n") == "command"
        assert body(gmail) == expected + SIGNATURE, lines
        clear(gmail)
    for text, expected in {
        "One\n": "One",
        "One\nTwo": "One<div>Two</div>",
        "One\n\nTwo\n\n": "One<div><br></div><div>Two</div>",
    }.items():
        write(gmail, to=[JEAN], body=[""], plain=True)
        insert(browsing, panel, text=text)
        assert body(gmail) == expected, text
        clear(gmail)


@pytest.mark.peer_case(101)
@pytest.mark.parametrize(("html", "way"), [("<p>One</p><p>Two</p>", "command"), (LONG, "range")])
def test_the_caret_stands_behind_what_was_inserted_and_not_in_the_signature(
    browsing: Chrome, panel: Page, gmail: Page, html: str, way: str
) -> None:
    for lines in (["Typed.", ""], [""], []):
        write(gmail, to=[JEAN], body=lines, signature=True)
        # Where there is no line at all, Chrome's command would put it into the signature.
        assert insert_here(browsing, panel, gmail, html) == (way if lines else "range")
        gmail.keyboard.type("MORE")
        after = body(gmail)
        end = "Two" if way == "command" else "long words "
        assert after.rindex(end) < after.index("MORE") < after.index('<span class="gmail_signature_prefix"'), lines
        assert after.endswith(SIGNATURE), lines
        clear(gmail)


@pytest.mark.peer_case(96)
def test_another_from_address_leaves_one_signature_and_what_was_inserted(
    browsing: Chrome, panel: Page, gmail: Page
) -> None:
    write(gmail, to=[JEAN], body=["Typed.", ""], signature=True)
    for at, name in enumerate(("Alice of Sales", "Alice of Support"), start=1):
        insert(browsing, panel, html=f"<p>Text {at}</p>")
        gmail.evaluate("(name) => standIn.changeAlias(name)", name)
        after = body(gmail)
        assert after.count('class="gmail_signature"') == after.count("gmail_signature_prefix") == 1
        assert after.index(f"Text {at}") < after.index("gmail_signature_prefix") < after.index(name)
    assert body(gmail).startswith("<div>Typed.</div><div><p>Text 1</p><div><br></div><p>Text 2</p></div>")


@pytest.mark.peer_case(83)
def test_a_mail_that_went_to_full_screen_and_back_keeps_its_text_and_gets_the_insert(
    browsing: Chrome, panel: Page, gmail: Page
) -> None:
    write(gmail, to=[JEAN], body=["Typed.", ""], signature=True)
    gmail.bring_to_front()
    gmail.locator("[g_editable]").click()
    gmail.keyboard.press("Control+End")
    compose_id = seen(browsing, panel)["id"]
    for kind in ("full_screen", "popup"):
        # The caret of a mail that changes its frame is nowhere, or in a frame that is gone.
        gmail.evaluate("() => standIn.toggle()")
        found = seen(browsing, panel)
        assert (found["kind"], found["id"]) == (kind, compose_id)
        before = body(gmail)
        for html in ("<p>One</p>", LONG):
            done = insert(browsing, panel, html=html)
            assert body(gmail).startswith("<div>Typed.</div>")
            assert body(gmail).endswith(SIGNATURE)
            assert browsing.ask(panel, "undo", {"insertId": done["insertId"]})["value"] == {"isUndone": True}
            assert body(gmail) == before
    done = insert(browsing, panel, html=LONG)
    gmail.evaluate("() => standIn.toggle()")
    assert browsing.ask(panel, "undo", {"insertId": done["insertId"]})["value"] == {"isUndone": True}
    assert body(gmail) == before
