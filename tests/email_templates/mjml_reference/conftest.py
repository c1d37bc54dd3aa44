"""The reference compiler, npm's mjml, run once for all fixtures; and a browser page that reaches no network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from server.email_templates.mjml.translate import translate
from tests.email_templates.mjml_reference.fixture_files import FIXTURES
from tests.email_templates.mjml_reference.reference import compiled_by_reference

# Every picture of the fixtures: its colours and its lines show a wrong size or place.
_PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" width="240" height="120" viewBox="0 0 240 120">
<defs><linearGradient id="g">
<stop offset="0" stop-color="#fc6d26"/><stop offset="1" stop-color="#7759c2"/>
</linearGradient></defs>
<rect width="240" height="120" fill="url(#g)"/>
<path d="M0 0L240 120M240 0L0 120" stroke="#ffffff" stroke-width="6"/>
</svg>"""


@pytest.fixture(scope="session")
def reference() -> dict[str, str]:
    """The HTML of each fixture by the reference compiler."""
    return compiled_by_reference(FIXTURES)


@pytest.fixture(scope="session")
def ours() -> dict[str, str]:
    return {name: translate(mjml).html for name, mjml in FIXTURES.items()}


@pytest.fixture(scope="session")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=True, reduced_motion="reduce")
    page = context.new_page()
    page.route("**/*", _answer)
    yield page
    context.close()


def _answer(route: Route) -> None:
    if route.request.resource_type == "image":
        route.fulfill(content_type="image/svg+xml", body=_PICTURE)
    else:
        route.fulfill(content_type="text/css", body="")
