"""What an author is told about a template that compiles: each finding on the right line, none where all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.email_templates.checks import (
    check_compose,
    check_size,
    check_style_budget,
    check_subject,
    check_text_part,
)
from server.email_templates.checks_source import (
    check_contrast,
    check_images,
    check_links,
    check_preheader,
    check_unsubscribe,
)
from server.email_templates.compile import compile_template
from server.email_templates.problems import Severity, TemplateProblem
from tests.email_templates.mails import column, compiled, shipped_emails, whole, words

Check = Callable[[str, int], list[TemplateProblem]]
OUT = '<a href="{{ links.unsubscribe }}">Unsubscribe</a>'


def demanding(mjml: str, first_line: int) -> list[TemplateProblem]:
    return check_unsubscribe(mjml, first_line, demanded=True)


def with_defaults(attributes: str, body: str) -> str:
    return whole(
        f"<mj-section><mj-column>{body}</mj-column></mj-section>",
        f"<mj-head><mj-attributes>{attributes}</mj-attributes></mj-head>",
    )


BAD = {
    "image": (check_images, column('\n<mj-image src="https://x.example/a.png" />'), "no alt", Severity.ERROR),
    "img": (check_images, words('\n<img src="https://x.example/a.png">'), "<img> has no alt", Severity.ERROR),
    "slide": (
        check_images,
        column('<mj-carousel>\n<mj-carousel-image src="https://x.example/a.png" /></mj-carousel>'),
        "<mj-carousel-image> has no alt",
        Severity.ERROR,
    ),
    "icon without words": (
        check_images,
        column('<mj-social>\n<mj-social-element name="github" href="https://x.example" /></mj-social>'),
        "<mj-social-element> has no alt",
        Severity.ERROR,
    ),
    "alt of another component": (
        check_images,
        with_defaults('<mj-social-element alt="" />', '\n<mj-image src="https://x.example/a.png" />'),
        "no alt",
        Severity.ERROR,
    ),
    "alt in a comment": (
        check_images,
        column(
            '<!-- <mj-image alt="x" src="https://x.example/a.png" /> -->\n<mj-image src="https://x.example/a.png" />'
        ),
        "no alt",
        Severity.ERROR,
    ),
    "http": (check_links, words('\n<a href="http://x.example/">The guide</a>'), "not encrypted", Severity.WARNING),
    "http button": (
        check_links,
        column('\n<mj-button href="http://x.example/{{ contact.email }}">The guide</mj-button>'),
        "http://x.example/{{ contact.email }}",
        Severity.WARNING,
    ),
    "click here": (
        check_links,
        words('\n<a href="https://x.example/"><b>Click</b>\n here!</a>'),
        "“Click here!” does not say",
        Severity.WARNING,
    ),
    "here": (check_links, words('\n<a href="https://x.example/">here</a>'), "does not say", Severity.WARNING),
    "bare address": (
        check_links,
        words('\n<a href="https://x.example/?a=1&amp;b=2">https://x.example/?a=1&amp;b=2</a>'),
        "bare address: https://x.example/?a=1&b=2",
        Severity.WARNING,
    ),
    "empty": (check_links, words('\n<a href="https://x.example/"> &nbsp;</a>'), "no words", Severity.WARNING),
    "empty but for a block": (
        check_links,
        words('\n<a href="https://x.example/">{% if contact.title %}{% endif %}</a>'),
        "no words",
        Severity.WARNING,
    ),
    "image that says nothing": (
        check_links,
        column('\n<mj-image alt="" src="https://x.example/a.png" href="https://x.example/" />'),
        "no words",
        Severity.WARNING,
    ),
    "many": (
        check_links,
        words('<a href="https://x.example/">The guide</a>' * 20 + '\n<a href="https://x.example/">The rest</a>'),
        "There are 21 links",
        Severity.WARNING,
    ),
    "no way out": (demanding, words("Hello"), "no link to unsubscribe", Severity.ERROR),
    "way out in a comment": (
        demanding,
        words(f"Hello <!-- {OUT.replace('{', '').replace('}', '')} -->"),
        "no link",
        Severity.ERROR,
    ),
    "way out without a link": (demanding, words("{{ links.unsubscribe }}"), "no link", Severity.ERROR),
    "way out for some": (
        demanding,
        words("{% if contact.title %}\n" + OUT + "{% else %}" + OUT + "{% endif %}"),
        "not everybody sees it",
        Severity.ERROR,
    ),
    "no preview": (check_preheader, words("Hello"), "no preview text", Severity.WARNING),
    "empty preview": (
        check_preheader,
        whole("", "<mj-head><mj-preview> </mj-preview></mj-head>"),
        "no preview text",
        Severity.WARNING,
    ),
    "pale button": (
        check_contrast,
        column('\n<mj-button href="https://x.example/" background-color="#ffffff" color="#cccccc">Go</mj-button>'),
        "1.6 to 1",
        Severity.WARNING,
    ),
    "pale text on a default": (
        check_contrast,
        with_defaults('<mj-text container-background-color="#fff" />', '\n<mj-text color="#999">Hello</mj-text>'),
        "2.8 to 1",
        Severity.WARNING,
    ),
}
WITHOUT_LINE = {"no way out", "way out in a comment", "way out without a link"}
IN_FIRST_LINE = {"no preview", "empty preview"}


@pytest.mark.parametrize("name", BAD)
def test_a_flaw_is_told_once_with_its_line_and_a_cure(name: str):
    check, mjml, says, severity = BAD[name]
    (problem,) = check(mjml, 10)
    assert says in problem.message
    assert problem.severity == severity
    assert problem.cure
    assert problem.line == (0 if name in WITHOUT_LINE else 10 if name in IN_FIRST_LINE else 11)


GOOD = {
    "alt": (check_images, column('<mj-image alt="A chart" src="https://x.example/a.png" />')),
    "decoration": (check_images, words('<img alt="" src="https://x.example/a.png">')),
    "alt from a field": (check_images, words('<img alt="{{ account.name }}" src="https://x.example/a.png">')),
    "alt for all": (check_images, with_defaults('<mj-all alt="" />', '<mj-image src="https://x.example/a.png" />')),
    "alt for images": (
        check_images,
        with_defaults('<mj-image alt="" />', '<mj-image src="https://x.example/a.png" />'),
    ),
    "alt of a class": (
        check_images,
        with_defaults('<mj-class name="x" alt="" />', '<mj-image mj-class="x" src="https://x.example/a.png" />'),
    ),
    "icon with words": (
        check_images,
        column('<mj-social><mj-social-element name="github">GitLab</mj-social-element></mj-social>'),
    ),
    "image in a comment": (check_images, words('<!-- <img src="https://x.example/a.png"> -->Hello')),
    "links": (
        check_links,
        words(
            '<a href="https://x.example/">The guide</a> <a href="mailto:{{ sender.email }}">{{ sender.email }}</a>'
            '<a href="https://x.example/"><img alt="The guide" src="https://x.example/a.png"></a>'
            '<a id="top"></a><a href="https://x.example/">{{ contact.title }}</a>'
        ),
    ),
    "image with alt as link": (
        check_links,
        column('<mj-image alt="A chart" src="https://x.example/a.png" href="https://x.example/" />'),
    ),
    "twenty": (check_links, words('<a href="https://x.example/">The guide</a>' * 20)),
    "way out": (demanding, words("{% if contact.title %}Hello{% endif %}" + OUT)),
    "way out as a button": (demanding, column('<mj-button href="{{ links.unsubscribe }}">Unsubscribe</mj-button>')),
    "preview": (check_preheader, whole("", "<mj-head><mj-preview>{{ account.name }}</mj-preview></mj-head>")),
    "button of MJML": (check_contrast, column("<mj-button>Go</mj-button>")),
    "colour by name": (check_contrast, column('<mj-button color="white" background-color="#ffffff">Go</mj-button>')),
    "large text": (
        check_contrast,
        column('<mj-text font-size="32px" color="#808080" container-background-color="#ffffff">Go</mj-text>'),
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_well_is_left_alone(name: str):
    check, mjml = GOOD[name]
    assert check(mjml, 1) == []


def test_a_category_that_demands_no_way_out_needs_none():
    assert check_unsubscribe(words("Hello"), 1, demanded=False) == []


def test_the_size_counts_bytes():
    assert check_size("ä" * 40_000) == []
    (warning,) = check_size("ä" * 40_001, 3)
    (error,) = check_size("ä" * 50_001, 3)
    assert (warning.severity, error.severity, error.line) == (Severity.WARNING, Severity.ERROR, 3)
    assert "100 KB" in error.message
    assert "102 KB" in error.message


def test_styles_over_the_budget_of_gmail_are_an_error():
    half = f"<style>/*{'x' * 8_188}*/</style>"
    assert check_style_budget(f"<!--[if mso]>{half}<![endif]-->{half}{half}") == []
    (problem,) = check_style_budget(half + half + "<STYLE type='text/css'>p{}</STYLE>")
    assert problem.severity is Severity.ERROR
    assert "16,387 characters" in problem.message


NESTED = {
    "media in media": "@media screen { @media (max-width: 3px) { p { color: red } } }",
    "font-face": "p { color: red } @media screen { p { color: red } @font-face { font-family: x } }",
    "after a string": "@media screen { p { content: '}' } @supports (color: red) { } }",
}


@pytest.mark.parametrize("name", NESTED)
def test_an_at_rule_in_an_at_rule_is_a_warning(name: str):
    (problem,) = check_style_budget(f"<style>{NESTED[name]}</style>")
    assert problem.severity is Severity.WARNING
    assert "inside another @-rule" in problem.message


FLAT = {
    "one after the other": "@media screen { p { color: red } } @media print { p { color: red } }",
    "import": "@import url('x'); @media screen { p { color: red } }",
    "in a comment": "@media screen { /* @media */ p { content: '@media' } }",
    "of the menu": "@goodbye { @gmail } p { color: red }",
}


@pytest.mark.parametrize("name", FLAT)
def test_at_rules_side_by_side_are_fine(name: str):
    assert check_style_budget(f"<style>{FLAT[name]}</style>") == []


@pytest.mark.parametrize(
    "text", ["", "\n", "{{ contact.first_name }} (https://x.example/words)\n", "{% if x %}1{% endif %} -"]
)
def test_a_plain_text_without_words_is_an_error(text: str):
    (problem,) = check_text_part(text)
    assert problem.severity is Severity.ERROR


def test_a_short_plain_text_beside_images_is_a_warning():
    (problem,) = check_text_part("Hello {{ contact.first_name }} (https://x.example/)", "<p><img src='x'></p>")
    assert problem.severity is Severity.WARNING
    assert "5 characters" in problem.message
    assert check_text_part("Hello {{ contact.first_name }}", "<p>Hello</p>") == []
    assert check_text_part("Grüße an alle, die dies lesen", "<img>") == []


SUBJECTS = {
    "x" * 71: "71 characters",
    "URGENT: {{ account.name }}": "capitals",
    "Hurry!! Now!": "exclamation",
    "Re: our call": "pretends",
    "FWD: our call": "pretends",
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_that_looks_like_spam_is_a_warning(subject: str):
    (problem,) = check_subject(subject, 3)
    assert SUBJECTS[subject] in problem.message
    assert (problem.line, problem.severity) == (3, Severity.WARNING)


@pytest.mark.parametrize(
    "subject",
    [
        "x" * 70,
        "{{ account.name }} " * 20,
        "EBR Q4",
        "Wow!!",
        "Renewal: what is next?",
        "{{ account.name|upper }}",
        "Reply: all",
    ],
)
def test_a_plain_subject_is_left_alone(subject: str):
    assert check_subject(subject) == []


BACKGROUNDS = {
    "section": ('<mj-section background-url="https://x.example/a.png">', "</mj-section>"),
    "full width": ('<mj-section full-width="full-width" background-url="https://x.example/a.png">', "</mj-section>"),
    "wrapper": ('<mj-wrapper background-url="https://x.example/a.png"><mj-section>', "</mj-section></mj-wrapper>"),
}
TEXT = "<mj-column><mj-text>Hello</mj-text></mj-column>"


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_text_on_a_background_image_without_a_colour_is_a_warning(name: str):
    start, end = BACKGROUNDS[name]
    mjml = whole("\n" + start + TEXT + end)
    (problem,) = check_compose([], compiled(mjml).html_jinja, mjml, 5)
    assert (problem.line, problem.severity) == (6, Severity.WARNING)
    assert "background image without a colour" in problem.message
    colored = start.replace("background-url", 'background-color="#123456" background-url')
    assert check_compose([], compiled(whole(colored + TEXT + end)).html_jinja) == []


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("https://x.example/?a=1&amp;b=2", 6),
        ("https://x.example/{{ contact.title }}.png", 6),
        ("{{ url }}", 0),
    ],
)
def test_a_background_image_is_found_in_the_source(address: str, line: int):
    mjml = whole(f'\n<mj-section background-url="{address}">{TEXT}</mj-section>')
    (problem,) = check_compose([], compiled(mjml).html_jinja, mjml, 5)
    assert problem.line == line
    (problem,) = check_compose([], compiled(mjml).html_jinja)
    assert problem.line == 0


def test_an_image_on_a_background_image_and_a_coloured_column_on_it_are_fine():
    start, end = BACKGROUNDS["section"]
    image = '<mj-column><mj-image alt="" src="https://x.example/b.png" /></mj-column>'
    text = '<mj-column background-color="#ffffff"><mj-text>Hello</mj-text></mj-column>'
    assert check_compose([], compiled(whole(start + image + text + end)).html_jinja) == []


def test_an_if_around_an_image_is_no_text():
    start, end = BACKGROUNDS["section"]
    image = '<mj-column width="50%"><mj-image alt="" src="https://x.example/b.png" /></mj-column>'
    mjml = whole(start + "{% if contact.title %}" + image + "{% endif %}" + end)
    assert check_compose([], compiled(mjml).html_jinja) == []
    mjml = whole(start + "<mj-column><mj-text>{{ contact.title }}</mj-text></mj-column>" + end)
    assert len(check_compose([], compiled(mjml).html_jinja)) == 1


def test_what_the_fragment_lost_is_told_first():
    lost = TemplateProblem(line=3, message="{{ x }} does not arrive.")
    assert check_compose([lost], compiled(words("Hello")).html_jinja) == [lost]


def test_the_shipped_templates_have_no_findings(shipped: Path):
    found = [
        f"{source.slug} {problem}"
        for source in shipped_emails(shipped)
        for problem in findings(source.mjml, source.mjml_line, compile_template(source), source.subject)
    ]
    assert found == []


def findings(mjml: str, line: int, template, subject: str) -> Iterator[TemplateProblem]:
    for check in (check_images, check_links, check_preheader, check_contrast):
        yield from check(mjml, line)
    yield from check_size(template.html_jinja)
    yield from check_style_budget(template.html_jinja)
    yield from check_text_part(template.text_jinja, template.html_jinja)
    yield from check_subject(subject)
    yield from check_compose([], template.html_jinja)
