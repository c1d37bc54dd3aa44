"""Names and notes are text: whatever stands in them is shown, never run, on every page and in every email."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import update

from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.auth.models import User
from server.contacts.models import Contact
from server.ctas.models import Cta, CtaTask
from server.email_templates.models import EmailTemplate, EmailTemplateVersion
from server.runtime import Runtime
from server.sends.models import OutboundEmail
from server.timeline.models import ActivityType
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE, add_note, addresses
from tests.web.test_every_page import Elements

SignIn = Callable[[uuid.UUID], SignedInClient]

pytestmark = ON_SQLITE

EVIL = """{{ 7*7 }}{% raw %}<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;</textarea></title>"""


@pytest.fixture
def hostile(runtime: Runtime, book: Book, email_id: uuid.UUID) -> Book:
    """Everything that people or imports can name is named so as to break out."""
    add_note(runtime, book.account, EVIL, body_text=EVIL, activity_type=ActivityType.AT_RISK)
    with runtime.db.transaction() as session:
        session.execute(
            update(Account).values(name=EVIL, name_key=fold(EVIL), tam_name=EVIL, owner_name=EVIL, salesforce_id=EVIL)
        )
        session.add(AccountDomain(account_id=book.account, domain=EVIL))
        session.execute(
            update(Contact).values(first_name=EVIL, last_name=EVIL, title=EVIL, role=EVIL, name_key=fold(EVIL))
        )
        session.execute(update(Cta).values(name=EVIL, reason=EVIL, playbook_name=EVIL))
        session.execute(update(CtaTask).values(title=EVIL, instructions=EVIL))
        session.execute(update(EmailTemplate).values(name=EVIL))
        session.execute(update(EmailTemplateVersion).values(name=EVIL))
        session.execute(update(User).values(name=EVIL, title=EVIL))
        session.execute(
            update(OutboundEmail).values(
                subject=EVIL, to_name=EVIL, template_label=EVIL, problem=EVIL, cure=EVIL, from_name=EVIL
            )
        )
    return book


def test_no_page_lets_a_name_out_of_its_place(hostile: Book, email_id: uuid.UUID, sign_in: SignIn) -> None:
    client, shown = sign_in(hostile.alice), 0
    paths = [address.path for address in addresses(hostile, email_id) if not address.path.endswith("/body")]
    for path in [*paths, "/search?q=script", "/search/suggest?q=script", "/cockpit?view=all&q=script"]:
        html = client.get(path).text
        shown += html.count("&lt;script&gt;alert(1)")
        assert "<script>alert(1)" not in html, path
        assert "49" not in html.replace(str(hostile.account), "").split("7*7")[0][-1:], path
        for tag, attributes in Elements(html).found:
            assert "onerror" not in attributes, (path, tag, attributes)
            assert attributes.get("src") != "x", (path, tag, attributes)
    assert shown > 60


def test_what_is_asked_for_is_shown_as_it_was_typed(hostile: Book, sign_in: SignIn) -> None:
    client = sign_in(hostile.alice)
    for path in ("/search", "/search/suggest", "/accounts", "/cockpit"):
        html = client.get(path, query_string={"q": "<script>alert(9)</script>\"' {{ 7*7 }}"}).text
        assert "<script>alert(9)" not in html, path
        assert "{{ 7*7 }}" in html or path == "/search/suggest", path
    for name in ("type", "status"):
        assert "<script>" not in client.get("/cockpit", query_string={name: "<script>alert(9)"}).text.split("<main")[1]


def test_names_are_text_in_the_email_as_well(runtime: Runtime, hostile: Book, sign_in: SignIn) -> None:
    client = sign_in(hostile.alice)
    with runtime.db.transaction() as session:
        # A line break, an angle or a brace in a name is no reason to send anything odd.
        session.execute(update(Account).values(name="Helios <b>&\n Energy"))
        odd = {"first_name": "{{ 7*7 }}", "role": "gitlab_admin"}
        session.execute(update(Contact).where(Contact.id == hostile.tom).values(odd))
        session.execute(update(User).values(name="Alice Moreau"))
    page = client.get(f"/tasks/{hostile.email_task}/email").text
    frame = page.split('<iframe sandbox src="')[1].split('"')[0]
    body = client.get(frame).text
    assert "{{ 7*7 }}" in body
    assert "Helios &lt;b&gt;" in body
