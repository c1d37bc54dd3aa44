"""The REST API: what it answers, and how it refuses."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from server.ctas import queries
from server.runtime import Runtime
from server.sends.models import OutboundState
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.ctas.composer import emails_in_outbox, use_template
from tests.web.pages import ON_SQLITE, add_note, put_into_outbox

SignIn = Callable[[uuid.UUID], SignedInClient]
V1 = "/api/v1"


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The problem details of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    found: dict[str, Any] = answer.get_json()
    assert found["status"] == status
    assert found["title"]
    assert found["request_id"]
    assert found["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "no-store"
    return found


@ON_SQLITE
def test_a_stranger_is_refused_everywhere(app: Flask, book: Book) -> None:
    client = app.test_client()
    for path in ("accounts", "ctas", "outbound-emails", f"accounts/{book.account}", f"ctas/{book.cta}"):
        assert "/sign-in" in problem(client.get(f"{V1}/{path}"), 401)["cure"]
    problem(client.get("/api/openapi.json"), 401)
    problem(client.post(f"{V1}/tasks/{book.to_do}/complete"), 401)


@ON_SQLITE
def test_what_is_not_there_is_refused_with_words(book: Book, sign_in: SignIn) -> None:
    client, nobody = sign_in(book.alice), uuid.uuid4()
    for path in (
        f"accounts/{nobody}",
        f"accounts/{nobody}/contacts",
        f"accounts/{nobody}/timeline",
        f"ctas/{nobody}",
        f"outbound-emails/{nobody}",
    ):
        assert problem(client.get(f"{V1}/{path}"), 404)["detail"].startswith("There is no such")
    for path in ("nothing", "accounts/1", "accounts/", "accounts/%00"):
        problem(client.get(f"{V1}/{path}"), 404)
    for deed in ("complete", "email/preview", "email/send"):
        body = {"contact_ids": [str(nobody)], "seen": {}} if deed.endswith("send") else {"contact_ids": [str(nobody)]}
        problem(client.post(f"{V1}/tasks/{nobody}/{deed}", json=None if deed == "complete" else body), 404)
    problem(client.post(f"{V1}/outbound-emails/{nobody}/cancel"), 404)
    refused = client.delete(f"{V1}/accounts")
    problem(refused, 405)
    assert "GET" in refused.headers["Allow"]


@ON_SQLITE
def test_what_belongs_to_somebody_else_is_refused(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn
) -> None:
    email_id = put_into_outbox(runtime, book, alices_mailbox)
    for user_id in (book.bob, book.charlie):
        client = sign_in(user_id)
        problem(client.get(f"{V1}/outbound-emails/{email_id}"), 403)
        problem(client.post(f"{V1}/outbound-emails/{email_id}/cancel"), 403)
        problem(client.post(f"{V1}/tasks/{book.to_do}/complete"), 403)
        body = {"contact_ids": [str(book.tom)]}
        refused = problem(client.post(f"{V1}/tasks/{book.email_task}/email/preview", json=body), 403)["detail"]
        assert ("somebody else" in refused) is (user_id == book.bob)
        assert ("for TAMs, Managers and Admins" in refused) is (user_id == book.charlie)
        problem(client.post(f"{V1}/tasks/{book.email_task}/email/send", json={**body, "seen": {}}), 403)
    assert sign_in(book.bob).get(f"{V1}/outbound-emails").get_json()["items"] == []


@ON_SQLITE
def test_bad_bodies_are_told_apart_and_name_the_field(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    path = f"{V1}/tasks/{book.email_task}/email/preview"
    json_type = {"content_type": "application/json"}
    for body in (b"{", b"", b"\xff", b'{"contact_ids": [}', b"[" * 3000):
        answer = client.post(path, data=body, **json_type)
        assert answer.status_code in (400, 422), body
        problem(answer, answer.status_code)
    problem(client.post(path, data=b"{", **json_type), 400)
    ids = [str(book.tom)]
    for wrong, field in (
        ({"contact_ids": ids, "surprise": 1}, "surprise"),
        ({}, "contact_ids"),
        ({"contact_ids": []}, "contact_ids"),
        ({"contact_ids": ["x"]}, "contact_ids"),
        ({"contact_ids": ids * 26}, "contact_ids"),
        ({"contact_ids": ids, "subject": 7}, "subject"),
        ({"contact_ids": ids, "subject": "a" * 501}, "subject"),
        ({"contact_ids": ids, "blocks": ["x"]}, "blocks"),
        ({"contact_ids": ids, "blocks": {"opening": None}}, "blocks"),
        ({"contact_ids": ids, "blocks": None}, "blocks"),
        ({"contact_ids": ids, "subject": "\ud800"}, "subject"),
        ({"contact_ids": ids, "blocks": {"\ud800": "x"}}, "blocks"),
    ):
        assert field in problem(client.post(path, json=wrong), 422)["errors"]["json"], wrong
    for wrong, field in (
        ({"contact_ids": ids, "subject": "{{ contact.__class__ }}"}, "subject"),
        ({"contact_ids": ids, "blocks": {"no-such-block": "x"}}, "no-such-block"),
    ):
        assert field in problem(client.post(path, json=wrong), 422)["errors"], wrong
    assert "does not belong" in problem(client.post(path, json={"contact_ids": [str(uuid.uuid4())]}), 422)["detail"]
    problem(client.post(path, json=[]), 422)
    problem(client.post(path, data="x", content_type="text/plain"), 422)
    problem(client.post(path, data=b"a" * 3_000_000, **json_type), 413)


@ON_SQLITE
def test_texts_that_no_database_keeps_are_refused(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    [prepared] = client.post(
        f"{V1}/tasks/{book.email_task}/email/preview", json={"contact_ids": [str(book.tom)]}
    ).get_json()
    use_template(runtime, book, "ebr-summary")
    for text in ("a\0b", "\ud800", "\udfff lone", "\ufffe", "a\u2028b\u0085c"):
        body = {"contact_ids": [str(book.tom)], "blocks": {"results": text}}
        answer = client.post(f"{V1}/tasks/{book.email_task}/email/preview", json=body)
        assert answer.status_code in (200, 422), (text, answer.text)
        seen = {one["contact_id"]: one["digest"] for one in answer.get_json()} if answer.status_code == 200 else {}
        sent = client.post(f"{V1}/tasks/{book.email_task}/email/send", json={**body, "seen": seen})
        assert sent.status_code in (202, 409, 422), (text, sent.text)
    assert prepared["digest"]


def test_the_email_of_a_task_is_previewed_and_sent_once(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    path, body = f"{V1}/tasks/{book.email_task}/email", {"contact_ids": [str(book.tom)], "subject": "Hi {{ today }}"}
    [prepared] = client.post(f"{path}/preview", json=body).get_json()
    assert prepared["contact_id"] == str(book.tom)
    assert prepared["subject"].startswith("Hi ")
    assert prepared["problem"] == ""
    assert "Tom" in prepared["html"]
    assert "different" not in problem(client.post(f"{path}/send", json={**body, "seen": {}}), 409)
    assert emails_in_outbox(runtime) == 0
    sent = client.post(f"{path}/send", json={**body, "seen": {str(book.tom): prepared["digest"]}})
    assert sent.status_code == 202
    [email] = sent.get_json()
    assert (email["state"], email["to_email"]) == ("queued", "tom@helios.example")
    problem(client.post(f"{path}/send", json={**body, "seen": {str(book.tom): prepared["digest"]}}), 409)
    assert emails_in_outbox(runtime) == 1
    assert client.get(f"{V1}/outbound-emails/{email['id']}").get_json()["id"] == email["id"]
    assert client.post(f"{V1}/outbound-emails/{email['id']}/cancel").get_json()["state"] == "cancelled"
    problem(client.post(f"{V1}/outbound-emails/{email['id']}/cancel"), 409)


def test_lists_are_read_page_by_page(runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn) -> None:
    for number in range(5):
        add_note(runtime, book.account, f"{number}", days_ago=number)
        put_into_outbox(runtime, book, alices_mailbox, state=OutboundState.SENT, sent_at=runtime.clock.now())
    client = sign_in(book.alice)
    for path, key in ((f"accounts/{book.account}/timeline", "subject"), ("outbound-emails", "id")):
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            page = client.get(f"{V1}/{path}", query_string=query).get_json()
            assert 1 <= len(page["items"]) <= 2
            seen += [item[key] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert len(seen) == len(set(seen)) == 5, path
    for limit in ("0", "-1", "201", "9" * 400, "x", "1.5", ""):
        assert "limit" in problem(client.get(f"{V1}/accounts?limit={limit}"), 422)["errors"]["query"], limit
    for cursor in ("x", "%00", "9" * 400):
        for path in ("accounts", "ctas", "outbound-emails", f"accounts/{book.account}/timeline"):
            problem(client.get(f"{V1}/{path}?cursor={cursor}"), 422)


def test_records_are_given_whole(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.charlie)
    account = client.get(f"{V1}/accounts/{book.account}").get_json()
    assert (account["name"], account["arr"], account["renewal_on"]) == ("Helios Energy", "858000.00", "2027-09-30")
    people = client.get(f"{V1}/accounts/{book.account}/contacts").get_json()
    assert [(one["last_name"], one["opted_out_at"] is not None) for one in people] == [
        ("Becker", False), ("Holt", True), ("Nair", False),
    ]  # fmt: skip
    cta = client.get(f"{V1}/ctas/{book.cta}").get_json()
    assert [task["kind"] for task in cta["tasks"]] == ["email", "to_do"]
    assert client.get(f"{V1}/ctas").get_json()["items"] == []
    assert client.get(f"{V1}/ctas?mine=false").get_json()["items"] == [cta]
    done = sign_in(book.alice).post(f"{V1}/tasks/{book.to_do}/complete").get_json()
    with runtime.db.reading() as session:
        assert done["done_at"] == queries.task(session, book.to_do).done_at.isoformat()  # type: ignore[union-attr]
    problem(sign_in(book.alice).post(f"{V1}/tasks/{book.email_task}/complete"), 409)


@pytest.mark.parametrize("name", ["type", "status"])
@ON_SQLITE
def test_a_choice_that_is_not_on_the_list_is_refused(book: Book, sign_in: SignIn, name: str) -> None:
    answer = sign_in(book.alice).get(f"{V1}/ctas", query_string={name: "x\0"})
    assert name in problem(answer, 422)["errors"]
