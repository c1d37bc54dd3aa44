"""Contacts of one account who read different languages: each gets the variant that suits them, and no other."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from server.contacts.models import Contact
from server.email_templates import queries as email_templates
from server.email_templates.load import load_templates
from server.email_templates.models import Origin
from server.email_templates.publish import Signature, publish
from server.email_templates.source import parse_source
from server.runtime import Runtime
from server.sends.models import OutboundContent, OutboundEmail
from tests.cast import TEMPLATES, Book, add_contact, shipped
from tests.ctas.composer import Composer, emails_in_outbox, errors_in, seen_in, subject_in
from tests.web.pages import ON_SQLITE

DEFAULT, GERMAN = "onboarding-welcome", "onboarding-welcome.de"
GERMAN_FILE = (TEMPLATES / f"{GERMAN}.mjml").read_text(encoding="utf-8")
IN_ENGLISH, IN_GERMAN = "Welcome to GitLab, Helios Energy", "Willkommen bei GitLab, Helios Energy"


def german(name: str) -> str:
    """The form's name of a field of the German variant."""
    return f"{GERMAN}:{name}"


def reads(runtime: Runtime, contact: uuid.UUID, language: str | None) -> None:
    with runtime.db.transaction() as session:
        session.get_one(Contact, contact).language = language


def publish_german(runtime: Runtime, text: str) -> None:
    with runtime.db.transaction() as session:
        signature = Signature(origin=Origin.WEB, now=runtime.clock.now())
        publish(session, [parse_source(text, GERMAN)], signature)


def version_of(runtime: Runtime, slug: str) -> uuid.UUID:
    with runtime.db.reading() as session:
        return email_templates.current_version(session, email_templates.by_slug(session, slug)).id


def outbox(runtime: Runtime) -> dict[uuid.UUID, tuple[OutboundEmail, str]]:
    """Each contact's email with its HTML."""
    with runtime.db.reading() as session:
        rows = session.scalars(select(OutboundEmail)).all()
        return {row.contact_id: (row, session.get_one(OutboundContent, row.id).html) for row in rows}


def groups_in(page: str) -> list[tuple[str, str]]:
    """For whom each group of fields is, and the names of who gets it."""
    found = re.findall(r'<p class="rp-wording"[^>]*>.*?<b>(.*?)</b> <span class="quiet">(.*?)</span>', page, re.DOTALL)
    return [(html.unescape(when), html.unescape(names)) for when, names in found]


def fields_in(page: str) -> dict[str, str]:
    """The subject and the texts as a browser sends them back: with CR LF."""
    subjects = re.findall(r'<input[^>]* name="([^"]*subject)"[^>]*? value="([^"]*)"', page)
    texts = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: re.sub(r"\r?\n", "\r\n", html.unescape(text)) for name, text in [*subjects, *texts]}


@pytest.fixture(autouse=True)
def two_languages(runtime: Runtime, book: Book) -> None:
    """The task's template has a German variant. Tom reads German as it is written in Austria, Priya English."""
    with runtime.db.transaction() as session:
        load_templates(session, shipped(DEFAULT, GERMAN), runtime.clock.now())
    reads(runtime, book.tom, "de-AT")
    reads(runtime, book.priya, "en")


def test_each_contact_gets_the_variant_of_their_language(runtime: Runtime, composer: Composer, book: Book) -> None:
    page = composer.preview(book.tom, book.priya, preview_contact=str(book.tom)).text
    assert subject_in(page) == IN_GERMAN
    assert "Guten Tag Tom Becker," in composer.body_of(page)
    page = composer.preview(book.tom, book.priya, preview_contact=str(book.priya)).text
    assert subject_in(page) == IN_ENGLISH
    assert "Hello Priya," in composer.body_of(page)

    assert composer.send(book.tom, book.priya).status_code == 303
    sent = outbox(runtime)
    for contact, slug, subject, label, greeting in (
        (book.tom, GERMAN, IN_GERMAN, "Welcome, and who your TAM is (German) v1", "Guten Tag Tom"),
        (book.priya, DEFAULT, IN_ENGLISH, "Welcome, and who your TAM is v1", "Hello Priya"),
    ):
        row, body = sent[contact]
        assert (row.subject, row.template_label) == (subject, label)
        assert row.email_template_version_id == version_of(runtime, slug)
        assert greeting in body


