"""The list of accounts and the page of one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.runtime import Runtime
from server.timeline.models import ActivityType
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import add_note

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def add(runtime: Runtime) -> Callable[..., uuid.UUID]:
    def add_account(name: str, **values: Any) -> uuid.UUID:
        now = runtime.clock.now()
        row = Account(name=name, name_key=fold(name), created_at=now, updated_at=now, **values)
        with runtime.db.transaction() as session:
            session.add(row)
        return row.id

    return add_account


def names_in(page: str) -> list[str]:
    return re.findall(r'<a class="plain" href="/accounts/[^"]+">([^<]+)</a>', page)


def test_my_book_holds_mine_and_all_accounts_hold_all(
    book: Book, add: Callable[..., uuid.UUID], sign_in: SignIn
) -> None:
    add("Ärzte AG", tam_id=book.bob)
    add("Nobody's")
    assert names_in(sign_in(book.alice).get("/accounts").text) == ["Helios Energy"]
    assert names_in(sign_in(book.bob).get("/accounts").text) == ["Ärzte AG"]
    empty = sign_in(book.charlie).get("/accounts").text
    assert "Your book is empty" in empty
    assert names_in(sign_in(book.charlie).get("/accounts?view=all").text) == [
        "Ärzte AG",
        "Helios Energy",
        "Nobody&#39;s",
    ]


@pytest.mark.parametrize("letter", ["a", "東"])
def test_more_accounts_are_asked_for_page_by_page_whatever_they_are_called(
    book: Book, add: Callable[..., uuid.UUID], sign_in: SignIn, letter: str
) -> None:
    """A page's marker holds the last name: 255 letters of any script must fit into an address and into the API."""
    for number in range(55):
        add(letter * 251 + f"{number:04}")
    client = sign_in(book.alice)
    page = client.get("/accounts?view=all").text
    link = re.search(r'id="accounts-more".*?href="([^"]+)"', page)
    assert link is not None
    rest = client.get(link[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    found = names_in(page) + names_in(rest)
    assert len(found) == len(set(found)) == 56
    seen, cursor = [], None
    while True:
        answer = client.get("/api/v1/accounts", query_string={"limit": 25, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        seen += [account["name"] for account in answer.get_json()["items"]]
        cursor = answer.get_json()["next_cursor"]
        if cursor is None:
            break
    assert seen == found


def test_the_page_of_an_account_shows_its_facts_family_people_and_ctas(
    runtime: Runtime, book: Book, add: Callable[..., uuid.UUID], sign_in: SignIn
) -> None:
    parent = add("Helios Group", tam_name="Somebody Unknown")
    child = add("Helios Wind", parent_id=book.account)
    with runtime.db.transaction() as session:
        session.get_one(Account, book.account).parent_id = parent
        session.add(AccountDomain(account_id=book.account, domain="helios.example"))
    client = sign_in(book.bob)
    page = client.get(f"/accounts/{book.account}").text
    for shown in (
        "Helios Energy", "Onboarding", "$858,000", "30 Sep 2027", "Alice Moreau", "helios.example", "Priya Nair",
        "Executive sponsor", "Tom Becker", "Opted out", "Onboard Helios Energy",
    ):  # fmt: skip
        assert shown in page, shown
    assert f'<a href="/accounts/{parent}">Helios Group</a>' in page
    assert f'<a href="/accounts/{child}">Helios Wind</a>' in page
    assert "Somebody Unknown" in client.get(f"/accounts/{parent}").text


def test_an_account_of_which_nothing_is_known_is_a_page_all_the_same(
    book: Book, add: Callable[..., uuid.UUID], sign_in: SignIn
) -> None:
    for name in ("?", "-", "  ", "東京", "a"):
        page = sign_in(book.alice).get(f"/accounts/{add(name)}")
        assert page.status_code == 200
        assert "Nothing has happened yet" in page.text
        assert "No stage" in page.text


def test_last_activity_in_the_list_is_a_call_and_not_an_email(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    add_note(runtime, book.account, "Mail", activity_type=ActivityType.EMAIL)
    assert "Nothing yet" in client.get("/accounts").text
    add_note(runtime, book.account, "Call", days_ago=3.01)
    assert "3 d ago" in client.get("/accounts").text
