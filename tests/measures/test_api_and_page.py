"""Measures through the API, the account's page, and an import."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server.measures.cli import measures
from server.measures.models import Measure
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]


def all_of(runtime: Runtime) -> list[Measure]:
    with runtime.db.reading() as session:
        return list(session.scalars(select(Measure).order_by(Measure.id)))


def test_the_tam_reports_and_everybody_reads(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    url = f"/api/v1/accounts/{book.account}/measures"
    told = {"name": "nps", "number": 4, "note": "Too slow.", "contact_id": str(book.priya), "source_key": "s:1"}
    alice = sign_in(book.alice)
    answer = alice.post(url, json=told)
    assert (answer.status_code, answer.get_json()["number"]) == (201, 4)
    assert alice.post(url, json=told).get_json()["id"] == answer.get_json()["id"]
    items = sign_in(book.charlie).get(url).get_json()["items"]
    assert [(one["name"], one["number"], one["note"]) for one in items] == [("nps", 4, "Too slow.")]


def test_who_does_not_look_after_the_account_is_refused(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    told = {"name": "sentiment", "word": "green"}
    assert sign_in(book.bob).post(f"/api/v1/accounts/{book.account}/measures", json=told).status_code == 403
    form = {"word": "green"}
    assert sign_in(book.bob).post(f"/accounts/{book.account}/sentiment", data=form).status_code == 403
    assert all_of(runtime) == []


def test_a_value_that_cannot_be_is_told_by_field(book: Book, sign_in: SignIn) -> None:
    answer = sign_in(book.alice).post(f"/api/v1/accounts/{book.account}/measures", json={"name": "nps", "number": 11})
    assert answer.status_code == 422
    assert "number from 0 to 10" in answer.get_data(as_text=True)


def test_the_page_says_who_said_what_and_when(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    alice = sign_in(book.alice)
    assert "Nobody has said yet" in alice.get(f"/accounts/{book.account}").get_data(as_text=True)
    form = {"word": "red", "note": "Their sponsor left.", "key": "k"}
    for _ in range(2):
        assert alice.post(f"/accounts/{book.account}/sentiment", data=form).status_code == 303
    assert len(all_of(runtime)) == 1
    text = alice.get(f"/accounts/{book.account}").get_data(as_text=True)
    assert "Their sponsor left." in text
    assert "Red" in text
    assert "Say how they feel" not in sign_in(book.charlie).get(f"/accounts/{book.account}").get_data(as_text=True)


@pytest.fixture
def import_csv(runtime: Runtime, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    def run(text: str, *options: str) -> tuple[int, str]:
        path = tmp_path / "measures.csv"
        path.write_text(text, encoding="utf-8")
        result = CliRunner().invoke(measures, ["import", str(path), *options], obj=runtime)
        return result.exit_code, result.output

    return run


HEADER = "Account Name,Measure,Value,Date,Contact Email,Note\n"


def test_a_table_is_imported_once(runtime: Runtime, book: Book, import_csv: Callable[..., tuple[int, str]]) -> None:
    text = (
        HEADER
        + "Helios Energy,NPS,9,2025-11-01,priya@helios.example,Lovely\nHelios Energy,licence use,62 %,2025-11-02,,\n"
    )
    assert import_csv(text, "--dry-run")[0] == 0
    assert all_of(runtime) == []
    assert import_csv(text) == (0, "2 measures read, 2 of them new.\n")
    assert import_csv(text) == (0, "2 measures read, 0 of them new.\n")
    assert [(one.name, one.number, one.contact_id) for one in all_of(runtime)] == [
        ("nps", 9, book.priya),
        ("licence_use", 62, None),
    ]


def test_every_bad_row_is_told_and_nothing_is_written(
    runtime: Runtime, book: Book, import_csv: Callable[..., tuple[int, str]]
) -> None:
    rows = (
        "Nobody Inc,nps,9,2025-11-01,,",
        "Helios Energy,mood,9,2025-11-01,,",
        "Helios Energy,nps,eleven,2025-11-01,,",
        "Helios Energy,nps,9,2099-11-01,,",
        "Helios Energy,nps,9,2025-11-01,x@y.example,",
        "Helios Energy,nps,9,2025-11-01,,",
    )
    code, output = import_csv(HEADER + "\n".join(rows) + "\n")
    assert code == 1
    for line, word in ((2, "no account"), (3, "no measure"), (4, "from 0 to 10"), (5, "future"), (6, "no contact")):
        assert any(one.startswith(f"Line {line}, ") and word in one for one in output.splitlines()), (line, output)
    assert "5 of 6 rows are bad: nothing was written." in output
    assert all_of(runtime) == []


def test_a_table_that_names_no_accounts_is_unreadable(import_csv: Callable[..., tuple[int, str]], book: Book) -> None:
    code, output = import_csv("Company,Measure,Value,Date\nHelios,nps,9,2025-11-01\n")
    assert code == 2
    assert "No column names the accounts" in output
