"""The fragment for Gmail's compose window looks right without a style sheet, and holds every merge field and link."""

from __future__ import annotations

import re
from pathlib import Path

import lxml.html
import pytest
from playwright.sync_api import Browser, Page

from server.email_templates.catalogue import sample_values
from server.email_templates.jinja_env import HTML
from server.email_templates.mjml.fragment import compose_fragment
from server.email_templates.mjml.fragment_layout import room_inside
from server.email_templates.mjml.landing import put_back
from server.email_templates.mjml.mask import Tag
from server.email_templates.mjml.translate import Translated, translate
from server.email_templates.problems import RenderRefused, Severity
from tests.email_templates.mails import FIELDS, ROWS, column, shipped_emails, whole, words

NARROW, WIDE = 375, 600
COLUMN_WIDTH = re.compile(r"width:100%;max-width:(\d+)px")


def filled(jinja: str, **contact: str) -> str:
    sample = sample_values(FIELDS)
    return HTML.from_string(jinja).render({**sample, "contact": {**sample["contact"], **contact}, "rows": ROWS})


def columns(*attributes: str, section: str = "") -> str:
    inside = "".join(f"<mj-column {one}><mj-text>Column {n}</mj-text></mj-column>" for n, one in enumerate(attributes))
    return f"<mj-section {section}>{inside}</mj-section>"


def straight(body: str, tags: dict[str, Tag] | None = None):
    """The fragment of HTML as it is, for what no template can hold."""
    return compose_fragment(f"<!doctype html><html><head></head><body>{body}</body></html>", tags or {})


def tag(inside: str, line: int = 7) -> Tag:
    return Tag(inside=inside, word="", line=line)


def test_nothing_is_left_of_what_the_compose_window_strips():
    head = "<mj-head><mj-title>Title</mj-title><mj-preview>Preview {{ contact.title }}</mj-preview></mj-head>"
    body = columns("", "", section='css-class="wide"') + "<mj-section><mj-column><mj-text>{{ account.name }}"
    translated = translate(whole(f"{body}</mj-text></mj-column></mj-section>", head))
    assert re.findall(r"<!|<style|<head|<html|<body|class=|id=|Preview|Title|article", translated.compose) == []
    assert translated.compose_problems == ()


def test_the_rules_of_the_head_stand_on_the_elements_but_not_those_for_some_screens():
    style = (
        "<mj-style>.a p { margin: 0 0 16px } .b { display: none } a:hover { color: red }"
        " @media (max-width: 480px) { .a p { color: red } }</mj-style>"
    )
    mjml = words('<p>Hello</p><p class="b">{{ contact.title }}</p>', "a").replace(
        "<mj-body>", f"<mj-head>{style}</mj-head><mj-body>"
    )
    translated = translate(mjml)
    assert '<p style="display:block;margin:0 0 16px">Hello</p>' in translated.compose
    assert "red" not in translated.compose
    assert "contact.title" not in translated.compose, "a hidden part is not sent"
    assert translated.compose_problems == ()


WIDTHS = {
    "halves": (columns("", ""), [300, 300]),
    "halves with padding": (columns("", "", section='padding="0 24px"'), [276, 276]),
    "one": (columns("", section='padding="0 24px"'), []),
    "thirds": (columns("", "", "", section='padding="20px"'), [186, 186, 186]),
    "unequal": (columns('width="33.33%"', 'width="66.66%"', section='padding="0"'), [199, 399]),
    "pixels": (columns('width="200px"', 'width="352px"'), [200, 352]),
    "in a wrapper": (
        f'<mj-wrapper padding="10px 30px 10px 20px" border="2px solid #000000">{columns("", "")}</mj-wrapper>',
        [273, 273],
    ),
    "beside a border": (columns("", "", section='border-left="10px solid #000000"'), [295, 295]),
    "group": ("<mj-section><mj-group><mj-column></mj-column><mj-column></mj-column></mj-group></mj-section>", []),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_a_column_takes_its_share_of_the_room_at_most(name: str):
    body, expected = WIDTHS[name]
    compose = translate(whole(body)).compose
    assert [int(one) for one in COLUMN_WIDTH.findall(compose)] == expected


@pytest.mark.parametrize(
    ("style", "room"),
    [
        ("color:red", 500),
        ("max-width:400px", 400),
        ("max-width:none;padding:10px", 480),
        ("padding:1px 2px 3px 40px", 458),
        ("padding:1px 20px;padding-left:0", 480),
        ("padding:10%;border:1px solid red", 398),
        ("padding:0 300px", 0),
        ("padding:10px !important", 480),
        ("padding:;border:;max-width:", 500),
    ],
)
def test_padding_and_border_take_room(style: str, room: float):
    assert room_inside(style, 500) == room


@pytest.fixture
def page(browser: Browser):
    page = browser.new_page()
    yield page
    page.close()


def composed(page: Page, fragment: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 600})
    page.set_content(f'<!doctype html><body style="margin:0"><div dir="ltr">{fragment}</div>')


