"""The templates that Rapport brings along can be sent as they are: complete, small, and kind to gaps in the records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from server.contacts.models import ROLE_LABELS
from server.email_templates.catalogue import MERGE_FIELDS, sample_values, value_tree
from server.email_templates.compile import Compilation, apply_edits
from server.email_templates.findings import examine_source
from server.email_templates.light_markup import block_html, block_source, canonical
from server.email_templates.load import blocks_of, parse_folder
from server.email_templates.models import Kind
from server.email_templates.publish import compile_all
from server.email_templates.render import render
from server.email_templates.source import Category, TemplateSource

FOLDER = Path(__file__).parents[2] / "email_templates"
FEWEST = 22
LARGEST_HTML = 100_000
LARGEST_FRAGMENT = 60_000
LONGEST_SUBJECT = 60
# What an account, a contact or a sender may lack in the records: no template may need it.
OPTIONAL = frozenset(
    {
        *("contact.first_name", "contact.title", "contact.language"),
        *("account.arr", "account.renewal_date", "account.lifecycle_stage"),
        *("tam.name", "tam.first_name", "tam.email", "sender.title"),
    }
)
# What the records always have, so that a template may demand it.
ALWAYS_THERE = frozenset(
    {
        *("contact.last_name", "contact.full_name", "contact.email", "account.name"),
        *("sender.name", "sender.first_name", "sender.email", "links.unsubscribe", "today"),
    }
)
SOURCES: Mapping[str, TemplateSource] = {source.slug: source for source in parse_folder(FOLDER)}
MAILS = sorted(slug for slug, source in SOURCES.items() if source.kind is Kind.TEMPLATE)
DEFAULTS = [slug for slug in MAILS if not SOURCES[slug].variant_of]
VARIANTS = [slug for slug in MAILS if SOURCES[slug].variant_of]
JOURNEY = [slug for slug in MAILS if SOURCES[slug].category is Category.DIGITAL_JOURNEY]


@cache
def compilations() -> dict[str, Compilation]:
    sources = list(SOURCES.values())
    return compile_all(sources, blocks_of(sources))


def values_without(paths: frozenset[str]) -> dict[str, Any]:
    return value_tree([(field.path, None if field.path in paths else field.example) for field in MERGE_FIELDS])


def names_of_blocks(slug: str) -> list[str]:
    return [block.name for block in compilations()[slug].compiled.blocks]


def test_there_is_a_template_for_each_part_of_the_work():
    assert len(DEFAULTS) >= FEWEST
    assert {SOURCES[slug].category for slug in DEFAULTS} == set(Category)
    names = [source.name for source in SOURCES.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("slug", sorted(SOURCES))
def test_no_check_has_anything_to_say(slug: str):
    examined = examine_source(SOURCES[slug], blocks_of(list(SOURCES.values())))
    assert [str(problem) for problem in examined.problems] == []


@pytest.mark.parametrize("slug", MAILS)
def test_it_renders_as_a_mail_and_for_the_compose_window(slug: str):
    compiled = compilations()[slug].compiled
    mail, fragment = render(compiled, sample_values()), render(compiled.in_compose(), sample_values())
    assert len(mail.html.encode()) < LARGEST_HTML
    assert len(fragment.html.encode()) < LARGEST_FRAGMENT
    assert "<style" not in fragment.html
    for text in (mail.html, fragment.html, mail.text):
        assert "Ada" in text
        assert "Northwind" in text
        assert "Grace Hopper" in text
        assert not re.search(r"\{[{%]|[}%]\}", text)
    assert "<" not in mail.text


@pytest.mark.parametrize("slug", MAILS)
def test_its_first_lines_tell_people_what_it_is_for(slug: str):
    source = SOURCES[slug]
    assert source.purpose.endswith(".")
    assert source.description.endswith(".")
    assert set(source.for_roles) <= set(ROLE_LABELS)
    subject = render(compilations()[slug].compiled, sample_values()).subject
    assert len(subject) <= LONGEST_SUBJECT
    [preheader] = re.findall(r"<mj-preview>(.+?)</mj-preview>", source.mjml)
    assert preheader not in subject
    assert "!" not in subject + preheader + render(compilations()[slug].compiled, sample_values()).text


@pytest.mark.parametrize("slug", MAILS)
def test_look_header_and_signature_are_shared(slug: str):
    used = compilations()[slug].expanded.used
    assert {"look", "header", "signature"} <= set(used)
    assert "<mj-attributes" not in SOURCES[slug].mjml
    assert "<mj-style" not in SOURCES[slug].mjml


def test_every_shared_block_is_used():
    used = {block for slug in MAILS for block in compilations()[slug].expanded.used}
    assert used == set(blocks_of(list(SOURCES.values())))


@pytest.mark.parametrize("slug", MAILS)
def test_its_texts_stay_what_they_are_when_they_are_edited(slug: str):
    compilation = compilations()[slug]
    compiled = compilation.compiled
    assert compiled.blocks
    for block in compiled.blocks:
        assert block_source(block_html(block.markup)) == block.markup
        assert canonical(block_html(block_source(block_html(block.markup)))) == canonical(block_html(block.markup))
    whole = replace(SOURCES[slug], mjml=compilation.expanded.mjml, text="", mjml_line=1)
    again = apply_edits(whole, compiled.subject_jinja, {block.name: block.markup for block in compiled.blocks})
    assert again.blocks == compiled.blocks
    assert again.text_jinja == compiled.text_jinja


@pytest.mark.parametrize("slug", MAILS)
def test_it_can_be_written_to_a_contact_of_whom_little_is_known(slug: str):
    compiled = compilations()[slug].compiled
    mail = render(compiled, values_without(OPTIONAL))
    for text in (mail.subject, mail.text):
        assert "None" not in text
        assert not re.search(r"  | [,.?!:;](?!\w)|,,|\(\)", text)
    assert set(compiled.merge_fields) <= OPTIONAL | ALWAYS_THERE


def test_every_merge_field_is_either_optional_or_always_there():
    assert {field.path for field in MERGE_FIELDS} == OPTIONAL | ALWAYS_THERE


@pytest.mark.parametrize("slug", MAILS)
def test_an_old_renewal_date_is_not_printed(slug: str):
    """Nor an old ARR: a wrong one costs more trust than no email."""
    compiled = compilations()[slug].compiled
    printed = {"account.renewal_date", "account.arr"} & set(compiled.merge_fields)
    assert {path for path, _ in compiled.max_age} == printed


@pytest.mark.parametrize("slug", JOURNEY)
def test_a_mail_of_the_digital_journey_offers_the_way_out_and_leaves_no_gap(slug: str):
    compiled = compilations()[slug].compiled
    mail, fragment = render(compiled, sample_values()), render(compiled.in_compose(), sample_values())
    address = sample_values()["links"]["unsubscribe"]
    assert f"Unsubscribe ({address})" in mail.text
    for html in (mail.html, fragment.html):
        assert re.search(rf'<a [^>]*href="{re.escape(address)}"[^>]*>Unsubscribe</a>', html)
    assert "…" not in mail.subject + mail.html + mail.text
    assert compiled.unfinished == ()


def test_a_gap_stands_only_where_a_person_must_say_something():
    """In the editable texts, where it stops the mail until it is filled in."""
    for slug in MAILS:
        compilation = compilations()[slug]
        gaps = compilation.expanded.mjml.count("…")
        markup = [block.markup for block in compilation.compiled.blocks]
        assert gaps == sum(text.count("…") for text in markup), slug
        assert bool(gaps) == bool(compilation.compiled.unfinished), slug


@pytest.mark.parametrize("slug", VARIANTS)
def test_a_variant_can_take_over_what_was_changed_in_its_default(slug: str):
    variant = SOURCES[slug]
    default = SOURCES[variant.variant_of]
    assert names_of_blocks(slug) == names_of_blocks(default.slug)
    assert slug.startswith(f"{default.slug}.")
    assert (variant.category, variant.for_roles) == (default.category, default.for_roles)
    assert variant.when not in [SOURCES[other].when for other in VARIANTS if other != slug and _is_sister(other, slug)]


def _is_sister(one: str, other: str) -> bool:
    return SOURCES[one].variant_of == SOURCES[other].variant_of


def test_german_variants_say_so_and_greet_formally():
    german = [slug for slug in VARIANTS if ("contact.language", "de") in SOURCES[slug].when]
    assert len(german) >= 3
    for slug in german:
        mail = render(compilations()[slug].compiled, sample_values())
        assert 'lang="de"' in mail.html
        assert "Guten Tag Ada Byron," in mail.text
        assert not re.search(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein\w*)\b", mail.text)
