"""Every fixture comes out of our layout as it comes out of npm's mjml 5.4.1: tags, styles, Outlook's parts, pixels."""

from __future__ import annotations

import base64
import difflib
import re
from collections import Counter

import pytest
from playwright.sync_api import Page

from server.email_templates.mjml.schema import ANYWHERE, REFUSED, REFUSED_ATTRIBUTES, components
from server.email_templates.mjml.translate import translate
from tests.email_templates.mjml_reference.fixture_files import COMPONENTS, FIXTURES, MAILS
from tests.email_templates.mjml_reference.random_mails import random_mail
from tests.email_templates.mjml_reference.reference import compiled_by_reference
from tests.email_templates.mjml_reference.same_html import rules, tokens

pytestmark = pytest.mark.xdist_group("mjml_reference")

MOST_PIXELS_OFF = 0.001
RANDOM_MAILS = 150


def differences(theirs: list[str], ours: list[str]) -> list[str]:
    lines = difflib.unified_diff(theirs, ours, "reference", "ours", lineterm="", n=1)
    return list(lines)


@pytest.mark.parametrize("name", FIXTURES)
def test_tags_styles_and_outlooks_parts_are_the_same(name: str, reference: dict[str, str], ours: dict[str, str]):
    assert differences(tokens(reference[name]), tokens(ours[name])) == []


@pytest.mark.parametrize("name", FIXTURES)
def test_the_rules_of_the_head_are_the_same(name: str, reference: dict[str, str], ours: dict[str, str]):
    assert differences(rules(reference[name]), rules(ours[name])) == []


def test_mails_by_chance_come_out_the_same():
    mails = {str(seed): random_mail(seed) for seed in range(RANDOM_MAILS)}
    theirs = compiled_by_reference(mails)
    # A column with no room left is Infinity or NaN wide there.
    sensible = {name: html for name, html in theirs.items() if "Infinity" not in html and "NaN" not in html}
    assert len(sensible) > 0.95 * RANDOM_MAILS
    for seed, html in sensible.items():
        mine = translate(mails[seed]).html
        assert differences(tokens(html), tokens(mine)) == [], f"random_mail({seed})"
        assert differences(rules(html), rules(mine)) == [], f"random_mail({seed})"


@pytest.mark.parametrize("width", [600, 375])
@pytest.mark.parametrize("name", FIXTURES)
def test_the_pixels_are_the_same(name: str, width: int, reference: dict[str, str], ours: dict[str, str], page: Page):
    page.set_viewport_size({"width": width, "height": 600})
    off = 1.0
    for _ in range(3):  # on a busy machine a picture in a mail may be drawn after the screenshot
        theirs, mine = _picture(page, reference[name]), _picture(page, ours[name])
        off = 0 if theirs == mine else _share_of_pixels_off(page, theirs, mine)
        if off <= MOST_PIXELS_OFF:
            break
    assert off <= MOST_PIXELS_OFF


def _picture(page: Page, html: str) -> bytes:
    page.set_content(html)
    # Loaded is not yet drawn: a picture that is decoded late would be missing from one of the two.
    page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => null)))")
    return page.screenshot(full_page=True, animations="disabled")


_COUNT = """async ([one, two]) => {
  const read = async (png) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  };
  const [a, b] = [await read(one), await read(two)];
  if (a.width !== b.width || a.height !== b.height) return 1;
  const [left, right] = [new Uint32Array(a.data.buffer), new Uint32Array(b.data.buffer)];
  return left.filter((pixel, index) => pixel !== right[index]).length / left.length;
}"""


def _share_of_pixels_off(page: Page, one: bytes, two: bytes) -> float:
    """1 when the pictures are not of one size."""
    share: float = page.evaluate(_COUNT, [base64.b64encode(one).decode(), base64.b64encode(two).decode()])
    return share


def test_two_pictures_that_differ_are_told_apart(page: Page):
    page.set_viewport_size({"width": 600, "height": 600})
    red, blue = (_picture(page, f'<body style="margin:0;background:{one}">x</body>') for one in ("red", "blue"))
    assert _share_of_pixels_off(page, red, red) == 0
    assert _share_of_pixels_off(page, red, blue) > 0.9


def test_two_mails_that_differ_are_told_apart():
    one, two = '<td style="padding:1px"></td>', '<td style="padding:2px"></td>'
    assert tokens(one) == tokens(one.replace("1px", "1.4px"))
    assert tokens(one) != tokens(two)
    assert tokens(f"<!--[if mso | IE]>{one}<![endif]-->") != tokens(f"<!--[if mso | IE]>{two}<![endif]-->")
    assert rules("<style>a { color: #abc; }</style>") == rules("<style>a{color:#AABBCC}</style>")
    assert rules("<style>@media print { a { color: red; } }</style>") != rules("<style>a { color: red; }</style>")


def test_every_component_has_three_fixtures_of_its_own_and_there_are_twenty_whole_mails():
    counted = Counter(name.split("/")[1] for name in COMPONENTS)
    assert {tag: counted[tag] for tag in components() if counted[tag] < 3} == {}
    assert counted.keys() <= components().keys()
    assert len(MAILS) >= 20


def test_every_attribute_of_the_schema_is_in_a_fixture_or_refused():
    used = {
        (tag, name)
        for mjml in FIXTURES.values()
        for tag, attributes in re.findall(r"<([a-z-]+)((?:\s+[a-z-]+=\"[^\"]*\")+)", mjml)
        for name in re.findall(r"([a-z-]+)=\"", attributes)
    }
    known = {(tag, name) for tag, component in components().items() for name in component["attributes"]}
    assert known - used == set(REFUSED_ATTRIBUTES)
    assert {(tag, name) for tag, name in used - known if tag in components()} <= {
        *((tag, name) for tag in components() for name in ANYWHERE)
    }


def test_every_component_of_the_schema_is_laid_out():
    """What is refused is named by no schema: it is no component, or is resolved before."""
    assert REFUSED.keys() & components().keys() == set()
