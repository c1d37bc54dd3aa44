"""What the reference does not do: refuse at the line with a cure, carry Jinja through, write the text part."""

from __future__ import annotations

import pytest

from server.email_templates.mjml.translate import translate
from server.email_templates.problems import TemplateInvalid
from tests.email_templates.mails import column, whole


def set_by_selector(path: str, name: str = "data-x", value: str = "y") -> str:
    selector = f'<mj-selector path="{path}"><mj-html-attribute name="{name}">{value}</mj-html-attribute></mj-selector>'
    return whole("", f"<mj-head><mj-html-attributes>\n{selector}</mj-html-attributes></mj-head>")


REFUSED = {
    "raw before the document": ('<mjml>\n<mj-raw position="file-start"></mj-raw><mj-body></mj-body></mjml>', "mj-body"),
    "raw in the head": (whole("", "<mj-head>\n<mj-raw></mj-raw></mj-head>"), "Put it into mj-body."),
    "include that nobody resolved": (whole('\n<mj-include path="header" />'), "check its name"),
    "selector with a state": (set_by_selector("a:hover"), "is not understood"),
    "selector of siblings": (set_by_selector("p + p"), "is not understood"),
    "selector without a path": (set_by_selector(""), "is not understood"),
    "selector that ends in >": (set_by_selector("p >"), "is not understood"),
    "selector that is too long": (set_by_selector("p " * 200), "longer than"),
    "font without a name": (whole("", '<mj-head>\n<mj-font href="https://x.example/f" /></mj-head>'), "no name"),
    "script by selector": (set_by_selector("a", "onclick", "alert(1)"), "does not belong in an email"),
    "link by selector": (set_by_selector("a", "href", "javascript:alert(1)"), "is not a link"),
    "style by selector": (set_by_selector("a", "style", "width: expression(1)"), "does not belong in the style"),
    "name of an attribute with a quote": (set_by_selector("a", "data-&quot;x"), "does not belong in an email"),
    "attribute without a name": (set_by_selector("a", ""), "without a name"),
    "tag in an attribute": (set_by_selector("a", "title", "<b>x</b>"), "Write plain text."),
    "Jinja in an attribute by selector": (set_by_selector("a", "title", "{{ name }}"), "on the element itself"),
    "fluid hero of no size": (whole('\n<mj-hero mode="fluid-height"></mj-hero>'), "how large its picture is"),
    "images by script": (column('\n<mj-image srcset="javascript:alert(1) 1x" />'), "is not a list of images"),
    "images of nonsense": (column('\n<mj-image srcset="https://x.example/a.png big" />'), "is not a list of images"),
    "images by a field": (column('\n<mj-image srcset="https://x.example/{{ name }} 1x" />'), "without merge fields"),
    "map elsewhere": (column('\n<mj-image usemap="https://x.example/#m" />'), "is not the name of a map"),
    "base that is no address": (
        column('\n<mj-navbar base-url="javascript:"><mj-navbar-link href="x">x</mj-navbar-link></mj-navbar>'),
        "is not a link",
    ),
    "relative link without a base": (
        column('<mj-navbar>\n<mj-navbar-link href="/x">x</mj-navbar-link></mj-navbar>'),
        "is not a link",
    ),
    "style that is no declaration": (column('<mj-text>\n<p style="color: red; 8px">x</p></mj-text>'), "declaration"),
    "style that is a bare field": (column('<mj-text>\n<p style="{{ look }}">x</p></mj-text>'), "declaration"),
    "control character": (column('\n<mj-image alt="a\x01b" />'), "control character"),
}


def test_more_selectors_than_anybody_needs_are_refused():
    selector = '<mj-selector path="p"><mj-html-attribute name="data-x">y</mj-html-attribute></mj-selector>'
    with pytest.raises(TemplateInvalid, match="more than 50 <mj-selector>"):
        translate(whole("", f"<mj-head><mj-html-attributes>{selector * 51}</mj-html-attributes></mj-head>"))


