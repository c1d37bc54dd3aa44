"""Charsets, encodings, attachments and bounds."""

from __future__ import annotations

import base64

import pytest

from server.messages.bodies import LONGEST_BODY
from server.messages.charsets import decode
from server.messages.model import Attachment
from server.messages.read import Unreadable, read_mail
from tests.messages.shapes import html_mail, mail, raw


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße", "iso-8859-1", "Grüße"),
        ("Grüße", "iso-8859-15", "Grüße"),
        ("Привет", "koi8-r", "Привет"),
        ("Привет", "windows-1251", "Привет"),
        ("你好", "gb2312", "你好"),
        ("你好", "big5", "你好"),
        ("안녕", "euc-kr", "안녕"),
        ("こんにちは", "shift_jis", "こんにちは"),
        ("こんにちは", "euc-jp", "こんにちは"),
        ("こんにちは", "iso-2022-jp", "こんにちは"),
        ("Grüße", "utf-16", "Grüße"),
        ("Grüße", "utf-16-be", "Grüße"),
        ("Grüße", "utf-32", "Grüße"),
        ("Grüße", "utf-7", "Grüße"),
        ("שלום", "iso-8859-8", "שלום"),
        ("Ελλάδα", "iso-8859-7", "Ελλάδα"),
        ("ไทย", "tis-620", "ไทย"),
    ],
)
def test_declared_charsets(data: str, charset: str, text: str) -> None:
    assert decode(data.encode(charset), charset) == text
    assert decode(data.encode(charset), f'"{charset.upper()}"') == text


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("20 €".encode("cp1252"), "iso-8859-1", "20 €"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), None, "Grüße"),
        ("Grüße ok, Straße ".encode() + b"\xff", "utf-8", "Grüße ok, Straße \ufffd"),
        ("こんにちは".encode("iso-2022-jp"), None, "こんにちは"),
        ("Grüße".encode("utf-16"), None, "Grüße"),
        ("\ufeffGrüße".encode(), "utf-8", "Grüße"),
        (b"plain", "utf-16", "plain"),
        ("Grüße\n".encode("utf-16-le"), "utf-16", "Grüße\n"),
        ("Grüße\n".encode("utf-16-be"), "utf-16", "Grüße\n"),
        (b"plain", "x-unknown", "plain"),
        (b"plain", "no such charset; really", "plain"),
        (b"plain", "a" * 5_000, "plain"),
        (b"uryyb", "rot13", "uryyb"),
        (b"x\\u0041", "unicode_escape", "x\\u0041"),
        (b"eA==", "base64_codec", "eA=="),
        (b"..", "../../etc", ".."),
        (b"", "utf-8", ""),
    ],
)
def test_charsets_that_are_wrong_missing_or_none(data: bytes, charset: str | None, text: str) -> None:
    assert decode(data, charset) == text


@pytest.mark.peer_case(20)
@pytest.mark.parametrize(
    ("name", "attachments"),
    [
        ("outlook_winmail_dat", [Attachment(name="winmail.dat", content_type="application/ms-tnef", size=57)]),
        ("signed_smime", [Attachment(name="smime.p7s", content_type="application/pkcs7-signature", size=3)]),
        (
            "nested_related_in_mixed",
            [
                Attachment(name="grün.gif", content_type="image/gif", size=14),
                Attachment(name="Angebot.pdf", content_type="application/pdf", size=9),
            ],
        ),
        ("google_calendar_invitation", [Attachment(name="invite.ics", content_type="application/ics", size=32)]),
    ],
)
def test_attachments_have_their_names_and_decoded_sizes(name: str, attachments: list[Attachment]) -> None:
    assert list(read_mail(raw(name)).attachments) == attachments


@pytest.mark.parametrize("name", ["encrypted_pgp", "encrypted_smime"])
def test_an_encrypted_mail_says_so_and_still_differs_from_others(name: str) -> None:
    read = read_mail(raw(name))
    assert "is encrypted" in read.text
    changed = read_mail(raw(name).replace(b"MIIBQ", b"MIIBR").replace(b"wcBMA1", b"wcBMA2"))
    assert changed.text == read.text
    assert changed.body_digest != read.body_digest


