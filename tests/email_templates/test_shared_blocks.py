"""Shared blocks: put in by name and from nowhere else, and published together with all that uses them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.catalogue import sample_values
from server.email_templates.compile import apply_edits, compile_with_blocks
from server.email_templates.models import EmailTemplateVersion, Kind, Origin
from server.email_templates.problems import TemplateInvalid
from server.email_templates.publish import Signature, publish
from server.email_templates.render import render
from server.email_templates.source import TemplateSource, parse_source

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def template(inside: str, slug: str = "hello") -> TemplateSource:
    front = "---\nname: Hello\nsubject: Hello\ncategory: onboarding\npurpose: Say hello.\n---\n"
    return parse_source(f"{front}<mjml>\n<mj-body>\n{inside}\n</mj-body>\n</mjml>\n", slug)


def block(inside: str, slug: str = "footer") -> TemplateSource:
    return parse_source(f"---\nname: Footer\n---\n{inside}\n", slug, Kind.BLOCK)


def section(text: str) -> str:
    return f"<mj-section><mj-column><mj-text><p>{text}</p></mj-text></mj-column></mj-section>"


FOOTER = block(section("Bye, {{ contact.first_name }}."))
INCLUDE = '<mj-include path="blocks/footer.mjml" />'


def signature(now: datetime = NOW, note: str = "") -> Signature:
    return Signature(origin=Origin.WEB, now=now, note=note)


def current(session: Session, slug: str) -> EmailTemplateVersion:
    return queries.current_version(session, queries.by_slug(session, slug))


@pytest.mark.parametrize("include", [INCLUDE, '<mj-include path="blocks/footer.mjml"></mj-include>', INCLUDE * 2])
def test_a_block_stands_where_it_is_included(include: str):
    compilation = compile_with_blocks(template(section("Hi.") + include), {"footer": FOOTER})
    text = render(compilation.compiled, sample_values()).text
    assert text.split() == ["Hi.", *["Bye,", "Ada."] * include.count("<mj-include")]
    assert compilation.expanded.used == ("footer",)


@pytest.mark.parametrize(
    ("inside", "where"),
    [
        ('<mj-attributes><mj-text color="#ff0000" /></mj-attributes>', "<mj-head>{}</mj-head>"),
        ("<mj-column><mj-text>x</mj-text></mj-column>", "<mj-body><mj-section>{}</mj-section></mj-body>"),
        ("<mj-text>x</mj-text>", "<mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body>"),
        ("<!-- why -->\n<mj-wrapper>" + section("x") + "</mj-wrapper>", "<mj-body>{}</mj-body>"),
    ],
)
def test_a_block_is_checked_by_itself_wherever_it_belongs(inside: str, where: str):
    one = block(inside)
    compile_with_blocks(one, {"footer": one})
    mjml = f"<mjml>{where.format(INCLUDE)}{'' if 'mj-body' in where else '<mj-body></mj-body>'}</mjml>"
    source = parse_source(template("").file_text.partition("<mjml>")[0] + mjml, "hello")
    assert compile_with_blocks(source, {"footer": one}).compiled.html_jinja


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../email_templates/onboarding-welcome.mjml",
        "blocks/../../etc/passwd",
        "blocks/footer.mjml/../../x",
        "file:///etc/passwd",
        "https://example.com/x.mjml",
        "footer.mjml",
        "blocks/FOOTER.mjml",
        "blocks/nothing.mjml",
        "",
    ],
)
def test_nothing_but_a_shared_block_can_be_included(path: str):
    with pytest.raises(TemplateInvalid) as refused:
        compile_with_blocks(template(f'\n<mj-include path="{path}" />'), {"footer": FOOTER})
    assert [problem.line for problem in refused.value.problems] == [10]


@pytest.mark.parametrize("more", ['type="html"', 'css-inline="inline"', 'path="blocks/other.mjml" x="y"'])
def test_other_attributes_of_an_include_are_refused(more: str):
    with pytest.raises(TemplateInvalid, match="mj-include"):
        compile_with_blocks(template(f'<mj-include path="blocks/footer.mjml" {more} />'), {"footer": FOOTER})


def test_a_block_cannot_include_a_block():
    both = {"footer": block(INCLUDE.replace("footer", "other")), "other": block(section("x"), "other")}
    with pytest.raises(TemplateInvalid) as refused:
        compile_with_blocks(template(INCLUDE), both)
    assert refused.value.problems[0].file == "blocks/footer.mjml"


def test_an_include_in_a_comment_includes_nothing():
    compiled = compile_with_blocks(template(f"<!-- {INCLUDE} -->{section('Hi.')}"), {"footer": FOOTER}).compiled
    assert "Bye" not in compiled.html_jinja


def test_a_problem_in_a_block_has_the_line_of_its_own_file_and_those_after_it_theirs():
    bad = block("\n\n" + section("{{ contact.nickname }}"))
    with pytest.raises(TemplateInvalid) as refused:
        compile_with_blocks(template(f"{INCLUDE}\n\n{section('{{ account.nmae }}')}"), {"footer": bad})
    places = {(problem.file, problem.line) for problem in refused.value.problems}
    assert places == {("blocks/footer.mjml", 6), ("", 11)}


def test_a_text_of_a_template_with_blocks_can_be_edited(db):
    body = '<mj-section><mj-column><mj-text css-class="editable-opening"><p>Hi.</p></mj-text></mj-column></mj-section>'
    with db.transaction() as session:
        publish(session, [FOOTER, template(INCLUDE + body)], signature())
        source = queries.source_of(queries.by_slug(session, "hello"), current(session, "hello"))
    edited = apply_edits(source, None, {"opening": "Good morning."})
    assert "Good morning." in render(edited, sample_values()).text


def test_publishing_a_block_gives_all_that_use_it_a_new_version_and_keeps_the_old(db):
    with db.transaction() as session:
        publish(session, [FOOTER, template(INCLUDE), template(section("x"), "other")], signature())
        before = current(session, "hello")
        assert [source.slug for source in queries.using_blocks(session, ["footer"])] == ["hello"]
        written = publish(session, [block(section("See you."))], signature(LATER, "Friendlier."))
        after = current(session, "hello")
        assert written.keys() == {"footer", "hello"}
        assert (after.number, after.source_text, after.note) == (
            2,
            before.source_text,
            "Follows the shared block footer.",
        )
        assert current(session, "footer").note == "Friendlier."
        assert "See you." in render(queries.compiled(session, after), sample_values()).text
        assert "Bye, Ada." in render(queries.compiled(session, before), sample_values()).text
        assert [(one.slug, its.number) for one, its in queries.blocks_in(session, after.id)] == [("footer", 2)]
        assert [(one.slug, its.number) for one, its in queries.blocks_in(session, before.id)] == [("footer", 1)]
        assert list(queries.count_users_of_blocks(session).values()) == [1]


def test_a_block_that_would_break_a_template_is_refused_by_the_templates_name(db):
    inner = template("<mj-section>" + INCLUDE + "</mj-section>")
    with db.transaction() as session:
        publish(session, [block("<mj-column><mj-text>x</mj-text></mj-column>"), inner], signature())
    with db.transaction() as session:
        with pytest.raises(TemplateInvalid) as refused:
            publish(session, [block(section("x"))], signature(LATER))
        assert {problem.file for problem in refused.value.problems} == {"blocks/footer.mjml"}
        assert current(session, "footer").number == 1


def test_a_block_and_its_templates_can_change_together(db):
    with db.transaction() as session:
        publish(session, [block("<mj-text>x</mj-text>"), template(section("x"))], signature())
        publish(session, [block(section("y")), template(INCLUDE)], signature(LATER))
        assert current(session, "hello").number == 2


def test_a_file_full_of_unclosed_includes_is_refused_at_once():
    with pytest.raises(TemplateInvalid):
        compile_with_blocks(template("<mj-include '" * 20_000), {"footer": FOOTER})
    with pytest.raises(TemplateInvalid, match="more than 50"):
        compile_with_blocks(template(INCLUDE * 51), {"footer": FOOTER})
