"""A message survives the trip through a mail parser, and nobody writes headers that were not meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest

from server.email_templates.message import MessageRefused, build_message

LONG_LINK = f"<https://rapport.example.com/unsubscribe/{'a1b2' * 30}>, <mailto:unsubscribe+{'x' * 40}@example.com>"
LONG_REFERENCES = " ".join(f"<{number:032d}.{'y' * 30}@mail.example.com>" for number in range(6))


def built(**changes: Any) -> bytes:
    parts: dict[str, Any] = {
        "sender": ("Grace Hopper", "grace@gitlab.example"),
        "to": ("Ada Byron", "ada@northwind.example"),
        "subject": "Hello",
        "html": "<p>Hi</p>\n",
        "text": "Hi\n",
        "headers": {},
        "date": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    }
    return build_message(**{**parts, **changes})


def parsed(**changes: Any) -> EmailMessage:
    message = message_from_bytes(built(**changes), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


@pytest.mark.parametrize("text", ["", "a\n", "a\r\nb\n.\nFrom x\n", "ünï ‼ 👩‍👩‍👧\n", "x" * 10_000 + "\n"])
def test_both_parts_come_back_as_they_were(text: str):
    message = parsed(text=text, html=f"<p>{text}</p>")
    plain, html = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in (plain, html)] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in (plain, html)] == ["utf-8", "utf-8"]
    assert plain.get_payload(decode=True).decode() == text.replace("\r\n", "\n").replace("\n", "\r\n")
    assert html.get_payload(decode=True).decode().startswith("<p>")


@pytest.mark.parametrize(
    "subject",
    ["Hello", "x" * 200, "Grüße an die Łódź " * 8, "👩‍👩‍👧 " * 20, 'a, "b" <c>', "word " * 39, "=?utf-8?q?x?="],
)
def test_a_subject_comes_back_as_it_was(subject: str):
    message = parsed(subject=subject)
    if not subject.startswith("=?"):
        assert message["Subject"] == subject.strip()


@pytest.mark.parametrize(
    "name", ["Ada", "Byron, Ada", 'Ada "the first" Byron', "Ädä Łovelace", "", "<x@y.z>", "名前" * 20]
)
def test_names_come_back_as_they_were(name: str):
    raw = message_from_bytes(built(to=(name, "ada@northwind.example")))["To"]  # the newer parser keeps white space
    shown, address = parseaddr(raw)  # between encoded words, against RFC 2047, 6.2
    assert (str(make_header(decode_header(shown))), address) == (name, "ada@northwind.example")
    assert (
        message_from_bytes(built(to=(name, "a@b.example")), policy=policy.default)["To"].addresses[0].domain
        == "b.example"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("List-Unsubscribe", LONG_LINK),
        ("References", LONG_REFERENCES),
        ("In-Reply-To", f"<{'z' * 120}@mail.example.com>"),
        ("Message-ID", f"<{'z' * 120}@mail.example.com>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("X-Rapport-Id", "019a" * 8),
    ],
)
def test_ids_and_links_are_folded_at_white_space_and_never_encoded(name: str, value: str):
    raw = built(headers={name: value})
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    assert "=?" not in head
    unfolded = head.replace("\r\n ", " ")
    assert f"{name}: {value}" in unfolded


def test_every_line_ends_in_crlf_and_is_short_and_ascii():
    raw = built(subject="ü" * 150, html="x" * 50_000, headers={"References": LONG_REFERENCES})
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 98
    assert raw.isascii()


@pytest.mark.parametrize("control", ["\r", "\n", "\r\n", "\0", "\x0b", "\x7f", "\x85", "\u2028"])
def test_control_characters_in_names_and_headers_are_refused(control: str):
    bad = f"a{control}Bcc: eve@evil.example"
    for changes in ({"to": (bad, "a@b.example")}, {"sender": (bad, "a@b.example")}, {"headers": {"X-Note": bad}}):
        with pytest.raises(MessageRefused):
            built(**changes)
    assert "\nBcc" not in built(subject=f"a{control}b" if control.isspace() else "a").decode()


@pytest.mark.parametrize(
    "name", ["X\r\nBcc", "Bcc", "bcc", "To", "Subject", "X: y", "", "X Y", "Übel", "Content-Type", "1"]
)
def test_header_names_that_are_odd_or_ours_are_refused(name: str):
    with pytest.raises(MessageRefused):
        built(headers={name: "x"})


def test_the_same_header_twice_and_letters_in_ids_are_refused():
    with pytest.raises(MessageRefused, match="twice"):
        built(headers={"X-Note": "a", "x-note": "b"})
    with pytest.raises(MessageRefused, match="letters"):
        built(headers={"Message-ID": "<ü@x.example>"})
    with pytest.raises(MessageRefused, match="too long"):
        built(headers={"Message-ID": "x" * 1000})


def test_a_domain_is_written_for_mail_servers():
    (address,) = parsed(to=("Jörg", "joerg@bücher.example"))["To"].addresses
    assert address.addr_spec == "joerg@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "email",
    ["jörg@x.example", "x", "@x.example", "x@", "a b@x.example", "a@b@c.example", "a@x..example", "<a@x.example>",
     "a.@x.example", "a@x.example,b@x.example", "a\r\n@x.example", "a@-x.example", f"{'a' * 65}@x.example"],
)  # fmt: skip
def test_an_address_that_servers_do_not_take_is_refused(email: str):
    with pytest.raises(MessageRefused):
        built(to=("x", email))


def test_the_date_keeps_its_instant_and_must_have_one():
    zone = timezone(timedelta(hours=2))
    assert parsed(date=datetime(2026, 11, 22, 11, 30, tzinfo=zone))["Date"].datetime == datetime(
        2026, 11, 22, 9, 30, tzinfo=UTC
    )
    with pytest.raises(ValueError, match="naive"):
        built(date=datetime(2026, 11, 22))  # noqa: DTZ001


def test_two_messages_do_not_share_a_boundary():
    assert built() != built()