def places(page: Page) -> list[tuple[float, float]]:
    boxes = [page.get_by_text(f"Column {number}").bounding_box() for number in range(3)]
    return [(box["x"], box["y"]) for box in boxes if box]


@pytest.mark.parametrize("gutter", ["", 'gutter="24px"'])
@pytest.mark.parametrize("shares", [("", "", ""), ('width="20%"', 'width="50%"', 'width="30%"')])
def test_columns_stand_side_by_side_when_there_is_room_and_else_one_below_the_other(
    page: Page, shares: tuple[str, ...], gutter: str
):
    translated = translate(whole(columns(*shares, section=f'padding="0 24px" {gutter}')))
    page.set_viewport_size({"width": WIDE, "height": 600})
    page.set_content(translated.html)
    expected = places(page)
    composed(page, translated.compose, WIDE)
    assert places(page) == [pytest.approx(place, abs=0.5) for place in expected]
    assert len({y for _, y in expected}) == 1
    composed(page, translated.compose, NARROW)
    assert len({y for _, y in places(page)}) == 3
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW


def test_the_shipped_templates_look_the_same_in_the_compose_window(page: Page, shipped: Path):
    differing = []
    for source in shipped_emails(shipped):
        translated = translate(source.mjml, source.mjml_line)
        assert translated.compose_problems == (), source.slug
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 600})
            page.set_content(filled(translated.html))
            expected = page.screenshot(full_page=True)
            composed(page, filled(translated.compose), width)
            if page.screenshot(full_page=True) != expected:
                differing.append(f"{source.slug} at {width} px")
    assert differing == []


def text_of(html: str) -> str:
    texts = lxml.html.document_fromstring(html).xpath("//body//text()")
    return " ".join(" ".join(texts).split())


def test_blocks_stay_where_they_are_in_tables_and_between_components():
    mjml = whole(
        "<mj-section><mj-column><mj-table><tr><th>Item</th></tr>"
        "{% for row in rows %}<tr><td>{{ row.item }}</td></tr>{% endfor %}</mj-table></mj-column></mj-section>"
        "{% if contact.title %}<mj-section>{% for row in rows %}<mj-column width='50%'><mj-text>{{ row.amount }}"
        "</mj-text></mj-column>{% endfor %}</mj-section>{% endif %}"
    )
    translated = translate(mjml)
    assert translated.compose_problems == ()
    fragment = filled(translated.compose)
    assert text_of(fragment) == "Item Seats Runners & minutes 120 7"
    assert (
        len(lxml.html.document_fromstring(fragment).xpath("//tbody/tr/td[contains(., 'minutes') and not(.//td)]")) == 1
    )
    assert COLUMN_WIDTH.findall(fragment).count("300") == 2
    assert text_of(filled(translated.compose, title="")) == "Item Seats Runners & minutes"


def test_words_and_links_arrive_letter_by_letter():
    link = "https://x.example/a%20b/?q=1&amp;r=%C3%BC#frag"
    translated = translate(words(f'<p>a &lt; b &amp; &quot;c&quot; &amp;lt; ü 👩‍👧 </p><a href="{link}">x</a>'))
    assert text_of(translated.compose) == 'a < b & "c" &lt; ü 👩‍👧 x'
    assert f'href="{link}"' in translated.compose
    assert translated.compose_problems == ()


