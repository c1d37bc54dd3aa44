"""From an address to a text in a mail: what a person does with the extension, in a real Chromium."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.cast import ALICE
from tests.extension.chrome import Chrome
from tests.extension.home import Home
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE


def test_somebody_pairs_signs_in_sees_who_they_are_and_signs_out(browsing: Chrome, home: Home) -> None:
    browsing.gmail()
    panel = browsing.panel()
    expect(panel.get_by_role("heading", name="Where is your Rapport?")).to_be_visible()
    browsing.connect(panel, home.address)
    expect(panel.get_by_role("heading", name=f"Sign in at {home.host}")).to_be_visible()
    browsing.sign_in(panel, ALICE)
    expect(panel.get_by_role("heading", name="You are Alice Moreau")).to_be_visible()
    expect(panel.get_by_text(f"{ALICE} at {home.host}")).to_be_visible()
    expect(panel.get_by_text(f"This Gmail is yours: {ALICE}")).to_be_visible()
    panel.get_by_role("button", name="Sign out").click()
    expect(panel.get_by_role("heading", name=f"Sign in at {home.host}")).to_be_visible()
    assert home.count("POST /oauth/revoke") == 1
    assert browsing.kept(panel)["device"]["refreshToken"] is None
