"""Every endpoint by every role and by a stranger. What this table does not name fails the test.

T tam, M manager, A admin, V viewer, U auditor. "public" is open to strangers, "machine" asks for its own proof.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from server.auth import people
from server.auth.gate import demand_whole
from server.auth.models import Role
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import BASE_URL, SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
LETTERS = {"T": Role.TAM, "M": Role.MANAGER, "A": Role.ADMIN, "V": Role.VIEWER, "U": Role.AUDITOR}
TABLE = {
    "public": """
        static favicon health.healthz health.readyz auth.sign_in auth.start auth.callback oauth.metadata
    """,
    "machine": "mailbox_push.gmail oauth.token oauth.revoke",
    "TMAVU": """
        auth.sign_out sessions.where sessions.end sessions.end_others sessions.end_device
        cockpit.views.save cockpit.views.change cockpit.views.delete cockpit.views.open_view
        digest.settings digest.save
        cockpit.home api-docs.openapi_json api_docs.api_docs
        oauth.ask oauth.answer tokens.mine tokens.create tokens.end me.Me you.you you.save
        accounts.AccountList accounts.AccountDetail contacts.ContactsOfAccount
        customer_360.account_list customer_360.account customer_360.account_timeline
        customer_360.people.contact customer_360.people.contact_timeline
        customer_360.people.everything customer_360.people.rest_of_thread
        panel.PanelSituation panel.PanelTemplates panel.PanelThread panel.PanelMisses
        timeline.TimelineOfAccount timeline.ActivityOfAccounts timeline.TimelineOfContact timeline.TimelineOfEverything
        measures.MeasuresOfAccount
        ctas.CtaList ctas.CtaDetail cockpit.cockpit cta_pages.cta cta_pages.task
        cta_comments.mentions cta_comments.file cta_changes.CommentsOfCta cta_changes.HistoryOfCta
        triggers.trigger_list triggers.trigger
        search.results search.suggest mail.why mail.rules.rules
        template_library.library template_library.template
        playbooks.library playbooks.playbook playbooks.version playbooks.compare cta_lists.lists cta_lists.days
        template_versions.compare template_versions.draft_picture template_versions.version template_versions.picture
    """,
    "TMAV": "mail.body mail.html",
    "AU": """
        audit.log audit.export personal_data.search personal_data.find personal_data.of_contact personal_data.receipt
        personal_data.receipt_file retention.rules
    """,
    "TMA": """
        panel.PanelFill panel.PanelSent panel.PanelChoice panel.PanelDraft
        timeline.LogActivity customer_360.log.log_activity new_contacts.AddContact
        placing.MoveMail placing.UnlinkMail placing.LinkMail placing.NeverPairMail placing.LevelOfMail
        measures.ReportMeasure customer_360.sentiment.report
        ctas.CompleteTask ctas.ReopenTask ctas.SnoozeTask ctas.WaitLonger ctas.PreviewEmail ctas.SendEmail
        cta_pages.complete cta_pages.reopen cta_pages.wake compose.wait_longer
        new_cta.new new_cta.create cta_changes.OpenCta cta_changes.ChangeCta cta_changes.CloseCta cta_changes.ReopenCta
        cta_changes.SnoozeCta cta_changes.UndoCta cta_changes.ApplyPlaybook cta_changes.WriteComment
        cta_changes.AddTask cta_changes.ChangeTask
        cta_change.change_it cta_change.flag cta_change.close_it cta_change.reopen cta_change.snooze_it cta_change.wake
        cta_change.undo cta_change.persons cta_change.link cta_change.unlink cta_change.apply
        cta_tasks.add cta_tasks.change cta_tasks.snooze cta_tasks.remove cta_tasks.done_and_log
        cta_comments.write cta_comments.edit cta_comments.remove cta_comments.attach cta_comments.remove_file
        cockpit.changes.change cockpit.changes.undo
        compose.compose_email compose.preview_email compose.send_email compose.compose_preview
        sends.outbox sends.email sends.email_body sends.email_row
        sends.send_now sends.leave_at sends.cancel sends.send_again sends.it_was_sent sends.it_was_not_sent
        outbound_emails.Outbox outbound_emails.OutboundEmailDetail outbound_emails.CancelOutboundEmail
        mailboxes.mailbox mailboxes.connect mailboxes.callback mailboxes.disconnect
        mailboxes.reading.start mailboxes.reading.stop mailboxes.reading.level mailboxes.reading.widen
        mailboxes.reading.preview mailboxes.reading.compare mailboxes.reading.retry
        mail.inbound.address mail.inbound.renew mail.level
        mail.queue.unmatched mail.queue.choose mail.queue.contact mail.queue.dismiss mail.queue.domain
        mail.queue.exclude mail.queue.link mail.account_choices mail.undo
        mail.rules.labels mail.rules.exclude mail.rules.include_again mail.rules.pair_again
        mail.move mail.never mail.unlink
    """,
    "A": """
        personal_data.export personal_data.preview personal_data.erase personal_data.let_in retention.save
        mail.rules.add_own_domain mail.rules.remove_own_domain mail.rules.add_shared_domain
        mail.rules.remove_shared_domain mail.rules.try_on_the_past mail.rules.progress mail.rules.apply
        extension.health open_ctas.of_playbook open_ctas.move
        playbooks.archive playbooks.unarchive playbook_editor.new playbook_editor.create playbook_editor.edit
        playbook_editor.change playbook_editor.discard
        cta_lists.add cta_lists.change cta_lists.add_day cta_lists.remove_day
        triggers.new triggers.create triggers.change triggers.turn triggers.preview triggers.upload
        rehearsal.of_trigger rehearsal.of_playbook
        template_library.new template_library.create template_library.archive template_library.unarchive
        template_editor.edit template_editor.token template_editor.save template_editor.discard
        template_editor.publish template_editor.test_email
        template_versions.keep_draft template_versions.take_published template_versions.restore
        template_answers.check template_answers.contacts_to_choose template_answers.fields template_answers.language
        template_answers.preview template_answers.worst
    """,
}
ALLOWED = {endpoint: who for who, names in TABLE.items() for endpoint in names.split()}
VALUES = {"uuid": str(uuid.UUID(int=7)), "int": "1", "default": "nothing", "path": "nothing.js"}


def calls(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """(rule, method, path) of each endpoint and each method that it takes."""
    for rule in app.url_map.iter_rules():
        values = {
            name: VALUES[{"UUIDConverter": "uuid", "IntegerConverter": "int", "PathConverter": "path"}.get(
                type(converter).__name__, "default")]
            for name, converter in rule._converters.items()
        }  # fmt: skip
        with app.test_request_context(base_url=BASE_URL):
            path = rule.build(values)[1]  # type: ignore[index]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, path


def test_the_table_names_every_endpoint_once(app: Flask) -> None:
    assert set(ALLOWED) == {rule.endpoint for rule in app.url_map.iter_rules()}
    assert len(ALLOWED) == sum(len(names.split()) for names in TABLE.values())


def test_an_endpoint_that_nobody_listed_stops_the_start_and_is_shut(app: Flask, sign_in: SignIn, book: Book) -> None:
    app.add_url_rule("/new-thing", "new.thing", lambda: "secret")
    with pytest.raises(RuntimeError, match=r"new\.thing"):
        demand_whole(app)
    assert sign_in(book.dana).get("/new-thing").status_code == 403


@ON_SQLITE
@pytest.mark.parametrize("letter", LETTERS)
def test_a_role_may_use_what_the_table_says_and_nothing_else(
    app: Flask, runtime: Runtime, book: Book, sign_in: SignIn, letter: str
) -> None:
    with runtime.db.transaction() as session:
        person = people.add_user(
            session, email="somebody@rapport.example", name="Sam Body", role=LETTERS[letter], now=runtime.clock.now()
        )
        session.flush()
        user_id = person.id
    wrong, client = [], sign_in(user_id)
    for rule, method, path in calls(app):
        if rule.endpoint == "auth.sign_out":
            continue
        who = ALLOWED[rule.endpoint]
        answer = client.open(path, method=method)
        answer.close()
        is_refused = answer.status_code == 403 and " is for " in answer.get_data(as_text=True)
        should_be = letter not in who and who not in ("public", "machine")
        if is_refused != should_be:
            wrong.append((rule.endpoint, method, answer.status_code, should_be))
        if answer.status_code in (500, 401) and who != "machine":
            wrong.append((rule.endpoint, method, answer.status_code, "broken"))
    assert wrong == []


@ON_SQLITE
def test_a_stranger_sees_what_is_public_and_nothing_else(app: Flask, book: Book) -> None:
    client = app.test_client()
    wrong = []
    for rule, method, path in calls(app):
        answer = client.open(path, method=method, headers={"Origin": BASE_URL}, base_url=BASE_URL)
        answer.close()
        to_sign_in = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
        is_shut = to_sign_in or (answer.status_code == 401 and "/api/" in path)
        if is_shut != (ALLOWED[rule.endpoint] not in ("public", "machine")):
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []
