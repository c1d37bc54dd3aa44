from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.domains import domain_of, domain_of_website, is_free_mail, is_web_address
from server.accounts.names import fold
from server.accounts.salesforce_values import (
    BadValue,
    DateFormat,
    DecimalMark,
    amount,
    one_line,
    report_date,
    salesforce_id,
    yes_or_no,
)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),  # Salesforce's own example
        ("00570000001ZwTi", "00570000001ZwTiAAK"),
        ("001000000000001", "001000000000001AAA"),
    ],
)
def test_a_short_id_gets_its_suffix(short: str, long: str):
    assert salesforce_id(short) == long
    assert salesforce_id(long) == long


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("001D000000IqhSLIAY", 'should be "IAZ"'),
        ("001d000000iqhsliaz", "capitals were changed"),
        ("001D000000IqhS", "15 or 18"),
        ("001D000000IqhSLIA", "15 or 18"),
        ("001D000000Iqhé1", "15 or 18"),
        ("٠٠١D000000IqhSL", "15 or 18"),
    ],
)
def test_a_bad_id_is_told(text: str, said: str):
    with pytest.raises(BadValue, match=said):
        salesforce_id(text)


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("2026-11-30", None, date(2026, 11, 30)),
        ("2026-11-30", DateFormat.MDY, date(2026, 11, 30)),
        ("03/04/2026", DateFormat.DMY, date(2026, 4, 3)),
        ("3/4/2026", DateFormat.MDY, date(2026, 3, 4)),
        ("30.11.2026", DateFormat.DMY, date(2026, 11, 30)),
    ],
)
def test_dates_are_read(text: str, shape: DateFormat | None, expected: date):
    assert report_date(text, shape) == expected


@pytest.mark.parametrize(
    ("text", "shape", "said"),
    [
        ("03/04/2026", None, "ambiguous.*--date-format"),
        ("30/11/2026", None, "--date-format"),
        ("11/30/2026", DateFormat.DMY, "calendar"),
        ("2026-02-30", None, "calendar"),
        ("0206-02-03", None, "between 1900 and 2200"),
        ("30/11-2026", DateFormat.DMY, "not a date"),
        ("30/11/26", DateFormat.DMY, "not a date"),
        ("soon", None, "not a date"),
    ],
)
def test_a_bad_or_ambiguous_date_is_told(text: str, shape: DateFormat | None, said: str):
    with pytest.raises(BadValue, match=said):
        report_date(text, shape)


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("1,234.50", "dot", ("1234.50", "")),
        ("USD 1,234.50", "dot", ("1234.50", "USD")),
        ("$1,234", "dot", ("1234", "$")),
        ("1234.5 EUR", "dot", ("1234.5", "EUR")),
        ("12 345 678.90", "dot", ("12345678.90", "")),
        ("0", "dot", ("0", "")),
        ("1.234,50", "comma", ("1234.50", "")),
        ("1.234.567 €", "comma", ("1234567", "€")),
    ],
)
def test_amounts_are_read(text: str, mark: str, expected: tuple[str, str]):
    assert amount(text, DecimalMark(mark)) == (Decimal(expected[0]), expected[1])


@pytest.mark.parametrize(
    ("text", "mark", "said"),
    [
        ("1.234,50", "dot", "--decimal comma"),
        ("1.234", "dot", "--decimal comma"),
        ("1,234.50", "comma", "--decimal dot"),
        ("1.2345", "dot", "two decimals"),
        ("12,34", "dot", "--decimal comma"),
        ("-5", "dot", "negative"),
        ("$-5", "dot", "negative"),
        ("-$5", "dot", "negative"),
        ("(5)", "dot", "negative"),
        ("lots", "dot", "not an amount"),
        ("-", "dot", "not an amount"),
        ("٣", "dot", "not an amount"),
        ("1e9", "dot", "two decimals"),
        ("999999999999999", "dot", "too large"),
    ],
)
def test_a_bad_or_ambiguous_amount_is_told(text: str, mark: str, said: str):
    with pytest.raises(BadValue, match=said):
        amount(text, DecimalMark(mark))


@given(st.text(min_size=1, max_size=30))
def test_any_text_is_a_value_or_bad(text: str):
    for read in (
        salesforce_id,
        yes_or_no,
        one_line,
        lambda cell: report_date(cell, DateFormat.DMY),
        lambda cell: amount(cell, DecimalMark.COMMA),
    ):
        with contextlib.suppress(BadValue):
            read(text)
    domain_of(text)
    domain_of_website(text)


def test_yes_and_no_are_read():
    assert [yes_or_no(text) for text in ("TRUE", "1", "false", "0", "")] == [True, True, False, False, False]
    with pytest.raises(BadValue, match="neither"):
        yes_or_no("perhaps")


def test_a_name_is_one_line():
    assert one_line("Acme\r\nBcc:  all") == "Acme Bcc: all"
    with pytest.raises(BadValue, match="control"):
        one_line("a\x07b")


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Acme.com/about?x=1", "acme.com"),
        ("acme.com", "acme.com"),
        ("acme.com:8443/x", "acme.com"),
        ("HTTP://shop.acme.co.uk.", "shop.acme.co.uk"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("www.com", "www.com"),
        ("http://localhost/", None),
        ("https://192.168.0.1/", None),
        ("http://[::1]/", None),
        ("http://[broken", None),
        ("not a site", None),
    ],
)
def test_the_domain_of_a_website(website: str, domain: str | None):
    assert domain_of_website(website) == domain


def test_only_web_addresses_can_become_links():
    assert is_web_address("acme.com:8443")
    assert is_web_address("https://acme.com")
    assert not is_web_address("javascript:alert(1)")


def test_free_mail_is_known():
    assert is_free_mail("gmail.com")
    assert not is_free_mail("acme.com")


def test_folding_takes_case_and_marks_away():
    assert fold("  Ångström\tGROẞ İnc\0 ") == "angstrom gross inc"
