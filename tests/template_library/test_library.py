"""The library: folders, search, who changed what, how often it was sent and answered, where it is used."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from server.ctas.models import CtaTask
from server.email_templates import queries
from server.email_templates.models import EmailTemplate
from server.mail.decide import decide
from server.mail.incoming import Incoming
from server.mail.models import Route
from server.mail.rules import load_rules
from server.mail.store import take_in
from server.messages.model import Mail
from server.runtime import Runtime
from server.sends.models import OutboundEmail, OutboundState
from server.sends.schedule import EmailToSchedule, schedule
from server.template_library import usage
from server.timeline.models import Level
from tests.cast import ALICE, BOB, Book
from tests.conftest import SignedInClient
from tests.mail.letters import letter
from tests.template_library.conftest import BODY, Editor, plain, publish_file

GERMAN = (
    "---\nname: Hallo\nsubject: Guten Tag\ncategory: onboarding\npurpose: Begrüßen.\n"
    f"variant_of: hello\nwhen: {{contact.language: de}}\n---\n{BODY}"
)


def rows(page: str) -> str:
    return plain(page.partition('id="templates"')[2])


def test_templates_stand_in_folders_with_what_is_known_of_them(dana: SignedInClient, editor: Editor) -> None:
    editor.publish(purpose="Say hello twice.")
    words = rows(dana.get("/templates?folder=onboarding").text)
    assert "Hello Say hello twice." in words
    assert "Dana Petrov" in words
    assert "v2" in words
    assert "Hello" not in rows(dana.get("/templates?folder=risk").text)
    assert "Signature" in rows(dana.get("/templates?folder=blocks").text)


@pytest.mark.parametrize("q", ["hello", "HELLO", "say hel", "guten tag", "begruessen", "hallo"])
def test_search_also_finds_subjects_and_variants(dana: SignedInClient, runtime: Runtime, q: str) -> None:
    publish_file(runtime, GERMAN, "hello.de")
    words = rows(dana.get(f"/templates?q={q}").text)
    assert ("Hello Say hello." in words) is (q != "begruessen")
    assert "Nothing matches" in rows(dana.get("/templates?q=unicorn").text)


def test_a_piece_of_the_page_answers_the_search(dana: SignedInClient) -> None:
    page = dana.get("/templates?q=hello", headers={"HX-Request": "true"}).text
    assert page.lstrip().startswith('<div class="card" id="templates"')


def test_a_variant_stands_with_its_default_and_says_for_whom_it_is(dana: SignedInClient, runtime: Runtime) -> None:
    publish_file(runtime, GERMAN, "hello.de")
    assert "German" in rows(dana.get("/templates?q=hello").text)
    page = plain(dana.get("/templates/hello.de").text)
    assert "Language is German" in page
    assert "Everybody else" in page


def test_it_tells_how_often_a_template_was_sent_and_answered(
    runtime: Runtime, library: Book, dana: SignedInClient, alices_mailbox: uuid.UUID
) -> None:
    with runtime.db.transaction() as session:
        template = queries.by_slug(session, "hello")
        for number, contact in enumerate((library.tom, library.priya, library.tom)):
            row = _sent(session, runtime, library, alices_mailbox, template, contact, number)
            if number == 0:
                _answer(session, runtime, library, alices_mailbox, row, "tom@helios.example")
            if number == 1:
                _answer(session, runtime, library, alices_mailbox, row, BOB)
            if number == 2:
                absent = {"Auto-Submitted": "auto-replied"}
                _answer(session, runtime, library, alices_mailbox, row, "tom@helios.example", absent)
        assert usage.sent(session, [template.id])[template.id].answered == 1
        session.get_one(CtaTask, library.email_task).email_template_id = template.id
    words = plain(dana.get("/templates/hello").text)
    assert "Sent 3 Answered 1 33 %" in words
    assert "By hand 1 open task" in words
    assert "By hand" in rows(dana.get("/templates?q=hello").text)


def _sent(
    session: Session,
    runtime: Runtime,
    book: Book,
    mailbox: uuid.UUID,
    template: EmailTemplate,
    contact: uuid.UUID,
    number: int,
) -> OutboundEmail:
    assert template.current_version_id is not None
    now = runtime.clock.now()
    row = schedule(
        session,
        EmailToSchedule(
            dedupe_key=f"test:{number}",
            mailbox_id=mailbox,
            user_id=book.alice,
            account_id=book.account,
            contact_id=contact,
            email_template_version_id=template.current_version_id,
            template_label="Hello v1",
            from_name="Alice",
            from_email="alice@rapport.example",
            to_name="X",
            to_email="x@helios.example",
            subject="Hello",
            html="<p>x</p>",
            text="x",
        ),
        now=now,
    )
    row.state, row.sent_at = OutboundState.SENT, now
    row.gmail_message_id, row.gmail_thread_id = f"sent-{number}", f"thread-{number}"
    session.flush()
    mail = letter(
        sender=ALICE, to="tom@helios.example", at=now, text=str(number), headers={"X-Rapport-Id": str(row.id)}
    )
    _read(session, book, mailbox, mail, now, gmail_id=row.gmail_message_id, thread=row.gmail_thread_id, label="SENT")
    return row


def _answer(
    session: Session,
    runtime: Runtime,
    book: Book,
    mailbox: uuid.UUID,
    row: OutboundEmail,
    sender: str,
    headers: dict[str, str] | None = None,
) -> None:
    at = runtime.clock.now() + timedelta(hours=1)
    mail = letter(sender=sender, to=f"{ALICE}, tom@helios.example", at=at, text=f"To {row.id}", headers=headers)
    thread = row.gmail_thread_id or ""
    _read(session, book, mailbox, mail, at, gmail_id=f"answer-{row.id}", thread=thread, label="INBOX")


def _read(
    session: Session,
    book: Book,
    mailbox: uuid.UUID,
    mail: Mail,
    at: datetime,
    *,
    gmail_id: str,
    thread: str,
    label: str,
) -> None:
    incoming = Incoming(
        envelope=mail.envelope,
        user_id=book.alice,
        mailbox_id=mailbox,
        level=Level.FULL,
        route=Route.GMAIL,
        source=gmail_id,
        gmail_message_id=gmail_id,
        gmail_thread_id=thread,
        labels=frozenset({label}),
        received_at=at,
        mail=mail,
    )
    rules = load_rules(session)
    take_in(session, incoming, decide(session, incoming, rules), salt=rules.salt, now=at)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"category": ""}, "folder"),
        ({"slug": "Big Name"}, "slug"),
        ({"slug": "hello"}, "slug"),
        ({"slug": "new"}, "slug"),
        ({"variant_of": "hello", "slug": "other", "when_language": "de"}, "slug"),
        ({"variant_of": "hello", "slug": "hello.de"}, "when_language"),
        ({"variant_of": "hello", "slug": "hello.x", "when_path": "account.lifecycle_stage", "when_value": "x"}, "when"),
    ],
)
def test_a_new_template_says_what_it_needs(dana: SignedInClient, changes: dict[str, str], field: str) -> None:
    form = {"kind": "template", "name": "New one", "slug": "new-one", "category": "risk", **changes}
    answer = dana.post("/templates/new", data=form)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text, field


def test_a_new_template_begins_as_a_draft_and_is_listed(dana: SignedInClient, runtime: Runtime) -> None:
    form = {"kind": "template", "name": "Bad news", "slug": "bad-news", "category": "risk", "purpose": "Tell it."}
    answer = dana.post("/templates/new", data=form)
    assert answer.headers["Location"] == "/templates/bad-news/edit"
    editor = Editor(client=dana, slug="bad-news")
    assert "Write here." in editor.open()
    assert "Draft" in rows(dana.get("/templates?folder=risk").text)
    assert "Nothing published yet" in plain(dana.get("/templates/bad-news").text)
    answer = editor.publish()
    assert answer.status_code == 303, plain(answer.text)
    with runtime.db.reading() as session:
        assert queries.current_version(session, queries.by_slug(session, "bad-news")).number == 1


def test_a_draft_that_never_became_a_version_goes_when_it_is_discarded(dana: SignedInClient) -> None:
    form = {"kind": "template", "name": "Oops", "slug": "oops", "category": "risk"}
    dana.post("/templates/new", data=form)
    seen = Editor(client=dana, slug="oops").seen()
    assert dana.post("/templates/oops/discard", data=seen).headers["Location"] == "/templates"
    assert dana.get("/templates/oops").status_code == 404


def test_a_variant_begins_as_a_copy_with_its_condition(dana: SignedInClient, runtime: Runtime) -> None:
    form = {
        "kind": "template",
        "name": "Hallo",
        "slug": "hello.de",
        "category": "onboarding",
        "purpose": "Begrüßen.",
        "start_from": "hello",
        "variant_of": "hello",
        "when_language": "de",
    }
    assert dana.post("/templates/new", data=form).status_code == 303
    assert Editor(client=dana, slug="hello.de").publish().status_code == 303
    with runtime.db.reading() as session:
        version = queries.current_version(session, queries.by_slug(session, "hello.de"))
    assert "# Dana looks after this one." in version.source_text
    assert "variant_of: hello\nwhen:\n  contact.language: de\n---" in version.source_text


def test_what_is_archived_rests_and_can_be_taken_out(
    dana: SignedInClient, library: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    assert dana.post("/templates/hello/archive").status_code == 303
    assert "Hello" not in rows(dana.get("/templates").text)
    assert "Hello" in rows(dana.get("/templates?folder=archived").text)
    assert "Archived" in plain(sign_in(library.alice).get("/templates/hello").text)
    assert dana.post("/templates/hello/unarchive").status_code == 303
    assert "Hello" in rows(dana.get("/templates").text)


def test_a_default_with_variants_is_not_archived(dana: SignedInClient, runtime: Runtime) -> None:
    publish_file(runtime, GERMAN, "hello.de")
    assert dana.post("/templates/hello/archive").status_code == 409


def test_there_is_no_page_of_what_is_not_there(dana: SignedInClient) -> None:
    for path in ("", "/edit", "/versions/1", "/versions/1/picture", "/draft/picture", "/compare", "/fields", "/worst"):
        assert dana.get(f"/templates/nothing{path}").status_code == 404, path
    assert dana.get("/templates/hello/versions/9").status_code == 404
