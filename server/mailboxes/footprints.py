"""What Rapport may see of a mailbox: the two footprints to choose from, each with what it can read exactly."""

from __future__ import annotations

from typing import Any

from server.mailboxes import connection
from server.mailboxes.models import Mailbox
from server.ports.gmail import COMPOSE_SCOPE, METADATA_SCOPE, READONLY_SCOPE

NEVER = (
    "Reads mail before you switch reading on, or what you leave out.",
    "Keeps mail that has nothing to do with a customer.",
    "Keeps attachments, or loads pictures from the web.",
    "Sends anything that you did not send yourself.",
    "Shows mail that fits no account to anybody but you.",
)
_SEND = (
    COMPOSE_SCOPE,
    "send",
    "Write and send as you",
    "Makes the draft of an email you send from Rapport, and sends it. It stands in your Sent folder.",
)
_FOOTPRINTS = (
    (
        "envelopes",
        "Envelopes only",
        "Who, when and what about. The timeline shows that a mail was there, not what it says.",
        (
            _SEND,
            (
                METADATA_SCOPE,
                "mail",
                "See the envelope of your mail",
                "Sender, recipients, date, subject and labels of each message. Google gives no text and no attachment.",
            ),
        ),
    ),
    (
        "text",
        "Also the text of matched mail",
        "The timeline shows what your customers wrote, to whom you let read it.",
        (
            _SEND,
            (
                READONLY_SCOPE,
                "mail-opened",
                "Read your mail",
                "Google opens all of your mail to Rapport. Rapport looks at the envelope of each, and fetches the text "
                "only of mail with a customer.",
            ),
        ),
    ),
)


def choices(mailbox: Mailbox | None) -> list[dict[str, Any]]:
    """Both footprints; `is_granted` of a permission is None before a mailbox is connected."""
    current = None if mailbox is None else "text" if connection.can_read_text(mailbox) else "envelopes"
    granted = None if mailbox is None else set(mailbox.scopes.split())
    return [
        {
            "key": key,
            "title": title,
            "text": text,
            "is_current": key == current,
            "permissions": [
                {
                    "icon": icon,
                    "title": what,
                    "text": exactly,
                    "is_granted": None if granted is None or key != current else scope in granted,
                }
                for scope, icon, what, exactly in permissions
            ],
        }
        for key, title, text, permissions in _FOOTPRINTS
    ]
