"""The page of a person, the timeline of everything, and the rest of a conversation."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.accounts.models import Account
from server.accounts.names import fold
from server.contacts.models import Contact, ContactAddress, FormerAccount
from server.ids import new_id
from server.runtime import Runtime
from server.timeline.record import Participant
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.timeline.mails import put
from tests.web.pages import ON_SQLITE, add_note

SignIn = Callable[[uuid.UUID], SignedInClient]
PARTIAL = {"HX-Request": "true"}


def subjects(page: str) -> list[str]:
    return re.findall(r"<h4>([^<]+)</h4>", page)


@pytest.fixture
def borealis(runtime: Runtime, book: Book) -> uuid.UUID:
    """An account without a TAM."""
    now = runtime.clock.now()
    account = Account(name="Borealis", name_key=fold("Borealis"), created_at=now, updated_at=now)
    with runtime.db.transaction() as session:
        session.add(account)
    return account.id


def test_a_person_has_a_page_with_addresses_former_accounts_and_a_timeline(
    runtime: Runtime, book: Book, borealis: uuid.UUID, sign_in: SignIn
) -> None:
    now = runtime.clock.now()
    tom = Participant(part="from", name="Tom", email="tom@helios.example", contact_id=book.tom)
    with runtime.db.transaction() as session:
        session.get_one(Contact, book.tom).language = "de"
        session.scalars(select(ContactAddress).where(ContactAddress.contact_id == book.tom)).one().bounced_at = now
        session.add(
            ContactAddress(
                contact_id=book.tom,
                email="t.becker@old.example",
                email_norm="t.becker@old.example",
                is_primary=False,
                bounced_at=now,
                bounce_is_permanent=True,
                bounce_detail="550 5.1.1 no such user",
            )
        )
        session.add(FormerAccount(contact_id=book.tom, account_id=borealis, until=now - timedelta(days=40)))
        put(session, book.account, "Tom writes", now, people=(tom,))
        put(session, borealis, "Tom wrote from there", now - timedelta(days=50), people=(tom,))
        put(session, book.account, "Not Tom’s", now)
    page = sign_in(book.bob).get(f"/contacts/{book.tom}").text
    assert subjects(page) == ["Tom writes", "Tom wrote from there"]
    for shown in ("German", "Borealis", "Came back", "Does not exist", "550 5.1.1 no such user", "GitLab admin"):
        assert shown in page, shown
    assert f'href="/contacts/{book.tom}"' in sign_in(book.bob).get(f"/accounts/{book.account}").text
    assert sign_in(book.bob).get(f"/contacts/{uuid.uuid4()}").status_code == 404
    assert "No mail yet" in sign_in(book.bob).get(f"/contacts/{book.priya}").text


@ON_SQLITE
def test_older_entries_of_a_person_are_asked_for(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    tom = Participant(part="from", name="Tom", email="tom@helios.example", contact_id=book.tom)
    with runtime.db.transaction() as session:
        for number in range(25):
            at = runtime.clock.now() - timedelta(hours=number)
            put(session, book.account, f"{number:02}", at, people=(tom,))
    client = sign_in(book.alice)
    page = client.get(f"/contacts/{book.tom}").text
    link = re.search(r'hx-get="([^"]+cursor=[^"]+)"', page)
    assert link is not None
    older = client.get(link[1].replace("&amp;", "&"), headers=PARTIAL).text
    assert subjects(page) + subjects(older) == [f"{number:02}" for number in range(25)]
    assert client.get(f"/contacts/{book.tom}/timeline").status_code == 422


def test_everything_is_mine_or_all_and_can_be_filtered(
    runtime: Runtime, book: Book, borealis: uuid.UUID, sign_in: SignIn
) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        put(session, book.account, "From Helios", now - timedelta(minutes=1))
        put(session, borealis, "To Borealis", now - timedelta(minutes=2), direction="out")
    add_note(runtime, borealis, "A call", days_ago=1)
    alice = sign_in(book.alice)
    expected = {
        "": ["From Helios"],
        "?view=all": ["From Helios", "To Borealis", "A call"],
        "?view=all&direction=out": ["To Borealis"],
        "?view=all&type=customer_call": ["A call"],
        f"?view=all&account={borealis}": ["To Borealis", "A call"],
        "?view=all&q=borealis+to": ["To Borealis"],
        "?view=all&q=%00&type=x&direction=y&account=z": ["From Helios", "To Borealis", "A call"],
    }
    for query, found in expected.items():
        page = alice.get(f"/timeline{query}")
        assert subjects(page.text) == found, query
        assert "<html" not in alice.get(f"/timeline{query}", headers=PARTIAL).text
    page = alice.get(f"/timeline?view=all&account={borealis}").text
    assert f'<a href="/accounts/{borealis}">' in page
    assert "Nothing matches" in alice.get("/timeline?q=nothing-like-it").text
    assert "where you are the TAM" in sign_in(book.charlie).get("/timeline").text


@ON_SQLITE
def test_the_rest_of_a_long_conversation_is_a_click_away(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    talk, start = new_id(), runtime.clock.now() - timedelta(days=1)
    with runtime.db.transaction() as session:
        for number in range(6):
            put(session, book.account, f"Mail {number}", start + timedelta(minutes=number), thread=talk)
    client = sign_in(book.bob)
    page = client.get(f"/accounts/{book.account}").text
    assert subjects(page) == ["Mail 5"]
    assert "6 emails, 6 from them · since yesterday" in page
    link = re.search(r'<details class="rp-thread" hx-get="([^"]+)"', page)
    assert link is not None
    part = client.get(link[1], headers=PARTIAL).text
    assert re.findall(r"<h5>([^<]+)</h5>", part) == [f"Mail {number}" for number in (4, 3, 2, 1, 0)]
    assert re.findall(r"<h2>([^<]+)</h2>", client.get(link[1]).text)[0] == "Mail 5"
    assert client.get(f"/timeline/{uuid.uuid4()}/rest").status_code == 404


def test_both_last_activities_are_told(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    add_note(runtime, book.account, "Call", days_ago=3.01)
    with runtime.db.transaction() as session:
        put(session, book.account, "Mail", runtime.clock.now() - timedelta(hours=2, minutes=1))
    client = sign_in(book.alice)
    for path in ("/accounts", f"/accounts/{book.account}"):
        page = client.get(path).text
        assert "Last activity" in page
        assert "Last timeline activity" in page
        assert "3 d ago" in page
        assert "2 h ago" in page
    [item] = client.get("/api/v1/accounts/activity?mine=true").get_json()["items"]
    assert item["account_id"] == str(book.account)
    assert item["last_activity_at"] < item["last_timeline_activity_at"]


@ON_SQLITE
def test_the_api_pages_through_everything(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    for number in range(7):
        add_note(runtime, book.account, f"{number}", days_ago=number + 0.5)
    client, seen, cursor = sign_in(book.alice), [], None
    while True:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        answer = client.get("/api/v1/timeline", query_string=query).get_json()
        seen += [item["subject"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"{number}" for number in range(7)]
    assert client.get("/api/v1/timeline?cursor=x").status_code == 422
    assert client.get(f"/api/v1/contacts/{uuid.uuid4()}/timeline").status_code == 404
