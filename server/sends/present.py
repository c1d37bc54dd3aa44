"""Outbound emails as pages show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for

from server.sends import wall
from server.sends.models import RECALLABLE, OutboundEmail, OutboundState
from server.timeline.present import gmail_href
from server.web import show

STATE_WORDS = {
    OutboundState.QUEUED: ("Queued", "info", "hourglass"),
    OutboundState.CLAIMED: ("Being prepared", "info", "loader-2"),
    OutboundState.DRAFTED: ("Being prepared", "info", "loader-2"),
    OutboundState.SENDING: ("Handed to Gmail", "info", "loader-2"),
    OutboundState.SENT: ("Sent", "success", "mail-check"),
    OutboundState.FAILED: ("Failed", "danger", "mail-x"),
    OutboundState.CANCELLED: ("Cancelled", "neutral", "ban"),
    OutboundState.SUPPRESSED: ("Not sent", "warning", "ban"),
    OutboundState.REVIEW: ("Needs you", "warning", "alert-circle"),
}


def state_words(email: OutboundEmail) -> tuple[str, str, str]:
    """Label, tone and icon. What waits with a problem says that it waits."""
    state = OutboundState(email.state)
    if leaves_later(email):
        return ("Held back", "warning", "alert-circle") if email.problem else ("Scheduled", "info", "calendar-event")
    if email.is_moving and email.problem:
        return ("Checking with Gmail" if state is OutboundState.SENDING else "Waiting", "warning", "hourglass")
    return STATE_WORDS[state]


def leaves_later(email: OutboundEmail) -> str:
    """When an email leaves that was put off, by the clock of who gets it: "Tue 3 Nov 2026, 09:00 (Europe/Berlin)"."""
    if email.state != OutboundState.QUEUED or not email.wall_time or not email.wall_zone:
        return ""
    return wall.words(datetime.fromisoformat(email.wall_time), email.wall_zone)


def row(email: OutboundEmail, account_name: str, *, viewer_email: str) -> dict[str, Any]:
    """As sends/_email_row.html takes it."""
    label, tone, icon = state_words(email)
    return {
        "id": email.id,
        "state": {"label": label, "tone": tone, "icon": icon},
        "to": {"name": email.to_name, "email": email.to_email},
        "subject": "Erased on request" if email.is_erased else email.subject,
        "href": url_for("sends.email", email_id=email.id),
        "account": {"name": account_name, "href": f"/accounts/{email.account_id}"},
        "template": email.template_label,
        "at": show.moment(email.sent_at or email.changed_at),
        "is_moving": email.is_moving and not leaves_later(email),
        "later": {
            "words": leaves_later(email),
            "href": url_for("sends.leave_at", email_id=email.id),
            "day": (email.wall_time or "")[:10],
            "time": (email.wall_time or "")[11:16],
        }
        if leaves_later(email)
        else None,
        "cc": email.cc_email or "",
        "poll_href": url_for("sends.email_row", email_id=email.id),
        "problem": {"text": email.problem, "cure": email.cure or ""} if email.problem else None,
        "actions": actions(email),
        "gmail_href": gmail_href(email.from_email, email.gmail_message_id, viewer_email),
    }


def actions(email: OutboundEmail) -> list[dict[str, Any]]:
    """What its sender can do now."""

    def act(deed: str, label: str, tone: str = "plain", confirm: str | None = None) -> dict[str, Any]:
        return {"label": label, "href": url_for(f"sends.{deed}", email_id=email.id), "tone": tone, "confirm": confirm}

    if leaves_later(email):
        return [
            act("send_now", "Send now", "primary"),
            act("cancel", "Cancel", confirm=f"The email to {email.to_name} will not be sent."),
        ]
    if email.state in RECALLABLE:
        return [act("cancel", "Cancel", confirm=f"The email to {email.to_name} will not be sent.")]
    if email.state == OutboundState.FAILED and not email.is_erased and email.text_removed_months is None:
        return [act("send_again", "Send again", "primary")]
    if email.state == OutboundState.REVIEW:
        return [act("it_was_sent", "It was sent", "primary"), act("it_was_not_sent", "It was not sent")]
    return []
