"""What the panel learns of conversations and of each way to write, and whose mailbox it is."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server.panel.models import GmailMiss
from server.runtime import Runtime
from tests.cast import ALICE, BOB
from tests.extension.chrome import GMAIL, Chrome
from tests.extension.home import Home
from tests.extension.stand_in_gmail import StandInGmail
from tests.extension.test_sends import answered, press_send, until_left
from tests.extension.writing import HTML, JEAN, TEXT, body, insert, seen, write
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE
THREAD, NEWER = "19a1b2c3d4e5f607", "19a1b2c3d4e5f6ff"
PEOPLE = [{"email": JEAN, "name": "Jean Petit"}, {"email": ALICE, "name": "Alice Moreau"}]
CONVERSATION: dict[str, Any] = {
    "threadId": THREAD,
    "subject": "Renewal",
    "messages": [
        {"id": THREAD, "from": {"email": JEAN, "name": "Jean Petit"}, "to": [{"email": ALICE, "name": "Alice Moreau"}]},
        {"id": NEWER, "from": {"email": ALICE, "name": "Alice Moreau"}, "to": [{"email": JEAN, "name": JEAN}]},
    ],
}
POP_OUT = f"{GMAIL.format(0)}?ui=2&view=btop&ver=1"


def thread(browsing: Chrome, panel: Page) -> Any:
    return browsing.ask(panel, "gmail")["value"]["page"]["thread"]


@pytest.mark.parametrize("form", ["legacy", "perm", "unheard_of"])
def test_an_open_conversation_is_known_by_each_form_of_its_heading(
    browsing: Chrome, panel: Page, gmail: Page, form: str
) -> None:
    assert thread(browsing, panel) is None
    panel.evaluate("""() => chrome.runtime.onMessage.addListener(({ name }) => {
      if (name === 'page_changed') window.changes = (window.changes ?? 0) + 1;
    })""")
    gmail.evaluate("(one) => standIn.open(one)", {**CONVERSATION, "threadId": "1" * 16, "subject": "Before"})
    gmail.evaluate("(one) => standIn.open(one)", {**CONVERSATION, "form": form})
    found = thread(browsing, panel)
    if form == "unheard_of":
        assert found is None
    else:
        assert found == {"threadId": THREAD, "messageId": NEWER, "subject": "Renewal", "people": PEOPLE}
        panel.wait_for_function("() => window.changes > 0")
    # What is missing there breaks nothing else.
    write(gmail, kind="inline", to=[JEAN])
    assert seen(browsing, panel)["threadId"] == (THREAD if form != "unheard_of" else None)
    insert(browsing, panel)
    gmail.evaluate("() => standIn.back()")
    assert thread(browsing, panel) is None


@pytest.mark.peer_case(84)
@pytest.mark.parametrize("kind", ["popup", "inline", "full_screen", "pop_out"])
def test_each_way_to_write_is_read_written_taken_back_and_seen_to_leave(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail, kind: str
) -> None:
    page = gmail
    if kind == "pop_out":
        with browsing.context.expect_page() as opened:
            gmail.evaluate("(url) => void window.open(url)", POP_OUT)
        page = opened.value
        page.wait_for_load_state()
    write(page, kind=kind, to=[JEAN], body=["Typed.", ""], signature=True, threadId=THREAD)
    page.bring_to_front()
    answer = browsing.ask(panel, "gmail")["value"]
    assert (answer["page"]["account"], answer["mismatch"]) == (ALICE, None)
    [found] = answer["page"]["composes"]
    assert (found["kind"], found["recipients"]["to"], found["threadId"]) == (kind, [JEAN], THREAD)
    before = body(page)
    done = insert(browsing, panel)
    assert before != body(page)
    assert browsing.ask(panel, "undo", {"insertId": done["insertId"]})["value"] == {"isUndone": True}
    assert body(page) == before
    # A window of its own closes with its mail: what was seen there must be told before.
    page.get_by_role("button", name="Send", exact=True).click()
    left = until_left(panel, composeId=found["id"])
    assert (left["state"], left["gmailThreadId"], left["recipients"]["to"]) == ("left", THREAD, [JEAN])


@pytest.mark.peer_case(84)
def test_where_no_mail_is_found_the_panel_is_told_so_and_nothing_is_written(
    browsing: Chrome, panel: Page, gmail: Page
) -> None:
    write(gmail, to=[JEAN], body=["Typed."])
    known = seen(browsing, panel)["id"]
    gmail.evaluate("""() => {
      const text = document.querySelector('[g_editable]');
      for (const name of text.getAttributeNames()) if (name !== 'contenteditable') text.removeAttribute(name);
    }""")
    page = browsing.ask(panel, "gmail")["value"]["page"]
    assert page["composes"] == []
    ask = {"composeId": known, "html": HTML, "text": TEXT, "subject": None}
    failure = browsing.ask(panel, "insert", ask)["failure"]
    assert failure["state"] == "gmail_changed"
    assert gmail.locator("[contenteditable]").inner_text().strip() == "Typed."


@pytest.mark.peer_case(95)
def test_of_two_accounts_the_panel_follows_the_one_in_front_and_writes_to_its_own_alone(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail
) -> None:
    write(gmail, to=[JEAN], body=["Mine."])
    mine = seen(browsing, panel)["id"]
    bobs = browsing.gmail(1)
    write(bobs, to=["tom@helios.example"], body=["Bob's."])
    expect(panel.get_by_text(f"This Gmail is {BOB}, but Rapport knows you as {ALICE}.")).to_be_visible()
    for compose_id in (mine, seen(browsing, panel)["id"]):
        ask = {"composeId": compose_id, "html": HTML, "text": TEXT, "subject": "Welcome"}
        assert browsing.ask(panel, "insert", ask)["failure"]["state"] == "wrong_account"
    assert (body(gmail), body(bobs)) == ("<div>Mine.</div>", "<div>Bob's.</div>")
    press_send(bobs, "click")
    answered(bobs)
    gmail.bring_to_front()
    expect(panel.get_by_text(f"This Gmail is yours: {ALICE}")).to_be_visible()
    insert(browsing, panel)
    assert "welcome aboard" in body(gmail)
    press_send(gmail, "click")
    answered(gmail)
    assert until_left(panel, to=JEAN)["account"] == ALICE
    # The page itself compares once more, whatever the worker believes.
    gmail.evaluate(
        "() => document.querySelector('[role=banner] a').setAttribute('aria-label', 'Account (bob@rapport.example)')"
    )
    write(gmail, to=[JEAN], body=["Typed."])
    gmail.bring_to_front()
    ask = {"composeId": seen(browsing, panel)["id"], "html": HTML, "text": TEXT, "subject": None}
    assert browsing.ask(panel, "insert", ask)["failure"]["state"] == "wrong_account"


@pytest.mark.peer_case(91)
def test_gmails_own_policy_is_never_broken_and_no_script_tag_comes(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail
) -> None:
    write(gmail, to=[JEAN], signature=True)
    insert(browsing, panel, html='<p style="margin: 0">Hi <a href="https://rapport.example">there</a></p>')
    insert(browsing, panel, html="<p>" + "long words " * 5000 + "</p>")
    press_send(gmail, "click")
    answered(gmail)
    assert gmail.evaluate("() => [...document.querySelectorAll('script')].map((one) => new URL(one.src).pathname)") == [
        "/stand_in_gmail.js"
    ]
    # That the policy stands, and that a breach of it is heard of here.
    script = """() => {
      const tag = document.createElement('script');
      try { tag.textContent = 'window.broken = 1' } catch { window.isRefused = true }
      document.body.append(tag);
      return fetch('/favicon.ico').then(() => [window.broken, window.isRefused]);
    }"""
    assert gmail_server.broken == []
    assert gmail.evaluate(script) == [None, True]


@pytest.mark.peer_case(85)
def test_what_was_not_found_is_counted_on_the_persons_own_server_by_name_and_nothing_else_is_told(
    browsing: Chrome, panel: Page, gmail: Page, home: Home, runtime: Runtime
) -> None:
    told = home.hold("/api/v1/panel/misses", is_lost=False)
    panel.evaluate("() => chrome.storage.local.remove('misses')")
    write(gmail, to=[JEAN], subject="Secret", form="unheard_of")
    browsing.ask(panel, "gmail")
    assert told.arrived.wait(20)
    told.go_on.set()
    assert told.answered.wait(20)
    with runtime.db.reading() as session:
        rows = session.scalars(select(GmailMiss)).all()
        assert "recipients" in {row.part for row in rows}
        assert all(row.count > 0 for row in rows)
