"""Jinja keeps its meaning wherever it stands in MJML."""

from __future__ import annotations

from typing import Any

import lxml.html
import pytest

from server.email_templates.catalogue import sample_values
from server.email_templates.compile import compile_template
from server.email_templates.jinja_env import HTML, ready
from server.email_templates.mjml.translate import translate
from server.email_templates.render import RenderedEmail, render
from tests.email_templates.mails import FIELDS, ROWS, column, compiled, shipped_emails, whole, words


def values(**changes: Any) -> dict[str, Any]:
    return {**sample_values(FIELDS), "rows": ROWS, "url": "https://gitlab.com/a?b=1&c=2", **changes}


def email(mjml: str, **changes: Any) -> RenderedEmail:
    return render(compiled(mjml), values(**changes))


CONSTRUCTS = {
    "text": (words("<p>Hi {{ contact.first_name }}!</p>"), "<p>Hi Ada!</p>"),
    "bare text": (words("Hi {{ contact.first_name }}"), ">Hi Ada</div>"),
    "filter": (words("<p>{{ contact.first_name|upper }}</p>"), "<p>ADA</p>"),
    "two filters": (words("<p>{{ contact.first_name|upper|lower }}</p>"), "<p>ada</p>"),
    "quotes in text": (words("""<p>{{ contact.title|default("a 'b' c") }}</p>"""), "<p>Head of Platform</p>"),
    "greater than": (words("<p>{% if account.arr > 5 %}big{% endif %}</p>"), "<p>big</p>"),
    "less than": (words("<p>{% if account.arr < 5 %}small{% else %}big{% endif %}</p>"), "<p>big</p>"),
    "and": (words("<p>{% if contact.title and account.name %}yes{% endif %}</p>"), "<p>yes</p>"),
    "not": (words("<p>{% if not contact.title %}no{% else %}yes{% endif %}</p>"), "<p>yes</p>"),
    "elif": (words("<p>{% if not today %}a{% elif today %}b{% else %}c{% endif %}</p>"), "<p>b</p>"),
    "short if": (words("""<p>{{ "a" if contact.title == "x" else "b" }}</p>"""), "<p>b</p>"),
    "is none": (words("<p>{% if contact.title is none %}a{% else %}b{% endif %}</p>"), "<p>b</p>"),
    "angle in a text in quotes": (words("""<p>{{ "<b>" }}</p>"""), "<p>&lt;b&gt;</p>"),
    "braces in a text in quotes": (words("""<p>{{ "}}" }}</p>"""), "<p>}}</p>"),
    "comment": (words("<p>a{# <b> {{ x }} #}b</p>"), "<p>ab</p>"),
    "html comment": (words("<p>a<!-- <b> -->b</p>"), "<p>ab</p>"),
    "line break in a tag": (words("<p>{{ contact.first_name\n|upper }}</p>"), "<p>ADA</p>"),
    "alt": (column('<mj-image src="https://x.example/a.png" alt="{{ contact.title }}" />'), 'alt="Head of Platform"'),
    "double quotes in alt": (
        column("""<mj-image src="https://x.example/a.png" alt='{{ contact.title|default("x") }}' />"""),
        'alt="Head of Platform"',
    ),
    "if in alt": (
        column('<mj-image src="https://x.example/" alt="{% if contact.title %}t{% endif %}" />'),
        'alt="t"',
    ),
    "no alt": (words('<img src="https://x.example/a.png">'), 'alt=""'),
    "whole link": (words('<a href="{{ url }}">x</a>'), 'href="https://gitlab.com/a?b=1&amp;c=2"'),
    "whole link of a button": (
        column('<mj-button href="{{ url }}">x</mj-button>'),
        'href="https://gitlab.com/a?b=1&amp;',
    ),
    "part of a link": (words('<a href="https://x.example/?q={{ account.name }}">x</a>'), "?q=Northwind"),
    "mail link": (words('<a href="mailto:{{ contact.email }}">x</a>'), 'href="mailto:ada@northwind.example"'),
    "title attribute": (words('<a href="https://x.example" title="{{ contact.title }}">x</a>'), 'title="Head of'),
    "colour": (column('<mj-text color="{{ contact.first_name }}">x</mj-text>'), "color:Ada"),
    "style": (words('<p style="color: {{ contact.first_name }}">x</p>'), 'style="color: Ada"'),
    "background": (
        whole('<mj-section background-url="{{ url }}"></mj-section>'),
        "url('https://gitlab.com/a?b=1&amp;c=2')",
    ),
    "if around a section": (whole("{% if today %}<mj-section></mj-section>{% endif %}"), "</table></div>"),
    "if around a text": (
        column("{% if today %}<mj-text>yes</mj-text>{% else %}<mj-text>no</mj-text>{% endif %}"),
        "yes",
    ),
    "loop over rows": (
        column("<mj-table>{% for row in rows %}<tr><td>{{ row.item }}</td></tr>{% endfor %}</mj-table>"),
        "<tbody><tr><td>Seats</td></tr><tr><td>Runners &amp; minutes</td></tr></tbody>",
    ),
    "loop in a list": (words("<ul>{% for row in rows %}<li>{{ row.item }}</li>{% endfor %}</ul>"), "<li>Seats</li>"),
    "loop.last": (
        words("{% for row in rows %}{{ row.amount }}{% if not loop.last %}, {% endif %}{% endfor %}"),
        "120, 7",
    ),
    "loop around texts": (column("{% for row in rows %}<mj-text>{{ row.item }}</mj-text>{% endfor %}"), ">Seats</div>"),
    "two loops": (
        words("{% for a in rows %}{% for b in rows %}{{ a.amount }}-{{ b.amount }} {% endfor %}{% endfor %}"),
        "120-120 120-7 7-120 7-7",
    ),
    "preview": (whole("", "<mj-head><mj-preview>Hi {{ contact.first_name }}</mj-preview></mj-head>"), ">Hi Ada</div>"),
    "title": (
        whole("", "<mj-head><mj-title>{{ account.name }} & us</mj-title></mj-head>"),
        "<title>Northwind &amp; us",
    ),
    "entities": (
        words("<p>a &amp; b &nbsp; &lt;c&gt; d & e 3 < 5</p>"),
        "a &amp; b &nbsp; &lt;c&gt; d &amp; e 3 &lt; 5",
    ),
    "raw": (whole("<mj-raw><p>{{ contact.first_name }}</p></mj-raw>"), "<p>Ada</p>"),
    "date": (words("<p>{{ account.renewal_date|date }}</p>"), "<p>22 November 2026</p>"),
    "money": (words("<p>{{ account.arr|money }}</p>"), "<p>$120,000</p>"),
    "money in euros": (words('<p>{{ account.arr|money("EUR") }}</p>'), "<p>€120,000</p>"),
    "possessive": (words("<p>{{ account.name|possessive }}</p>"), "<p>Northwind’s</p>"),
    "or": (words('<p>{{ contact.title or "friend" }}</p>'), "<p>Head of Platform</p>"),
    "button label": (
        column('<mj-button href="https://x.example">Hi {{ contact.first_name }}</mj-button>'),
        "Hi Ada</a>",
    ),
    "family emoji": (column('<mj-image src="https://x.example/" alt="👨‍👩‍👧 \\ &quot;x&quot;" />'), 'alt="👨‍👩‍👧 \\'),
    "style with lines": (words('<p style="color: red;\n  margin: 0">x</p>'), 'style="color: red; margin: 0"'),
    "social": (
        column('<mj-social><mj-social-element name="facebook" href="{{ url }}">x</mj-social-element></mj-social>'),
        "https%3A%2F%2Fgitlab.com",
    ),
    "accordion": (
        column(
            "<mj-accordion><mj-accordion-element><mj-accordion-title>{{ today }}</mj-accordion-title>"
            "<mj-accordion-text>x</mj-accordion-text></mj-accordion-element></mj-accordion>"
        ),
        "1 June 2026",
    ),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_comes_through(name: str):
    mjml, expected = CONSTRUCTS[name]
    html = email(mjml).html
    assert expected in html
    assert "{{" not in html
    assert "jq0" not in html
    assert "cq0" not in html


def test_a_branch_that_is_not_taken_leaves_nothing():
    html = email(
        whole("{% if not today %}<mj-section><mj-column><mj-text>gone</mj-text></mj-column></mj-section>{% endif %}")
    )
    assert "gone" not in html.html
    assert "gone" not in html.text


def test_classes_and_defaults_apply_weakest_first_and_the_last_class_wins():
    head = (
        '<mj-head><mj-attributes><mj-all color="#000001" font-size="11px" /><mj-text color="#000002" />'
        '<mj-class name="a" color="#000003" align="left" />'
        '<mj-class name="b" color="#000004" /></mj-attributes></mj-head>'
    )
    section = "<mj-section><mj-column>{}</mj-column></mj-section>"
    plain = email(whole(section.format("<mj-text>x</mj-text>"), head)).html
    classed = email(whole(section.format('<mj-text mj-class="a b">x</mj-text>'), head)).html
    own = email(whole(section.format('<mj-text mj-class="a b" color="#000005">x</mj-text>'), head)).html
    assert "font-size:11px" in plain
    assert "color:#000002" in plain
    assert "color:#000004" in classed
    assert "color:#000005" in own


def test_inline_styles_reach_the_content_and_leave_loops_in_their_tables():
    head = '<mj-head><mj-style inline="inline">.w td { color: red; }</mj-style></mj-head>'
    body = (
        '<mj-section><mj-column><mj-text css-class="w"><table>{% for row in rows %}<tr><td>{{ row.item }}</td></tr>'
        "{% endfor %}</table></mj-text></mj-column></mj-section>"
    )
    html = email(whole(body, head)).html
    assert html.count('<td style="color: red;">') == len(ROWS)


def shape(html: str) -> list[tuple[str, dict[str, str], str, str]]:
    """The tree of a document: tags, attributes, text and tails without needless white space."""
    tree = lxml.html.document_fromstring(html)
    return [
        (
            str(element.tag) if isinstance(element.tag, str) else "comment",
            {key: " ".join(value.split()) for key, value in element.attrib.items()},
            " ".join((element.text or "").split()),
            " ".join((element.tail or "").split()),
        )
        for element in tree.iter()
    ]


def test_compiling_then_rendering_equals_rendering_then_compiling(shipped):
    for source in shipped_emails(shipped):
        once = render(compile_template(source), sample_values()).html
        filled = "".join(ready(source.mjml, is_html=True).generate(sample_values()))
        assert shape(translate(filled).html) == shape(once), source.slug


def test_the_environment_knows_no_globals_and_no_methods():
    assert not HTML.globals
    assert "format" not in HTML.filters
    assert "callable" not in HTML.tests
