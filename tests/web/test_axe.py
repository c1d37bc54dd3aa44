"""Every page that the app can answer, with real data, under axe: desk and phone, light and dark, no violation.

The pages come from the app's own map of addresses: one that is not opened here fails the test.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import select
from werkzeug.routing import Rule

from server.ctas.models import CtaAttachment
from server.mail.models import MailReplay
from server.mailboxes import tokens
from server.mailboxes.connection import ENVELOPE_SCOPES
from server.mailboxes.models import Mailbox
from server.personal_data.models import ErasureReceipt
from server.playbooks import queries as playbooks
from server.playbooks.load import PlaybookFile, load_playbooks
from server.playbooks.publish import publish as publish_playbook
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.timeline.models import ActivityType
from server.triggers import save
from server.triggers.models import TriggerKind
from server.triggers.save import By
from server.triggers.watch import Watch
from tests.auth.gmail_extension import GmailExtension
from tests.cast import ALICE, BOB
from tests.conftest import BASE_URL, SignedInClient
from tests.ctas.composer import Composer
from tests.mail.letters import STRANGER, Desk
from tests.web.axe import SIZES, Findings
from tests.web.pages import ON_SQLITE, add_note, put_into_outbox

SignIn = Callable[[uuid.UUID], SignedInClient]
# Each within a test's time.
PARTS = 4
SLUG = "onboarding-welcome"
PLAYBOOK = "webinar"
PLAYBOOK_SOURCE = "playbook: webinar\nname: Webinar\ntype: risk\nsteps:\n  - {key: a, title: A, due: {days: 3}}\n"
# The ways back from a provider, opened without a trip: a page that says so.
WAYS_BACK = {"auth.callback", "mailboxes.callback"}
# Swagger UI brings a <main> of its own.
LEAVER = "lea@elsewhere.example"
OFF = {"api_docs.api_docs": ("landmark-no-duplicate-main",)}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody's browser here, and the value of their session's cookie; "" for a stranger."""

    client: SignedInClient
    session: str


@pytest.fixture
def people(app: Flask, desk: Desk, sign_in: SignIn) -> list[Person]:
    """Who may open a page, in the order in which they are asked: its owner, an admin, a stranger."""
    found = []
    for user_id in (desk.book.alice, desk.book.dana):
        client = sign_in(user_id)
        cookie = client.get_cookie("rapport_session", domain="127.0.0.1")
        assert cookie is not None
        found.append(Person(client=client, session=cookie.value))
    stranger = app.test_client()
    assert isinstance(stranger, SignedInClient)
    return [*found, Person(client=stranger, session="")]


@pytest.fixture
def desk(runtime: Runtime, sandbox: RunningSandbox) -> Desk:
    """A book with something of everything: notes, mail that is linked and mail that waits, emails in each state."""
    desk = Desk.open(runtime.db)
    with runtime.db.transaction() as session:
        for email, mailbox_id in desk.boxes.items():
            granted = sandbox.tokens_for(email, ENVELOPE_SCOPES)
            session.get_one(Mailbox, mailbox_id).sealed_tokens = tokens.seal(runtime.vault, mailbox_id, granted)
    for kind in (ActivityType.CUSTOMER_CALL, ActivityType.AT_RISK):
        add_note(runtime, desk.book.account, f"A note: {kind}", activity_type=kind)
    first = desk.letter(text="Tuesday suits us.\n\n> Does it suit?\n", message_id="m1")
    desk.receive(first, thread="t1")
    desk.receive(desk.letter(sender=f"Bob <{BOB}>", to="priya@helios.example", references=("m1@x",)), whose=BOB)
    desk.receive(desk.letter(sender=STRANGER, subject="Who is this?"))
    desk.receive(desk.letter(sender=f"Lea <{LEAVER}>", subject="Please erase me"))
    return desk


def add_trigger_and_playbook(runtime: Runtime, slug: str) -> None:
    """By the name of the template: an address has one argument for all of them."""
    text = f"playbook: {slug}\nname: Call them\ntype: risk\nsteps:\n  - {{key: call, title: Call them, task: call}}\n"
    kind, now = TriggerKind.NO_CONVERSATION, runtime.clock.now()
    watch = Watch(slug=slug, name="Quiet", kind=kind, params={"days": 60}, cta_name="{account}", cta_type="risk")
    with runtime.db.transaction() as session:
        if playbooks.find_slug(session, slug) is None:
            load_playbooks(session, [PlaybookFile(name=f"{slug}.yaml", slug=slug, text=text)], now)
        save.create(session, watch, By(user_id=None, now=now))


