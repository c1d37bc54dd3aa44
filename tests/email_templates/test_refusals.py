"""What a template may not hold is refused with its line and a sentence."""

from __future__ import annotations

import pytest

from server.email_templates.compile import compile_template
from server.email_templates.problems import TemplateInvalid
from tests.email_templates.mails import FIELDS, column, compiled, source, whole, words

HOSTILE = {
    "script in text": words("<p>\n<script>alert(1)</script></p>"),
    "script in raw": whole("\n<mj-raw><script>alert(1)</script></mj-raw>"),
    "iframe": words('\n<iframe src="https://x.example/"></iframe>'),
    "form": words('\n<form action="https://x.example/"></form>'),
    "svg": words("\n<svg></svg>"),
    "event handler": words('\n<p onclick="alert(1)">x</p>'),
    "javascript link": words('\n<a href="javascript:alert(1)">x</a>'),
    "javascript link in entities": words('\n<a href="java&#115;cript&colon;alert(1)">x</a>'),
    "javascript link with a tab": words('\n<a href="java&#9;script:alert(1)">x</a>'),
    "data image": words('\n<img src="data:text/html,x">'),
    "javascript button": column('\n<mj-button href="javascript:alert(1)">x</mj-button>'),
    "javascript image": column('\n<mj-image src="javascript:alert(1)" />'),
    "javascript background": whole('\n<mj-section background-url="javascript:alert(1)"></mj-section>'),
    "user name in link": words('\n<a href="https://gitlab.com@evil.example/">x</a>'),
    "relative link": words('\n<a href="/etc/passwd">x</a>'),
    "scheme from a field": words('\n<a href="java{{ contact.title }}">x</a>'),
    "host from a field": words('\n<a href="https://{{ contact.title }}/x">x</a>'),
    "host continued by a field": words('\n<a href="https://gitlab.com{{ contact.title }}">x</a>'),
    "css expression": words('\n<p style="width: expression(alert(1))">x</p>'),
    "css escape": words('\n<p style="background: \\75rl(x)">x</p>'),
    "css javascript": words('\n<p style="background: url(javascript:alert(1))">x</p>'),
    "css import": whole("", "<mj-head>\n<mj-style>@import url(https://x.example/a.css);</mj-style></mj-head>"),
    "end of style": whole("", "<mj-head>\n<mj-style>p{}</style><script>x</script></mj-style></mj-head>"),
    "style through a border": column('\n<mj-text>x</mj-text><mj-divider border-style="solid;position:fixed" />'),
    "include": whole('\n<mj-include path="/etc/passwd" />'),
    "outlook comment": words("\n<!--[if mso]><script></script><![endif]-->"),
    "doctype": '\n<!DOCTYPE x [<!ENTITY a "b">]><mjml><mj-body></mj-body></mjml>',
    "cdata": words("\n<![CDATA[<script>]]>"),
    "call": words("\n{{ contact.first_name.upper() }}"),
    "class walk": words("\n{{ contact.__class__.__mro__ }}"),
    "underscore name": words("\n{{ _missing }}"),
    "our own filter": words("\n{{ contact.title|mail_need('x') }}"),
    "safe": words("\n{{ contact.title|safe }}"),
    "attr filter": words('\n{{ contact|attr("x") }}'),
    "format": words('\n{{ "%s"|format(contact.title) }}'),
    "set": words("\n{% set x = 1 %}"),
    "macro": words("\n{% macro x() %}{% endmacro %}"),
    "jinja include": words('\n{% include "x" %}'),
    "jinja import": words('\n{% import "x" as y %}'),
    "multiplication": words("\n{{ 'a' * 1000000000 }}"),
    "power": words("\n{{ 9 ** 999999 }}"),
    "range": words("\n{% for x in range(10) %}{{ x }}{% endfor %}"),
    "lipsum": words("\n{{ lipsum() }}"),
    "three loops": words("\n" + "".join(f"{{% for x{n} in rows %}}" for n in range(3)) + "x" + "{% endfor %}" * 3),
    "square brackets": words('\n{{ contact["title"] }}'),
    "raw": words("\n{% raw %}{{ x }}{% endraw %}"),
    "brace as entity": words("\n&#123;{ contact.title }}"),
    "our marker": words("\njq00000zx"),
    "quote out of an attribute": column('\n<mj-text color="red" onload="x">x</mj-text>'),
    "element out of the cell": words("\n</td></tr></table>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_with_its_line(name: str):
    with pytest.raises(TemplateInvalid) as caught:
        compile_template(source(HOSTILE[name]), FIELDS)
    assert 2 in {problem.line for problem in caught.value.problems}, caught.value


BROKEN = {
    "unknown component": (column("\n<mj-txt>x</mj-txt>"), "Did you mean mj-text?"),
    "unknown attribute": (column('\n<mj-text colour="red">x</mj-text>'), "Did you mean color?"),
    "bad size": (column('\n<mj-text font-size="big">x</mj-text>'), "size in px"),
    "bad colour": (column('\n<mj-text color="#12">x</mj-text>'), "colour such as"),
    "bad choice": (column('\n<mj-text align="middle">x</mj-text>'), "one of left"),
    "wrong nesting": (whole("\n<mj-text>x</mj-text>"), "cannot stand in <mj-body>"),
    "not closed": (column("\n<mj-text>x"), "is not closed"),
    "closed by another": (whole("\n<mj-section><mj-column></mj-section>"), "</mj-column> is due"),
    "loose text": (column("\nhello"), "between components"),
    "loose field": (column("\n{{ contact.title }}"), "between components"),
    "no quotes": (column("\n<mj-text align=left>x</mj-text>"), "no quoted value"),
    "twice": (column('\n<mj-text align="left" align="right">x</mj-text>'), "twice"),
    "jinja as attribute": (column("\n<mj-text {{ contact.title }}>x</mj-text>"), "inside a quoted value"),
    "unclosed bold": (words("\n<b>x"), "<b> is not closed"),
    "field in a size": (column('\n<mj-text font-size="{{ contact.title }}px">x</mj-text>'), "Only text and links"),
    "unknown field": (words("\n{{ contact.frist_name }}"), "Did you mean contact.first_name?"),
    "field of no group": (words("\n{{ first_name }}"), "Did you mean contact.first_name?"),
    "a group": (words("\n{{ contact }}"), "is a group"),
    "unknown filter": (words("\n{{ contact.title|uper }}"), "Did you mean upper?"),
    "syntax": (words("\n{{ contact.title "), "Check the braces"),
    "if over two paragraphs": (words("<p>{% if contact.title %}a</p><p>\n{% endif %}</p>"), "another element"),
    "column in a loop": (
        whole("<mj-section>\n{% for row in rows %}<mj-column></mj-column>{% endfor %}</mj-section>"),
        "has no width",
    ),
    "white space dash": (words("\n{{- contact.title }}"), "Leave the dash out"),
    "unknown class": (column('\n<mj-text mj-class="big">x</mj-text>'), "There is no mj-class"),
    "two of a name": (
        column(
            '<mj-text css-class="editable-a"><p>x</p></mj-text>\n<mj-text css-class="editable-a"><p>y</p></mj-text>'
        ),
        "two editable texts",
    ),
    "table in an editable text": (words("\n<table></table>", "editable"), "cannot stand in an editable text"),
    "loose words in an editable text": (words("\nhello", "editable"), "outside a paragraph"),
    "loop over a text": (words("\n{% for x in contact.title %}{{ x }}{% endfor %}"), "is not a list"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_named_with_its_line_and_a_cure(name: str):
    mjml, says = BROKEN[name]
    with pytest.raises(TemplateInvalid) as caught:
        compiled(mjml)
    assert says in str(caught.value)
    assert 2 in {problem.line for problem in caught.value.problems}, caught.value


def test_all_problems_are_reported_at_once_with_the_lines_of_the_file():
    mjml = column('\n<mj-text colour="red">x</mj-text>\n<mj-text><p>{{ acount.name }}</p>\n<a href="x">y</a></mj-text>')
    with pytest.raises(TemplateInvalid) as caught:
        compile_template(
            source(mjml, "Hi {{ x }}"),
        )
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "mjml",
    ["", "hello", "<html></html>", "<mjml></mjml>", "<mjml>", "</mjml>", "<", "<mjml><mj-body>" * 500, "{{" * 5000],
)
def test_what_is_no_mjml_is_refused_and_nothing_breaks(mjml: str):
    with pytest.raises(TemplateInvalid):
        compiled(mjml)


def test_too_large_and_too_deep_templates_are_refused():
    with pytest.raises(TemplateInvalid, match="larger than"):
        compiled(words("x" * 300_001))
    with pytest.raises(TemplateInvalid, match="nested deeper"):
        compiled(words("<span>" * 70 + "x" + "</span>" * 70))


@pytest.mark.parametrize(
    "subject", ["", "  ", "a\nb", "{{ x }}", "{{ contact.title", "{% raw %}{% endraw %}", "{{- today }}"]
)
def test_a_subject_that_cannot_be_used_is_refused(subject: str):
    with pytest.raises(TemplateInvalid):
        compiled(words("x"), subject)
