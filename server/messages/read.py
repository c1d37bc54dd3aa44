"""A mail's bytes, read. Whatever the bytes are, the outcome is a Mail or Unreadable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo

from server.errors import RapportError
from server.messages.bodies import Body, read_body
from server.messages.bounces import Report, read_report
from server.messages.dates import header_date
from server.messages.envelope import envelope_of
from server.messages.forward import attached_forward, find_forward, inline_forward
from server.messages.headers import Headers, header_lines
from server.messages.kinds import calendar_reason, is_daemon, is_from_mail_system
from server.messages.mime_tree import LONGEST_HEADERS, Growth, Part, read_tree
from server.messages.model import Envelope, Forwarded, Mail, MailKind
from server.messages.quotes import split

_BOMS = (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")
# One of these stands in every mail that was ever on its way; notes and source files have lines with colons, too.
_OF_A_MAIL = frozenset(("from", "sender", "to", "cc", "bcc", "date", "message-id", "received", "return-path"))


class Unreadable(RapportError):
    """These bytes are no mail."""

    title = "This is not an email"


def read_mail(raw: bytes) -> Mail:
    """Raises Unreadable, and nothing else, for bytes that are no mail at all."""
    raw = _mail_bytes(raw)
    growth = Growth()
    root = read_tree(raw, growth)
    return _mail(raw, root, growth)


def _mail(raw: bytes, root: Part, growth: Growth) -> Mail:
    body = read_body(root)
    envelope = envelope_of(root.headers)
    report = _report(raw, root, envelope, body)
    envelope = _with_kind(envelope, report, body)
    forward_at, forwarded = None, None
    if report is None:
        forward_at, forwarded = _forward(envelope, root, body)
    new_text, quoted_text = split(body.text, body.layout, is_layout_text=body.is_layout_text, forward_at=forward_at)
    return Mail(
        envelope=envelope,
        text=body.text,
        html=body.html,
        new_text=new_text,
        quoted_text=quoted_text,
        attachments=body.attachments,
        bounces=report.bounces if report else (),
        forwarded=forwarded if forward_at is None or not quoted_text else None,
        body_digest=body.digest,
        is_cut=body.is_cut or growth.is_cut,
    )


def _mail_bytes(raw: bytes) -> bytes:
    """`raw` without what stands before the first header: a byte order mark, blank lines, the line of an mbox."""
    if not raw.strip():
        raise Unreadable("The file is empty.", cure="Save the email once more as .eml and try again.")
    for mark in _BOMS:
        raw = raw.removeprefix(mark)
    raw = raw.lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw[raw.find(b"\n") + 1 :]
    if b"\n" not in raw[:LONGEST_HEADERS] and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    names = {name.lower().decode("ascii") for name, _ in header_lines(raw[:LONGEST_HEADERS])[0]}
    if not names:
        raise Unreadable(
            "The file does not begin with the headers of an email (From, To, Date).",
            cure="Choose a file that a mail program saved as .eml, with all of its headers.",
        )
    if not names & _OF_A_MAIL:
        raise Unreadable(
            "The file has lines like headers, but none of From, To, Date or Message-ID.",
            cure="Choose a file that a mail program saved as .eml, with all of its headers.",
        )
    return raw


def _report(raw: bytes, root: Part, envelope: Envelope, body: Body) -> Report | None:
    """What a mail server reports; None for mail that people and other programs write."""
    is_bounce = envelope.kind is MailKind.BOUNCE
    if not is_bounce and not is_from_mail_system(root.headers, envelope.sender):
        return None
    # An absence note has no return path either, and may name addresses that do work.
    by_words = is_bounce or is_daemon(envelope.sender) or envelope.kind is MailKind.PERSONAL
    report = read_report(raw, root, body.text, may_search_text=by_words)
    return report if is_bounce or report.bounces or report.is_receipt else None


def _with_kind(envelope: Envelope, report: Report | None, body: Body) -> Envelope:
    if report is not None and report.is_receipt:
        return replace(envelope, kind=MailKind.AUTOMATIC, kind_reason="It is a report that a mail was delivered")
    if report is not None and report.bounces:
        return replace(envelope, kind=MailKind.BOUNCE, kind_reason=_bounce_reason(report.bounces[0].status))
    if envelope.kind is MailKind.BOUNCE or body.method is None:
        return envelope
    return replace(envelope, kind=MailKind.CALENDAR, kind_reason=calendar_reason(body.method))


def _bounce_reason(status: str | None) -> str:
    if status is None:
        return "It reports that a mail was not delivered"
    outcome = "was refused" if status.startswith("5.7.") else "was not delivered"
    if status.startswith("4."):
        outcome += " so far"
    return f"It reports that a mail {outcome} (status {status})"


def _forward(envelope: Envelope, root: Part, body: Body) -> tuple[int | None, Forwarded | None]:
    """The line where an inline forward begins, and the mail that was forwarded. An attached one comes first."""
    lines = body.text.split("\n")
    head = find_forward(lines, envelope.subject)
    if body.attached is not None:
        inner = read_body(body.attached)
        forwarded = attached_forward(envelope_of(body.attached.headers), inner.text)
        return (head.start if head else None), forwarded
    if head is None:
        return None, None
    return head.start, inline_forward(lines, head, _zone(root.headers))


def _zone(headers: Headers) -> tzinfo:
    """The zone of the forwarder's own clock: mail programs print the dates of what they forward in it."""
    date = header_date(headers.text("date", 200))
    return UTC if date is None or date.tzinfo is None else date.tzinfo
