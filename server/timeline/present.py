"""The timeline as its page shows it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from flask import url_for

from server.timeline.models import ActivityType
from server.timeline.queries import EntryWithPeople
from server.web import show
from server.web.frame import runtime

_ICONS = {
    ActivityType.UPDATE: ("note", "neutral"),
    ActivityType.CUSTOMER_CALL: ("phone", "success"),
    ActivityType.IN_PERSON_MEETING: ("users", "success"),
    ActivityType.EMAIL: ("mail", "accent"),
    ActivityType.WORKSHOP: ("users", "info"),
    ActivityType.AT_RISK: ("alert-triangle", "danger"),
}


@dataclass(frozen=True, kw_only=True)
class Link:
    name: str
    href: str


def days(
    entries: Sequence[EntryWithPeople], *, viewer_email: str, ctas: Mapping[uuid.UUID, Link]
) -> list[dict[str, Any]]:
    """Entries by day, newest first. `ctas` maps outbound email ids to the CTA they came from."""
    shown = [(show.day_heading(one.entry.occurred_at), _entry(one, viewer_email, ctas)) for one in entries]
    return [
        {"label": label, "entries": [entry for _, entry in group]}
        for label, group in groupby(shown, key=lambda pair: pair[0])
    ]


def outbound_id(one: EntryWithPeople) -> uuid.UUID | None:
    kind, _, found = one.entry.source_key.partition(":")
    return uuid.UUID(found) if kind == "outbound" else None


def _entry(one: EntryWithPeople, viewer_email: str, ctas: Mapping[uuid.UUID, Link]) -> dict[str, Any]:
    entry, email_id = one.entry, outbound_id(one)
    icon, tone = _ICONS[ActivityType(entry.activity_type)]
    return {
        "id": entry.id,
        "icon": icon,
        "tone": tone,
        "type_label": entry.activity_label,
        "subject": entry.subject,
        "from_": one.sender.name if one.sender else "",
        "to": ", ".join(f"{person.name} <{person.email}>" for person in one.recipients),
        "at": show.clock_time(entry.occurred_at),
        "body": entry.body_text,
        "template_label": entry.template_label or "",
        "gmail_href": gmail_href(entry.mailbox_email, entry.gmail_message_id, viewer_email),
        # Only its sender may see how it fared; the others would be refused there.
        "email_href": url_for("sends.email", email_id=email_id)
        if email_id and entry.mailbox_email == viewer_email
        else None,
        "moving": "",
        "cta": ctas.get(email_id) if email_id else None,
    }


def gmail_href(mailbox_email: str | None, gmail_message_id: str | None, viewer_email: str) -> str | None:
    """Where the mail stands in Gmail; only the owner of the mailbox can open it there."""
    if not gmail_message_id or mailbox_email != viewer_email:
        return None
    sandbox = runtime().settings.sandbox_url
    if sandbox:
        return f"{sandbox}/mail/{quote(mailbox_email)}/message/{gmail_message_id}"
    return f"https://mail.google.com/mail/u/?authuser={quote(mailbox_email)}#all/{gmail_message_id}"
