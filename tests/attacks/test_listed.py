"""Every attack of docs/attacks.md is tried and refused, and the page says nothing else."""

from __future__ import annotations

import ast
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attacks.listed import FAMILIES, FILES, PAGE, Attack, page
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE

SERVER = Path(__file__).parents[2] / "server"
ALL = [one for _about, attacks in FAMILIES.values() for one in attacks]


@pytest.mark.parametrize("attack", ALL, ids=lambda one: one.id)
def test_it_is_refused_with_a_clear_error_or_made_harmless(attack: Attack) -> None:
    said = attack.answer()
    assert len(said) > 10
    assert "Traceback" not in said


def test_the_published_list_says_what_the_tests_saw() -> None:
    assert len({one.id for one in ALL}) == len(ALL) > 400
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.attacks.listed"


@ON_SQLITE
def test_no_path_leads_out_of_what_is_served(book: Book, sign_in: Callable[[uuid.UUID], SignedInClient]) -> None:
    client = sign_in(book.dana)
    for path in FILES:
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 404, path
        assert "Error 404" in answer.text, path
        assert answer.headers["Cache-Control"] == "no-store", path


def test_nothing_writes_csv_but_the_sample_book_for_our_own_import() -> None:
    """Who adds an export for spreadsheets must make its cells harmless first, and put it into the list."""
    writers = {
        str(file.relative_to(SERVER))
        for file in SERVER.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter")
    }
    assert writers == {"demo/book.py"}