def test_a_selector_of_many_steps_is_looked_for_in_one_pass():
    """Trying each way through a deep mail would take longer than the universe has."""
    deep = "<mj-text>" + "<span>" * 55 + "x" + "</span>" * 55 + "</mj-text>"
    path = "nothing " + "* " * 120 + "span"
    head = set_by_selector(path).partition("<mj-body>")[0].removeprefix("<mjml>")
    assert "data-x" not in translate(whole(f"<mj-section><mj-column>{deep}</mj-column></mj-section>", head)).html


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_at_its_line_with_a_cure(name: str):
    mjml, says = REFUSED[name]
    with pytest.raises(TemplateInvalid) as caught:
        translate(mjml)
    assert says in str(caught.value)
    assert 2 in {problem.line for problem in caught.value.problems}, caught.value


JINJA = {
    "around the elements of a social": (
        "<mj-social>{% if url %}"
        '<mj-social-element name="web-noshare" href="{{ url }}">Site</mj-social-element>{% endif %}</mj-social>',
        'href="{{ (url)|mail_url }}"',
    ),
    "shared by a network": (
        '<mj-social><mj-social-element name="linkedin" href="{{ url }}">Share</mj-social-element></mj-social>',
        "&amp;url={{ (url)|mail_part }}&amp;title=",
    ),
    "behind the base of a menu": (
        '<mj-navbar base-url="https://x.example/"><mj-navbar-link href="{{ part }}">x</mj-navbar-link></mj-navbar>',
        'href="https://x.example/{{ (part)|mail_part }}"',
    ),
    "in a picture of a carousel": (
        '<mj-carousel><mj-carousel-image src="https://x.example/a.png" alt="{{ name }}" /></mj-carousel>',
        'alt="{{ name }}"',
    ),
    "in a colour of a carousel": (
        '<mj-carousel tb-hover-border-color="{{ colour }}"><mj-carousel-image src="https://x.example/a.png" />'
        "</mj-carousel>",
        "border-color:{{ (colour)|mail_css }} !important;",
    ),
    "around an element of an accordion": (
        "<mj-accordion>{% for row in rows %}<mj-accordion-element><mj-accordion-title>{{ row }}</mj-accordion-title>"
        "</mj-accordion-element>{% endfor %}</mj-accordion>",
        "<tbody>{% for row in rows %}<tr>",
    ),
}


@pytest.mark.parametrize("name", JINJA)
def test_jinja_goes_where_the_reference_would_lose_it(name: str):
    mjml, kept = JINJA[name]
    assert kept in translate(column(mjml)).html


def test_a_field_in_a_background_is_made_safe_as_a_whole_address():
    html = translate(whole('<mj-section background-url="{{ url }}"></mj-section>')).html
    assert "url('{{ (url)|mail_url }}')" in html
    html = translate(whole('<mj-section background-url="https://x.example/{{ part }}"></mj-section>')).html
    assert "url('https://x.example/{{ (part)|mail_part }}')" in html


def test_a_quote_never_ends_a_value():
    html = translate(column("<mj-text font-family='\"Fira Code\", monospace'>x</mj-text>")).html
    assert "font-family:&quot;Fira Code&quot;, monospace;" in html


def test_a_font_that_only_a_text_names_is_fetched_and_its_address_cannot_leave_the_import():
    head = '<mj-head><mj-font name="Fira" href="https://x.example/f);a{}" /></mj-head>'
    body = "<mj-hero><mj-text><b style='font-family: Fira'>x</b></mj-text></mj-hero>"
    html = translate(whole(body, head)).html
    assert "@import url(https://x.example/f%29%3Ba%7B%7D);" in html


def test_a_width_of_a_class_may_be_in_pixels_or_percent():
    head = '<mj-head><mj-attributes><mj-class name="half" width="50%" /></mj-attributes></mj-head>'
    html = translate(whole('<mj-section><mj-column mj-class="half"></mj-column></mj-section>', head)).html
    assert "mj-column-per-50" in html


def test_the_text_part_names_a_picture_of_a_carousel_once():
    images = "".join(
        f'<mj-carousel-image src="https://x.example/{one}.png" alt="{one}" />' for one in ("Board", "List")
    )
    assert translate(column(f"<mj-carousel>{images}</mj-carousel>")).text == "Board\n"


def test_the_same_mail_is_laid_out_the_same_every_time():
    mjml = column("<mj-carousel></mj-carousel><mj-navbar hamburger='hamburger'></mj-navbar>")
    assert translate(mjml).html == translate(mjml).html