def test_a_text_part_that_only_points_to_the_html_gives_way_to_it() -> None:
    assert read_mail(raw("newsletter_with_preheader")).text.startswith("Big news")


def test_a_text_file_that_is_attached_is_not_the_text() -> None:
    parts = (
        "--b\n\nThe text.\n--b\nContent-Type: text/plain; name=log.txt\nContent-Disposition: attachment\n\nthe log\n"
        "--b\nContent-Type: text/x-patch\nContent-Disposition: inline; filename=a.patch\n\nthe patch\n--b--\n"
    )
    read = read_mail(mail(parts, content_type="multipart/mixed; boundary=b"))
    assert read.text == "The text."
    assert [one.name for one in read.attachments] == ["log.txt", "a.patch"]


def test_a_mail_that_is_nothing_but_a_named_text_shows_it() -> None:
    read = read_mail(mail("The text.", content_type="text/plain; name=a.txt", content_disposition="attachment"))
    assert read.text == "The text."


def test_text_and_html_side_by_side_are_both_shown_in_their_order() -> None:
    parts = "--b\n\nfirst & text\n--b\nContent-Type: text/html\n\n<p>second</p>\n--b--\n"
    read = read_mail(mail(parts, content_type="multipart/mixed; boundary=b"))
    assert read.text == "first & text\n\nsecond"
    assert read.html == '<div style="white-space:pre-wrap">first &amp; text</div>\n<p>second</p>'


def test_a_text_of_more_than_two_million_characters_is_cut_and_says_so() -> None:
    read = read_mail(mail("word " * 500_000))
    assert (len(read.text) <= LONGEST_BODY, read.is_cut) == (True, True)
    html = read_mail(html_mail("<p>word</p>" * 300_000))
    assert html.html is not None
    assert (len(html.html) <= LONGEST_BODY, html.is_cut) == (True, True)


def test_many_texts_together_share_one_bound() -> None:
    part = "--b\n\n" + "word " * 200_000 + "\n"
    read = read_mail(mail(part * 5 + "--b--\n", content_type="multipart/mixed; boundary=b"))
    assert (len(read.text) <= LONGEST_BODY, read.is_cut) == (True, True)


def test_parts_nested_beyond_the_bound_are_left_alone() -> None:
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3_000))
    assert read_mail(mail(f"--z\n{nested}\nx", content_type="multipart/mixed; boundary=z")).is_cut
    mails = "Content-Type: message/rfc822\n\n" * 3_000
    assert read_mail(mail(mails, content_type="message/rfc822")).is_cut


def test_forty_nested_parts_are_read() -> None:
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(40))
    read = read_mail(mail("--z\n" + nested + "\nDeep.", content_type="multipart/mixed; boundary=z"))
    assert (read.text, read.is_cut) == ("Deep.", False)


def test_a_mail_in_a_mail_may_be_encoded_though_it_must_not() -> None:
    inner = base64.encodebytes(b"From: in@x.example\nSubject: inside\n\nHi\n").decode()
    part = f"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{inner}\n--b--\n"
    read = read_mail(mail(part, content_type="multipart/mixed; boundary=b"))
    assert read.forwarded is not None
    assert (read.forwarded.subject, read.forwarded.text) == ("inside", "Hi")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \r\n\t\n",
        b"\x00\x01\x02\xff\xfe",
        b"just words without any header\n",
        b"Note: this is no mail\n\nhello",
        b"---\nname: Welcome\nsubject: Hello\n---\n<mjml></mjml>",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        b"PK\x03\x04\x14\x00",
        b"GIF89a" + bytes(range(256)),
    ],
)
def test_what_is_no_mail_is_refused_with_a_cure(data: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read_mail(data)
    assert refused.value.detail
    assert refused.value.cure


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\r\n\r\n", b"From anna@muster.example Tue Nov  3 10:15:00 2026\n"]
)
def test_what_files_have_before_the_first_header_does_not_matter(before: bytes) -> None:
    assert read_mail(before + mail("x")) == read_mail(mail("x"))
