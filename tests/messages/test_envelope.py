"""Addresses, ids and dates of headers, right and wrong ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.messages.addresses import read_people
from server.messages.envelope import MOST_REFERENCES, read_envelope
from server.messages.read import read_mail
from tests.messages.shapes import mail, raw


def people(value: str) -> list[tuple[str, str]]:
    return [(person.name, person.email) for person in read_people([value])]


@pytest.mark.peer_case(25)
@pytest.mark.parametrize(
    ("value", "found"),
    [
        (
            '"Muster, Anna" <anna@muster.example>, bob@x.example (Bob)',
            "Muster, Anna/anna@muster.example Bob/bob@x.example",
        ),
        ("undisclosed-recipients:;", ""),
        ("undisclosed recipients: ;", ""),
        ('Team: a@x.example, "B" <b@x.example>;', "/a@x.example B/b@x.example"),
        ("Smith, John <john@x.example>", "Smith, John/john@x.example"),
        ("=?utf-8?Q?Smith,_J=C3=B6rg?= <j@x.example>", "Smith, Jörg/j@x.example"),
        ('"=?utf-8?Q?J=C3=B6rg?=" <j@x.example>', "Jörg/j@x.example"),
        ("=?utf-8?Q?Anna_<anna@x.example>?=", ""),  # whoever writes an address into a name is not that address
        ("=?utf-8?Q?Anna?= anna@x.example", "/anna@x.example"),
        ("a@x.example; b@x.example;", "/a@x.example /b@x.example"),
        ("Anna (Sales <anna@x.example>, b@x.example", "Anna Sales/anna@x.example /b@x.example"),
        ('"john doe"@x.example', '/"john doe"@x.example'),
        ("Anna <>", ""),
        ("Anna <not an address>", ""),
        ("x@y@z.example", ""),
        ("@x.example", ""),
        ("a@-x.example a@.x.example a@x..example", ""),
        ("mailto:q@x.example", "/q@x.example"),
        ("'Alice Adams' <alice@x.example>", "Alice Adams/alice@x.example"),
        ("'anna@x.example' via List <list@x.example>", "'anna@x.example' via List/list@x.example"),
        ("root@localhost", "/root@localhost"),
        ("a@[192.0.2.1]", "/a@[192.0.2.1]"),
        ("<@relay.example:a@x.example>", "/a@x.example"),
        ('"unterminated <a@x.example>, b@x.example', "unterminated/a@x.example /b@x.example"),
        ("A@X.example <A@X.example>", "/A@X.example"),
        ("Ünï <ü@müller.example>", "Ünï/ü@müller.example"),
        ("<a@x.example> <b@x.example>", "/a@x.example /b@x.example"),
        ("Anna <anna@x.example>, ANNA@x.example", "Anna/anna@x.example"),
        ("MAILER-DAEMON", ""),
        ("", ""),
        (',;:<>()"\\', ""),
        ("a@x.example\u202egpj.exe", "/a@x.examplegpj.exe"),
    ],
)
def test_people_are_found_however_they_are_written(value: str, found: str) -> None:
    assert " ".join(f"{name}/{email}" for name, email in people(value)) == found


@pytest.mark.peer_case(25)
def test_broken_address_headers_lose_nobody() -> None:
    envelope = read_mail(raw("broken_addresses")).envelope
    assert [person.email for person in envelope.to] == [
        "john@smith.example",
        "a@team.example",
        "b@team.example",
        "bob@rapport.example",
        "joerg@klein.example",
        "second@header.example",
    ]
    assert [person.name for person in envelope.to][3:5] == ["Bob Brown", 'Jörg "Joe']
    assert envelope.cc == ()  # its address stands inside an encoded word, where it is only a name
    assert [one.email for one in envelope.bcc] == ["secret@rapport.example"]


def test_the_sender_header_stands_in_for_a_missing_from() -> None:
    assert (
        read_envelope([("Sender", "Anna <anna@x.example>")]).sender
        == read_envelope([("From", "Anna <anna@x.example>"), ("Sender", "list@x.example")]).sender
    )
    assert read_envelope([("From", "<>"), ("Sender", "b@x.example")]).sender is not None


@pytest.mark.peer_case(47, 48)
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<CAF1x=abc_123@mail.gmail.example>", "CAF1x=abc_123@mail.gmail.example"),
        ("<Case.Is-Kept@X.Example>", "Case.Is-Kept@X.Example"),
        ("=?utf-8?q?=3CA_very=2Elong=40muster=2Eexample=3E?=", "Avery.long@muster.example"),
        ("\r\n <folded@x.example>", "folded@x.example"),
        ("<no-at-sign>", "no-at-sign"),
        ("bare@x.example", "bare@x.example"),
        ("<<double@x.example>>", "double@x.example"),
        ("< spaced@x.example >", "spaced@x.example"),
        ("<[brackets]@x.example> (added by x)", "[brackets]@x.example"),
        ("<>", None),
        ("", None),
        ("two words", None),
        ("<\x00>", None),
    ],
)
def test_message_ids_are_kept_as_they_are_or_are_none(value: str, found: str | None) -> None:
    assert read_envelope([("Message-ID", value)]).rfc_message_id == found


@pytest.mark.peer_case(48)
def test_two_mails_with_one_message_id_differ_in_their_digest() -> None:
    first, second = read_mail(mail("One thing.")), read_mail(mail("Another thing."))
    assert first.envelope.rfc_message_id == second.envelope.rfc_message_id
    assert first.body_digest != second.body_digest
    assert first.body_digest == read_mail(mail("ONE\n thing.\n\n")).body_digest


def test_references_come_oldest_first_without_doubles() -> None:
    envelope = read_mail(raw("message_id_encoded_and_odd")).envelope
    assert envelope.references == ("a@x.example", "b@x.example", "c@x.example")


def test_a_very_long_thread_keeps_its_first_and_its_newest() -> None:
    many = " ".join(f"<n{number}@x.example>" for number in range(500))
    references = read_envelope([("References", many), ("In-Reply-To", "<last@x.example>")]).references
    assert len(references) == MOST_REFERENCES
    assert references[0] == "n0@x.example"
    assert references[-2:] == ("n499@x.example", "last@x.example")


NOV_3 = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("Tue, 3 Nov 2026 10:15:00 +0100", NOV_3),
        ("Tue, 3 Nov 2026 10:15:00 +0100 (CET)", NOV_3),
        ("3 Nov 26 09:15:00 GMT", NOV_3),
        ("Tue, 03 Nov 2026 09:15:00 -0000", NOV_3),
        ("Tue, 3 Nov 2026 01:15:00 -0800 (PST)", NOV_3),
        ("2026-11-03T10:15:00+01:00", NOV_3),
        ("2026-11-03T09:15:00Z", NOV_3),
        ("Tue, 3 Nov 2026 09:15", NOV_3),
        ("Tue, 3 Nov 2026 09:15:00 +9999", NOV_3),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Thu, 1 Jan 1970 00:00:00 +0000", None),
        ("Mon, 1 Jan 2150 00:00:00 +0000", None),
        ("Tue, 31 Feb 2026 09:15:00 +0000", None),
        ("yesterday", None),
        ("", None),
        ("(((((((((", None),
        ("Tue, 99999999999999999999 Nov 2026 10:15:00 +0100", None),
    ],
)
def test_dates_are_instants_or_none(value: str, instant: datetime | None) -> None:
    assert read_envelope([("Date", value)]).sent_at == instant


def test_what_google_takeout_and_forwarding_add() -> None:
    envelope = read_mail(raw("takeout_export")).envelope
    assert envelope.gmail_thread_id == f"{1847364553299000001:016x}"
    assert envelope.gmail_labels == ("Posteingang", "Wichtig", "Kunden, alt", "Gelöscht")
    assert envelope.delivered_to == ("alice@rapport.example", "team@rapport.example")
    assert (envelope.outbound_id, envelope.is_test) == ("0193c0de-0001", True)
    assert envelope.rfc_message_id == "folded-id-1@muster.example"


@pytest.mark.parametrize("value", ["", "0x12", "-5", "99999999999999999999", "12 34", "١٢٣"])
def test_a_thread_number_that_is_none_is_ignored(value: str) -> None:
    assert read_envelope([("X-GM-THRID", value)]).gmail_thread_id is None


def test_the_first_authentication_result_is_kept() -> None:
    pairs = [("Authentication-Results", "mx.one.example;\r\n\tdmarc=pass"), ("Authentication-Results", "forged")]
    assert read_envelope(pairs).authentication == "mx.one.example; dmarc=pass"


def test_subjects_are_one_clean_line() -> None:
    assert read_envelope([("Subject", "a\r\n\tb\x00\x07 =?utf-8?Q?c=0Ad=00?= \u202ee")]).subject == "a b c d e"
    split_letter = "=?utf-8?B?w7w=?= =?utf-8?Q?x=C3?= =?utf-8?Q?=BC?="
    assert read_envelope([("Subject", split_letter)]).subject == "üxü"
    assert read_envelope([("Subject", "=?utf-8?Q?Wie geht's??=")]).subject == "Wie geht's?"
    assert read_envelope([("Subject", "=?nonsense")]).subject == "=?nonsense"