def test_values_pass_the_filter_of_the_place_where_they_land():
    mjml = column(
        '<mj-text color="{{ contact.title }}"><a href="https://x.example/?q={{ contact.first_name }}">x</a>'
        '<a href="{{ contact.last_name }}">y</a>'
        '<b title="{{ contact.first_name }}">{{ contact.first_name }}</b></mj-text>'
    )
    compose = translate(mjml).compose
    names = {"first_name": '"><script>&', "last_name": "https://x.example/?a=b&c=d"}
    html = lxml.html.document_fromstring(filled(compose, **names, title="#123456"))
    assert html.xpath("//a/@href") == ["https://x.example/?q=%22%3E%3Cscript%3E%26", "https://x.example/?a=b&c=d"]
    assert html.xpath("//b/@title") == html.xpath("//b/text()") == ['"><script>&']
    assert "color:#123456" in html.xpath("//div[a]/@style")[0]
    with pytest.raises(RenderRefused):
        filled(compose, **names, title="red;position:fixed")
    with pytest.raises(RenderRefused):
        filled(compose, first_name="x", last_name="javascript:alert(1)", title="red")


def test_what_unfolds_in_other_programs_is_open_here():
    menu = (
        '<mj-navbar hamburger="hamburger"><mj-navbar-link href="https://x.example/a">Menu</mj-navbar-link></mj-navbar>'
    )
    accordion = (
        "<mj-accordion><mj-accordion-element><mj-accordion-title>Question</mj-accordion-title>"
        "<mj-accordion-text>Answer {{ account.name }}</mj-accordion-text></mj-accordion-element></mj-accordion>"
    )
    translated = translate(column(menu + accordion))
    assert text_of(filled(translated.compose)) == "Menu Question Answer Northwind"
    assert not re.search(r"<input|<label|<img", translated.compose)
    assert translated.compose_problems == ()


def test_the_images_of_a_carousel_stand_one_below_the_other():
    slides = "".join(
        f'<mj-carousel-image alt="" href="https://x.example/{name}"'
        f' src="https://x.example/{{{{ contact.title }}}}/{name}.png" />'
        for name in ("a", "b", "c")
    )
    translated = translate(column(f"<mj-carousel>{slides}</mj-carousel>"))
    assert translated.compose_problems == ()
    fragment = filled(translated.compose, title="x")
    found = [link.split("example/")[1] for link in re.findall(r'(?:src|href)="([^"]*)"', fragment)]
    assert found == ["a", "x/a.png", "b", "x/b.png", "c", "x/c.png"]
    assert not re.search("display:none|width:44px", fragment)


def test_the_gutter_between_columns_is_kept():
    html = (
        "<head><style>@media (min-width:480px) { .mj-column-per-48 { width:48% !important }\n"
        ".mj-column-gutter-2-1-per-4 { padding: 0% 2% 0% 0% !important; } }</style></head><body>"
        '<div style="max-width:600px"><div class="mj-column-per-48 mj-column-gutter-2-1-per-4"'
        ' style="display:inline-block;padding:0% 0% 2% 0%;width:100%;">x</div></div></body>'
    )
    assert (
        "display:inline-block;width:100%;padding:0% 2% 0% 0%;box-sizing:border-box;max-width:300px"
        in compose_fragment(html, {}).html_with_markers
    )


def test_a_column_outside_of_a_container_stays_as_it_is():
    html = '<div class="mj-column-per-50 mj-column-gutter-1" style="width:100%">x</div>'
    head = "<head><style>.mj-column-gutter-1 { padding: 0% 2% }</style></head>"
    fragment = compose_fragment(f"{head}<body>{html}</body>", {})
    assert 'style="padding:0% 2%;width:100%"' in fragment.html_with_markers


def test_a_column_of_a_group_has_its_exact_share():
    inside = "<mj-column></mj-column>" * 3
    compose = translate(whole(f"<mj-section><mj-group>{inside}</mj-group></mj-section>")).compose
    assert compose.count("width:33.3333%") == 3


def test_images_come_by_https_or_are_replaced_by_their_words():
    mjml = words(
        '<img src="http://x.example/a.png" alt="A &lt;chart&gt;">{% if contact.title %}\n'
        '<img src="{{ url }}" alt="">{% endif %}<img src="https://x.example/b.png" alt="">'
    )
    translated = translate(mjml)
    (problem,) = translated.compose_problems
    assert problem.severity is Severity.WARNING
    assert "http://x.example/a.png" in problem.message
    assert problem.cure
    assert "A &lt;chart&gt;" in translated.compose
    assert re.findall(r'src="([^"]*)"', translated.compose) == ["{{ (url)|mail_url }}", "https://x.example/b.png"]


