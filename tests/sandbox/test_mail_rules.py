"""Gmail's ways with mail: what it rewrites, whom it reaches, what joins a thread."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from server.sandbox.running import RunningSandbox

TO_ZOE = ("From: Alice <alice@rapport.example>", "To: Zoe <zoe@customer.example>", "Subject: Review")


def headers_of(caller: Any, message_id: str) -> dict[str, str]:
    message = caller.get(f"/messages/{message_id}", format="metadata")
    return {header["name"].lower(): header["value"] for header in message["payload"]["headers"]}


def test_ids_are_16_hex_digits(alice: Any) -> None:
    sent = alice.send(*TO_ZOE)
    assert re.fullmatch(r"[0-9a-f]{16}", sent["id"])
    assert sent["threadId"] == sent["id"]


def test_the_message_id_is_gmails_own_and_other_headers_stay(alice: Any, sandbox: RunningSandbox) -> None:
    sent = alice.send(*TO_ZOE, "Message-ID: <mine@rapport.example>", "X-Rapport-Id: 42")
    headers = headers_of(alice, sent["id"])
    assert headers["message-id"].endswith("@mail.gmail.com>")
    assert headers["x-rapport-id"] == "42"
    (delivery,) = sandbox.deliveries(to="zoe@customer.example")
    assert delivery["headers"]["message-id"] == headers["message-id"]


def test_bcc_stays_with_the_sender_only(alice: Any, bob: Any, sandbox: RunningSandbox) -> None:
    sent = alice.send(*TO_ZOE, "Bcc: bob@rapport.example")
    assert headers_of(alice, sent["id"])["bcc"] == "bob@rapport.example"
    (got,) = bob.get("/messages", labelIds="INBOX")["messages"]
    assert "bcc" not in headers_of(bob, got["id"])
    assert {delivery["to"] for delivery in sandbox.deliveries()} == {"zoe@customer.example", "bob@rapport.example"}


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("Alice <alice@rapport.example>", "Alice <alice@rapport.example>"),
        ("Team <cs@rapport.example>", "Team <cs@rapport.example>"),
        ("The Boss <boss@rapport.example>", "Alice Moreau <alice@rapport.example>"),
        ("nonsense", "Alice Moreau <alice@rapport.example>"),
    ],
)
def test_from_is_an_address_of_the_account_or_becomes_one(alice: Any, asked: str, seen: str) -> None:
    sent = alice.send(f"From: {asked}", "To: zoe@customer.example", "Subject: x")
    assert headers_of(alice, sent["id"])["from"] == seen


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (("Subject: x",), "Recipient address required"),
        (("To: zoe", "Subject: x"), "Invalid To header"),
        (("To: zoe@customer.example", "Cc: @nobody", "Subject: x"), "Invalid Cc header"),
    ],
)
def test_recipients_must_be_addresses(alice: Any, headers: tuple[str, ...], message: str) -> None:
    raw = base64.urlsafe_b64encode("\r\n".join([*headers, "", "Hello"]).encode()).decode()
    response = alice.ask("POST", "/messages/send", {"raw": raw})
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["message"], error["errors"][0]["reason"]) == (message, "invalidArgument")


@pytest.mark.parametrize("raw", ["", "a+b/", "====", 7, None])
def test_raw_must_be_base64url(alice: Any, raw: object) -> None:
    assert alice.ask("POST", "/messages/send", {"raw": raw}).status_code == 400


def test_mail_to_another_user_arrives_unread(alice: Any, bob: Any) -> None:
    alice.send("To: bob@rapport.example", "Subject: Hi")
    (got,) = bob.get("/messages", q="is:unread in:inbox")["messages"]
    assert set(bob.get(f"/messages/{got['id']}", format="minimal")["labelIds"]) == {"INBOX", "UNREAD"}


def test_mail_to_oneself_is_sent_and_received_as_one(alice: Any) -> None:
    sent = alice.send("To: alice@rapport.example", "Subject: Note")
    assert set(sent["labelIds"]) == {"SENT", "INBOX", "UNREAD"}
    assert alice.get("/profile")["messagesTotal"] == 1


@pytest.mark.parametrize(
    ("subject", "refers", "joins"),
    [("Re: Review", True, True), ("Review", True, True), ("Another", True, False), ("Re: Review", False, False)],
)
def test_a_thread_is_joined_by_references_and_subject(alice: Any, subject: str, refers: bool, joins: bool) -> None:
    first = alice.send(*TO_ZOE)
    message_id = headers_of(alice, first["id"])["message-id"]
    references = (f"References: {message_id}",) if refers else ()
    headers = ("To: zoe@customer.example", f"Subject: {subject}", *references)
    second = alice.send(*headers, thread_id=first["threadId"])
    assert (second["threadId"] == first["threadId"]) is joins


def test_a_thread_that_is_not_there_is_404(alice: Any) -> None:
    raw = base64.urlsafe_b64encode(b"To: zoe@customer.example\r\n\r\nHello").decode()
    response = alice.ask("POST", "/messages/send", {"raw": raw, "threadId": "1111111111111111"})
    assert response.status_code == 404


def test_a_draft_keeps_its_id_when_its_message_changes(alice: Any) -> None:
    raw = base64.urlsafe_b64encode("\r\n".join([*TO_ZOE, "", "One"]).encode()).decode()
    draft = alice.post("/drafts", {"message": {"raw": raw}})
    response = alice.ask("PUT", f"/drafts/{draft['id']}", {"message": {"raw": raw}})
    updated = response.json()
    assert updated["id"] == draft["id"]
    assert updated["message"]["id"] != draft["message"]["id"]
    assert updated["message"]["threadId"] == draft["message"]["threadId"]
    sent = alice.post("/drafts/send", {"id": draft["id"]})
    assert sent["id"] != updated["message"]["id"]
    assert sent["labelIds"] == ["SENT"]
    assert "drafts" not in alice.get("/drafts")
    assert alice.ask("POST", "/drafts/send", {"id": draft["id"]}).status_code == 404


def test_a_draft_sent_by_two_at_once_goes_out_once(alice: Any, sandbox: RunningSandbox) -> None:
    raw = base64.urlsafe_b64encode("\r\n".join([*TO_ZOE, "", "One"]).encode()).decode()
    draft = alice.post("/drafts", {"message": {"raw": raw}})
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(alice.ask, "POST", "/drafts/send", {"id": draft["id"]}) for _ in range(8)]
        statuses = sorted(answer.result().status_code for answer in answers)
    assert statuses == [200, *[404] * 7]
    assert len(sandbox.deliveries(to="zoe@customer.example")) == 1


def test_formats_show_what_they_promise(alice: Any) -> None:
    sent = alice.send(*TO_ZOE, text="Hello <b>")
    path = f"/messages/{sent['id']}"
    assert "payload" not in alice.get(path, format="minimal")
    picked = alice.get(path, format="metadata", metadataHeaders="subject")
    assert [header["name"] for header in picked["payload"]["headers"]] == ["Subject"]
    full = alice.get(path)
    assert base64.urlsafe_b64decode(full["payload"]["body"]["data"]) == b"Hello <b>"
    assert full["snippet"] == "Hello &lt;b&gt;"
    raw = base64.urlsafe_b64decode(alice.get(path, format="raw")["raw"])
    assert raw.endswith(b"\r\n\r\nHello <b>")
    assert alice.ask("GET", path, format="odd").status_code == 400
