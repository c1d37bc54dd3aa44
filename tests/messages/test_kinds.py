"""Which rule says what kind of mail it is."""

from __future__ import annotations

import pytest

from server.messages.envelope import read_envelope
from server.messages.model import MailKind
from server.messages.read import read_mail
from tests.messages.shapes import raw

ANSWER = ("In-Reply-To", "<a@x.example>")
PERSON = ("From", "Anna <anna@muster.example>")


@pytest.mark.parametrize(
    ("headers", "kind", "reason"),
    [
        ([("Auto-Submitted", "auto-replied; owner-email=x")], "auto_reply", "Auto-Submitted: auto-replied"),
        ([("Auto-Submitted", "auto-generated")], "automatic", "Auto-Submitted: auto-generated"),
        ([("Auto-Submitted", "no")], "personal", "No rule for automatic mail fits"),
        ([("X-Autoreply", "yes")], "auto_reply", "It has the header X-Autoreply"),
        ([("X-Autorespond", "Vacation")], "auto_reply", "It has the header X-Autorespond"),
        ([("X-Auto-Response-From", "x")], "auto_reply", "It has the header X-Auto-Response-From"),
        ([("X-Autoreply", "no")], "personal", "No rule for automatic mail fits"),
        ([("Precedence", "auto_reply")], "auto_reply", "Precedence: auto_reply"),
        ([("Precedence", "bulk"), ("Auto-Submitted", "auto-replied")], "auto_reply", "Auto-Submitted: auto-replied"),
        ([("Precedence", "junk")], "bulk", "Precedence: junk"),
        ([("List-Id", "<x>"), ("Auto-Submitted", "auto-generated")], "bulk", "It has the header List-Id"),
        ([("List-Unsubscribe", "<mailto:x@x.example>")], "bulk", "It has the header List-Unsubscribe"),
        ([("X-Auto-Response-Suppress", "All")], "personal", "No rule for automatic mail fits"),
        ([("X-Failed-Recipients", "x@x.example"), ("Auto-Submitted", "auto-replied")], "bounce", "X-Failed-Recipients"),
        (
            [("Content-Type", "text/calendar; method=REQUEST"), ("Auto-Submitted", "auto-replied")],
            "calendar",
            "(METHOD:",
        ),
        ([("Content-Class", "urn:content-classes:calendarmessage")], "calendar", "Content-Class"),
        ([("Subject", "Automatic reply: x")], "auto_reply", "Its subject begins as mail servers begin"),
        ([("Subject", "Automatic reply is broken")], "personal", "No rule"),
        ([("Auto-Submitted", "auto-generated"), ("Precedence", "bulk")], "automatic", "Auto-Submitted"),
        ([("Subject", "Re: Out of office"), ANSWER], "personal", "No rule"),
    ],
)
def test_the_first_rule_that_fits_decides(headers: list[tuple[str, str]], kind: str, reason: str) -> None:
    envelope = read_envelope([PERSON, *headers])
    assert envelope.kind == kind
    assert reason in envelope.kind_reason


@pytest.mark.parametrize(
    "subject",
    [
        "Out of Office: Plan",
        "Out of the office until Monday",
        "[Auto Reply] Plan",
        "Abwesenheitsnotiz: Plan",
        "Absence du bureau",
        "Fuera de la oficina",
        "Fuori sede",
        "Fora do escritório",
        "Afwezig",
        "Autosvar: Plan",
        "Автоответ: Plan",
        "自动回复: Plan",
    ],
)
def test_a_subject_of_absence_counts_only_in_an_answer_or_without_a_return_path(subject: str) -> None:
    assert read_envelope([PERSON, ("Subject", subject)]).kind is MailKind.PERSONAL
    assert read_envelope([PERSON, ("Subject", subject), ANSWER]).kind is MailKind.AUTO_REPLY
    assert read_envelope([PERSON, ("Subject", subject), ("Return-Path", "<>")]).kind is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    "local_part",
    [
        *(
            "no-reply",
            "noreply",
            "no_reply",
            "do-not-reply",
            "donotreply",
            "noreply+x1",
            "github-noreply",
            "ne-pas-repondre",
        ),
        *("no-responder", "notifications", "alerts", "bounces+9", "nao-responda", "No-Reply"),
    ],
)
def test_addresses_that_nobody_reads_are_automatic(local_part: str) -> None:
    assert read_envelope([("From", f"{local_part}@x.example")]).kind is MailKind.AUTOMATIC


@pytest.mark.parametrize(
    "local_part", ["anna", "noreen", "nora.plyer", "support", "info", "alerta", "n.o.reply.person"]
)
def test_addresses_of_people_are_not(local_part: str) -> None:
    assert read_envelope([("From", f"{local_part}@x.example")]).kind is MailKind.PERSONAL


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("google_calendar_invitation", "It is a calendar invitation (METHOD:REQUEST)"),
        ("outlook_calendar_reply", "It is the answer to a calendar invitation (METHOD:REPLY)"),
        ("calendar_only_cancel", "It cancels a calendar event (METHOD:CANCEL)"),
        ("read_receipt", "It is a read receipt"),
        ("dsn_delivered_receipt", "It is a report that a mail was delivered"),
        ("dsn_postfix_failed", "It reports that a mail was not delivered (status 5.1.1)"),
        ("dsn_delayed", "It reports that a mail was not delivered so far (status 4.4.7)"),
        ("dsn_policy_refused", "It reports that a mail was refused (status 5.7.1)"),
        ("exchange_auto_reply", "Its subject begins as mail servers begin those of automatic replies"),
        ("auto_reply_by_subject_only", "Its subject is that of an automatic reply, and it has no return path"),
    ],
)
def test_the_rule_is_told_in_words(name: str, reason: str) -> None:
    assert read_mail(raw(name)).envelope.kind_reason == reason


def test_a_calendar_file_that_somebody_attached_makes_no_invitation() -> None:
    mail = read_mail(raw("ics_file_in_a_personal_mail"))
    assert mail.envelope.kind is MailKind.PERSONAL
    assert [one.name for one in mail.attachments] == ["holidays.ics"]
