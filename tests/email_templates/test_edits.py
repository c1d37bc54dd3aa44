"""A TAM changes the words of a mail: what is shown is light markup, what comes back goes through the same checks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.email_templates.catalogue import sample_values
from server.email_templates.compile import apply_edits, compile_template
from server.email_templates.light_markup import block_html, block_source, canonical, check_block
from server.email_templates.problems import EditInvalid, TemplateInvalid
from server.email_templates.render import render
from tests.email_templates.mails import column, compiled, shipped_emails, source, words

TEMPLATE = source(
    column(
        '<mj-text css-class="editable-opening"><p>Hello {{ contact.first_name }},</p></mj-text>'
        '<mj-text css-class="editable big"><p>Bye.</p></mj-text><mj-text>fixed</mj-text>'
    )
)

PAIRS = [
    ("<p>Hello {{ contact.first_name }},</p>\n<p>b</p>", "Hello {{ contact.first_name }},\n\nb"),
    ("<p>a<br>b</p>", "a\nb"),
    ("<p><strong>a</strong> <em>b</em></p>", "**a** *b*"),
    ("<p><strong>{{ contact.title }}</strong></p>", "**{{ contact.title }}**"),
    ('<p><a href="https://gitlab.com/x">t</a></p>', "[t](https://gitlab.com/x)"),
    (
        '<p><a href="https://gitlab.com/?a={{ account.name }}&amp;b">t</a></p>',
        "[t](https://gitlab.com/?a={{ account.name }}&b)",
    ),
    ("<ul><li>a</li><li>b <strong>c</strong></li></ul>", "- a\n- b **c**"),
    ("<ol><li>a</li><li>b</li></ol>\n<p>c</p>", "1. a\n2. b\n\nc"),
    ("<p>{% if contact.title %}a{% else %}b{% endif %}</p>", "{% if contact.title %}a{% else %}b{% endif %}"),
    ("{% if contact.title %}<p>a</p>{% endif %}", "{% if contact.title %}\n\na\n\n{% endif %}"),
    ("<p>2 * 3 * 4 [x] _y_ \\</p>", "2 \\* 3 \\* 4 \\[x\\] \\_y\\_ \\\\"),
    ("<p>a &lt;b&gt; &amp;amp; c</p>", "a <b> &amp; c"),
    ("<ul><li>a<br>b</li></ul>", "- a\n  b"),
    ("<p>1. x</p>", "1\\. x"),
    ("<p>- x</p>", "\\- x"),
]


@pytest.mark.parametrize(("html", "markup"), PAIRS)
def test_html_becomes_markup_and_markup_the_same_html(html: str, markup: str):
    assert block_source(html) == markup
    assert canonical(block_html(markup)) == canonical(html)


def test_the_texts_of_shipped_templates_survive_a_round_trip(shipped):
    for one in shipped_emails(shipped):
        template = compile_template(one)
        unchanged = apply_edits(one, template.subject_jinja, {block.name: block.markup for block in template.blocks})
        assert unchanged.blocks == template.blocks
        assert unchanged.text_jinja == template.text_jinja


@settings(deadline=None, max_examples=150)
@given(st.text(st.sampled_from(list("ab *_[]()-+1.\n\\<>&'\"`#{}%|!~\t")), max_size=60))
def test_whatever_is_typed_is_refused_or_stays_what_it_is(typed: str):
    try:
        html = block_html(typed)
    except TemplateInvalid:
        return
    if not check_block(html).problems:
        assert block_source(block_html(block_source(html))) == block_source(html)
        assert "<script" not in html


def test_an_item_of_two_paragraphs_becomes_an_item_of_two_lines():
    assert canonical(block_html("- a\n\n  b\n\n- c")) == canonical("<ul><li>a<br>b</li><li>c</li></ul>")


@pytest.mark.parametrize("text", ["{{ contact.first_name }} {{ contact.last_name }}", "{{ contact.first_name }}"])
def test_a_paragraph_of_merge_fields_alone_can_be_edited(text: str):
    (block,) = compiled(words(f"<p>{text}</p><p>x</p>", "editable")).blocks
    assert block.markup == f"{text}\n\nx"


def test_a_text_with_a_gap_is_known_to_be_unfinished_until_it_is_filled(shipped):
    (summary,) = [one for one in shipped_emails(shipped) if one.slug == "ebr-summary"]
    assert compile_template(summary).unfinished == ("results",)
    assert apply_edits(summary, None, {"results": "We agreed on **three steps**. And so on…"}).unfinished == ()


def test_an_edit_shows_in_html_and_text_and_the_rest_stays():
    edited = apply_edits(
        TEMPLATE, "Hey {{ contact.first_name }}", {"opening": "Dear **{{ contact.full_name }}**,\n\n- one\n- two"}
    )
    email = render(edited, sample_values())
    assert email.subject == "Hey Ada"
    assert "<p>Dear <strong>Ada Byron</strong>,</p>" in email.html
    assert email.text == "Dear Ada Byron,\n\n- one\n- two\n\nBye.\n\nfixed\n"
    assert [block.name for block in edited.blocks] == ["opening", "text-2"]
    assert "editable" not in email.html
    assert 'class="big"' in email.html


def test_html_in_an_edit_stays_text():
    edited = apply_edits(TEMPLATE, None, {"opening": "<script>alert(1)</script> <b>x</b>"})
    html = render(edited, sample_values()).html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;x&lt;/b&gt;" in html


HOSTILE = {
    "javascript link": ("[x](javascript:alert(1))", "link"),
    "javascript link in angles": ("[x](<javascript:alert(1)>)", "link"),
    "data link": ("[x](data:text/html,x)", "not a link"),
    "relative link": ("[x](/admin)", "not a link"),
    "link without a scheme": ("[x](gitlab.com)", "https://docs.gitlab.com/"),
    "scheme by a field": ("[x](java{{ contact.title }})", "not a link"),
    "user in a link": ("[x](https://gitlab.com@evil.example/)", "not a link"),
    "call": ("{{ contact.first_name.upper() }}", "a call"),
    "class": ("{{ contact.__class__ }}", "underscore"),
    "unknown field": ("{{ contact.nickname }}", "There is no merge field contact.nickname"),
    "misspelt field": ("{{ contact.first_nam }}", "Did you mean contact.first_name?"),
    "broken braces": ("{{ contact.first_name", "Check the braces"),
    "half an if": ("{% if contact.title %}", "Check the braces"),
    "if over two paragraphs": ("a {% if contact.title %} b\n\nc {% endif %}", "same paragraph"),
    "set": ("{% set x = 1 %}", "{% set %}"),
    "include": ('{% include "x" %}', "include"),
    "our marker": ("jq00000zx", "reserved"),
    "nested list": ("- a\n  - b", "A list stands inside a list."),
    "endless": ("x" * 30_000, "longer than"),
    "many brackets": ("[" * 10_000 + "]({{", "Check the braces"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_broken_edit_is_refused_in_plain_words(name: str):
    typed, says = HOSTILE[name]
    with pytest.raises(EditInvalid) as caught:
        apply_edits(TEMPLATE, None, {"opening": typed})
    assert says in caught.value.fields["opening"]
    assert "line 1" not in str(caught.value)


def test_every_wrong_field_is_named_at_once():
    with pytest.raises(EditInvalid) as caught:
        apply_edits(TEMPLATE, "{{ x }}", {"opening": "{{ y }}", "nowhere": "x"})
    assert set(caught.value.fields) == {"subject", "opening", "nowhere"}


def test_a_subject_edit_cannot_add_a_header():
    edited = apply_edits(TEMPLATE, "Hi\r\nBcc: eve@evil.example")
    assert render(edited, sample_values()).subject == "Hi Bcc: eve@evil.example"


def test_a_text_that_would_change_by_editing_is_refused_when_it_is_written():
    with pytest.raises(TemplateInvalid, match="too tangled"):
        compile_template(source(words("<p>a<b>b </b>c</p>", "editable")))
