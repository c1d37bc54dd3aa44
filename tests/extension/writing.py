"""Mails that are written in the stand-in for Gmail, and what the panel asks about them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.extension.chrome import Chrome

JEAN = "jean@customer.example"
HTML = '<p style="color: rgb(1, 2, 3); margin: 0px">Dear <b>Jean</b>,</p><p>welcome aboard.</p>'
TEXT = "Dear Jean,\n\nwelcome aboard."


def write(gmail: Page, **mail: Any) -> None:
    gmail.evaluate("(mail) => standIn.write(mail)", mail)


def clear(gmail: Page) -> None:
    gmail.evaluate("() => document.querySelectorAll('form').forEach((form) => form.parentElement.remove())")


def seen(browsing: Chrome, panel: Page) -> dict[str, Any]:
    """The one mail that is being written."""
    [found] = browsing.ask(panel, "gmail")["value"]["page"]["composes"]
    assert isinstance(found, dict)
    return found


def insert(browsing: Chrome, panel: Page, **changes: str | None) -> dict[str, Any]:
    ask = {"composeId": seen(browsing, panel)["id"], "html": HTML, "text": TEXT, "subject": "Welcome", **changes}
    answer = browsing.ask(panel, "insert", ask)
    assert answer["ok"], answer
    found: dict[str, Any] = answer["value"]
    return found


def body(gmail: Page) -> str:
    found: str = gmail.locator("[g_editable]").evaluate("(element) => element.innerHTML")
    return found
