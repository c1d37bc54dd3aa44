"""Filling in: values are inert wherever they land, what is missing is named, and nothing grows without end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import lxml.html
import pytest
from markupsafe import Markup

from server.email_templates.catalogue import MERGE_FIELDS, sample_values
from server.email_templates.compile import CompiledTemplate, compile_template
from server.email_templates.problems import MissingValue, RenderRefused
from server.email_templates.render import render
from tests.email_templates.mails import FIELDS, ROWS, column, compiled, shipped_emails, words

HOSTILE_TEXTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    "--><script>x</script>",
    "</title></style><script>x</script>",
    "a\r\nBcc: eve@evil.example",
    "x;background:url(https://evil.example)",
]
EVERYWHERE = words(
    '<p>{{ contact.title }}</p><a href="https://gitlab.com/?q={{ contact.title }}" title="{{ contact.title }}">x</a>'
    '<img src="https://gitlab.com/{{ contact.title }}.png" alt="{{ contact.title }}">'
).replace("<mj-body>", "<mj-head><mj-title>{{ contact.title }}</mj-title></mj-head><mj-body>")


def values(**contact: Any) -> dict[str, Any]:
    sample = sample_values(FIELDS)
    return {**sample, "contact": {**sample["contact"], **contact}, "rows": ROWS}


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_value_is_inert_in_text_links_attributes_and_subject(text: str):
    email = render(compiled(EVERYWHERE, "{{ contact.title }}"), values(title=text))
    calm = lxml.html.document_fromstring(render(compiled(EVERYWHERE), values(title="calm")).html)
    tree = lxml.html.document_fromstring(email.html)
    tags = [element.tag for element in tree.iter()]
    assert tags == [element.tag for element in calm.iter()]
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    assert all(element.get("href").startswith("https://gitlab.com/") for element in tree.iter("a"))
    assert "\n" not in email.subject
    assert "\r" not in email.subject
    assert "\nBcc" not in email.text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "/path",
        "https://gitlab.com@evil.example/",
        "https://",
        "http://[::1",
        "file:///etc/passwd",
        "mailto:",
    ],
)
def test_a_hostile_address_stops_the_render(address: str):
    template = compiled(words('<a href="{{ url }}">x</a>'))
    with pytest.raises(RenderRefused, match="is not a link"):
        render(template, {**values(), "url": address})


def test_quotes_and_odd_letters_in_an_address_are_encoded():
    template = compiled(words('<a href="{{ url }}">x</a>'))
    html = render(template, {**values(), "url": "https://gitlab.com/a'b\"c(d)é"}).html
    assert 'href="https://gitlab.com/a%27b%22c%28d%29%C3%A9"' in html


@pytest.mark.parametrize("text", ["red;position:fixed", "url(x)", "expression(1)", "a\\62", "</style>", '"', "x" * 200])
def test_a_hostile_value_in_a_style_stops_the_render(text: str):
    for template in (
        words('<p style="color: {{ contact.title }}">x</p>'),
        column('<mj-text color="{{ contact.title }}">x</mj-text>'),
    ):
        with pytest.raises(RenderRefused, match="as a style"):
            render(compiled(template), values(title=text))


def test_all_missing_fields_are_named_at_once():
    template = compiled(
        words("<p>{{ contact.title }} {{ account.arr|money }} {{ sender.title|upper }}</p>"), "{{ tam.name }}"
    )
    sample = values(title="  ")
    del sample["tam"]
    sample["account"] = {"name": "x", "arr": None}
    sample["sender"] = {}
    with pytest.raises(MissingValue) as caught:
        render(template, sample)
    assert caught.value.missing == ("tam.name", "contact.title", "account.arr", "sender.title")
    assert set(caught.value.fields) == set(caught.value.missing)


def test_a_missing_value_inside_a_loop_is_named():
    template = compiled(words("{% for row in rows %}{{ row.item }}{% endfor %}"))
    with pytest.raises(MissingValue) as caught:
        render(template, {**values(), "rows": [{"item": ""}, {}]})
    assert caught.value.missing == ("row.item",)
    with pytest.raises(MissingValue):
        render(template, {**values(), "rows": []})


def test_a_default_or_an_if_makes_a_field_optional():
    template = compiled(
        words(
            '<p>{{ contact.title|default("friend") }}{{ contact.title|upper|default("!") }}'
            "{% if contact.title %}{{ contact.title }}{% endif %}{% if account.arr > 5 %}x{% endif %}</p>"
        )
    )
    sample = values(title=None)
    with pytest.raises(MissingValue, match=r"account\.arr"):
        render(template, {**sample, "account": {"name": "x"}})
    assert "<p>friend!x</p>" in render(template, sample).html


def test_nought_and_false_are_values():
    template = compiled(words("<p>{{ account.arr|money }}</p>"))
    sample = values()
    assert "<p>$0</p>" in render(template, {**sample, "account": {"arr": Decimal(0)}}).html


class Stage(StrEnum):
    NEW = "new"


@pytest.mark.parametrize(
    "value", [Markup("<b>x</b>"), object(), Stage.NEW, b"x", 1.5, {1: "x"}, lambda: "x", [object()]]
)
def test_a_value_that_is_not_plain_is_refused(value: Any):
    with pytest.raises(RenderRefused, match="not a plain value"):
        render(compiled(words("<p>{{ contact.title }}</p>")), values(title=value))


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        ("{{ contact.title }}", date(2026, 3, 1), "1 March 2026"),
        ("{{ contact.title }}", datetime(2026, 3, 1, tzinfo=UTC), "1 March 2026"),
        ("{{ contact.title|date }}", "2026-03-01", "1 March 2026"),
        ("{{ contact.title|money }}", Decimal("-1234.5"), "-$1,234.50"),
        ('{{ contact.title|money("CHF") }}', 12, "CHF 12"),
        ("{{ contact.title }}", True, "yes"),
        ("{{ contact.title|title }}", "o'neil mcdonald", "O&#39;neil Mcdonald"),
        ("{{ contact.title|first }}", ["a", "b"], "a"),
        ('{{ contact.title|join(" and ") }}', ["a", "b"], "a and b"),
        ("{{ contact.title|possessive }}", "Siemens", "Siemens’"),
    ],
)
def test_filters_show_values_as_people_write_them(source: str, value: Any, shown: str):
    assert f"<p>{shown}</p>" in render(compiled(words(f"<p>{source}</p>")), values(title=value)).html


@pytest.mark.parametrize("source", ["{{ contact.title|date }}", "{{ contact.title|money }}"])
def test_a_value_that_does_not_fit_its_filter_is_named(source: str):
    with pytest.raises(RenderRefused, match="'soon' is not"):
        render(compiled(words(source)), values(title="soon"))


def test_a_render_cannot_grow_without_end():
    template = compiled(words("{% for a in rows %}{% for b in rows %}{{ contact.title }}{% endfor %}{% endfor %}"))
    with pytest.raises(RenderRefused, match="100 KB"):
        render(template, {**values(title="x" * 1000), "rows": [{"item": "x"}] * 1000})


def test_a_subject_is_one_line_and_neither_empty_nor_endless():
    assert render(compiled(words("x"), " Hi {{ contact.title }} "), values(title="a\n b\t\u2028")).subject == "Hi a b"
    with pytest.raises(RenderRefused, match="longer"):
        render(compiled(words("x"), "{{ contact.title }}"), values(title="x" * 201))
    with pytest.raises(RenderRefused, match="empty"):
        render(compiled(words("x"), "{% if not contact.title %}x{% endif %}"), values(title="x"))


def test_the_text_part_reads_well():
    html = (
        "<h2>Hello {{ contact.first_name }},</h2><p>see <a href='https://gitlab.com/{{ contact.first_name }}'>this</a>"
        " &amp;\n that.<br>New line</p><ul><li>one</li><li>two</li></ul><ol><li>first</li><li>second</li></ol>"
        "{% if not today %}<p>gone</p>{% endif %}<p><a href='https://gitlab.com/'>https://gitlab.com</a></p>"
        "<p><a href='{{ url }}'>go</a> <a href='mailto:{{ contact.email }}'>{{ contact.email }}</a></p>"
        "<table><tr><th>Item</th><th>No</th></tr>{% for row in rows %}<tr><td>{{ row.item }}</td>"
        "<td>{{ row.amount }}</td></tr>{% endfor %}</table>"
    )
    mjml = words(html).replace("<mj-body>", "<mj-head><mj-preview>hidden</mj-preview></mj-head><mj-body>")
    text = render(compiled(mjml), {**values(), "url": "https://a.example/x"}).text
    assert text == (
        "Hello Ada,\n\nsee this (https://gitlab.com/Ada) & that.\nNew line\n\n- one\n- two\n\n1. first\n2. second\n\n"
        "https://gitlab.com\n\ngo (https://a.example/x) ada@northwind.example\n\nItem  No\nSeats  120\n"
        "Runners & minutes  7\n"
    )


def test_what_is_kept_in_the_database_renders_the_same(shipped):
    for source in shipped_emails(shipped):
        template = compile_template(source)
        assert CompiledTemplate.from_json(template.to_json()) == template
    with pytest.raises(ValueError, match="format"):
        CompiledTemplate.from_json({"format": 0})


def test_every_shipped_template_can_be_filled_in_and_edited(shipped):
    for source in shipped_emails(shipped):
        email = render(compile_template(source), sample_values())
        assert len(email.html.encode()) < 20_000, source.slug
        assert "http://" not in email.text
        assert compile_template(source).blocks, source.slug
        assert "Ada" in email.text


def test_every_merge_field_has_a_label_and_an_example_that_renders():
    for field in MERGE_FIELDS:
        assert field.label
        assert render(compiled(words(f"<p>{{{{ {field.path} }}}}</p>")), sample_values()).text
