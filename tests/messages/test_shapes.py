"""Mails as programs and servers really send them: each is read as a person would read it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from server.messages.envelope import read_envelope
from server.messages.headers import Headers, header_lines
from server.messages.read import read_mail
from tests.messages.expected import EXPECTED
from tests.messages.shapes import NAMES, plain_data, raw, texts_in

# Bodies that are left empty on purpose: a draft, and calendar mail that has nothing but its calendar.
TRULY_EMPTY = {"gmail_draft_empty", "outlook_calendar_reply", "calendar_only_cancel"}
HAS_BARE_RETURNS = {"old_mac_line_ends"}


def test_there_are_many_shapes_and_each_has_its_expectation() -> None:
    assert len(NAMES) >= 80
    assert sorted(EXPECTED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_kind_subject_and_new_text(name: str) -> None:
    mail = read_mail(raw(name))
    assert (mail.envelope.kind, mail.envelope.subject, mail.new_text) == EXPECTED[name]
    assert mail.envelope.kind_reason
    assert not mail.is_cut


@pytest.mark.parametrize("name", NAMES)
def test_new_and_quoted_text_are_all_of_the_text(name: str) -> None:
    mail = read_mail(raw(name))
    assert mail.new_text + mail.quoted_text == mail.text


@pytest.mark.peer_case(20)
@pytest.mark.parametrize("name", NAMES)
def test_a_body_is_empty_only_if_it_truly_is(name: str) -> None:
    mail = read_mail(raw(name))
    assert (mail.text == "") == (name in TRULY_EMPTY)
    assert (mail.body_digest == "") == (name in TRULY_EMPTY)


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_stored_and_sent_on(name: str) -> None:
    data = plain_data(read_mail(raw(name)))
    json.dumps(data).encode("ascii")
    for text in texts_in(data):
        assert "\0" not in text
        text.encode("utf-8")


@pytest.mark.parametrize("name", sorted(set(NAMES) - HAS_BARE_RETURNS))
def test_line_ends_make_no_difference(name: str) -> None:
    """Gmail's API hands mails out with CRLF; files have LF."""
    with_lf = read_mail(raw(name).replace(b"\r\n", b"\n"))
    with_crlf = read_mail(raw(name).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    sizes = tuple(one.size for one in with_lf.attachments)
    same_sizes = tuple(
        replace(one, size=size) for one, size in zip(with_crlf.attachments, sizes, strict=True)
    )  # of a part without encoding they count the line ends
    html = with_crlf.html
    assert replace(with_crlf, attachments=same_sizes, html=html and html.replace("\r\n", "\n")) == with_lf


@pytest.mark.parametrize("name", NAMES)
def test_the_headers_alone_say_the_same(name: str) -> None:
    """Gmail's metadata format has no body: all but the kind, which may need it, is known from the headers."""
    whole = raw(name).replace(b"\r", b"\n") if name in HAS_BARE_RETURNS else raw(name)
    whole = whole[whole.find(b"\n") + 1 :] if whole.startswith(b"From ") else whole
    pairs = [(key.decode(), value.decode("utf-8", "surrogateescape")) for key, value in header_lines(whole)[0]]
    if name == "charset_koi8_r_raw_headers":
        return  # raw bytes above 127 need the charset of the body; Gmail has decoded them
    from_headers, from_mail = read_envelope(pairs), read_mail(raw(name)).envelope
    assert replace(from_headers, kind=from_mail.kind, kind_reason=from_mail.kind_reason) == from_mail


def test_headers_may_come_decoded() -> None:
    decoded = read_envelope([("From", "María García <maria@garcia.example>"), ("Subject", "Renovación")])
    encoded = read_envelope(
        [
            ("FROM", "=?UTF-8?Q?Mar=C3=ADa_Garc=C3=ADa?= <maria@garcia.example>"),
            ("subject", "=?utf-8?B?UmVub3ZhY2nDs24=?="),
        ]
    )
    assert decoded == encoded
    assert decoded.sender is not None
    assert decoded.sender.name == "María García"


def test_no_headers_at_all_are_an_empty_envelope() -> None:
    envelope = read_envelope([])
    assert (envelope.sender, envelope.rfc_message_id, envelope.sent_at, envelope.subject) == (None, None, None, "")


def test_a_header_that_repeats_keeps_what_each_says() -> None:
    headers = Headers([("To", "a@x.example"), ("to", "b@x.example"), ("Subject", ""), ("Subject", "second")])
    assert headers.every("to") == ["a@x.example", "b@x.example"]
    assert headers.first("subject") == "second"
