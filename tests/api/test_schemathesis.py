"""schemathesis asks the whole API, as each role and as a stranger: every check, every phase, the same cases each time.

`make ask-api` asks more.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.auth import people
from server.auth.models import Role
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE, add_note, put_into_outbox

SignIn = Callable[[uuid.UUID], SignedInClient]
HERE = Path(__file__).parent
SEED = 7
EXAMPLES = int(os.environ.get("RAPPORT_SCHEMATHESIS_EXAMPLES", "6"))
METHODS = ("get", "post", "put", "patch", "delete")
SUMMARY = re.compile(r"Test cases:\s+(?P<cases>[\d,]+) generated, [\d,]+ passed(?:, (?P<skipped>[\d,]+) skipped)?\s")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`cases`: how many calls were made; `skipped`: those that no check is about. `is_clean`: nothing was found."""

    cases: int
    skipped: int
    is_clean: bool
    report: str


def ask(
    address: str, spec: dict[str, Any], folder: Path, *, ids: dict[str, list[str]], session: str = "", token: str = ""
) -> Asked:
    """One run of schemathesis over all operations of the document."""
    (folder / "openapi.json").write_text(json.dumps(spec))
    places = [*((f"path.{name}", name) for name in ids), ("body.contact_ids[*]", "contact_id")]
    config = [f'hooks = "{HERE / "schemathesis_hooks.py"}"', (HERE / "schemathesis.toml").read_text()]
    config += [f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in ids.items()]
    config += ["[parameters]", *(f'"{at}" = {{ dictionary = "{name}", probability = 0.7 }}' for at, name in places)]
    if session:
        config += ["[auth.openapi.session]", 'api_key = "${RAPPORT_SESSION}"']
    (folder / "schemathesis.toml").write_text("\n".join(config))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"), "run"]
    command += [str(folder / "openapi.json"), "--url", address, "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
    found = subprocess.run(
        [*command, "--no-color"],
        check=False,
        env={**os.environ, "RAPPORT_SESSION": session, "RAPPORT_CSRF_TOKEN": token, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=1200,
        cwd=folder,
    )
    report = found.stdout + found.stderr
    numbers = SUMMARY.search(report)
    return Asked(
        cases=_number(numbers, "cases"),
        skipped=_number(numbers, "skipped"),
        is_clean=found.returncode == 0 and numbers is not None and numbers["cases"] is not None,
        report=report,
    )


def _number(numbers: re.Match[str] | None, name: str) -> int:
    return int((numbers[name] or "0").replace(",", "")) if numbers else 0


def operations(spec: dict[str, Any]) -> int:
    return sum(method in METHODS for item in spec["paths"].values() for method in item)


def assert_clean(found: Asked, spec: dict[str, Any], who: str) -> None:
    print(f"\nschemathesis as {who}: {found.cases} cases, {found.skipped} of them without a check")  # noqa: T201  # -s shows it
    assert found.is_clean, found.report
    assert f"Tested: {operations(spec)}\n" in found.report, found.report
    assert found.cases > 20 * operations(spec), found.report


@pytest.mark.parametrize(
    ("db", "role"), [*(("sqlite", role) for role in Role), ("postgresql", Role.TAM)], indirect=["db"]
)
def test_it_finds_nothing_as(
    runtime: Runtime,
    book: Book,
    alices_mailbox: uuid.UUID,
    sign_in: SignIn,
    live_app: str,
    tmp_path: Path,
    log_stream: io.StringIO,
    role: Role,
) -> None:
    who = {Role.TAM: book.alice, Role.ADMIN: book.dana, Role.VIEWER: book.charlie}.get(role) or newcomer(runtime, role)
    client = sign_in(who)
    cookie = client.get_cookie("rapport_session", domain="127.0.0.1")
    assert cookie is not None
    spec = client.get("/api/openapi.json").get_json()
    ids = existing(runtime, book, alices_mailbox)
    found = ask(live_app, spec, tmp_path, ids=ids, session=cookie.value, token=client.csrf_token)
    assert_clean(found, spec, f"{role} on {runtime.db.engine.dialect.name}")


@ON_SQLITE
def test_it_finds_nothing_as_a_stranger(
    runtime: Runtime,
    book: Book,
    alices_mailbox: uuid.UUID,
    sign_in: SignIn,
    live_app: str,
    tmp_path: Path,
    log_stream: io.StringIO,
) -> None:
    spec = sign_in(book.alice).get("/api/openapi.json").get_json()
    found = ask(live_app, spec, tmp_path, ids=existing(runtime, book, alices_mailbox))
    assert_clean(found, spec, "a stranger")


def newcomer(runtime: Runtime, role: Role) -> uuid.UUID:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        person = people.add_user(session, email="somebody@rapport.example", name="Sam Body", role=role, now=now)
        session.flush()
        return person.id


def existing(runtime: Runtime, book: Book, mailbox_id: uuid.UUID) -> dict[str, list[str]]:
    """Ids that exist, by the name of their parameter: made-up ones are never found."""
    for number in range(3):
        add_note(runtime, book.account, f"Note {number}", days_ago=number)
    emails = [put_into_outbox(runtime, book, mailbox_id) for _ in range(3)]
    return {
        "account_id": [str(book.account)],
        "contact_id": [str(book.priya), str(book.tom)],
        "cta_id": [str(book.cta)],
        "task_id": [str(book.to_do), str(book.email_task)],
        "email_id": [str(one) for one in emails],
    }
