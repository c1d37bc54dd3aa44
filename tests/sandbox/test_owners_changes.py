"""What an owner does in Gmail, and mail put there in bulk, by the sandbox's controls."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from server.sandbox.running import RunningSandbox

ALICE = "alice@rapport.example"


@pytest.fixture
def control(sandbox: RunningSandbox) -> Any:
    def post(path: str, body: object) -> requests.Response:
        return requests.post(f"{sandbox.base_url}/_sandbox/{path}", json=body, timeout=10)

    return post


def a_mail(subject: str, *headers: str) -> dict[str, Any]:
    raw = "\r\n".join(("From: zoe@customer.example", f"Subject: {subject}", *headers, "", "Hello")).encode()
    return {"raw": base64.urlsafe_b64encode(raw).decode()}


def put(control: Any, *messages: dict[str, Any]) -> list[str]:
    answer = control("mail/bulk", {"mailbox": ALICE, "messages": list(messages)})
    assert answer.status_code == 201, answer.text
    ids: list[str] = answer.json()["ids"]
    return ids


def listed(alice: Any, **asked: Any) -> list[str]:
    return [ref["id"] for ref in alice.get("/messages", **asked).get("messages", [])]


def kinds_since(alice: Any, start: str) -> list[str]:
    history = alice.get("/history", startHistoryId=start).get("history", [])
    return [next(key for key in change if key not in ("id", "messages")) for change in history]


def test_mail_in_bulk_stands_where_and_when_it_was_put(control: Any, alice: Any) -> None:
    start = alice.get("/profile")["historyId"]
    old = {**a_mail("Old"), "labels": ["SENT"], "at": 1_700_000_000_000}
    first, second = put(control, old, a_mail("New"))
    assert listed(alice) == [second, first]
    message = alice.get(f"/messages/{first}", format="minimal")
    assert (message["labelIds"], message["internalDate"]) == (["SENT"], "1700000000000")
    assert alice.get(f"/messages/{second}", format="minimal")["labelIds"] == ["INBOX", "UNREAD"]
    assert kinds_since(alice, start) == ["messagesAdded", "messagesAdded"]


def test_mail_without_a_message_id_stays_without_one(control: Any, alice: Any) -> None:
    (found,) = put(control, a_mail("Bare"))
    headers = alice.get(f"/messages/{found}", format="metadata")["payload"]["headers"]
    assert {header["name"] for header in headers} == {"From", "Subject"}


def test_replies_put_in_bulk_join_their_thread(control: Any, alice: Any) -> None:
    first, reply = put(
        control,
        a_mail("Plan", "Message-ID: <1@customer.example>"),
        a_mail("Re: Plan", "In-Reply-To: <1@customer.example>"),
    )
    assert [one["id"] for one in alice.get(f"/threads/{first}")["messages"]] == [first, reply]


@pytest.mark.parametrize(
    "body", [{}, {"mailbox": ALICE}, {"mailbox": ALICE, "messages": [{}]}, {"mailbox": ALICE, "messages": [7]}]
)
def test_half_a_bulk_is_refused_with_words(control: Any, body: object) -> None:
    answer = control("mail/bulk", body)
    assert answer.status_code == 422
    assert "Give mailbox" in answer.json()["error"]


def test_a_bulk_with_an_unknown_label_puts_nothing(control: Any, alice: Any) -> None:
    messages = [a_mail("One"), {**a_mail("Two"), "labels": ["Label_nobody_knows"]}]
    assert control("mail/bulk", {"mailbox": ALICE, "messages": messages}).status_code == 422
    assert listed(alice) == []


def test_an_owner_trashes_archives_and_deletes(control: Any, alice: Any) -> None:
    (found,) = put(control, a_mail("Mine"))
    start = alice.get("/profile")["historyId"]
    for change in ({"remove": ["INBOX"]}, {"add": ["TRASH"]}):
        assert control("labels", {"mailbox": ALICE, "id": found, **change}).status_code == 204
    assert listed(alice) == []
    assert control("delete", {"mailbox": ALICE, "id": found}).status_code == 204
    assert alice.ask("GET", f"/messages/{found}").status_code == 404
    assert kinds_since(alice, start) == ["labelsRemoved", "labelsAdded", "messagesDeleted"]
    assert control("delete", {"mailbox": ALICE, "id": found}).status_code == 404


def test_what_comes_and_goes_between_two_pages_shifts_nothing(control: Any, alice: Any) -> None:
    ids = put(control, *(a_mail(f"Mail {number}") for number in range(6)))[::-1]
    first = alice.get("/messages", maxResults=3)
    control("delete", {"mailbox": ALICE, "id": ids[0]})
    put(control, a_mail("Late"), a_mail("Later"))
    second = alice.get("/messages", maxResults=3, pageToken=first["nextPageToken"])
    assert [ref["id"] for ref in (*first["messages"], *second["messages"])] == ids


def test_a_fault_can_concern_one_message_alone(sandbox: RunningSandbox, control: Any, alice: Any) -> None:
    broken, whole = put(control, a_mail("Broken"), a_mail("Whole"))
    sandbox.add_fault("messages.get", "500", about=broken, times=2)
    assert alice.ask("GET", f"/messages/{whole}").status_code == 200
    assert [alice.ask("GET", f"/messages/{broken}").status_code for _ in range(3)] == [500, 500, 200]


@pytest.mark.parametrize(("call", "path"), [("messages.list", "/messages"), ("history.list", "/history")])
def test_an_empty_page_leads_to_the_same_place(
    sandbox: RunningSandbox, control: Any, alice: Any, call: str, path: str
) -> None:
    start = alice.get("/profile")["historyId"]
    put(control, a_mail("One"))
    sandbox.add_fault(call, "empty-page")
    empty = alice.get(path, startHistoryId=start)
    assert not {"messages", "history"} & set(empty)
    assert {"messages", "history"} & set(alice.get(path, startHistoryId=start, pageToken=empty["nextPageToken"]))
