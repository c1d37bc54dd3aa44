"""What stands in the log, as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping

from server.audit.command_line import DEED_PREFIX
from server.audit.models import AuditOutcome

OUTCOME_WORDS = {
    AuditOutcome.DONE: ("Done", "success"),
    AuditOutcome.READ: ("Read", "info"),
    AuditOutcome.REFUSED: ("Refused", "danger"),
}
DEED_WORDS: Mapping[str, str] = {
    "auth.callback": "Signed in",
    "auth.sign_out": "Signed out",
    "sessions.end": "Signed out a browser",
    "sessions.end_others": "Signed out all other browsers",
    "sessions.end_device": "Signed out a Gmail extension",
    "oauth.answer": "Answered a Gmail extension that asked for access",
    "oauth.token": "Tokens for a Gmail extension",
    "oauth.revoke": "A Gmail extension signed itself out",
    "tokens.create": "Made a personal token",
    "tokens.end": "Ended a personal token",
    "ctas.CompleteTask": "Ticked off a task",
    "playbooks.complete": "Ticked off a task",
    "ctas.ReopenTask": "Reopened a task",
    "playbooks.reopen": "Reopened a task",
    "ctas.SnoozeTask": "Put a task off, or took that back",
    "playbooks.wake": "Took the putting off of a task back",
    "ctas.PreviewEmail": "Looked at an email before sending it",
    "compose.preview_email": "Looked at an email before sending it",
    "ctas.SendEmail": "Sent emails of a task",
    "compose.send_email": "Sent emails of a task",
    "outbound_emails.CancelOutboundEmail": "Cancelled an email",
    "sends.cancel": "Cancelled an email",
    "sends.send_again": "Sent an email again",
    "sends.it_was_sent": "Said that an email was sent",
    "sends.it_was_not_sent": "Said that an email was not sent",
    "panel.PanelSituation": "Looked at what stands beside a mail",
    "panel.PanelTemplates": "Looked for an email template beside a mail",
    "panel.PanelChoice": "Chose who may read a mail before sending it",
    "panel.PanelSent": "Asked what became of a mail that left",
    "panel.PanelFill": "Filled in an email template beside a mail",
    "mailboxes.connect": "Went to Google to connect a mailbox",
    "mailboxes.disconnect": "Disconnected a mailbox",
    "mailboxes.reading.start": "Switched on the reading of a mailbox",
    "mailboxes.reading.stop": "Switched off the reading of a mailbox",
    "mailboxes.reading.level": "Changed what colleagues see of a mailbox",
    "mailboxes.reading.widen": "Had older mail read",
    "mailboxes.reading.compare": "Had a mailbox compared with Gmail",
    "mailboxes.reading.retry": "Had unreadable mail tried again",
    "mail.body": "Read a colleague’s mail",
    "mail.html": "Read a colleague’s mail",
    "timeline.TimelineOfAccount": "Read mail of colleagues through the API",
    "timeline.TimelineOfContact": "Read mail of colleagues through the API",
    "timeline.TimelineOfEverything": "Read mail of colleagues through the API",
    "timeline.LogActivity": "Logged a call, a meeting or a note",
    "mail.level": "Changed what colleagues see of a mail",
    "mail.move": "Moved a mail to another account",
    "mail.unlink": "Took a mail off a timeline",
    "mail.never": "Ruled out an address for an account",
    "mail.undo": "Took a decision about a mail back",
    "mail.inbound.renew": "Made a secret address",
    "mail.queue.link": "Placed waiting mail on an account",
    "mail.queue.choose": "Chose between accounts for waiting mail",
    "mail.queue.contact": "Added a contact from waiting mail",
    "new_contacts.AddContact": "Added a contact beside a mail",
    "mail.queue.domain": "Added a domain from waiting mail",
    "mail.queue.dismiss": "Dismissed waiting mail",
    "mail.queue.exclude": "Left waiting mail out",
    "mail.rules.exclude": "Left an address, domain or label out",
    "mail.rules.include_again": "Took back what was left out",
    "mail.rules.pair_again": "Allowed an address for an account again",
    "mail.rules.add_own_domain": "Added a domain of ours",
    "mail.rules.remove_own_domain": "Removed a domain of ours",
    "mail.rules.add_shared_domain": "Added a domain that companies share",
    "mail.rules.remove_shared_domain": "Removed a domain that companies share",
    "mail.rules.try_on_the_past": "Tried the rules on past mail",
    "mail.rules.apply": "Applied the rules to past mail",
    "template_library.create": "Made an email template",
    "template_library.archive": "Archived an email template",
    "template_library.unarchive": "Brought an email template back",
    "template_editor.save": "Saved a draft of an email template",
    "template_editor.discard": "Discarded a draft of an email template",
    "template_editor.publish": "Published an email template",
    "template_editor.test_email": "Sent a test email to themselves",
    "template_versions.keep_draft": "Kept a draft of an email template",
    "template_versions.take_published": "Took the published version into a draft",
    "template_versions.restore": "Restored a version of an email template",
    "template_answers.check": "Checked an email template",
    "personal_data.find": "Looked up what is held of a person",
    "personal_data.of_contact": "Looked up what is held of a person",
    "personal_data.export": "Exported what is held of a person",
    "personal_data.preview": "Looked at what an erasure would do",
    "personal_data.erase": "Erased a person",
    "personal_data.let_in": "Let the address of an erased person in again",
    "retention.save": "Changed how long data is kept",
    "template_answers.preview": "Looked at a preview of an email template",
}


def deed_words(deed: str, outcome: str) -> str:
    """A refused deed was not done: it says what was asked for."""
    if deed.startswith(DEED_PREFIX):
        return f"Ran rapport {deed.removeprefix(DEED_PREFIX).replace('.', ' ')}"
    said = DEED_WORDS.get(deed, deed)
    return f"Was not let: {deed}" if outcome == AuditOutcome.REFUSED and deed not in DEED_WORDS else said
