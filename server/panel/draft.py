"""A draft in the person's Gmail, for when the panel does not understand the page: they go on writing there.

It is nobody's but theirs: no row names it, so that nothing of ours ever sends or deletes it, and no header of ours is
in it, so that what they send then is read as any other mail.
"""

from __future__ import annotations

from datetime import datetime

from server.auth.models import User
from server.email_templates.message import MessageRefused, Recipients, build_draft
from server.errors import Conflict, Unavailable
from server.mailboxes import pause
from server.mailboxes.models import Mailbox
from server.ports.errors import AccessLost, PortError, Rejected, Throttled
from server.ports.gmail import Draft, GmailMailbox


def raw_of(user: User, mailbox: Mailbox, recipients: Recipients, *, subject: str, html: str, text: str) -> bytes:
    """Raises MessageRefused for an address or a subject that no mail can have."""
    try:
        return build_draft(
            sender=(user.name, mailbox.email), recipients=recipients, subject=subject, html=html, text=text
        )
    except MessageRefused as refused:
        raise MessageRefused(refused.detail, cure="Correct it, then try again.") from None


def demand_rested(mailbox: Mailbox, now: datetime) -> None:
    """Raises Unavailable while Google asks that nobody calls for this mailbox."""
    if pause.is_paused(mailbox, now):
        raise Unavailable(
            "Gmail asked your mailbox to slow down, so there is no draft.", cure="Try again in some minutes."
        )


def put(gmail: GmailMailbox, raw: bytes) -> Draft:
    """One call to Gmail, outside of any transaction. Raises what the port raises."""
    return gmail.create_draft(raw)


def in_words(error: PortError) -> Conflict | Unavailable:
    """What it means for the person, who clicks again or does not."""
    if isinstance(error, AccessLost):
        return Conflict("Gmail no longer lets Rapport in.", cure="Connect your mailbox again, under Mailbox.")
    if isinstance(error, Rejected):
        return Conflict("Gmail refused the draft.", cure="Check the addresses, then try again.")
    if isinstance(error, Throttled):
        return Unavailable("Gmail asks to wait, so there is no draft.", cure="Try again in some minutes.")
    return Unavailable(
        "Gmail did not answer, so the draft may be there or not.", cure="Look under Drafts before you try again."
    )
