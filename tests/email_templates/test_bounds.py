"""Templates that would cost minutes are refused at once, with the line and what to write instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from server.email_templates.compile import compile_template, in_document
from server.email_templates.mjml.css import LONGEST_STYLE, problem_of_declarations
from server.email_templates.mjml.fragment import compose_fragment
from server.email_templates.mjml.guarded import TooLarge
from server.email_templates.mjml.text_part import plain_text
from server.email_templates.mjml.translate import translate
from server.email_templates.mjml.tree import MOST_COMPONENTS, MOST_TAGS
from server.email_templates.problems import TemplateInvalid
from tests.email_templates.mails import FIELDS, column, source, whole, words

IMAGE = '<mj-carousel-image src="https://x.example/a.png" />'
ACCORDION = "<mj-accordion-element><mj-accordion-title>a</mj-accordion-title></mj-accordion-element>"


def head(inside: str) -> str:
    return f"<mj-head>{inside}</mj-head>"


def rules_for(path: str, inside: str) -> str:
    return f'<mj-html-attributes><mj-selector path="{path}">{inside}</mj-selector></mj-html-attributes>'


def properties(many: int) -> str:
    return "".join(f"p{{--a{n}:b}}" for n in range(many))


SPLIT = "Split it into two emails."
TOO_MUCH = {
    "columns": (whole("\n<mj-section>" + "<mj-column></mj-column>" * 3_000 + "</mj-section>"), "components", SPLIT),
    "sections": (whole("\n<mj-wrapper>" + "<mj-section></mj-section>" * 2_500 + "</mj-wrapper>"), "components", SPLIT),
    "accordion": (column("\n<mj-accordion>" + ACCORDION * 1_500 + "</mj-accordion>"), "components", SPLIT),
    "carousel": (column("\n<mj-carousel>" + IMAGE * 1_500 + "</mj-carousel>"), "components", SPLIT),
    "rows": (column("\n<mj-table>" + "<tr><td>x</td></tr>" * 12_000 + "</mj-table>"), "HTML tags", SPLIT),
    "tags in several texts": (
        column("<mj-text>" + "<b>x</b>" * 3_000 + "</mj-text>\n<mj-text>" + "<b>x</b>" * 3_000 + "</mj-text>"),
        "HTML tags",
        SPLIT,
    ),
    "attributes of a tag": (
        whole("\n<mj-section " + " ".join(f'a{n}=""' for n in range(30_000)) + "></mj-section>"),
        "more than 100 attributes",
        "Keep those",
    ),
    "value": (column(f'\n<mj-divider css-class="{"x" * 100_000}" />'), "longer than 4,000", "shorter"),
    "values for all": (
        whole("", head(f'<mj-attributes>\n<mj-all css-class="{"x" * 2_000}" /></mj-attributes>')),
        "<mj-all>",
        "Write it on the components",
    ),
    "style": (words(f'\n<p style="{"background:url(" * 4_000}">x</p>'), "longer than 2,000", ""),
    "brackets of a style": (words(f'\n<p style="{"background:url(" * 100}">x</p>'), "is not closed", ""),
    "comments of a style": (whole("", head("\n<mj-style>" + "/* " * 20_000 + "</mj-style>")), "not closed", "Remove"),
    "style sheet": (whole("", head("\n<mj-style>" + "p{color:red}" * 9_000 + "</mj-style>")), "50,000", "Keep those"),
    "style sheets": (
        whole("", head("".join("\n<mj-style>" + "p{color:red}" * 900 + "</mj-style>" for _ in range(9)))),
        "50,000",
        "Keep those",
    ),
    "properties": (whole("", head(f"\n<mj-style>{properties(200)}</mj-style>")), "120 different", "Keep those"),
    "steps of selectors": (
        whole("", head("\n" + rules_for("* " * 140, "") + rules_for("* " * 140, ""))),
        "more than 200 parts",
        "Use fewer",
    ),
}
TOO_LARGE = {
    "carousel": column("<mj-carousel>" + IMAGE * 900 + "</mj-carousel>"),
    "defaults": whole(
        "<mj-section></mj-section>" * 900,
        head(f'<mj-attributes><mj-section css-class="{"x" * 3_900}" /></mj-attributes>'),
    ),
    "styles on elements": whole(
        "<mj-section><mj-column><mj-text>" + "<p>x</p>" * 2_000 + "</mj-text></mj-column></mj-section>",
        head(f"<mj-style>p{{--a:{'x' * 20_000}}}</mj-style>"),
    ),
    "styles inlined": whole(
        "<mj-section><mj-column><mj-text>" + "<p>x</p>" * 800 + "</mj-text></mj-column></mj-section>",
        head(f'<mj-style inline="inline">p{{--a:{"x" * 20_000}}}</mj-style>'),
    ),
    "added attributes": whole(
        "<mj-section><mj-column><mj-text>" + "<p>x</p>" * 4_000 + "</mj-text></mj-column></mj-section>",
        head(rules_for("p", f'<mj-html-attribute name="data-a">{"x" * 3_000}</mj-html-attribute>')),
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_refused_at_its_line_with_the_cure(name: str) -> None:
    mjml, says, cure = TOO_MUCH[name]
    with pytest.raises(TemplateInvalid) as caught:
        translate(mjml)
    problem = caught.value.problems[0]
    assert says in problem.message
    assert cure in problem.cure
    assert problem.line >= 2


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_becomes_too_large_in_the_layout_is_refused(name: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        compile_template(source(TOO_LARGE[name]), FIELDS)
    (problem,) = caught.value.problems
    assert problem.cure == SPLIT


def test_the_bounds_themselves_are_allowed() -> None:
    texts = MOST_COMPONENTS - 4  # without mjml, mj-body, mj-section and mj-column
    assert translate(column("<mj-text>x</mj-text>" * texts)).html.count("x</div>") == texts
    assert translate(words("<b>x</b>" * MOST_TAGS)).html.count("<b>") == MOST_TAGS
    with pytest.raises(TemplateInvalid, match="components"):
        translate(column("<mj-text>x</mj-text>" * (texts + 1)))
    with pytest.raises(TemplateInvalid, match="HTML tags"):
        translate(words("<b>x</b>" * (MOST_TAGS + 1)))


def test_a_carousel_of_many_images_still_arrives() -> None:
    translated = translate(column("<mj-carousel>" + IMAGE * 100 + "</mj-carousel>"))
    assert translated.compose.count("<img") == 100


def test_html_that_cannot_be_parsed_is_a_problem_and_no_crash() -> None:
    with pytest.raises(TooLarge):
        compose_fragment("<html><head></head><frameset></frameset></html>", {})
    with pytest.raises(TooLarge):
        plain_text("<html><head></head><frameset></frameset></html>", {})


@pytest.mark.parametrize(
    "style",
    [
        "background: url(https://x.example/a.png)",
        "background: url('https://x.example/a.png') no-repeat; color: red",
        "background: linear-gradient(rgba(0, 0, 0, .5), red), url( https://x.example/a.png )",
        "font-family: 'Source Sans', \"Inter\", sans-serif; /* ours; all of it */ color: red",
        "width: calc((1px + 2px) * 3)",
        "",
    ],
)
def test_styles_that_people_write_are_fine(style: str) -> None:
    assert problem_of_declarations(style) is None


@pytest.mark.parametrize(
    "style",
    [
        "color: red /*",
        "color: red /* a */ /* b",
        "font-family: 'Inter",
        'font-family: "Inter',
        "width: calc(1px",
        "background: url(url(https://x.example/a.png))",
        "background: url(http://x.example/a.png)",
        "background: url (javascript:x)",
        "x" * (LONGEST_STYLE + 1),
    ],
)
def test_styles_that_do_not_end_are_refused(style: str) -> None:
    assert problem_of_declarations(style)


def test_the_first_tag_of_a_block_is_found_behind_comments_and_jinja() -> None:
    for before in ("", "\n ", "<!-- a --> <!--b-->", "{% if account.arr %}", "<!-- <mj-text> -->{% if a > 1 %}\n"):
        assert "<mj-body>" + before in in_document(before + "<mj-section></mj-section>")
        assert "<mj-head>" + before in in_document(before + "<mj-style></mj-style>")
    assert "<mj-column>" in in_document("<!--a-->" * 22 + "{{ contact.first_name }}")


# Each took from seconds to longer than anybody waits.
IN_A_PROCESS = {
    "first tag": 'in_document("<!--a-->" * 5_000 + "{{ contact.first_name }}")',
    "first tag in jinja": 'in_document("{%a%}" * 5_000 + " " * 20_000 + "x")',
    "urls": 'problem_of_style("background:url(" * 20_000)',
    "urls with quotes": "problem_of_style('url(' * 20_000 + '\"x\"' + ')' * 20_000)",
    "spaces in a url": "problem_of_style('url(' + ' ' * 100_000 + '\"')",
    "comments": 'problem_of_style("/* " * 90_000)',
    "comments in quotes": "problem_of_style(\"'/*'\" * 70_000)",
    "fixed spaces": 'translate(words("\\xa0" * 250_000))',
    "fonts": (
        'translate(whole("<mj-section><mj-column><mj-text>" + "font-family:" * 15_000 + "</mj-text></mj-column>'
        '</mj-section>", "<mj-head>" + "<mj-font name=\'Inter\' href=\'https://x.example/a\' />" * 500 + "</mj-head>"))'
    ),
    "selectors": (
        'translate(whole("<mj-section><mj-column><mj-text>" + ("<div>" * 50 + "x" + "</div>" * 50) * 90'
        ' + "</mj-text></mj-column></mj-section>", "<mj-head><mj-html-attributes>" + ("<mj-selector path=\'* * * *\'>'
        "<mj-html-attribute name='data-a'>b</mj-html-attribute></mj-selector>\") * 49"
        ' + "</mj-html-attributes></mj-head>"))'
    ),
}


@pytest.mark.parametrize("name", IN_A_PROCESS)
def test_what_took_minutes_ends(name: str) -> None:
    """In a process of its own, which can be ended: a pattern that runs away does not listen to anybody."""
    program = (
        "from server.email_templates.compile import in_document\n"
        "from server.email_templates.mjml.css import problem_of_style\n"
        "from server.email_templates.mjml.translate import translate\n"
        "from tests.email_templates.mails import whole, words\n"
    )
    subprocess.run(
        [sys.executable, "-c", program + IN_A_PROCESS[name]],
        cwd=Path(__file__).parents[2],
        timeout=20,
        check=True,
    )
