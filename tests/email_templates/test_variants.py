"""Variants: the one that says most about a person, and never two for the same people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.accounts.languages import language_tag
from server.email_templates import queries
from server.email_templates.conditions import choose, label_of
from server.email_templates.models import Origin
from server.email_templates.problems import TemplateInvalid
from server.email_templates.publish import Signature, publish
from server.email_templates.source import TemplateSource, parse_source
from tests.email_templates.mails import words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
VARIANTS = {
    "": (),
    "de": (("contact.language", "de"),),
    "de-AT": (("contact.language", "de-AT"),),
    "onboarding": (("account.lifecycle_stage", "onboarding"),),
    "de onboarding": (("account.lifecycle_stage", "onboarding"), ("contact.language", "de")),
}


@pytest.mark.parametrize(
    ("language", "stage", "chosen"),
    [
        (None, None, ""),
        ("fr", "adoption", ""),
        ("de", "adoption", "de"),
        ("de-CH", "adoption", "de"),
        ("de-AT", "adoption", "de-AT"),
        ("dex", "adoption", ""),
        ("en", "onboarding", "onboarding"),
        ("de", "onboarding", "de onboarding"),
        ("de-AT", "onboarding", "de onboarding"),
    ],
)
def test_the_narrowest_fitting_variant_is_chosen(language: str | None, stage: str | None, chosen: str):
    facts = {"contact.language": language, "account.lifecycle_stage": stage}
    for names in (list(VARIANTS), list(reversed(VARIANTS))):
        assert choose("", [name for name in names if name], lambda name: VARIANTS[name], facts) == chosen


def source(slug: str, more: str = "") -> TemplateSource:
    front = f"name: Hello\nsubject: Hello\ncategory: onboarding\npurpose: Say hello.\n{more}"
    return parse_source(f"---\n{front}---\n{words('<p>Hello.</p>')}", slug)


def german(slug: str = "hello.de", of: str = "hello", language: str = "de") -> TemplateSource:
    return source(slug, f"variant_of: {of}\nwhen: {{contact.language: {language}}}\n")


def signature() -> Signature:
    return Signature(origin=Origin.FILES, now=NOW)


def test_a_variant_is_kept_with_its_default(db):
    with db.transaction() as session:
        publish(session, [german(), source("hello")], signature())
        default = queries.by_slug(session, "hello")
        (variant,) = queries.variants(session, default.id)
        assert (variant.slug, variant.applies_when) == ("hello.de", {"contact.language": "de"})


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([], "There is no template 'hello'"),
        ([source("hello"), german("hello.german")], "is used for the same people: Language is German"),
        ([source("hello"), german("hello.x", language="fr"), german("y", of="hello.x", language="nl")], "itself"),
    ],
)
def test_a_variant_of_nothing_or_for_the_same_people_is_refused(db, others: list[TemplateSource], message: str):
    with db.transaction() as session, pytest.raises(TemplateInvalid, match=message):
        publish(session, [german(), *others], signature())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("variant_of: hello\n", "does not say when"),
        ("when: {contact.language: de}\n", "Only a variant"),
        ("variant_of: hello\nwhen: {contact.language: Klingon}\n", "not a language"),
        ("variant_of: hello\nwhen: {account.lifecycle_stage: asleep}\n", "not a lifecycle stage"),
        ("variant_of: hello\nwhen: {account.name: Helios}\n", "cannot be chosen by"),
        ("variant_of: hello\nwhen: de\n", "cannot be read"),
        ("variant_of: hello.de\nwhen: {contact.language: de}\n", "variant of itself"),
        ("max_age: {account.arr: soon}\n", "cannot be read"),
        ("max_age: 7 days\n", "cannot be read"),
        ("max_age: {account.hair: 7 days}\n", "no merge field"),
        ("for_roles: Head of Everything\n", "not the key of a role"),
    ],
)
def test_odd_front_matter_is_refused_with_a_cure(more: str, message: str):
    from server.email_templates.compile import compile_template

    with pytest.raises(TemplateInvalid, match=message) as refused:
        compile_template(source("hello.de", more))
    assert all(problem.cure for problem in refused.value.problems)


def test_norwegian_is_a_language_and_not_false():
    assert german(language="no").when == (("contact.language", "no"),)


def test_conditions_are_spoken():
    assert label_of(VARIANTS["de onboarding"]) == "Lifecycle stage is Onboarding and Language is German"


@pytest.mark.parametrize(
    ("written", "tag"),
    [("German", "de"), ("DE", "de"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("", None), ("x", None),
     ("Elvish", None)],
)  # fmt: skip
def test_languages_are_read_as_reports_write_them(written: str, tag: str | None):
    assert language_tag(written) == tag
