"""Several people at one Rapport, each in their own browser: for stories that need nothing of the demo."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.conftest import SignedInClient
from tests.journeys.conftest import Watched

Windows = Callable[[uuid.UUID], Page]


@pytest.fixture
def window(
    live_app: str,
    browser: Browser,
    sign_in: Callable[[uuid.UUID], SignedInClient],
    expected_complaints: list[str],
) -> Iterator[Windows]:
    """window(user_id) opens the browser of somebody who is signed in; at the end nothing may have gone wrong in any."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def open_one(user_id: uuid.UUID) -> Page:
        cookie = sign_in(user_id).get_cookie("rapport_session", domain="127.0.0.1")
        assert cookie is not None
        context = browser.new_context(
            base_url=live_app, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        context.add_cookies([{"name": "rapport_session", "value": cookie.value, "url": live_app}])
        page = context.new_page()
        opened.append((context, Watched(page)))
        return page

    yield open_one
    for context, _ in opened:
        context.close()
    complaints = [one for _, watched in opened for one in watched.complaints]
    assert [one for one in complaints if not any(part in one for part in expected_complaints)] == []
