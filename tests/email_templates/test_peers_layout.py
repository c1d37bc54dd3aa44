"""How other products failed with includes and layout (cases 113 and 114), each turned into what must hold here."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from server.email_templates.catalogue import sample_values
from server.email_templates.compile import compile_template
from server.email_templates.problems import TemplateInvalid
from server.email_templates.render import render
from server.email_templates.source import parse_source
from tests.email_templates.broken_mails import FRONT
from tests.email_templates.mails import FIELDS, ROWS, column, compiled, whole, words


def values(**contact: Any) -> dict[str, Any]:
    sample = sample_values(FIELDS)
    return {**sample, "contact": {**sample["contact"], **contact}, "rows": ROWS, "url": "https://gitlab.com/"}


# 113


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "../../../../../../../../etc/passwd",
        "blocks/../../../../../../../../etc/passwd",
        "blocks/../blocks/footer.mjml",
        "blocks//etc/passwd",
        "blocks/./footer.mjml",
        "blocks/%2e%2e/x.mjml",
        "blocks\\..\\x.mjml",
        "BLOCKS/FOOTER.MJML",
        "blocks/footer.mjml/../../../pyproject.toml",
        "blocks/footer.html",
        "blocks/footer",
        "./README.md",
        "pyproject.toml",
        "email_templates/onboarding-welcome.mjml",
        "https://evil.example/x.mjml",
        "//evil.example/x.mjml",
        "\\\\evil.example\\x.mjml",
        "blocks/&#46;&#46;/x.mjml",
        "blocks/{{ contact.first_name }}.mjml",
        "",
        "blocks/no-such-block.mjml",
    ],
)
@pytest.mark.parametrize("kind", ["", ' type="html"', ' type="css"'])
def test_an_include_of_anything_but_a_shared_block_is_refused_with_its_line(path: str, kind: str):
    for mjml in (
        whole(f'\n<mj-include path="{path}"{kind} />'),
        whole("", f'<mj-head>\n<mj-include path="{path}"{kind} /></mj-head>'),
        whole(f'\n<mj-include path="{path}"{kind}></mj-include>'),
    ):
        with pytest.raises(TemplateInvalid) as caught:
            compiled(mjml)
        assert {problem.line for problem in caught.value.problems} == {2}, caught.value


def test_an_include_of_a_file_that_exists_is_refused_as_one_that_does_not(tmp_path: Path):
    (tmp_path / "footer.mjml").write_text("<mj-section><mj-column><mj-text>canary</mj-text></mj-column></mj-section>")
    there, not_there = tmp_path / "footer.mjml", tmp_path / "nobody.mjml"
    said = []
    for path in (there, not_there):
        for written in (str(path), os.path.relpath(path)):
            with pytest.raises(TemplateInvalid) as caught:
                compiled(whole(f'<mj-include path="{written}" />'))
            assert "canary" not in str(caught.value)
            said.append(re.sub("'[^']*'", "PATH", str(caught.value)))
    assert len(set(said)) == 1, "the message tells which files exist"


# 114


def test_windows_line_ends_change_nothing():
    body = words(
        "<p>Hello<br>\n{{ contact.first_name }}<br/>\n<img src='https://gitlab.com/a.png'>\n</p>\n<hr>"
        "{% if contact.title %}\n<p>{{ contact.title }}</p>\n{% endif %}"
    )
    unix = compile_template(parse_source(FRONT + body, "a"), FIELDS)
    windows = compile_template(parse_source((FRONT + body).replace("\n", "\r\n"), "a"), FIELDS)
    assert windows == unix
    email = render(windows, values())
    tree = lxml.html.document_fromstring(email.html)
    assert [len(tree.findall(f".//{tag}")) for tag in ("br", "hr")] == [2, 1]
    assert "\r" not in email.html + email.text + email.subject


def test_void_and_self_closing_tags_keep_what_follows_outside():
    for tag in ("<br>", "<br/>", "<br />", '<img src="https://gitlab.com/a.png">'):
        tree = lxml.html.document_fromstring(render(compiled(words(f"<p>a{tag}<b>c</b></p>")), values()).html)
        [bold] = tree.findall(".//b")
        assert bold.getparent().tag == "p", tag
    for mjml in (
        column('<mj-spacer height="8px" /><mj-text><b>c</b></mj-text>'),
        column("<mj-divider></mj-divider><mj-text><b>c</b></mj-text>"),
        column('<mj-image src="https://gitlab.com/a.png" /><mj-text><b>c</b></mj-text>'),
    ):
        assert "<b>c</b>" in render(compiled(mjml), values()).html


def test_a_self_closed_tag_that_has_content_in_html_is_refused_instead_of_swallowing_the_rest():
    with pytest.raises(TemplateInvalid, match="closes itself") as caught:
        compiled(words("<p>a</p>\n<div/><p>b</p>"))
    assert {problem.line for problem in caught.value.problems} == {2}


def test_control_tags_inside_mj_raw_and_between_components_work():
    mjml = whole(
        "<mj-raw>{% if contact.title %}<p>raw {{ contact.title }}</p>{% else %}<p>none</p>{% endif %}</mj-raw>"
        "{% if account.name %}<mj-section><mj-column><mj-text>shown</mj-text></mj-column></mj-section>{% endif %}"
        "{% if not account.name %}<mj-section><mj-column><mj-text>hidden</mj-text></mj-column></mj-section>{% endif %}"
    )
    html = render(compiled(mjml), values()).html
    assert "raw Head of Platform" in html
    assert "shown" in html
    assert "none</p>" not in html
    assert "hidden" not in html


@pytest.mark.parametrize(
    "token", ['{{ contact.title|default("a > b") }}', "{{ contact.title|default('a > b') }}", "{{ contact.title }}"]
)
def test_a_token_with_quotes_and_brackets_survives_in_an_attribute(token: str):
    for quote in ('"', "'"):
        if quote in token:
            continue
        html = f"<p><img src={quote}https://gitlab.com/{token}.png{quote} alt={quote}{token}{quote}></p>"
        tree = lxml.html.document_fromstring(render(compiled(words(html)), values(title="A > B")).html)
        [image] = [one for one in tree.iter("img") if one.get("src", "").startswith("https://gitlab.com/")]
        assert image.get("alt") == "A > B"
        assert image.get("src") == "https://gitlab.com/A%20%3E%20B.png"


def test_a_token_where_the_layout_counts_with_it_is_refused_with_its_line():
    with pytest.raises(TemplateInvalid) as caught:
        compiled(column('\n<mj-image src="https://gitlab.com/a.png" width="{{ account.arr }}px" />'))
    assert {problem.line for problem in caught.value.problems} == {2}
