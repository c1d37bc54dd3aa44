"""The pages of triggers, for admins; others look."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server.accounts.models import Account
from server.ctas.models import Cta
from server.playbooks.load import PlaybookFile, load_playbooks
from server.runtime import Runtime
from server.triggers import jobs, queries
from server.triggers.cli import rehearse, triggers
from server.triggers.models import Trigger
from server.triggers.shipped import SHIPPED
from tests.cast import Book
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]
FORM = {
    "kind": "no_conversation",
    "name": "Quiet for a month",
    "p_days": "30",
    "cta_name": "{account} is quiet since {last}",
    "cta_type": "risk",
    "reason": "no_conversation",
    "priority": "high",
    "owner_rule": "tam",
}
PLAYBOOK = """
playbook: call-them
name: Call them
type: risk
reason: no_conversation
steps:
  - key: call
    title: Call them
    task: call
    due: {days: 2}
    minutes: 30
"""


@pytest.fixture
def dana(sign_in: SignIn, book: Book) -> SignedInClient:
    return sign_in(book.dana)


@pytest.fixture
def quiet(runtime: Runtime, book: Book) -> uuid.UUID:
    """Alice's account, with which nobody has spoken for long."""
    with runtime.db.transaction() as session:
        account = session.get_one(Account, book.account)
        account.contract_start_on = (runtime.clock.now() - timedelta(days=200)).date()
        load_playbooks(session, [PlaybookFile(name="c.yaml", slug="call-them", text=PLAYBOOK)], runtime.clock.now())
    return book.account


def trigger(runtime: Runtime, slug: str = "quiet-for-a-month") -> Trigger:
    with runtime.db.reading() as session:
        return queries.by_slug(session, slug)


def opened(runtime: Runtime, book: Book) -> list[str]:
    with runtime.db.reading() as session:
        return list(session.scalars(select(Cta.name).where(Cta.id != book.cta).order_by(Cta.id)))


def test_an_admin_makes_one_previews_it_and_turns_it_on(
    runtime: Runtime, book: Book, dana: SignedInClient, quiet: uuid.UUID
) -> None:
    form = FORM | {"playbook_slug": "call-them"}
    shown = dana.post("/triggers/preview", data=form).get_data(as_text=True)
    for word in ("Helios Energy is quiet since", "Alice Moreau", "Opens", "1 tasks"):
        assert word in shown
    assert dana.post("/triggers", data=form).status_code == 303
    jobs.look(runtime)
    assert opened(runtime, book) == []
    sent = {"on": "yes", "also_held": "yes", "row_version": "1"}
    assert dana.post("/triggers/quiet-for-a-month/turn", data=sent).status_code == 303
    assert len(runtime.jobs.queue().jobs) == 1  # type: ignore[attr-defined]
    jobs.look(runtime)
    assert opened(runtime, book) == ["Helios Energy is quiet since"]
    page = dana.get("/triggers/quiet-for-a-month").get_data(as_text=True)
    assert "Opened" in page
    assert re.search(r"On since", page)
    assert "No call or meeting for 30 days" in dana.get("/triggers").get_data(as_text=True)


def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(runtime: Runtime, dana: SignedInClient) -> None:
    answer = dana.post("/triggers", data=FORM | {"p_days": "many", "cta_name": "{nobody} is quiet"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Write a whole number from 1 to 730." in text
    assert "which this trigger does not know" in text
    assert 'value="many"' in text
    with runtime.db.reading() as session:
        assert queries.all_triggers(session) == []
    assert "which this trigger does not know" in dana.post(
        "/triggers/preview", data=FORM | {"cta_name": "{nobody}"}
    ).get_data(as_text=True)


def test_of_two_admins_the_second_is_told_and_keeps_what_they_typed(runtime: Runtime, dana: SignedInClient) -> None:
    dana.post("/triggers", data=FORM)
    assert dana.post("/triggers/quiet-for-a-month", data=FORM | {"p_days": "31", "row_version": "1"}).status_code == 303
    answer = dana.post("/triggers/quiet-for-a-month", data=FORM | {"p_days": "99", "row_version": "1"})
    assert answer.status_code == 409
    assert "Somebody saved Quiet for a month meanwhile." in answer.get_data(as_text=True)
    assert 'value="99"' in answer.get_data(as_text=True)
    assert trigger(runtime).params == {"days": 31}
    assert dana.post("/triggers/quiet-for-a-month/turn", data={"on": "yes", "row_version": "1"}).status_code == 409
    assert not trigger(runtime).is_on


def test_others_look_and_change_nothing(runtime: Runtime, book: Book, dana: SignedInClient, sign_in: SignIn) -> None:
    dana.post("/triggers", data=FORM)
    alice = sign_in(book.alice)
    assert "Turn it on" not in alice.get("/triggers/quiet-for-a-month").get_data(as_text=True)
    assert alice.post("/triggers/quiet-for-a-month/turn", data={"on": "yes", "row_version": "1"}).status_code == 403
    assert not trigger(runtime).is_on


def test_a_file_is_checked_first_and_opens_ctas_when_asked(runtime: Runtime, book: Book, dana: SignedInClient) -> None:
    form = FORM | {"kind": "file_imported", "name": "Webinar", "cta_name": "{account}: {label}"}
    dana.post("/triggers", data=form)

    def upload(text: str, **more: str) -> tuple[int, str]:
        sent = {"file": (io.BytesIO(text.encode()), "a.csv"), "label": "Webinar in May", **more}
        answer = dana.post("/triggers/webinar/file", data=sent, content_type="multipart/form-data")
        return answer.status_code, answer.get_data(as_text=True)

    good = "Account Name\nHelios Energy\n"
    assert upload(good, open="yes")[0] == 409
    dana.post("/triggers/webinar/turn", data={"on": "yes", "row_version": "1"})
    status, text = upload("Account Name\nHelios Energy\nNobody\n", open="yes")
    assert status == 422
    assert "Line 3, Account Name: Nobody is no account here." in text
    status, text = upload(good)
    assert (status, "All rows are good." in text) == (200, True)
    jobs.look(runtime)
    assert opened(runtime, book) == []
    assert upload(good, open="yes")[0] == 303
    jobs.look(runtime)
    assert opened(runtime, book) == ["Helios Energy: Webinar in May"]


def test_a_rehearsal_comes_in_two_steps(runtime: Runtime, dana: SignedInClient, quiet: uuid.UUID) -> None:
    dana.post("/triggers", data=FORM | {"playbook_slug": "call-them"})
    for path in ("/triggers/quiet-for-a-month/rehearse", "/playbooks/call-them/rehearse"):
        page = dana.get(path).get_data(as_text=True)
        assert "Going through the book" in page
        found = dana.get(f"{path}?days=30", headers={"HX-Request": "true"}).get_data(as_text=True)
        assert "CTAs that would open" in found
        assert "Helios Energy is quiet since" in found or "playbooks" in path
    assert dana.get("/triggers/quiet-for-a-month/rehearse?days=9999").status_code == 422
    assert dana.get("/playbooks/nowhere/rehearse").status_code == 404


def test_those_that_rapport_brings_are_off_and_loaded_once(runtime: Runtime, book: Book) -> None:
    with runtime.db.transaction() as session:
        files = [
            PlaybookFile(
                name=f"{slug}.yaml",
                slug=slug,
                text=PLAYBOOK.replace("call-them", slug).replace("Call them\ntype", f"{slug}\ntype"),
            )
            for slug in sorted({one.playbook_slug for one in SHIPPED if one.playbook_slug})
        ]
        load_playbooks(session, files, runtime.clock.now())
    result = CliRunner().invoke(triggers, ["load"], obj=runtime)
    assert result.output.startswith(f"{len(SHIPPED)} added, off"), result.output
    assert CliRunner().invoke(triggers, ["load"], obj=runtime).output == "Nothing to add.\n"
    with runtime.db.reading() as session:
        assert not any(one.is_on for one in queries.all_triggers(session))


def test_the_command_rehearses(runtime: Runtime, dana: SignedInClient, quiet: uuid.UUID) -> None:
    dana.post("/triggers", data=FORM | {"playbook_slug": "call-them"})
    result = CliRunner().invoke(rehearse, ["call-them", "--days", "10"], obj=runtime)
    assert result.exit_code == 0, result.output
    assert "CTAs that would open: " in result.output
    assert CliRunner().invoke(rehearse, [], obj=runtime).exit_code == 0


def test_a_file_is_rehearsed_beside_what_is_live(
    runtime: Runtime, dana: SignedInClient, quiet: uuid.UUID, tmp_path: Path
) -> None:
    file = tmp_path / "call-them.yaml"
    file.write_text(f"{PLAYBOOK}  - {{key: note, title: Note it, minutes: 120}}\n", encoding="utf-8")
    result = CliRunner().invoke(rehearse, [str(file), "--days", "10"], obj=runtime)
    assert result.exit_code == 0, result.output
    assert re.search(r"Hours of work: \S+  \(live: \S+, \+2\)", result.output), result.output
