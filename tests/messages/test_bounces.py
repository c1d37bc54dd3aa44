"""Whom a mail did not reach, and whether for good."""

from __future__ import annotations

import pytest

from server.messages.model import MailKind
from server.messages.read import read_mail
from tests.messages.shapes import mail, raw


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("dsn_postfix_failed", [("gone@muster.example", True, "5.1.1", "hello-1@rapport.example")]),
        ("dsn_delayed", [("jean@dupont.example", False, "4.4.7", "late-1@rapport.example")]),
        ("dsn_policy_refused", [("dario@weiss.example", False, "5.7.1", "news-1@rapport.example")]),
        ("dsn_delivered_receipt", []),
        ("gmail_bounce", [("typo@muster.example", True, "5.1.1", "hello-2@rapport.example")]),
        ("bounce_qmail", [("nobody@rossi.example", True, "5.1.1", "hello-3@rapport.example")]),
        ("bounce_exim_without_status", [("old@klein.example", True, None, "hello-4@rapport.example")]),
        (
            "bounce_exchange_two_recipients",
            [
                ("bernd@muster.example", True, "5.1.10", "plan-1@rapport.example"),
                ("full@muster.example", True, "5.2.2", "plan-1@rapport.example"),
            ],
        ),
        ("person_quotes_a_bounce", []),
        ("read_receipt", []),
        ("vacation_auto_replied", []),
    ],
)
def test_failed_addresses(name: str, found: list[tuple[str, bool, str | None, str | None]]) -> None:
    bounces = read_mail(raw(name)).bounces
    assert [(one.address, one.is_permanent, one.status, one.original_message_id) for one in bounces] == found


def test_the_detail_is_what_the_server_said() -> None:
    [bounce] = read_mail(raw("dsn_postfix_failed")).bounces
    assert bounce.detail == "550 5.1.1 <gone@muster.example>: Recipient address rejected: User unknown"
    [by_words] = read_mail(raw("bounce_exim_without_status")).bounces
    assert by_words.detail == "old@klein.example Unrouteable address"


@pytest.mark.parametrize(
    ("words", "is_permanent"),
    [
        ("550 5.1.1 User unknown", True),
        ("550 5.7.1 blocked as spam, user unknown", False),
        ("452 4.2.2 mailbox full", False),
        ("no such user here", True),
        ("connection timed out", False),
    ],
)
def test_a_failure_in_words_is_for_good_only_if_the_words_say_so(words: str, is_permanent: bool) -> None:
    read = read_mail(
        mail(
            f"Delivery failed:\n\n  gone@klein.example\n    {words}\n",
            From="Mail Delivery System <mailer-daemon@mx.klein.example>",
            X_Failed_Recipients="gone@klein.example",
        )
    )
    assert [(one.address, one.is_permanent) for one in read.bounces] == [("gone@klein.example", is_permanent)]


def test_an_absence_note_that_names_addresses_is_no_bounce() -> None:
    note = mail(
        "I am away. Your message could not be read. Write to:\n<help@muster.example>:\nuser unknown\n",
        Return_Path="<>",
        Auto_Submitted="auto-replied",
    )
    read = read_mail(note)
    assert (read.envelope.kind, read.bounces) == (MailKind.AUTO_REPLY, ())
