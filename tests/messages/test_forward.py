"""The mail inside a forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.messages.dates import written_date
from server.messages.read import read_mail
from tests.messages.shapes import mail, raw

NOV_2 = datetime(2026, 11, 2, 15, 5, tzinfo=UTC)
CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("name", "sender", "to", "subject", "text"),
    [
        ("gmail_forward", "anna@muster.example", 2, "Quote", "Please send us a quote for 200 seats.\n\nAnna"),
        ("gmail_forward_html_only", "anna@muster.example", 1, "Quote", "Please send us a quote."),
        ("apple_mail_forward_german", "anna@muster.example", 1, "Angebot", "Hallo Alice,\n\nbitte um ein Angebot."),
        ("apple_mail_forward_spanish", "maria@garcia.example", 1, "Oferta", "¿Nos mandas una oferta?"),
        ("outlook_forward_french", "jean@dupont.example", 1, "Facture", "La facture est payée."),
        ("outlook_forward_html_english", "anna@muster.example", 2, "Contract", "Signed!"),
        ("thunderbird_forward_inline", "dario@weiss.example", 1, "Backup", "The backup is done."),
        ("attached_mail", "carla@rossi.example", 1, "Grüße", "Hello from the inside."),
    ],
)
def test_it_is_read_and_not_folded(name: str, sender: str, to: int, subject: str, text: str) -> None:
    read = read_mail(raw(name))
    assert read.forwarded is not None
    assert read.forwarded.sender is not None
    assert read.forwarded.sender.email == sender
    assert (len(read.forwarded.to), read.forwarded.subject, read.forwarded.text) == (to, subject, text)
    assert read.forwarded.sent_at == NOV_2
    assert read.quoted_text == ""


def test_an_attached_mail_comes_before_an_inline_one() -> None:
    inline = "---------- Forwarded message ---------\nFrom: In <in@x.example>\nDate: 2 Nov 2026\nSubject: inline\n\nx\n"
    attached = "Content-Type: message/rfc822\n\nFrom: attached@x.example\nSubject: attached\n\nx\n"
    parts = f"--b\n\n{inline}\n--b\n{attached}\n--b--\n"
    forwarded = read_mail(mail(parts, content_type="multipart/mixed; boundary=b", subject="Fwd: x")).forwarded
    assert forwarded is not None
    assert forwarded.subject == "attached"


def test_an_answer_to_a_forward_folds_it_and_forwards_nothing() -> None:
    text = (
        "Thanks!\n\nOn 3 Nov 2026 at 10:15, Al <al@x.example> wrote:\n> see below\n>\n>\n>\n"
        "> ---------- Forwarded message ---------\n> From: b@x.example\n> Date: 2 Nov 2026\n> Subject: x\n>\n> text\n"
    )
    read = read_mail(mail(text, subject="Re: Fwd: x"))
    assert read.new_text == "Thanks!"
    assert read.forwarded is None


def test_a_returned_mail_is_no_forward() -> None:
    assert read_mail(raw("dsn_postfix_failed")).forwarded is None


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("Mon, Nov 2, 2026 at 4:05 PM", NOV_2),
        ("Mon, Nov 2, 2026 at 4:05\u202fPM", NOV_2),
        ("Monday, November 2nd, 2026 at 16:05", NOV_2),
        ("Montag, 2. November 2026 16:05", NOV_2),
        ("lun. 2 nov. 2026 à 16:05", NOV_2),
        ("lundi 2 novembre 2026 16 h 05", NOV_2),
        ("2 de noviembre de 2026, 16:05:00 CET", NOV_2),
        ("Mon, 2 Nov 2026 15:05:00 +0000", NOV_2),
        ("2. November 2026 um 16:05:00 MEZ", NOV_2),
        ("2 November 2026 at 17:05:00 GMT+2", NOV_2),
        ("02.11.2026 16:05", NOV_2),
        ("2026-11-02 16:05", NOV_2),
        ("11/22/2026 4:05 PM", NOV_2 + timedelta(days=20)),
        ("mar. 3 nov. 2026 à 16:05", NOV_2 + timedelta(days=1)),
        ("11/2/2026 4:05 PM", None),
        ("Monday", None),
        ("2 Nov 2026", None),
        ("99:99 2 Nov 2026", None),
        ("", None),
    ],
)
def test_dates_as_people_see_them(written: str, instant: datetime | None) -> None:
    """In the zone of who forwarded it, if they name none; None where the day cannot be told for certain."""
    assert written_date(written, CET) == instant
