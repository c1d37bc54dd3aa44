"""Whatever the bytes, the outcome is a Mail that can be stored, or Unreadable. Time grows with their number only."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.messages.envelope import read_envelope
from server.messages.read import Unreadable, read_mail
from server.messages.safe_html import safe_html
from server.messages.to_text import to_text
from tests.messages.shapes import NAMES, html_mail, mail, plain_data, raw, texts_in

RAW = [raw(name) for name in NAMES]
SOME = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SPICES = [
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"=?utf-8?B?", b"?=", b"--", b"\r", b"\n", b"\n\n", b"<", b">", b'"', b"("),
    *(b":", b"=", b";", b"&#0;", b"&#xD800;", b"<!--", b"</div>", b"<blockquote type=cite>", b"boundary=", b"> "),
    *(b"charset=utf-7", b"charset=utf-16", b"\nContent-Transfer-Encoding: base64\n", b"Content-Type: multipart/mixed;"),
    *(b"From: a@x.example\n", b"\n---------- Forwarded message ---------\n", b"\xe2\x80\xa8", b"\x0c", b"\x1b$B"),
    *(b"\x85", b" wrote:\n"),
]


def check(data: bytes) -> None:
    try:
        read = read_mail(data)
    except Unreadable:
        return
    assert read.new_text + read.quoted_text == read.text
    plain = plain_data(read)
    json.dumps(plain)
    for text in (*texts_in(plain), safe_html(read.html or "")):
        assert "\0" not in text
        text.encode("utf-8")  # raises for half a surrogate pair


@SOME
@given(st.binary(max_size=3_000))
def test_random_bytes(data: bytes) -> None:
    check(data)


@SOME
@given(st.lists(st.sampled_from([b"From", b"To", b"Date", b"Subject", b"Message-ID", b"Content-Type"])), st.binary())
def test_random_bytes_behind_real_header_names(names: list[bytes], data: bytes) -> None:
    check(b"".join(name + b": " + data + b"\n" for name in names) + b"\n" + data)


@pytest.mark.parametrize("seed", range(20))
def test_real_mails_with_pieces_changed_cut_and_doubled(seed: int) -> None:
    """250 mails for each seed."""
    chance = random.Random(seed)
    for _ in range(250):
        mutated = chance.choice(RAW)[:20_000]
        for _ in range(chance.randint(1, 6)):
            start = chance.randrange(len(mutated) + 1)
            end = start + chance.choice([0, 1, 2, 10, 200])
            spice = chance.choice([*SPICES, chance.randbytes(4), mutated[start:end] * 3])
            mutated = mutated[:start] + spice + mutated[end:]
        check(mutated)


@SOME
@given(st.sampled_from(RAW), st.sampled_from(RAW), st.floats(0, 1), st.floats(0, 1))
def test_the_head_of_one_mail_on_the_tail_of_another(one: bytes, other: bytes, cut: float, join: float) -> None:
    check(one[: int(len(one) * cut)] + other[int(len(other) * join) :])


@SOME
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=200)), max_size=20))
def test_any_headers(headers: list[tuple[str, str]]) -> None:
    read_envelope(headers)


@SOME
@given(
    st.sampled_from(
        ["From", "To", "Subject", "Date", "Message-ID", "References", "X-Gmail-Labels", "List-Id", "Return-Path"]
    ),
    st.text(st.sampled_from("a@.x,;:<>()\"\\=?_Qq8-utf 0é\0\n\t'"), max_size=80),
)
def test_headers_full_of_marks(name: str, value: str) -> None:
    envelope = read_envelope([(name, value)])
    for person in (*envelope.to, *([envelope.sender] if envelope.sender else [])):
        assert "@" in person.email
        assert "\0" not in person.email


TAGS = ["<div>", "</div>", "<p>", "<b>", "</b>", "<table>", "<td>", "<li>", "<pre>", "<a href=x>", "<!--", "-->"]


@SOME
@given(st.lists(st.sampled_from(TAGS) | st.text(max_size=5)))
def test_any_html(pieces: list[str]) -> None:
    html = "".join(pieces)
    to_text(html).encode("utf-8")
    safe_html(html).encode("utf-8")


SIZE = 1_000_000
HEADERS = b"From: a@x.example\nTo: b@x.example\nDate: Tue, 3 Nov 2026 09:15:00 +0000\n"


def text(body: bytes) -> bytes:
    return mail("").rstrip() + b"\ncontent-type: text/plain\n\n" + body


def html(body: bytes) -> bytes:
    return html_mail("") + body


def times(piece: bytes, size: int) -> bytes:
    return piece * (size // len(piece))


BAD = {
    "line ends": lambda size: text(times(b"\n", size)),
    "quote marks": lambda size: text(times(b">", size)),
    "quote marks with spaces": lambda size: text(times(b"> ", size)),
    "attributions without an end": lambda size: text(b"On " + times(b"a ", size) + b"wrote:"),
    "attributions": lambda size: text(times(b"On 3 Nov 2026 10:15 a@x wrote:\n", size)),
    "lines with a colon": lambda size: text(times(b"a:\n", size)),
    "header blocks": lambda size: text(times(b"From: a\n", size)),
    "header blocks that go on": lambda size: text(times(b"To: a\n" + b"x\n" * 50, size)),
    "forwards": lambda size: text(times(b"---------- Forwarded message ---------\n", size)),
    "dashes": lambda size: text(times(b"-", size)),
    "spaces": lambda size: text(times(b" ", size)),
    "flowed lines": lambda size: HEADERS + b"Content-Type: text/plain; format=flowed\n\n" + times(b"a \n", size),
    "open tags": lambda size: html(times(b"<div>", size)),
    "open bold": lambda size: html(times(b"<b>", size)),
    "open quotes": lambda size: html(times(b"<blockquote type=cite>x", size)),
    "open lists": lambda size: html(times(b"<ul><li>x", size)),
    "open tables": lambda size: html(times(b"<table><tr><td>", size)),
    "angle brackets": lambda size: html(times(b"<", size)),
    "comments": lambda size: html(times(b"<!--", size)),
    "attributes": lambda size: html(b"<a " + times(b"x=1 ", size) + b">y"),
    "breaks": lambda size: html(times(b"<br>", size)),
    "entities": lambda size: html(times(b"&nbsp;", size)),
    "quotes side by side": lambda size: html(times(b"x<div class=gmail_quote><blockquote>q</blockquote></div>", size)),
    "encoded words": lambda size: HEADERS + b"Subject: " + times(b"=?a?q?", size) + b"\n\nx",
    "open comments in To": lambda size: HEADERS + b"Cc: " + times(b"(", size) + b"\n\nx",
    "commas in To": lambda size: HEADERS + b"Cc: " + times(b",", size) + b"\n\nx",
    "quotes in To": lambda size: HEADERS + b"Cc: " + times(b'"\\', size) + b"\n\nx",
    "brackets in References": lambda size: HEADERS + b"References: " + times(b"<", size) + b"\n\nx",
    "folded lines": lambda size: HEADERS + b"X: " + times(b"\n y", size) + b"\n\nx",
    "parameters": lambda size: HEADERS + b"Content-Type: text/plain" + times(b'; a="\\"', size) + b"\n\nx",
    "parts": lambda size: HEADERS + b"Content-Type: multipart/mixed; boundary=q\n\n" + times(b"--q\n\nx\n", size),
    "lines like boundaries": lambda size: (
        HEADERS + b"Content-Type: multipart/mixed; boundary=-\n\n" + times(b"\n-- ", size)
    ),
    "nested mails": lambda size: HEADERS + times(b"Content-Type: message/rfc822\n\n", size),
    "padding": lambda size: HEADERS + b"Content-Transfer-Encoding: base64\n\n" + times(b"A=\n", size),
    "soft line ends": lambda size: HEADERS + b"Content-Transfer-Encoding: quoted-printable\n\n" + times(b"=\n", size),
    "utf-7": lambda size: HEADERS + b"Content-Type: text/plain; charset=utf-7\n\n" + times(b"+", size),
    "a bounce full of addresses": lambda size: (
        b"Return-Path: <>\nFrom: mailer-daemon@x.example\n\n" + times(b"<a@x.example>: \n", size)
    ),
    "a bounce full of spaces": lambda size: b"Return-Path: <>\nFrom: mailer-daemon@x.example\n\n" + times(b" ", size),
}


def seconds(data: bytes) -> float:
    started = time.perf_counter()
    read = read_mail(data)
    safe_html(read.html or "")
    return time.perf_counter() - started


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_megabyte_made_to_be_slow_takes_no_more_than_its_share(name: str) -> None:
    """Four times the bytes take about four times as long, not sixteen; the best of a few tries counts."""
    small = large = float("inf")
    for _ in range(4):
        small = min(small, seconds(BAD[name](SIZE // 4)))
        large = min(large, seconds(BAD[name](SIZE)))
        if large < 8 * max(small, 0.05):
            return
    pytest.fail(f"{SIZE // 4} bytes: {small:.2f} s, {SIZE} bytes: {large:.2f} s")