@ON_SQLITE
def test_the_page_has_a_group_of_fields_for_each_variant_that_somebody_gets(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    with runtime.db.transaction() as session:
        add_contact(session, book.account, "Uta", "Amsel", "uta@helios.example", runtime.clock.now())
        session.get_one(Contact, book.opted_out).language = "de"
    page = composer.open()
    assert groups_in(page) == [("Everybody else", "Uta Amsel, Priya Nair"), ("Language is German", "Tom Becker")]
    assert list(fields_in(page)) == [
        "subject", german("subject"), "opening", "closing", german("opening"), german("closing"),
    ]  # fmt: skip
    assert fields_in(page)[german("subject")] == "Willkommen bei GitLab, {{ account.name }}"
    assert re.findall(r'for="text-([^"]+)">Subject<', page) == ["subject", german("subject")]


@ON_SQLITE
@pytest.mark.parametrize("language", [None, "en", "fr", "dex"])
def test_with_nobody_who_reads_german_the_page_is_as_if_there_were_no_variant(
    runtime: Runtime, composer: Composer, book: Book, language: str | None
) -> None:
    reads(runtime, book.tom, language)
    page = composer.open()
    assert groups_in(page) == []
    assert list(fields_in(page)) == ["subject", "opening", "closing"]
    assert GERMAN not in page
    assert subject_in(page) == IN_ENGLISH


@ON_SQLITE
def test_with_only_readers_of_german_the_default_is_not_on_the_page(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    reads(runtime, book.priya, "de")
    page = composer.open()
    assert groups_in(page) == []
    assert list(fields_in(page)) == [german("subject"), german("opening"), german("closing")]


def test_a_change_of_one_variant_leaves_the_other_alone(runtime: Runtime, composer: Composer, book: Book) -> None:
    untouched = dict(one.split(":") for one in seen_in(composer.preview(book.tom, book.priya).text))
    changes: dict[str, Any] = {
        german("subject"): "Für {{ contact.first_name }}",
        german("opening"): "Servus **{{ contact.first_name }}**",
    }
    changed = dict(one.split(":") for one in seen_in(composer.preview(book.tom, book.priya, **changes).text))
    assert changed[str(book.priya)] == untouched[str(book.priya)]
    assert changed[str(book.tom)] != untouched[str(book.tom)]

    both: dict[str, Any] = {
        **changes,
        "subject": "For {{ contact.first_name }}",
        "opening": "Dear {{ contact.first_name }}",
    }
    assert composer.send(book.tom, book.priya, **both).status_code == 303
    sent = outbox(runtime)
    assert sent[book.tom][0].subject == "Für Tom"
    assert "Servus <strong>Tom</strong>" in sent[book.tom][1]
    assert "Auf bald" in sent[book.tom][1]
    assert sent[book.priya][0].subject == "For Priya"
    assert "Dear Priya" in sent[book.priya][1]
    assert "Servus" not in sent[book.priya][1]


@ON_SQLITE
def test_the_fields_come_back_as_they_were_sent_and_unchanged_ones_are_no_change(
    composer: Composer, book: Book
) -> None:
    plain = seen_in(composer.preview(book.tom, book.priya).text)
    form: dict[str, Any] = {**fields_in(composer.open())}
    assert seen_in(composer.preview(book.tom, book.priya, **form).text) == plain
    form |= {german("subject"): 'Grüße & "mehr"', german("closing"): "Servus\r\n\r\n- eins\r\n- zwei"}
    answer = composer.send(book.tom, book.priya, seen=plain, **form)
    assert answer.status_code == 409
    assert fields_in(answer.text) == form


@ON_SQLITE
def test_a_text_that_cannot_be_read_is_named_by_its_variant(composer: Composer, book: Book) -> None:
    for name in ("subject", "opening"):
        answer = composer.send(book.tom, book.priya, seen=[], **{german(name): "{{ contact.nope }}"})
        assert answer.status_code == 422
        assert f'href="#text-{german(name)}"' in answer.text
        assert re.search(rf'id="text-{re.escape(german(name))}"[^>]* aria-invalid="true"', answer.text)
        assert len(re.findall(r'aria-invalid="true"', answer.text)) == 1


def test_a_gap_in_one_variant_stops_only_those_who_get_it(runtime: Runtime, composer: Composer, book: Book) -> None:
    publish_german(runtime, GERMAN_FILE.replace("<p>Auf bald", "<p>…</p><p>Auf bald"))
    assert "There is still a gap" in errors_in(composer.open())
    answer = composer.send(book.tom, book.priya, seen=[])
    assert answer.status_code == 422
    assert f'href="#text-{german("closing")}"' in answer.text
    assert emails_in_outbox(runtime) == 0

    assert composer.send(book.priya).status_code == 303
    filled: dict[str, Any] = {german("closing"): "Bis bald."}
    assert composer.send(book.tom, **filled).status_code == 303
    assert emails_in_outbox(runtime) == 2


def test_a_value_that_only_one_variant_needs_stops_only_those_who_get_it(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    with runtime.db.transaction() as session:
        session.get_one(Contact, book.tom).title = None
        session.get_one(Contact, book.priya).title = None
    needs_title: dict[str, Any] = {german("subject"): "An {{ contact.title }}"}
    page = composer.preview(book.tom, book.priya, **needs_title).text
    assert "Tom Becker: No value for Contact: job title" in errors_in(page)
    assert "Priya" not in errors_in(page)
    assert composer.send(book.tom, book.priya, **needs_title).status_code == 422
    assert composer.send(book.priya, **needs_title).status_code == 303
    assert emails_in_outbox(runtime) == 1


def test_a_variant_that_is_published_after_the_preview_is_shown_before_it_is_sent(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    seen = seen_in(composer.preview(book.tom, book.priya).text)
    publish_german(runtime, GERMAN_FILE.replace("Willkommen bei GitLab, {{", "Schön, dass Sie da sind, {{"))
    answer = composer.send(book.tom, book.priya, seen=seen, preview_contact=str(book.tom))
    assert answer.status_code == 409
    assert "differs from the preview" in errors_in(answer.text)
    assert subject_in(answer.text) == "Schön, dass Sie da sind, Helios Energy"
    assert emails_in_outbox(runtime) == 0
    # Nothing has changed for those who get another variant.
    assert composer.send(book.priya, seen=[one for one in seen if str(book.priya) in one]).status_code == 303
    assert composer.send(book.tom, seen=seen_in(answer.text)).status_code == 303


def test_a_contact_whose_language_becomes_known_after_the_preview_is_shown_anew(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    seen = seen_in(composer.preview(book.priya).text)
    reads(runtime, book.priya, "de")
    answer = composer.send(book.priya, seen=seen)
    assert answer.status_code == 409
    assert subject_in(answer.text) == IN_GERMAN
    assert emails_in_outbox(runtime) == 0


def test_what_is_queued_keeps_the_version_that_it_was_written_from(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    first = version_of(runtime, GERMAN)
    assert composer.send(book.tom).status_code == 303
    before = outbox(runtime)[book.tom]
    publish_german(runtime, GERMAN_FILE.replace("Guten Tag", "Servus"))
    assert version_of(runtime, GERMAN) != first
    row, body = outbox(runtime)[book.tom]
    assert row.email_template_version_id == first
    assert (row.subject, row.template_label, body) == (before[0].subject, before[0].template_label, before[1])
    assert "Guten Tag Tom Becker" in body


def test_an_archived_variant_is_nobodys(runtime: Runtime, composer: Composer, book: Book) -> None:
    with runtime.db.transaction() as session:
        email_templates.by_slug(session, GERMAN).archived_at = runtime.clock.now()
    assert groups_in(composer.open()) == []
    assert composer.send(book.tom).status_code == 303
    assert outbox(runtime)[book.tom][0].email_template_version_id == version_of(runtime, DEFAULT)


def test_the_api_takes_a_changed_text_for_one_variant_at_a_time(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    path = f"/api/v1/tasks/{book.email_task}/email"
    everybody = [str(book.tom), str(book.priya)]

    def post(deed: str, **body: Any) -> Any:
        answer = composer.client.post(f"{path}/{deed}", json=body)
        return answer.status_code, answer.get_json()

    status, prepared = post("preview", contact_ids=everybody)
    assert status == 200
    assert {one["contact_id"]: one["subject"] for one in prepared} == {
        str(book.tom): IN_GERMAN,
        str(book.priya): IN_ENGLISH,
    }
    for change in ({"subject": "Hallo"}, {"blocks": {"opening": "Hallo"}}):
        status, problem = post("preview", contact_ids=everybody, **change)
        assert status == 422
        assert problem["detail"] == f"These contacts get different variants: {DEFAULT}, {GERMAN}."
        assert problem["cure"] == "Send a changed text to the contacts of one variant at a time."
        assert post("send", contact_ids=everybody, seen={}, **change)[0] == 422
    assert emails_in_outbox(runtime) == 0

    for contact, greeting in (
        (book.tom, "Servus {{ contact.first_name }}"),
        (book.priya, "Hi {{ contact.first_name }}"),
    ):
        body = {"contact_ids": [str(contact)], "blocks": {"opening": greeting}}
        status, [one] = post("preview", **body)
        assert (status, one["problem"]) == (200, "")
        status, [sent] = post("send", **body, seen={str(contact): one["digest"]})
        assert (status, sent["subject"]) == (202, one["subject"])
    sent_rows = outbox(runtime)
    assert "Servus Tom" in sent_rows[book.tom][1]
    assert "Hi Priya" in sent_rows[book.priya][1]


@ON_SQLITE
def test_the_api_names_a_bad_text_by_its_field(composer: Composer, book: Book) -> None:
    path = f"/api/v1/tasks/{book.email_task}/email/preview"
    body = {"contact_ids": [str(book.tom)], "subject": "{{ contact.nope }}"}
    answer = composer.client.post(path, json=body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [german("subject")]