def values_of(runtime: Runtime, desk: Desk, alice: SignedInClient, dana: SignedInClient) -> dict[str, str]:
    """What stands for each argument of an address."""
    book = desk.book
    add_trigger_and_playbook(runtime, SLUG)
    email_id = put_into_outbox(runtime, book, desk.boxes[ALICE])
    put_into_outbox(runtime, book, desk.boxes[ALICE], problem="The address does not exist.", cure="Correct it.")
    preview = Composer(alice, book.email_task).open().split('<iframe sandbox src="')[1].split('"')[0]
    assert dana.post("/mail/rules/replay", data={"days": "30"}).status_code == 303
    message = desk.receive(desk.letter(text="See you then.\n\nOn Monday Alice wrote:\n> Hello", subject="Kick-off"))
    with runtime.db.transaction() as session:
        publish_playbook(session, PLAYBOOK_SOURCE, by_id=book.dana, now=runtime.clock.now())
    with runtime.db.reading() as session:
        replay_id = session.scalars(select(MailReplay.id)).one()
    assert dana.post("/personal-data/erase", data={"address": LEAVER, "confirm": LEAVER}).status_code == 303
    with runtime.db.reading() as session:
        receipt_id = session.scalars(select(ErasureReceipt.id)).one()
    saved = alice.post("/cockpit/views", data={"name": "Late", "asked": "view=mine&due=overdue"})
    alice.post(f"/ctas/{book.cta}/files", data={"file": (io.BytesIO(b"Hello"), "notes.txt")})
    with runtime.db.reading() as session:
        attachment_id = session.scalars(select(CtaAttachment.id)).one()
    return {
        "view_id": saved.headers["Location"].rpartition("=")[2],
        "attachment_id": str(attachment_id),
        "account_id": str(book.account),
        "contact_id": str(book.priya),
        "cta_id": str(book.cta),
        "task_id": str(book.email_task),
        "email_id": str(email_id),
        "entry_id": str(desk.entry(message, book.account).id),
        "preview_id": preview.rsplit("/", 1)[1],
        "replay_id": str(replay_id),
        "receipt_id": str(receipt_id),
        "form": "json",
        "slug": SLUG,
        "playbook_slug": PLAYBOOK,
        "number": "1",
        "filename": "dist/manifest.json",
    }


def path_of(app: Flask, rule: Rule, values: dict[str, str]) -> str:
    with app.test_request_context(base_url=BASE_URL):
        missing = rule.arguments - values.keys()
        assert not missing, f"{rule}: say in values_of what stands for {missing}"
        built = rule.build({name: rule._converters[name].to_python(values[name]) for name in rule.arguments})
    assert built is not None
    return built[1]


def who_opens(path: str, endpoint: str, people: list[Person]) -> tuple[Person, bool]:
    """The first for whom it opens, and whether it is a page: no file, no piece of one, no email in its frame."""
    for person in people:
        answer = person.client.get(path, follow_redirects=True)
        html = answer.mimetype == "text/html"
        said = answer.get_data(as_text=True) if html else ""
        answer.close()
        assert answer.status_code < 500, path
        if answer.status_code == 200 or (endpoint in WAYS_BACK and 400 <= answer.status_code < 500):
            is_frame = answer.headers.get("Content-Security-Policy", "").startswith("sandbox")
            return person, "<html" in said and not is_frame
    raise AssertionError(f"{path} ({endpoint}) opens for nobody: {answer.status_code}")


@ON_SQLITE
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_of_the_app_is_without_a_violation(
    part: int,
    app: Flask,
    runtime: Runtime,
    desk: Desk,
    people: list[Person],
    live_app: str,
    browser: Browser,
    log_stream: io.StringIO,
) -> None:
    values, found, opened = values_of(runtime, desk, people[0].client, people[1].client), Findings(), []
    contexts = {}
    for person in people:
        width, height = SIZES["desk"]
        contexts[person.session] = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        if person.session:
            cookie = {"name": "rapport_session", "value": person.session, "url": live_app}
            contexts[person.session].add_cookies([cookie])  # type: ignore[list-item]
    pages = {session: context.new_page() for session, context in contexts.items()}
    stranger = people[-1:]
    asked = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for rule in asked[part::PARTS]:
        path = path_of(app, rule, values) + (
            "?" + urlencode(GmailExtension(app=app).ask()) if rule.endpoint == "oauth.ask" else ""
        )
        person, is_page = who_opens(path, rule.endpoint, stranger if rule.endpoint == "auth.sign_in" else people)
        if is_page:
            page = pages[person.session]
            page.goto(live_app + path)
            page.wait_for_load_state("networkidle")
            found.look_in_all_ways(page, f"{rule.endpoint} {path}", off=OFF.get(rule.endpoint, ()))
            opened.append(rule.endpoint)
    for context in contexts.values():
        context.close()
    contrast = sum("color-contrast" in one for one in found.unsure)
    print(f"\naxe: {len(opened)} pages; {len(found.unsure)} places for a person's eyes, {contrast} of contrast")  # noqa: T201
    assert not found.faults, "\n".join(found.faults)
    assert len(opened) > 10, opened
