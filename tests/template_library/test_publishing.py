"""Publishing: refused while something is broken for anybody, immutable afterwards."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from server.accounts.models import Account
from server.email_templates import queries
from server.email_templates.models import EmailTemplateVersion, Kind
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.sends.models import OutboundEmail
from server.timeline.models import TimelineEntry
from tests.cast import DANA, Book, add_contact, connect_mailbox
from tests.conftest import ENVELOPE_SCOPES, SignedInClient
from tests.template_library.conftest import BODY, FILE, Editor, change_contact, plain, publish_file, versions_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NEEDS_TITLE = BODY.replace("and its plans", "and {{ contact.title }}")


def test_publishing_makes_a_version_with_author_time_and_note(editor: Editor, runtime: Runtime, library: Book) -> None:
    before = versions_of(runtime)[0]
    answer = editor.publish("Shorter.\nAnd friendlier.", mjml=BODY.replace("its plans", "what it plans"))
    assert answer.status_code == 303
    newest, oldest = versions_of(runtime)
    assert (newest.number, newest.note, newest.author_id) == (2, "Shorter. And friendlier.", library.dana)
    assert oldest.created_at < newest.created_at <= runtime.clock.now()
    assert (oldest.source_text, oldest.compiled) == (before.source_text, before.compiled)
    page = editor.client.get("/templates/hello").text
    assert "Dana Petrov" in page
    assert "Shorter. And friendlier." in page
    assert "# Dana looks after this one." in newest.source_text


def test_a_field_that_is_empty_for_some_keeps_it_from_being_published(
    editor: Editor, runtime: Runtime, library: Book
) -> None:
    change_contact(runtime, library.tom, title=None)
    change_contact(runtime, library.priya, title="CTO")
    answer = editor.publish(mjml=NEEDS_TITLE)
    assert answer.status_code == 422
    words = html.unescape(plain(answer.text))
    assert "Contact: job title is empty for 1 of 2 contacts." in words
    assert "Tom Becker (Helios Energy)" in words
    assert '{{ contact.title|default("…") }}' in words
    assert len(versions_of(runtime)) == 1
    change_contact(runtime, library.tom, title="VP")
    assert editor.publish().status_code == 303


def test_a_default_or_a_condition_is_enough(editor: Editor, runtime: Runtime, library: Book) -> None:
    change_contact(runtime, library.tom, title=None)
    change_contact(runtime, library.priya, title=None)
    for text in ('{{ contact.title|default("colleague") }}', "{% if contact.title %}{{ contact.title }}{% endif %}x"):
        assert editor.publish(mjml=BODY.replace("its plans", text)).status_code == 303, text


def test_only_those_whom_it_is_meant_for_count(editor: Editor, runtime: Runtime, library: Book) -> None:
    change_contact(runtime, library.tom, title=None)
    change_contact(runtime, library.priya, title="CTO")
    assert editor.publish(mjml=NEEDS_TITLE, for_roles=["executive_sponsor"]).status_code == 303
    assert editor.publish(for_roles=["gitlab_admin"]).status_code == 422


def test_those_whom_a_variant_takes_do_not_count_for_the_default(
    editor: Editor, runtime: Runtime, library: Book
) -> None:
    change_contact(runtime, library.tom, title=None, language="de-AT")
    change_contact(runtime, library.priya, title="CTO")
    front = "---\nname: Hallo\nsubject: Hallo\ncategory: onboarding\npurpose: Hallo.\nvariant_of: hello\n"
    publish_file(runtime, f"{front}when: {{contact.language: de}}\n---\n{BODY}", "hello.de")
    assert editor.publish(mjml=NEEDS_TITLE).status_code == 303


@pytest.mark.parametrize(("age", "status"), [(timedelta(days=6), 0), (timedelta(days=8), 1)])
def test_values_older_than_the_template_allows_are_told(
    editor: Editor, runtime: Runtime, library: Book, age: timedelta, status: int
) -> None:
    with runtime.db.transaction() as session:
        session.get_one(Account, library.account).synced_at = runtime.clock.now() - age
    answer = editor.check(library.tom, max_age="account.name: 7 days")
    told = [one for one in answer["findings"] if "confirmed 8 days ago" in one["message"]]
    assert len(told) == status
    assert answer["can_preview"] is (status == 0)


def test_a_broken_draft_is_refused_with_its_line(editor: Editor, runtime: Runtime) -> None:
    answer = editor.publish(mjml=BODY.replace("account.name", "account.nmae"))
    assert answer.status_code == 422
    assert "Line 4" in plain(answer.text)
    assert len(versions_of(runtime)) == 1


def test_the_same_text_is_not_published_twice(editor: Editor) -> None:
    editor.save()
    assert "same as the published version" in plain(editor.publish().text)


def test_a_draft_that_was_saved_meanwhile_is_not_published_unseen(editor: Editor) -> None:
    editor.save(purpose="One.")
    editor.revision = 7
    assert editor.publish().status_code == 409


def test_a_shared_block_takes_its_templates_along(editor: Editor, runtime: Runtime, dana: SignedInClient) -> None:
    form = {"kind": "block", "name": "Footer", "slug": "footer", "purpose": "Stands below."}
    assert dana.post("/templates/new", data=form).status_code == 303
    block = Editor(client=dana, slug="footer")
    section = "<mj-section><mj-column><mj-text><p>{}</p></mj-text></mj-column></mj-section>"
    block.form = {"mjml": section.format("Bye for now."), "name": "Footer"}
    assert block.publish(description="Stands below.").status_code == 303
    include = '<mj-include path="blocks/footer.mjml" /></mj-body>'
    assert editor.publish(mjml=BODY.replace("</mj-body>", include)).status_code == 303
    assert "Hello" in plain(dana.get("/templates/footer").text)
    answer = block.publish(mjml=section.format("See you."))
    assert answer.status_code == 303
    assert [version.note for version in versions_of(runtime)] == ["Follows the shared block footer.", "", ""]
    assert "See you." in dana.get("/templates/hello/versions/3/picture").text
    assert "Bye for now." in dana.get("/templates/hello/versions/2/picture").text
    refused = dana.post("/templates/footer/archive")
    assert (refused.status_code, "still included by Hello" in plain(refused.text)) == (409, True)


def test_a_block_that_would_break_the_mail_of_somebody_is_refused(
    editor: Editor, runtime: Runtime, library: Book, dana: SignedInClient
) -> None:
    change_contact(runtime, library.tom, title=None)
    publish_file(runtime, "---\nname: Footer\n---\n<mj-text><p>Bye.</p></mj-text>\n", "footer", Kind.BLOCK)
    include = '<mj-include path="blocks/footer.mjml" /></mj-column>'
    assert editor.publish(mjml=BODY.replace("</mj-column>", include)).status_code == 303
    block = Editor(client=dana, slug="footer", form={"name": "Footer", "mjml": ""})
    answer = block.publish(mjml="<mj-text><p>Bye, {{ contact.title }}.</p></mj-text>")
    assert answer.status_code == 422
    words = html.unescape(plain(answer.text))
    assert "Hello: 1 contact" in words
    assert "Contact: job title is empty for 1 of 2 contacts." in words
    assert len(versions_of(runtime)) == 2


def test_a_block_in_a_block_is_refused_where_it_stands(runtime: Runtime, library: Book, dana: SignedInClient) -> None:
    publish_file(runtime, "---\nname: Footer\n---\n<mj-text><p>Bye.</p></mj-text>\n", "footer", Kind.BLOCK)
    block = Editor(client=dana, slug="footer", form={"name": "Footer", "mjml": ""})
    answer = block.check(mjml='<mj-include path="blocks/signature.mjml" />')
    assert "cannot include another" in str(answer["findings"])


def test_old_values_do_not_hide_empty_ones(editor: Editor, runtime: Runtime, library: Book) -> None:
    change_contact(runtime, library.tom, title=None)
    answer = editor.publish(mjml=NEEDS_TITLE, max_age="account.name: 1 hour")
    assert answer.status_code == 422
    assert "job title is empty" in plain(answer.text)


def test_roles_that_the_form_does_not_know_stay(editor: Editor, runtime: Runtime, library: Book) -> None:
    text = FILE.replace("purpose:", "for_roles: [ciso, gitlab_admin]\npurpose:")
    publish_file(runtime, text)
    assert 'value="ciso" checked' in editor.open()


def test_what_cannot_be_published_keeps_the_note_and_the_editor(editor: Editor, runtime: Runtime) -> None:
    editor.save(purpose="From the web.")
    publish_file(runtime, FILE.replace("Say hello.", "From the files."))
    answer = editor.publish("A long note.")
    assert answer.status_code == 409
    assert "A long note." in answer.text
    assert "newer version was published" in plain(answer.text)


def test_two_variants_for_the_same_people_do_not_come_out_of_the_archive(
    editor: Editor, runtime: Runtime, dana: SignedInClient
) -> None:
    front = "---\nname: Hallo\nsubject: Hallo\ncategory: onboarding\npurpose: Hallo.\nvariant_of: hello\n"
    german = f"{front}when: {{contact.language: de}}\n---\n{BODY}"
    publish_file(runtime, german, "hello.de")
    assert dana.post("/templates/hello.de/archive").status_code == 303
    publish_file(runtime, german, "hello.german")
    answer = dana.post("/templates/hello.de/unarchive")
    assert (answer.status_code, "for the same people" in plain(answer.text)) == (409, True)
    assert dana.get("/templates/hello/versions/99999999999999999999").status_code == 404
    assert dana.get("/templates/hello/compare?from=99999999999999999999&to=1").status_code == 404


def test_a_version_that_differs_by_its_block_alone_says_so(editor: Editor, runtime: Runtime) -> None:
    publish_file(runtime, FILE)
    answer = editor.client.post("/templates/hello/versions/1/restore")
    assert answer.status_code == 409
    assert "shared block" in plain(answer.text)


def test_an_earlier_version_comes_back_by_the_draft(editor: Editor, runtime: Runtime) -> None:
    editor.publish(mjml=BODY.replace("its plans", "what it plans"))
    assert editor.client.post("/templates/hello/versions/1/restore").status_code == 303
    editor.load()
    assert editor.publish("Back.").status_code == 303
    newest, _, oldest = versions_of(runtime)
    assert newest.source_text == oldest.source_text


def test_a_draft_is_not_lost_to_a_restore(editor: Editor) -> None:
    editor.publish(mjml=BODY.replace("its plans", "what it plans"))
    editor.save(purpose="Half written.")
    assert editor.client.post("/templates/hello/versions/1/restore").status_code == 409
    assert "Half written." in editor.open()


def test_two_versions_are_compared_in_source_and_picture(editor: Editor) -> None:
    editor.publish(mjml=BODY.replace("its plans", "what it plans"), purpose="Say hello twice.")
    page = editor.client.get("/templates/hello/compare?from=1&to=2").text
    assert "<del>its</del>" in page
    assert "<ins>what it</ins>" in page
    assert "<ins>" in page
    assert page.count("<iframe sandbox") == 2
    assert editor.client.get("/templates/hello/compare?from=1&to=9").status_code == 404
    assert editor.client.get("/templates/hello/compare?from=x&to=1").status_code == 404


def test_a_test_email_goes_to_oneself_and_to_no_timeline(
    editor: Editor, runtime: Runtime, library: Book, sandbox: RunningSandbox
) -> None:
    with runtime.db.transaction() as session:
        connect_mailbox(
            session,
            user_id=library.dana,
            email=DANA,
            granted=sandbox.tokens_for(DANA, ENVELOPE_SCOPES),
            vault=runtime.vault,
            now=runtime.clock.now(),
        )
    editor.save(subject="A new subject for {{ account.name }}")
    form = {"contact_id": str(library.tom)}
    for seen in (editor.seen(), {}):  # from the editor, and from the page of the published version
        answer = editor.client.post("/templates/hello/test-email", data=form | seen, headers={"HX-Request": "true"})
        assert "On its way to dana@rapport.example" in plain(answer.text)
    assert [delivered["subject"] for delivered in sandbox.deliveries(to=DANA)] == [
        "[Test] A new subject for Helios Energy",
        "[Test] Hello Helios Energy",
    ]
    with runtime.db.reading() as session:
        assert session.scalar(select(func.count(TimelineEntry.id))) == 0
        assert session.scalar(select(func.count(OutboundEmail.id))) == 0


def test_a_test_email_without_a_mailbox_says_what_to_do(editor: Editor) -> None:
    answer = editor.client.post("/templates/hello/test-email", headers={"HX-Request": "true"})
    assert "Connect it under Mailbox" in plain(answer.text)


def test_what_was_compiled_by_an_older_release_is_compiled_again(runtime: Runtime, library: Book) -> None:
    with runtime.db.transaction() as session:
        version = session.scalars(select(EmailTemplateVersion).limit(1)).one()
        kept = queries.compiled(session, version)
        version.compiled = {"format": 1}
        session.flush()
        assert queries.compiled(session, version) == kept


def test_what_only_a_condition_on_a_value_brings_to_light_is_found(
    editor: Editor, runtime: Runtime, library: Book
) -> None:
    with runtime.db.transaction() as session:
        small = Account(name="Small", name_key="small", arr=Decimal(10), created_at=NOW, updated_at=NOW)
        session.add(small)
        session.flush()
        for account, title in ((small.id, None), (library.account, None)):
            add_contact(session, account, "No", "Title", f"{account}@x.example", NOW, title=title)
    big = BODY.replace("its plans", "{% if account.arr > 500000 %}{{ contact.title }}{% endif %}")
    words = html.unescape(plain(editor.publish(mjml=big).text))
    assert "is empty for 1 of 4 contacts." in words
    assert "No Title (Helios Energy)" in words


def test_publishing_looks_at_everybody(runtime: Runtime, editor: Editor, library: Book) -> None:
    with runtime.db.transaction() as session:
        for number in range(300):
            email = f"person{number}@helios.example"
            add_contact(session, library.account, f"P{number}", "X", email, runtime.clock.now(), title=None)
    words = html.unescape(plain(editor.publish(mjml=NEEDS_TITLE).text))
    assert "is empty for 300 of 302 contacts." in words
