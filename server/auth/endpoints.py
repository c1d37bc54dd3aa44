"""Every endpoint, and what one must be allowed to do to use it. The app does not start with one that is missing here.

What else is asked (whose task, whose mail) is asked where the thing is read, by `policy.covers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from server.auth.policy import Deed
from server.web.rate_limits import Rates


class Access(StrEnum):
    """PUBLIC: anybody. MACHINE: no browser; it brings its own proof and no cookie counts. SIGNED_IN: any role."""

    PUBLIC = "public"
    MACHINE = "machine"
    SIGNED_IN = "signed_in"


_BY_ACCESS: Mapping[Access | Deed, tuple[str, ...]] = {
    Access.PUBLIC: (
        *("static", "favicon", "health.healthz", "health.readyz"),
        *("auth.sign_in", "auth.start", "auth.callback", "oauth.metadata"),
    ),
    Access.MACHINE: ("mailbox_push.gmail", "oauth.token", "oauth.revoke"),
    Access.SIGNED_IN: (
        *("auth.sign_out", "sessions.where", "sessions.end", "sessions.end_others", "sessions.end_device"),
        *("oauth.ask", "oauth.answer", "tokens.mine", "tokens.create", "tokens.end", "me.Me"),
        *("cockpit.views.save", "cockpit.views.change", "cockpit.views.delete"),
        *("digest.settings", "digest.save"),
        *("cockpit.home", "api-docs.openapi_json", "api_docs.api_docs"),
        *("you.you", "you.save"),
    ),
    Deed.LOOK: (
        *("accounts.AccountList", "accounts.AccountDetail", "contacts.ContactsOfAccount"),
        *("customer_360.account_list", "customer_360.account", "customer_360.account_timeline"),
        *("customer_360.people.contact", "customer_360.people.contact_timeline"),
        *("customer_360.people.everything", "customer_360.people.rest_of_thread"),
        *("panel.PanelSituation", "panel.PanelTemplates", "panel.PanelThread", "panel.PanelMisses"),
        *("timeline.TimelineOfAccount", "timeline.ActivityOfAccounts", "timeline.TimelineOfContact"),
        "timeline.TimelineOfEverything",
        "measures.MeasuresOfAccount",
        *("ctas.CtaList", "ctas.CtaDetail", "cockpit.cockpit", "cta_pages.cta", "cta_pages.task"),
        "cockpit.views.open_view",
        *("triggers.trigger_list", "triggers.trigger"),
        *("search.results", "search.suggest", "mail.why", "mail.rules.rules"),
        *("template_library.library", "template_library.template"),
        *("playbooks.library", "playbooks.playbook", "playbooks.version", "playbooks.compare"),
        *("cta_lists.lists", "cta_lists.days"),
        *("template_versions.compare", "template_versions.draft_picture", "template_versions.version"),
        "template_versions.picture",
        *("cta_comments.mentions", "cta_comments.file", "cta_changes.CommentsOfCta", "cta_changes.HistoryOfCta"),
    ),
    Deed.READ_AUDIT_LOG: ("audit.log", "audit.export"),
    Deed.SEE_PERSONAL_DATA: (
        *("personal_data.search", "personal_data.find", "personal_data.of_contact"),
        *("personal_data.receipt", "personal_data.receipt_file", "retention.rules"),
    ),
    Deed.ERASE_PERSONAL_DATA: (
        *("personal_data.export", "personal_data.preview", "personal_data.erase", "personal_data.let_in"),
        "retention.save",
    ),
    Deed.READ_MAIL: ("mail.body", "mail.html"),
    Deed.WORK_TASKS: (
        *("measures.ReportMeasure", "customer_360.sentiment.report"),
        *("ctas.CompleteTask", "ctas.ReopenTask", "ctas.SnoozeTask", "ctas.WaitLonger"),
        *("cta_pages.complete", "cta_pages.reopen", "cta_pages.wake", "compose.wait_longer"),
        *("new_cta.new", "new_cta.create"),
        *("cta_changes.OpenCta", "cta_changes.ChangeCta", "cta_changes.CloseCta", "cta_changes.ReopenCta"),
        *("cta_changes.SnoozeCta", "cta_changes.UndoCta", "cta_changes.ApplyPlaybook", "cta_changes.WriteComment"),
        *("cta_changes.AddTask", "cta_changes.ChangeTask"),
        *("cta_change.change_it", "cta_change.flag", "cta_change.close_it", "cta_change.reopen"),
        *("cta_change.snooze_it", "cta_change.wake", "cta_change.undo", "cta_change.persons"),
        *("cta_change.link", "cta_change.unlink", "cta_change.apply", "cta_tasks.add"),
        *("cta_tasks.change", "cta_tasks.snooze", "cta_tasks.remove", "cta_tasks.done_and_log"),
        *("cta_comments.write", "cta_comments.edit", "cta_comments.remove", "cta_comments.attach"),
        "cta_comments.remove_file",
        *("cockpit.changes.change", "cockpit.changes.undo"),
    ),
    Deed.SEND_EMAILS: (
        *("ctas.PreviewEmail", "ctas.SendEmail", "panel.PanelFill", "panel.PanelDraft"),
        *("compose.compose_email", "compose.preview_email", "compose.send_email", "compose.compose_preview"),
    ),
    Deed.SEE_OUTBOX: (
        *("sends.outbox", "sends.email", "sends.email_body", "sends.email_row"),
        *("sends.send_now", "sends.leave_at"),
        *("sends.cancel", "sends.send_again", "sends.it_was_sent", "sends.it_was_not_sent"),
        *("outbound_emails.Outbox", "outbound_emails.OutboundEmailDetail", "outbound_emails.CancelOutboundEmail"),
    ),
    Deed.HAVE_MAILBOX: (
        *("mailboxes.mailbox", "mailboxes.connect", "mailboxes.callback", "mailboxes.disconnect"),
        *("mailboxes.reading.start", "mailboxes.reading.stop", "mailboxes.reading.level", "mailboxes.reading.widen"),
        *("mailboxes.reading.preview", "mailboxes.reading.compare", "mailboxes.reading.retry"),
        *("panel.PanelSent", "panel.PanelChoice"),
        *("mail.inbound.address", "mail.inbound.renew", "mail.rules.labels", "mail.level"),
    ),
    Deed.SORT_MAIL: (
        *("mail.queue.unmatched", "mail.queue.choose", "mail.queue.contact", "mail.queue.dismiss"),
        *("mail.queue.domain", "mail.queue.exclude", "mail.queue.link", "mail.account_choices"),
        *("mail.rules.exclude", "mail.rules.include_again", "mail.undo"),
        *("new_contacts.AddContact", "placing.LinkMail"),
    ),
    Deed.CORRECT_MAIL: (
        *("mail.move", "mail.never", "mail.unlink", "mail.rules.pair_again"),
        *("placing.MoveMail", "placing.UnlinkMail", "placing.NeverPairMail", "placing.LevelOfMail"),
    ),
    Deed.LOG_ACTIVITY: ("timeline.LogActivity", "customer_360.log.log_activity"),
    Deed.SET_RULES: (
        *("mail.rules.add_own_domain", "mail.rules.remove_own_domain"),
        *("mail.rules.add_shared_domain", "mail.rules.remove_shared_domain"),
        *("mail.rules.try_on_the_past", "mail.rules.progress", "mail.rules.apply"),
        "extension.health",
    ),
    Deed.CHANGE_PLAYBOOKS: (
        *("open_ctas.of_playbook", "open_ctas.move"),
        *("triggers.new", "triggers.create", "triggers.change", "triggers.turn", "triggers.preview"),
        *("triggers.upload", "rehearsal.of_trigger", "rehearsal.of_playbook"),
        *("playbooks.archive", "playbooks.unarchive", "playbook_editor.new", "playbook_editor.create"),
        *("playbook_editor.edit", "playbook_editor.change", "playbook_editor.discard"),
        *("cta_lists.add", "cta_lists.change", "cta_lists.add_day", "cta_lists.remove_day"),
    ),
    Deed.CHANGE_TEMPLATES: (
        *("template_library.new", "template_library.create", "template_library.archive", "template_library.unarchive"),
        *(
            "template_editor.edit",
            "template_editor.token",
            "template_editor.save",
            "template_editor.discard",
            "template_editor.publish",
            "template_editor.test_email",
        ),
        *("template_answers.contacts_to_choose", "template_answers.fields", "template_answers.language"),
        *("template_answers.preview", "template_answers.worst", "template_answers.check"),
        *("template_versions.keep_draft", "template_versions.take_published", "template_versions.restore"),
    ),
}
ENDPOINTS: Mapping[str, Access | Deed] = {name: access for access, names in _BY_ACCESS.items() for name in names}
PUBLIC = frozenset(name for name, access in ENDPOINTS.items() if access in (Access.PUBLIC, Access.MACHINE))
MACHINES = frozenset(name for name, access in ENDPOINTS.items() if access is Access.MACHINE)
# They change nothing that is a record: a hint to look is no deed.
HINTS = frozenset({"panel.PanelSent", "panel.PanelMisses"})
# What a token may be used for beside /api/, within its scopes.
FOR_TOKENS = frozenset({"audit.export"})
# What costs more than a page, or is tried by those who guess.
RATES = Rates(
    by_endpoint={
        "auth.start": ("sign_in", "30/minute"),
        "auth.callback": ("sign_in", "30/minute"),
        "oauth.answer": ("sign_in", "30/minute"),
        "oauth.token": ("token", "120/minute"),
        "oauth.revoke": ("token", "120/minute"),
        "tokens.create": ("token", "120/minute"),
        "mailbox_push.gmail": ("push", "3000/minute"),
        "ctas.SendEmail": ("send", "60/minute"),
        "compose.send_email": ("send", "60/minute"),
        "panel.PanelMisses": ("misses", "30/minute"),
        "panel.PanelDraft": ("send", "60/minute"),
        "template_editor.test_email": ("test_email", "20/minute"),
        "audit.export": ("export", "10/minute"),
        "personal_data.export": ("export", "10/minute"),
    }
)
UNCOUNTED = frozenset({"static", "favicon", "health.healthz", "health.readyz"})
