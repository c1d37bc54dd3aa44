"""Ten thousand recipients: who cannot be written to is named with field and reason, all others get their email."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from server.email_templates.catalogue import sample_values
from server.email_templates.compile import CompiledTemplate
from server.email_templates.render import render
from server.email_templates.render_many import Refused, Rendered, render_many
from tests.email_templates.mails import FIELDS, compiled, words

RECIPIENTS = 10_000
BAD = [
    ("contact.first_name", None, "There is no value"),
    ("contact.first_name", "  ", "There is no value"),
    ("contact.email", 1.5, "is a float"),
    ("contact.email", ["a", "b"], "list"),
    ("contact.title", "a\0b", "U+0000"),
    ("contact.title", "x" * 100_001, "longer than 100,000"),
    ("account.name", object(), "is a object"),
    ("account.name", {"text": "Northwind"}, "group of values"),
    ("account.arr", "a lot", "not an amount of money"),
    ("account.arr", Decimal("1E+999999"), "not a number"),
    ("account.renewal_date", "next week", "not a date"),
    ("account.renewal_date", 20261122, "not a date"),
    ("url", "javascript:alert(1)", "not a link"),
    ("url", "https://gitlab.com@evil.example/", "not a link"),
    ("account", "Northwind", "group of values is due"),
]


@pytest.fixture(scope="module")
def template() -> CompiledTemplate:
    return compiled(
        words(
            "<p>Hello {{ contact.first_name }}, {{ contact.title }} ({{ contact.email }})</p>"
            "<p>{{ account.name }} pays {{ account.arr|money }} until {{ account.renewal_date|date }}.</p>"
            '<p><a href="{{ url }}">More</a></p>'
        )
    )


def with_value(path: str, value: Any) -> dict[str, Any]:
    values = good(0)
    *groups, last = path.split(".")
    place = values
    for group in groups:
        place = place[group]
    place[last] = value
    return values


def good(number: int) -> dict[str, Any]:
    values = {**sample_values(FIELDS), "url": f"https://gitlab.com/{number}"}
    values["contact"] = {**values["contact"], "first_name": f"Ada {number}"}
    return values


def is_bad(number: int) -> bool:
    return number % 100 == 37


def book() -> Iterator[tuple[str, dict[str, Any]]]:
    """One in a hundred is bad, each kind of bad in turn."""
    for number in range(RECIPIENTS):
        path, value, _ = BAD[number // 100 % len(BAD)]
        yield f"contact-{number}", with_value(path, value) if is_bad(number) else good(number)


def test_of_ten_thousand_the_bad_ones_are_named_with_their_field_and_the_rest_is_rendered(template: CompiledTemplate):
    rendered = 0
    for number, outcome in enumerate(render_many(template, book())):
        assert outcome.recipient == f"contact-{number}"
        if is_bad(number):
            path, _, says = BAD[number // 100 % len(BAD)]
            assert isinstance(outcome, Refused), outcome.recipient
            assert says in outcome.reason
            assert outcome.cure
            assert all(field.startswith(path) for field in outcome.fields), outcome
            assert outcome.fields, outcome
        else:
            assert isinstance(outcome, Rendered)
            assert f"Hello Ada {number}, " in outcome.email.text
            assert f"https://gitlab.com/{number}" in outcome.email.html
            rendered += 1
    assert rendered == RECIPIENTS * 99 // 100


@pytest.mark.parametrize(("path", "value", "says"), BAD, ids=[f"{path}: {says}" for path, _, says in BAD])
def test_each_kind_of_bad_value_names_its_field(template: CompiledTemplate, path: str, value: Any, says: str):
    [outcome] = render_many(template, [("ada", with_value(path, value))])
    assert isinstance(outcome, Refused)
    assert says in outcome.reason
    [field] = outcome.fields
    assert field == path or field.startswith(f"{path}.")


def test_results_are_made_when_asked_for_and_not_kept(template: CompiledTemplate):
    read = 0

    def counted() -> Iterator[tuple[str, dict[str, Any]]]:
        nonlocal read
        for pair in book():
            read += 1
            yield pair

    outcomes = render_many(template, counted())
    assert read == 0
    first = next(outcomes)
    assert read == 1
    assert isinstance(first, Rendered)
    size = len(first.email.html)
    tracemalloc.start()
    try:
        for _ in range(2_000):
            next(outcomes)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000 * size / 4, "as much as a quarter of all emails was in memory at once"


def test_a_refused_recipient_leaves_no_trace_in_the_next_email(template: CompiledTemplate):
    outcomes = list(render_many(template, [("a", with_value("url", "data:x")), ("b", good(7)), ("c", good(8))]))
    assert [type(outcome) for outcome in outcomes] == [Refused, Rendered, Rendered]
    assert isinstance(outcomes[1], Rendered)
    assert outcomes[1].email == render(template, good(7))


def test_all_missing_fields_of_a_recipient_are_named_at_once(template: CompiledTemplate):
    values = {"contact": {"email": "ada@northwind.example"}, "account": {"renewal_date": date(2026, 1, 1)}}
    [outcome] = render_many(template, [("ada", values)])
    assert isinstance(outcome, Refused)
    assert set(outcome.fields) == {"contact.first_name", "contact.title", "account.name", "account.arr", "url"}


def test_a_broken_source_of_recipients_is_raised_and_not_taken_for_a_bad_recipient(template: CompiledTemplate):
    def broken() -> Iterator[tuple[str, dict[str, Any]]]:
        yield "ada", good(1)
        raise OSError("the file ended")

    outcomes = render_many(template, broken())
    assert isinstance(next(outcomes), Rendered)
    with pytest.raises(OSError, match="the file ended"):
        next(outcomes)
