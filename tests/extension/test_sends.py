"""A mail leaves Gmail: noticed by what the person does and by the page's traffic, kept until the panel has seen it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.sandbox.running import RunningSandbox
from tests.cast import ALICE
from tests.extension.chrome import OUR_ID, Chrome
from tests.extension.stand_in_gmail import StandInGmail
from tests.extension.stand_in_sync import Answers
from tests.extension.writing import JEAN, write
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE
PRIYA = "priya@helios.example"
TO_JEAN = {"to": [JEAN], "cc": [], "bcc": []}


@pytest.fixture
def panel(panel: Page) -> Page:
    """A page of the extension that asks nothing by itself: the panel would take note of what left."""
    panel.goto(f"chrome-extension://{OUR_ID}/licences.txt")
    return panel


def lefts(browsing: Chrome, panel: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browsing.ask(panel, "left")["value"]
    return found


_UNTIL = """async (expected) => {
  const isIt = (one) => Object.entries(expected).every(([key, is]) =>
    key === 'to' ? one.recipients?.to.join() === is : one[key] === is);
  for (const end = Date.now() + 20000; Date.now() < end;) {
    const { value } = await chrome.runtime.sendMessage({ to: 'worker', name: 'left', ask: {} });
    if (value.some(isIt)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { value } = await chrome.runtime.sendMessage({ to: 'worker', name: 'left', ask: {} });
  throw new Error(`It is ${JSON.stringify(value)}`);
}"""


def all_left(panel: Page, **expected: object) -> list[dict[str, Any]]:
    """All mails that left, as soon as one is so."""
    found: list[dict[str, Any]] = panel.evaluate(_UNTIL, expected)
    return found


def until_left(panel: Page, **expected: object) -> dict[str, Any]:
    """The one mail that left, as soon as this is known of it."""
    [found] = all_left(panel, **expected)
    return found


def answered(gmail: Page, count: int = 1) -> None:
    """Gmail's page has had its answer, and with it our script what it could read there."""
    gmail.wait_for_function("(count) => standIn.answers.length >= count", arg=count)


def press_send(gmail: Page, by: str) -> None:
    gmail.bring_to_front()
    if by == "click":
        gmail.get_by_role("button", name="Send", exact=True).click()
    elif by == "Enter":
        gmail.get_by_role("button", name="Send", exact=True).focus()
        gmail.get_by_role("button", name="Send", exact=True).evaluate(
            "(button) => (button.onkeydown = () => button.click())"
        )
        gmail.keyboard.press("Enter")
    else:
        gmail.locator("[g_editable]").press("Control+Enter")


@pytest.mark.parametrize(
    ("by", "via", "answers"),
    [
        ("click", "xhr", Answers.LISTS),
        ("keys", "fetch", Answers.LISTS),
        ("Enter", "xhr", Answers.KEYED),
        ("click", "fetch", Answers.UNHEARD_OF),
    ],
)
def test_a_mail_that_is_sent_is_told_once_with_what_is_known(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail, by: str, via: str, answers: Answers
) -> None:
    gmail_server.sync.answers = answers
    gmail.evaluate("(via) => { standIn.via = via }", via)
    before = datetime.now(UTC) - timedelta(seconds=1)
    write(gmail, to=[JEAN], subject="Welcome", body=["Dear Jean"])
    press_send(gmail, by)
    answered(gmail)
    [gmail_id] = gmail_server.sync.left.values()
    known = gmail_id if answers is not Answers.UNHEARD_OF else None
    found = until_left(panel, gmailMessageId=known)
    assert (found["account"], found["state"], found["recipients"]) == (ALICE, "left", TO_JEAN)
    assert before <= datetime.fromtimestamp(found["leftAtMs"] / 1000, UTC) <= datetime.now(UTC)
    assert found["composeId"] is not None
    assert (found["gmailThreadId"] is not None) == (known is not None)
    assert set(found) == {
        "id",
        "account",
        "state",
        "composeId",
        "gmailMessageId",
        "gmailThreadId",
        "recipients",
        "leftAtMs",
    }
    browsing.ask(panel, "leftSeen", {"ids": [found["id"]]})
    assert lefts(browsing, panel) == []


def test_a_reply_says_which_conversation_it_went_into(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail, sandbox: RunningSandbox
) -> None:
    _, thread_id = sandbox.send(ALICE, f"To: {JEAN}\r\nSubject: Hello\r\n\r\nHi\r\n".encode())
    write(gmail, kind="inline", to=[JEAN], subject="Re: Hello", threadId=thread_id)
    press_send(gmail, "click")
    answered(gmail)
    [gmail_id] = gmail_server.sync.left.values()
    found = until_left(panel, gmailMessageId=gmail_id)
    assert found["gmailThreadId"] == thread_id


def test_a_stop_of_the_worker_loses_nothing_and_the_panel_hears_of_it(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail
) -> None:
    panel.evaluate("""() => {
      window.heard = 0;
      chrome.runtime.onMessage.addListener((message) => { if (message.name === 'mail_left') window.heard += 1; });
    }""")
    browsing.stop_worker(panel)
    write(gmail, to=[JEAN])
    press_send(gmail, "click")
    answered(gmail)
    panel.wait_for_function("() => window.heard > 0")
    browsing.stop_worker(panel)
    [gmail_id] = gmail_server.sync.left.values()
    assert until_left(panel, gmailMessageId=gmail_id)["recipients"] == TO_JEAN
    open_panel = browsing.panel()
    open_panel.get_by_role("button", name="Sign out").click()
    expect(open_panel.get_by_role("heading", name="Sign in at")).to_be_visible()
    kept = panel.evaluate("() => chrome.storage.session.get()")
    assert JEAN not in str(kept), "nothing of it is kept for somebody who is signed out"


def test_a_mail_that_is_closed_kept_or_refused_has_not_left(browsing: Chrome, panel: Page, gmail: Page) -> None:
    write(gmail, to=[JEAN])
    gmail.bring_to_front()
    gmail.locator(".close").click()
    write(gmail)
    press_send(gmail, "click")
    expect(gmail.get_by_text("Please specify at least one recipient.")).to_be_visible()
    gmail.locator(".close").click()
    # What a script of the page clicks is no deed of a person.
    write(gmail, to=[JEAN], draftField=False)
    gmail.evaluate("() => { standIn.via = 'none'; standIn.last.whole.remove() }")
    # A last mail that really leaves: what came before it would be known by now.
    gmail.evaluate("() => { standIn.via = 'xhr' }")
    write(gmail, to=[PRIYA])
    press_send(gmail, "click")
    until_left(panel, to=PRIYA)


def test_a_mail_that_is_taken_back_is_told_so_and_sent_again_is_another(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail, sandbox: RunningSandbox
) -> None:
    write(gmail, to=[JEAN])
    press_send(gmail, "click")
    answered(gmail)
    [first] = gmail_server.sync.left.values()
    known = until_left(panel, gmailMessageId=first)
    browsing.ask(panel, "leftSeen", {"ids": [known["id"]]})
    gmail.bring_to_front()
    gmail.locator("#link_undo").click()
    back = until_left(panel, state="taken_back")
    assert (back["id"], back["gmailMessageId"]) == (known["id"], first)
    assert gmail_server.sync.left == {}
    browsing.ask(panel, "leftSeen", {"ids": [back["id"]]})
    answered(gmail, 2)
    press_send(gmail, "click")
    answered(gmail, 3)
    [second] = gmail_server.sync.left.values()
    again = until_left(panel, gmailMessageId=second)
    assert again["id"] != known["id"]
    assert again["state"] == "left"
    assert len(sandbox.deliveries(to=JEAN)) == 2


def test_a_mail_that_the_server_did_not_take_comes_back(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail
) -> None:
    gmail_server.sync.answers = Answers.ERROR
    write(gmail, to=[JEAN], draftField=False)
    press_send(gmail, "click")
    answered(gmail)
    expect(gmail.get_by_text("could not be sent")).to_be_visible()
    assert gmail.evaluate("() => standIn.answers") == ["Error: 500"], "the page has the error that it would have had"
    for one in lefts(browsing, panel):
        assert one["gmailMessageId"] is None


def test_a_mail_that_is_put_off_has_not_left_until_it_does(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail, sandbox: RunningSandbox
) -> None:
    write(gmail, to=[JEAN])
    gmail.bring_to_front()
    gmail.locator(".more").click()
    gmail.get_by_role("menuitem", name="Schedule send").click()
    gmail.get_by_role("menuitem", name="Tomorrow morning").click()
    answered(gmail)
    found = until_left(panel, state="scheduled")
    assert found["recipients"] == TO_JEAN
    assert sandbox.deliveries(to=JEAN) == []
    gmail_server.sync.leave_now()
    assert len(sandbox.deliveries(to=JEAN)) == 1


def test_what_leaves_another_persons_gmail_is_told_to_nobody(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail
) -> None:
    bobs = browsing.gmail(1)
    write(bobs, to=[PRIYA])
    press_send(bobs, "click")
    answered(bobs)
    write(gmail, to=[JEAN])
    press_send(gmail, "click")
    answered(gmail)
    assert until_left(panel, to=JEAN)["account"] == ALICE
    assert PRIYA not in str(panel.evaluate("() => chrome.storage.session.get()"))


def test_what_a_page_forges_is_a_hint_and_no_flood(browsing: Chrome, panel: Page, gmail: Page) -> None:
    gmail.evaluate("""() => {
      const forge = (detail) => document.dispatchEvent(new CustomEvent('rapport:hint', { detail }));
      for (const bad of [null, 3, {}, '', 'null', '[]', '{', '{"draftId":"msg-a:r1"}', 'x'.repeat(100000),
        '{"draftId":"<b>","gmailMessageId":"19a1b2c3d4e5f607"}',
        '{"draftId":"msg-a:r1","gmailMessageId":"../../x"}']) forge(bad);
      for (let at = 0; at < 200; at += 1) {
        const to = at % 2 ? ['jean@customer.example'] : ['<img src=x onerror=alert(1)>'];
        forge(JSON.stringify({ draftId: `msg-a:r${at}`, gmailMessageId: (0x19a1b2c3d4e50000n + BigInt(at)).toString(16),
          gmailThreadId: 'javascript:1', recipients: { to, cc: [], bcc: [] } }));
      }
    }""")
    write(gmail, to=[PRIYA])
    press_send(gmail, "click")
    answered(gmail)
    found = all_left(panel, to=PRIYA)
    assert 1 < len(found) <= 21
    for one in found[:-1]:
        assert one["composeId"] is None
        assert one["gmailThreadId"] is None
        assert one["recipients"] in (None, TO_JEAN)
