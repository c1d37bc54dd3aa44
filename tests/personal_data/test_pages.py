"""The pages and commands: who may use them, what they say, and what the audit log notes."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.auth import people
from server.auth.models import Role
from server.errors import Invalid
from server.personal_data.cli import personal_data
from server.personal_data.models import ErasureReceipt
from tests.conftest import SignedInClient
from tests.mail.letters import STRANGER
from tests.personal_data.world import ADDRESS, ALIAS, HERSELF, MARKS, World, tables_with

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def dana(world: World, sign_in: SignIn) -> SignedInClient:
    return sign_in(world.book.dana)


@pytest.fixture
def auditor(world: World, sign_in: SignIn) -> SignedInClient:
    with world.db.transaction() as session:
        person = people.add_user(
            session, email="aud@rapport.example", name="Audra", role=Role.AUDITOR, now=world.desk.now
        )
        session.flush()
    return sign_in(person.id)


def noted(world: World) -> list[tuple[str, str, list[str]]]:
    """(deed, outcome, names in the record), oldest first."""
    with world.db.reading() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))
        return [(one.deed, one.outcome, sorted(one.record)) for one in found]


def test_an_admin_looks_a_contact_up_exports_and_erases_and_each_step_is_noted(
    world: World, dana: SignedInClient
) -> None:
    world.desk.receive(world.desk.letter(sender=HERSELF, subject="Seats", text="Five more"))
    found = dana.post("/personal-data/find", data={"address": ADDRESS})
    assert found.headers["Location"] == f"/contacts/{world.zebra}/personal-data"
    page = dana.get(found.headers["Location"]).text
    assert "Text of mail" in page
    assert "24 months" in page
    who = {"contact_id": str(world.zebra)}
    exported = dana.post("/personal-data/export", data=who)
    files = zipfile.ZipFile(io.BytesIO(exported.data))
    assert {"README.txt", "about.json", "contact_record.json", "mail_envelope.json", "mail_text.json"} <= set(
        files.namelist()
    )
    assert json.loads(files.read("mail_text.json"))[0]["text"].strip() == "Five more"
    assert {one["name"] for one in json.loads(files.read("about.json"))["kinds"]} >= {"Contact record", "Text of mail"}
    preview = dana.post("/personal-data/preview", data=who).text
    assert "This goes" in preview
    wrong = dana.post("/personal-data/erase", data=who | {"confirm": "yes"})
    assert "This is not their address." in wrong.text
    assert tables_with(world.db) != {}
    done = dana.post("/personal-data/erase", data=who | {"confirm": ADDRESS}, follow_redirects=True)
    assert "Receipt of an erasure" in done.text
    assert [mark for mark in MARKS if mark in done.text.lower()] == []
    assert tables_with(world.db) == {}
    assert noted(world) == [
        ("personal_data.find", "done", ["address_hash"]),
        ("personal_data.of_contact", "read", ["contact_id"]),
        ("personal_data.export", "done", ["contact_id"]),
        ("personal_data.preview", "done", ["contact_id"]),
        ("personal_data.erase", "done", ["contact_id"]),
        ("personal_data.erase", "done", ["contact_id", "receipt_id"]),
    ]


def test_an_erased_address_is_found_by_its_receipt_and_can_be_let_in_again(world: World, dana: SignedInClient) -> None:
    receipt = world.erase()
    page = dana.post("/personal-data/find", data={"address": ADDRESS}).text
    assert "This person was erased" in page
    assert f"/personal-data/receipts/{receipt.id}" in page
    assert dana.post("/personal-data/let-in", data={"address": ADDRESS}).status_code == 303
    assert "Nothing is held about this address." in dana.post("/personal-data/find", data={"address": ADDRESS}).text
    assert dana.post("/personal-data/let-in", data={"address": ADDRESS}).status_code == 409


def test_a_receipt_comes_as_text_and_as_json(world: World, dana: SignedInClient) -> None:
    receipt = world.erase()
    here = f"/personal-data/receipts/{receipt.id}"
    assert str(receipt.id) in dana.get(f"{here}/text").text
    assert json.loads(dana.get(f"{here}/json").text)["erased"]["contact_record"] == 1
    assert dana.get(f"{here}/pdf").status_code == 404


def test_a_stranger_of_the_queue_is_looked_up_by_address(world: World, dana: SignedInClient) -> None:
    world.desk.receive(world.desk.letter(sender=STRANGER))
    page = dana.post("/personal-data/find", data={"address": "nora@quist.example"}).text
    assert "Mail that is not placed yet" in page
    data = {"address": "nora@quist.example"}
    assert dana.post("/personal-data/erase", data=data | {"confirm": "nora@quist.example"}).status_code == 303
    assert tables_with(world.db, ("nora@quist",)) == {}
    assert "is not an e-mail address" in dana.post("/personal-data/find", data={"address": "nora"}).text


def test_an_auditor_looks_and_neither_exports_nor_erases(world: World, auditor: SignedInClient) -> None:
    page = auditor.get(f"/contacts/{world.zebra}/personal-data")
    assert page.status_code == 200
    assert "Erase…" not in page.text
    who = {"contact_id": str(world.zebra), "confirm": ADDRESS}
    for deed in ("export", "preview", "erase"):
        assert auditor.post(f"/personal-data/{deed}", data=who).status_code == 403
    assert auditor.get("/settings/retention").status_code == 200
    assert auditor.post("/settings/retention", data={}).status_code == 403


def test_the_contacts_page_leads_there_for_those_who_may(world: World, dana: SignedInClient, sign_in: SignIn) -> None:
    here = f"/contacts/{world.zebra}"
    assert f"{here}/personal-data" in dana.get(here).text
    assert f"{here}/personal-data" not in sign_in(world.book.alice).get(here).text


def test_no_address_stands_in_an_address_of_a_page(world: World, dana: SignedInClient) -> None:
    for path in ("find", "export", "preview", "erase", "let-in"):
        assert dana.get(f"/personal-data/{path}?address={ADDRESS}").status_code == 405


def test_rules_of_retention_are_looked_at_before_they_are_kept(world: World, dana: SignedInClient) -> None:
    world.desk.receive(world.desk.letter())
    said = {"mail_text": "6", "sent_text": "24", "waiting_mail": "", "audit_log": "12"}
    looked = dana.get("/settings/retention", query_string=said | {"preview": "1"}).text
    assert "Nothing has been changed yet" in looked
    assert "Keep these rules" not in dana.get("/settings/retention").text
    refused = dana.get("/settings/retention", query_string=said | {"preview": "1", "audit_log": "3"}).text
    assert "write 12 to 240 months" in refused
    assert "write 12 to 240 months" in dana.post("/settings/retention", data=said | {"audit_log": "3"}).text
    assert dana.post("/settings/retention", data=said).status_code == 303
    assert 'value="6"' in dana.get("/settings/retention").text


def test_the_command_line_shows_exports_and_erases(world: World, tmp_path: Path) -> None:
    world.desk.receive(world.desk.letter(sender=HERSELF, text="Five more"))

    def rapport(*arguments: str) -> str:
        done = CliRunner().invoke(personal_data, arguments, obj=world.runtime, catch_exceptions=False)
        return done.output

    assert "Text of mail: 1" in rapport("show", ADDRESS)
    out = tmp_path / "out.zip"
    rapport("export", ADDRESS, "--out", str(out))
    assert "about.json" in zipfile.ZipFile(out).namelist()
    assert "Nothing was changed. To erase, add: --confirm" in rapport("erase", ADDRESS)
    with pytest.raises(Invalid):
        rapport("erase", ADDRESS, "--confirm", ALIAS)
    assert "Receipt of an erasure" in rapport("erase", ADDRESS, "--confirm", ADDRESS)
    assert "Nothing is held" in rapport("show", ADDRESS)
    with world.db.reading() as session:
        assert session.scalars(select(ErasureReceipt)).one().by_name == "the command line"
    assert tables_with(world.db) == {}
