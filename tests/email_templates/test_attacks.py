"""Published attacks on template engines, and values that attack: an error or inert text, never what they were after."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import jinja2
import lxml.html
import markupsafe
import pytest
from jinja2 import TemplateError

from server.email_templates.catalogue import sample_values
from server.email_templates.compile import compile_template
from server.email_templates.jinja_env import HTML, TEXT, escaped
from server.email_templates.message import MessageRefused
from server.email_templates.problems import RenderRefused, TemplateInvalid
from server.email_templates.render import render
from tests.email_templates.mails import FIELDS, ROWS, column, compiled, source, words
from tests.email_templates.test_message import built
from tests.email_templates.ways_out import ESCAPES


@pytest.mark.parametrize("payload", ESCAPES)
def test_a_way_out_of_the_templates_is_refused_with_its_line(payload: str):
    with pytest.raises(TemplateInvalid) as caught:
        compile_template(source(words(f"<p>fine</p>\n<p>{payload}</p>")), FIELDS)
    assert {problem.line for problem in caught.value.problems} == {2}, caught.value
    assert all(problem.message for problem in caught.value.problems)


@pytest.mark.parametrize("payload", ESCAPES)
def test_a_way_out_is_refused_in_a_subject_and_in_a_link_too(payload: str):
    with pytest.raises(TemplateInvalid):
        compile_template(source(words("<p>fine</p>"), payload), FIELDS)
    quoted = payload.replace('"', "'")
    with pytest.raises(TemplateInvalid):
        compile_template(source(words(f'<a href="https://gitlab.com/?x={quoted}">x</a>')), FIELDS)


@pytest.mark.parametrize("statement", ["# for x in rows", "% set x = 1", "#% include 'x'", "## comment", "<% x %>"])
def test_line_statements_and_foreign_tags_are_plain_text(statement: str):
    html = statement.replace("<", "&lt;").replace(">", "&gt;")
    assert statement in render(compiled(words(f"<p>a</p>\n<p>{html}</p>")), sample_values(FIELDS)).text


# The second wall: what the sandbox does should the list of allowed words ever let one of these through.
BEHIND_THE_LIST = [
    "{{ ''.__class__ }}",
    "{{ contact.__class__ }}",
    "{{ contact.first_name.upper() }}",
    "{{ contact.keys() }}",
    "{{ contact.update({'a': 1}) }}",
    "{{ contact['first_name'] }}",
    "{{ '{0.__class__}'.format(contact) }}",
    "{{ lipsum() }}",
    "{{ range(3) }}",
    "{{ dict() }}",
    "{{ cycler('a') }}",
    "{{ namespace() }}",
    "{{ self.__init__ }}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{{ 'x'|attr('upper') }}",
    "{{ 'x'|safe }}",
    "{{ 'x'|format }}",
    "{{ rows|map('upper')|list }}",
]


@pytest.mark.parametrize("payload", BEHIND_THE_LIST)
def test_the_sandbox_alone_stops_it_too(payload: str):
    for environment in (HTML, TEXT):
        with pytest.raises((TemplateError, TypeError)):
            environment.from_string(payload).render(contact={"first_name": "Ada"}, rows=ROWS)


def test_jinja_has_the_fixes_of_its_published_escapes():
    assert tuple(int(part) for part in jinja2.__version__.split(".")[:3]) >= (3, 1, 6)


# Values that attack.
TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" style="position:fixed;inset:0',
    "</td></tr></table><h1>x</h1>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "<![endif]--><script>alert(1)</script><!--[if mso]>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "]]><script>alert(1)</script>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=0;url=https://evil.example/>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "＜script＞alert(1)＜/script＞",
    "<scr\u200dipt>alert(1)</scr\u200dipt>",
    "{{ account.arr }}",
    "{{ 7 * 7 }}",
    "{% for x in rows %}x{% endfor %}",
    "{# gone #}",
    "{{ self.__init__.__globals__ }}",
    "${7*7} #{7*7} <%= 7*7 %> [[${7*7}]]",
    "jq00000zx",
    "=cmd|'/c calc'!A1",
]
EVERYWHERE = words(
    '<p>{{ contact.title }}</p><p><a href="https://gitlab.com/?q={{ contact.title }}" title="{{ contact.title }}">x</a>'
    '<img src="https://gitlab.com/{{ contact.title }}.png" alt="{{ contact.title }}"></p>'
).replace("<mj-body>", "<mj-head><mj-title>{{ contact.title }}</mj-title></mj-head><mj-body>")


def values(**contact: Any) -> dict[str, Any]:
    sample = sample_values(FIELDS)
    return {**sample, "contact": {**sample["contact"], **contact}, "rows": ROWS}


@pytest.mark.parametrize("text", TEXTS)
def test_a_value_is_shown_as_it_is_written_and_changes_no_tag(text: str):
    template = compiled(EVERYWHERE, "{{ contact.title }}")
    email = render(template, values(title=text))
    tree = lxml.html.document_fromstring(email.html)
    calm = lxml.html.document_fromstring(render(template, values(title="calm")).html)
    assert [element.tag for element in tree.iter()] == [element.tag for element in calm.iter()]
    assert [sorted(element.attrib) for element in tree.iter()] == [sorted(element.attrib) for element in calm.iter()]
    assert text in [paragraph.text_content() for paragraph in tree.iter("p")]
    assert {element.get("title") for element in tree.iter("a")} == {text}
    assert all(element.get("href").startswith("https://gitlab.com/?q=") for element in tree.iter("a"))
    assert not [element for element in tree.iter("a") if re.search("[<>\"'{}&]", element.get("href").partition("=")[2])]
    assert email.subject == text
    assert text in email.text


LINKS = [
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "jAvAsCrIpT:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "java\rscript:alert(1)",
    "\x01javascript:alert(1)",
    "java\0script:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "java&Tab;script:alert(1)",
    "javascript%3Aalert(1)",
    "javascript://gitlab.com/%0Aalert(1)",
    "ｊavascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:msgbox(1)",
    "livescript:x",
    "file:///etc/passwd",
    "ftp://evil.example/x",
    "blob:https://gitlab.com/x",
    "view-source:https://gitlab.com",
    "ms-msdt:/id PCWDiagnostic",
    "//evil.example/x",
    "\\\\evil.example\\x",
    "/relative",
    "?q=1",
    "gitlab.com",
    "https:evil.example",
    "https:///evil.example",
    "https://gitlab.com@evil.example/",
    "https://gitlab.com:pw@evil.example/",
    "https://gitlab.com\\@evil.example/",
    "https://evil.example\u2044gitlab.com/",
    "https://gitlab。com/",
    "https://[::1]/",
    "https://a b/",
    "mailto:",
    "tel:",
]


@pytest.mark.parametrize("place", ['<a href="{{ url }}">x</a>', '<img src="{{ url }}" alt="x">'])
@pytest.mark.parametrize("address", LINKS)
def test_a_hostile_address_is_refused_and_names_its_field(address: str, place: str):
    with pytest.raises(RenderRefused) as caught:
        render(compiled(words(f"<p>{place}</p>")), {**values(), "url": address})
    assert set(caught.value.fields) == {"url"}


@pytest.mark.parametrize(
    "style",
    [
        "red;position:fixed",
        "red}body{display:none",
        "url(https://evil.example/x)",
        "expression(alert(1))",
        "image-set('x')",
        "var(--x)",
        "\\72 ed",
        "r/**/ed",
        'red" onload="x',
        "red&quot;",
        "</style><script>",
        "@import 'x'",
        "-moz-binding:url(x)",
        "calc(1px)",
        "red\n;x:y",
        "!important;x",
        "r\u0435d",
        "x" * 81,
    ],
)
@pytest.mark.parametrize(
    "template",
    [words('<p style="color: {{ contact.title }}">x</p>'), column('<mj-text color="{{ contact.title }}">x</mj-text>')],
    ids=["in a style", "in an attribute of MJML"],
)
def test_a_hostile_style_is_refused_and_names_its_field(template: str, style: str):
    with pytest.raises(RenderRefused) as caught:
        render(compiled(template), values(title=style))
    assert set(caught.value.fields) == {"contact.title"}


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\r\n\r\n"])
def test_a_line_break_in_a_value_makes_no_header_and_no_line(breaks: str):
    text = f"Ada{breaks}Bcc: eve@evil.example"
    email = render(compiled(words("<p>{{ contact.title }}</p>"), "Hi {{ contact.title }}"), values(title=text))
    assert email.subject == "Hi Ada Bcc: eve@evil.example"
    assert email.text == "Ada Bcc: eve@evil.example\n"
    head = built(subject=email.subject).partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc" not in head
    with pytest.raises(MessageRefused):
        built(headers={"X-Note": text})


@pytest.mark.parametrize("char", ["\0", "\x01", "\x08", "\x1b", "\x7f", "\ud800", "\ufffe", "\uffff"])
def test_a_character_that_no_email_may_hold_is_refused_with_its_field(char: str):
    with pytest.raises(RenderRefused, match=r"U\+[0-9A-F]{4}") as caught:
        render(compiled(words("<p>{{ contact.title }}</p>")), values(title=f"a{char}b"))
    assert set(caught.value.fields) == {"contact.title"}


@pytest.mark.parametrize("char", ["\0", "\x01", "\x1b", "\x7f", "\ud83d", "\uffff"])
def test_a_character_that_no_email_may_hold_is_refused_in_a_template_with_its_line(char: str):
    for text in (f"a{char}b", f'<b title="{char}">x</b>', f"<!-- {char} -->", f"{{# {char} #}}"):
        with pytest.raises(TemplateInvalid, match=r"U\+[0-9A-F]{4}") as caught:
            compiled(words(f"<p>fine</p>\n<p>{text}</p>"))
        assert {problem.line for problem in caught.value.problems} == {2}
    with pytest.raises(TemplateInvalid):
        compiled(words("<p>fine</p>"), f"a{char}b")


@pytest.mark.parametrize("turn", ["\u202e", "\u202d", "\u202a", "\u202b", "\u202c"])
def test_a_value_cannot_turn_the_direction_of_the_words_after_it(turn: str):
    email = render(
        compiled(words("<p>{{ contact.title }}</p>"), "{{ contact.title }}"), values(title=f"a{turn}gpj.exe")
    )
    assert turn not in email.html + email.text + email.subject
    assert email.subject == "agpj.exe"


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧 Ada", "می‌خواهم", "Łódź ẞ", "שלום", "مرحبا", "名前", "e\u0301", "\u200fעברית\u200e"]
)
def test_letters_of_all_languages_arrive_unchanged_in_all_three(text: str):
    email = render(compiled(words("<p>{{ contact.title }}</p>"), "{{ contact.title }}"), values(title=text))
    assert email.subject == text
    assert email.text == f"{text}\n"
    assert f"<p>{text}</p>" in email.html


def test_our_escape_writes_what_markupsafe_writes():
    for text in [*TEXTS, *LINKS, "plain", "", "&amp;", "<>\"'&" * 3]:
        assert escaped(text) == markupsafe.escape(text)
    assert escaped(markupsafe.Markup("<b>")) == "<b>"
    assert [escaped(value) for value in (1, None, True, Decimal("1200.5"), date(2026, 6, 1))] == [
        *("1", "", "yes", "1,200.5", "1 June 2026")
    ]


def test_html_is_escaped_by_our_escape_and_would_be_by_jinjas():
    assert HTML.autoescape is True
    assert HTML.from_string("{{ x }}{{ '<' }}").render(x="<b>") == "&lt;b&gt;&lt;"
    assert "environment.escaped(" in str(HTML.compile("{{ x }}", raw=True))