def test_a_background_image_is_kept_with_its_colour():
    section = '<mj-section background-url="https://x.example/a.png" background-color="#123456"></mj-section>'
    assert "background:#123456 url('https://x.example/a.png')" in translate(whole(section)).compose
    section = '<mj-section background-url="https://x.example/{{ contact.title }}.png"></mj-section>'
    translated = translate(whole(section))
    assert translated.compose_problems == ()
    assert "url('https://x.example/a%2Fb.png')" in filled(translated.compose, title="a/b")


def test_jinja_that_is_lost_is_told_with_its_line():
    mjml = words('<p style="color: red">\n<b style="position: {{ contact.title }}; color: red">x</b></p>')
    (problem,) = translate(mjml, 4).compose_problems
    assert (problem.line, problem.severity) == (5, Severity.ERROR)
    assert "{{ contact.title }} does not arrive" in problem.message
    assert problem.cure


def test_a_lost_link_is_told_with_the_line_of_its_merge_field():
    fragment = straight(
        '<a href="ftp://x.example/">x</a><a href="ftp://jq00000zx/">y</a><p style="display:none"><a href="ftp://z">z</a></p>',
        {"jq00000zx": tag("account.name")},
    )
    found = {(problem.line, problem.message) for problem in fragment.problems if "link" in problem.message}
    assert found == {
        (0, "The link ftp://x.example/ does not arrive in Gmail's compose window."),
        (7, "The link ftp://{{ account.name }}/ does not arrive in Gmail's compose window."),
    }


def test_of_two_equal_links_one_that_is_lost_is_told():
    same = '<a href="https://x.example/">x</a>'
    assert straight(same + same).problems == ()
    assert len(straight(f"{same}<form><svg>{same}</svg></form>").problems) == 1


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "handler": '<p onclick="alert(1)">x</p>',
    "javascript link": '<a href="javascript:alert(1)">x</a>',
    "relative link": '<a href="/alert(1)">x</a>',
    "data image": '<img src="data:image/png;base64,alert(1)">',
    "image set": "<p style=\"background-image: image-set('https://alert(1)' 1x)\">x</p>",
    "image over http": '<p style="background: url(http://alert(1).example/)">x</p>',
    "image behind a quote": "<p style=\"background: url('https://x' url('http://alert(1)'))\">x</p>",
    "escape": '<p style="background: \\75rl(https://alert(1))">x</p>',
    "expression": '<p style="width: expression(alert(1))">x</p>',
    "position": '<p style="position: fixed; alert(1): x">x</p>',
    "srcset": '<img src="https://x.example/a.png" srcset="https://alert(1)">',
    "iframe": '<iframe src="https://alert(1)"></iframe>',
    "form": '<form action="https://alert(1)"><input value="alert(1)"></form>',
    "svg": "<svg><style>alert(1)</style></svg>",
    "outlook": "<!--[if mso]><p>alert(1)</p><![endif]-->",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_mail_must_not_hold_is_taken_out_even_though_no_template_can_hold_it(name: str):
    assert "alert" not in straight(HOSTILE[name]).html_with_markers


def test_the_jinja_of_a_fragment_is_that_of_the_mail(shipped: Path):
    def outputs(translated: Translated, jinja: str) -> set[str]:
        return set(re.findall(r"[a-z]+\.[a-z_]+(?=[ )|])", " ".join(re.findall(r"\{[{%].*?[}%]\}", jinja))))

    for source in shipped_emails(shipped):
        translated = translate(source.mjml, source.mjml_line)
        body = translated.html[translated.html.index("<body") :]
        assert outputs(translated, translated.compose) == outputs(translated, body), source.slug


def test_a_marker_that_is_a_whole_link_comes_back_behind_its_filter():
    tags = {"jq00000zx": tag("url")}
    fragment = straight('<a href="jq00000zx">x</a>', tags)
    assert put_back(fragment.html_with_markers, tags) == '<a href="{{ (url)|mail_url }}">x</a>'
