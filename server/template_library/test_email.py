"""A test email: from one's own mailbox to oneself, made like every other email, and on nobody's timeline."""

from __future__ import annotations

from datetime import datetime

from server.auth.models import User
from server.email_templates.message import build_message
from server.email_templates.render import RenderedEmail
from server.errors import Conflict, Unavailable
from server.mailboxes.models import Mailbox
from server.ports.errors import AccessLost, PortError, Rejected
from server.ports.gmail import GmailMailbox

HEADER = "X-Rapport-Test"


def send_to_oneself(mailbox: GmailMailbox, row: Mailbox, user: User, email: RenderedEmail, *, now: datetime) -> None:
    """Talks to Gmail, so outside of any transaction. A test that is sent twice harms nobody: no outbox is needed.

    Raises Conflict or Unavailable with what to do.
    """
    raw = build_message(
        sender=(user.name, row.email),
        to=(user.name, row.email),
        subject=f"[Test] {email.subject}",
        html=email.html,
        text=email.text,
        headers={HEADER: "yes"},
        date=now,
    )
    try:
        draft = mailbox.create_draft(raw)
        mailbox.send_draft(draft.draft_id)
    except AccessLost as error:
        raise Conflict("Gmail no longer lets Rapport in.", cure="Connect your mailbox again, under Mailbox.") from error
    except Rejected as error:
        raise Conflict(f"Gmail refused the test: {error}", cure="Correct the template and try again.") from error
    except PortError as error:
        raise Unavailable("Gmail does not answer right now.", cure="Try again in a minute.") from error
