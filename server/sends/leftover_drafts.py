"""Drafts of emails that will not leave: taken out of the person's mailbox, since a person could send them by hand.

Only for cancelled, suppressed and failed emails: whoever still holds an older claim on one is fenced off before it
may send, so such a draft is never in flight.
"""

from __future__ import annotations

from datetime import timedelta

from server.clock import Clock
from server.db import Database
from server.logs import logger
from server.mailboxes.pause import pause
from server.ports.errors import AccessLost, Missing, OutcomeUnknown, Rejected, Throttled
from server.ports.gmail import GmailMailbox
from server.sends import record
from server.sends.deliver import Next
from server.sends.models import OutboundEmail

_TRY_AGAIN_AFTER = timedelta(seconds=60)

log = logger(__name__)


def remove(db: Database, clock: Clock, mailbox: GmailMailbox, email: OutboundEmail) -> Next:
    """Delete the draft of one email that will not leave, and record it. One that is gone already is as good."""
    assert email.draft_id is not None, "only an email with a draft is left behind"
    detail = "Its draft was removed from Gmail."
    try:
        mailbox.delete_draft(email.draft_id)
    except Missing:
        detail = "Its draft is no longer in Gmail."
    except Rejected as error:
        log.warning("draft_not_removed", outbound_email_id=str(email.id), reason=error.reason)
        detail = "Gmail kept its draft: delete it under Drafts, if you like."
    except OutcomeUnknown as error:
        log.info("draft_removal_unknown", outbound_email_id=str(email.id), reason=error.reason)
        with db.transaction() as session:
            record.remove_draft_later(session, email_id=email.id, until=clock.now() + _TRY_AGAIN_AFTER)
        return Next.GO_ON
    except Throttled as error:
        with db.transaction() as session:
            pause(session, email.mailbox_id, error.retry_at, "Gmail asked to slow down.")
        return Next.REST
    except AccessLost:
        return Next.RECONNECT
    with db.transaction() as session:
        record.draft_removed(session, email_id=email.id, draft_id=email.draft_id, detail=detail, now=clock.now())
    return Next.GO_ON
