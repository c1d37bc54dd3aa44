"""The field at the top: accounts, people and CTAs by part of a name, whatever its case and marks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from server.runtime import Runtime
from tests.cast import Book, add_contact
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]


def hits(page: str) -> list[str]:
    """The links of what was found, within the page's own part."""
    main = page.partition("<main")[2] or page
    return re.findall(r'<a (?:class="plain" )?href="(/(?:accounts|ctas)/[^"]+)"', main)


def test_accounts_people_and_ctas_are_found_by_part_of_their_name(
    runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    client = sign_in(book.charlie)
    account, cta = f"/accounts/{book.account}", f"/ctas/{book.cta}"
    for asked, expected in {
        "helios": [account, *[account] * 3, cta],
        "HELIOS": [account, *[account] * 3, cta],
        "hélios": [account, *[account] * 3, cta],
        "onboard": [cta],
        "nair": [account],
        "priya nair": [account],
        "tom@helios.example": [account],
        "nobody like that": [],
    }.items():
        assert hits(client.get("/search", query_string={"q": asked}).text) == expected, asked
        short = hits(client.get("/search/suggest", query_string={"q": asked}).text)
        assert short == expected, asked


def test_suggestions_are_few_and_lead_to_all_results(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        for number in range(9):
            add_contact(session, book.account, "Zoe", f"Zed{number}", f"z{number}@helios.example", now)
    client = sign_in(book.alice)
    piece = client.get("/search/suggest?q=zoe").text
    assert len(hits(piece)) == 4
    assert 'href="/search?q=zoe"' in piece
    assert len(hits(client.get("/search?q=zoe").text)) == 9


def test_an_empty_question_suggests_nothing_and_asks_back(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    assert client.get("/search/suggest?q=").text == ""
    assert client.get("/search/suggest").text == ""
    assert "What are you looking for?" in client.get("/search?q=%20").text


def test_what_is_not_found_is_said(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    assert "Nothing found" in client.get("/search?q=zzz").text
    assert "Nothing found for “zzz”" in client.get("/search/suggest?q=zzz").text
