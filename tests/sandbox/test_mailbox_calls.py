"""Search, history, labels, watch, scopes, batch."""

from __future__ import annotations

import http.server
import json
import queue
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from server.sandbox import scopes
from server.sandbox.running import RunningSandbox


def subjects(caller: Any, **asked: Any) -> list[str]:
    found = []
    for ref in caller.get("/messages", **asked).get("messages", []):
        message = caller.get(f"/messages/{ref['id']}", format="metadata", metadataHeaders="Subject")
        found.append(message["payload"]["headers"][0]["value"])
    return found


@pytest.fixture
def mail(caller: Callable[..., Any], clock: Any, sandbox: RunningSandbox) -> Any:
    """Alice's mailbox: Old, two days before Fresh; Reply came in."""
    caller().send("To: zoe@customer.example", "Subject: Old", text="about onboarding")
    clock.step(days=2)
    alice = caller()
    alice.send("To: Yan <yan@other.example>", "Subject: Fresh", text="about renewal")
    reply = b"From: zoe@customer.example\r\nTo: alice@rapport.example\r\nSubject: Reply\r\n\r\nThanks"
    sandbox.deliver_raw(reply, to="alice@rapport.example", sender="zoe@customer.example")
    return alice


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Reply", "Fresh", "Old"]),
        ("to:zoe@customer.example", ["Old"]),
        ("to:yan", ["Fresh"]),
        ("from:zoe", ["Reply"]),
        ("subject:fresh", ["Fresh"]),
        ('subject:"fresh"', ["Fresh"]),
        ("renewal", ["Fresh"]),
        ("about -renewal", ["Old"]),
        ("in:sent", ["Fresh", "Old"]),
        ("in:inbox is:unread", ["Reply"]),
        ("label:sent newer_than:1d", ["Fresh"]),
        ("older_than:1d", ["Old"]),
        ("nothing-like-it", []),
    ],
)
def test_search_finds(mail: Any, query: str, expected: list[str]) -> None:
    assert subjects(mail, q=query) == expected


def test_search_by_date(mail: Any, clock: Any) -> None:
    yesterday = int(clock.now().timestamp()) - 86_400
    assert subjects(mail, q=f"before:{yesterday}") == ["Old"]
    assert subjects(mail, q=f"after:{clock.now():%Y/%m/%d}") == ["Reply", "Fresh"]


@pytest.mark.parametrize("query", ["has:attachment", "newer_than:soon", "after:yesterday", "is:nice"])
def test_search_refuses_what_it_does_not_know(mail: Any, query: str) -> None:
    assert mail.ask("GET", "/messages", q=query).status_code == 400


def test_trash_is_hidden_until_asked_for(mail: Any) -> None:
    (ref,) = mail.get("/messages", q="subject:old")["messages"]
    mail.post(f"/messages/{ref['id']}/trash", {})
    assert subjects(mail, q="subject:old") == []
    assert subjects(mail, q="subject:old in:trash") == ["Old"]
    assert subjects(mail, labelIds="TRASH") == ["Old"]


def test_history_tells_every_change_in_order(alice: Any) -> None:
    start = alice.get("/profile")["historyId"]
    label = alice.post("/labels", {"name": "Customers"})
    sent = alice.send("To: zoe@customer.example", "Subject: x")
    alice.post(f"/messages/{sent['id']}/modify", {"addLabelIds": [label["id"]]})
    alice.post("/messages/batchModify", {"ids": [sent["id"]], "removeLabelIds": [label["id"]]})
    body = alice.get("/history", startHistoryId=start)
    kinds = [next(key for key in change if key not in ("id", "messages")) for change in body["history"]]
    assert kinds == ["messagesAdded", "labelsAdded", "labelsRemoved"]
    assert body["historyId"] == body["history"][-1]["id"]
    only = alice.get("/history", startHistoryId=start, historyTypes="labelAdded")["history"]
    assert [change["labelsAdded"][0]["labelIds"] for change in only] == [[label["id"]]]
    assert "history" not in alice.get("/history", startHistoryId=start, labelId="INBOX")


@pytest.mark.peer_case(11)
@pytest.mark.parametrize("kind", ["messagesAdded", "MESSAGE_ADDED", "label"])
def test_a_kind_of_history_that_does_not_exist_is_refused_as_at_google(alice: Any, kind: str) -> None:
    """Case 11: a wrong spelling of historyTypes gave 400 on every run. Our own calls are tried on this sandbox."""
    start = alice.get("/profile")["historyId"]
    response = alice.ask("GET", "/history", startHistoryId=start, historyTypes=kind)
    assert (response.status_code, response.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_history_comes_in_pages(alice: Any) -> None:
    start = alice.get("/profile")["historyId"]
    for _ in range(3):
        alice.send("To: zoe@customer.example", "Subject: x")
    first = alice.get("/history", startHistoryId=start, maxResults=2)
    second = alice.get("/history", startHistoryId=start, maxResults=2, pageToken=first["nextPageToken"])
    assert (len(first["history"]), len(second["history"])) == (2, 1)
    assert "nextPageToken" not in second


@pytest.mark.parametrize("start", ["1", "99999999"])
def test_a_history_id_that_is_not_ours_is_404(alice: Any, start: str) -> None:
    response = alice.ask("GET", "/history", startHistoryId=start)
    assert (response.status_code, response.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_own_labels_come_and_go(alice: Any) -> None:
    label = alice.post("/labels", {"name": "Customers"})
    sent = alice.send("To: zoe@customer.example", "Subject: x")
    alice.post(f"/threads/{sent['threadId']}/modify", {"addLabelIds": [label["id"]]})
    assert alice.get(f"/labels/{label['id']}")["messagesTotal"] == 1
    assert subjects(alice, q="label:customers") == ["x"]
    assert alice.ask("POST", "/labels", {"name": "customers"}).status_code == 409
    assert alice.ask("DELETE", f"/labels/{label['id']}").status_code == 204
    assert alice.get(f"/messages/{sent['id']}", format="minimal")["labelIds"] == ["SENT"]
    assert alice.ask("DELETE", "/labels/INBOX").status_code == 400
    modify = {"addLabelIds": ["Label_unknown"]}
    assert alice.ask("POST", f"/messages/{sent['id']}/modify", modify).status_code == 400


def test_threads_are_listed_newest_first(mail: Any) -> None:
    threads = mail.get("/threads")["threads"]
    assert len(threads) == 3
    newest = mail.get(f"/threads/{threads[0]['id']}", format="metadata")
    assert newest["messages"][0]["snippet"] == "Thanks"


def test_every_call_asks_for_the_scopes_that_google_asks_for() -> None:
    text = files("googleapiclient").joinpath("discovery_cache/documents/gmail.v1.json").read_text("utf-8")
    found: dict[str, set[str]] = {}

    def walk(resource: dict[str, Any]) -> None:
        for method in resource.get("methods", {}).values():
            found[method["id"].removeprefix("gmail.users.")] = set(method["scopes"])
        for child in resource.get("resources", {}).values():
            walk(child)

    walk(json.loads(text)["resources"]["users"])
    for call, allowed in scopes.ALLOWED.items():
        without_addons = {scope for scope in found[call] if "/gmail.addons." not in scope}
        assert allowed == without_addons, call


def test_a_call_without_its_scope_is_403(caller: Callable[..., Any]) -> None:
    response = caller(scopes=(scopes.SEND,)).ask("GET", "/messages")
    assert response.status_code == 403
    assert response.json()["error"]["errors"][0]["reason"] == "insufficientPermissions"
    assert "insufficient_scope" in response.headers["WWW-Authenticate"]


def test_the_metadata_scope_takes_away_even_what_another_gives(caller: Callable[..., Any], alice: Any) -> None:
    sent = alice.send("To: zoe@customer.example", "Subject: x")
    both = caller(scopes=(scopes.METADATA, scopes.READONLY))
    assert both.ask("GET", f"/messages/{sent['id']}", format="metadata").status_code == 200
    assert both.ask("GET", f"/messages/{sent['id']}", format="full").status_code == 403
    assert both.ask("GET", f"/messages/{sent['id']}", format="raw").status_code == 403
    assert both.ask("GET", "/messages", q="x").status_code == 403


def test_a_token_ends_after_an_hour(alice: Any, clock: Any) -> None:
    clock.step(seconds=3599)
    assert alice.ask("GET", "/profile").status_code == 200
    clock.step(seconds=1)
    response = alice.ask("GET", "/profile")
    assert response.status_code == 401
    assert response.json()["error"]["status"] == "UNAUTHENTICATED"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_another_persons_mailbox_is_closed(alice: Any, sandbox: RunningSandbox) -> None:
    for user, status in (("alice@rapport.example", 200), ("bob@rapport.example", 403)):
        url = f"{sandbox.base_url}/gmail/v1/users/{user}/profile"
        answer = requests.get(url, headers={"Authorization": f"Bearer {alice.token}"}, timeout=5)
        assert answer.status_code == status


def test_an_unknown_call_answers_as_google_does(alice: Any) -> None:
    response = alice.ask("GET", "/settings/filters")
    assert (response.status_code, response.json()["error"]["code"]) == (404, 404)


def test_a_batch_takes_at_most_a_hundred(alice: Any, sandbox: RunningSandbox) -> None:
    def batch(number: int) -> requests.Response:
        head = "--b\r\nContent-Type: application/http\r\nContent-ID: <x + {}>\r\n\r\n"
        part = head + "GET /gmail/v1/users/me/profile HTTP/1.1\r\n\r\n\r\n"
        body = "".join(part.format(index) for index in range(number)) + "--b--"
        headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": "multipart/mixed; boundary=b"}
        return requests.post(f"{sandbox.base_url}/batch/gmail/v1", data=body, headers=headers, timeout=20)

    good = batch(2)
    assert good.text.count("HTTP/1.1 200 OK") == 2
    assert "Content-ID: <response-x + 1>" in good.text
    assert batch(101).status_code == 400


class _Receiver(http.server.BaseHTTPRequestHandler):
    got: queue.Queue[tuple[dict[str, str], Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.got.put((dict(self.headers), body))

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[tuple[str, queue.Queue[tuple[dict[str, str], Any]]]]:
    _Receiver.got = queue.Queue()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/push", _Receiver.got
        server.shutdown()
        thread.join()


def test_a_watched_mailbox_is_pushed_about(alice: Any, sandbox: RunningSandbox, receiver: Any) -> None:
    url, got = receiver
    target = {"url": url, "audience": "rapport", "service_account": "push@example.iam.gserviceaccount.com"}
    assert requests.post(f"{sandbox.base_url}/_sandbox/push", json=target, timeout=5).status_code == 204
    watch = alice.post("/watch", {"topicName": "projects/p/topics/t", "labelIds": ["INBOX"]})
    assert int(watch["expiration"]) > 0
    alice.send("To: zoe@customer.example", "Subject: not in the inbox")
    reply = b"From: zoe@customer.example\r\nTo: alice@rapport.example\r\nSubject: Reply\r\n\r\nThanks"
    sandbox.deliver_raw(reply, to="alice@rapport.example", sender="zoe@customer.example")
    headers, body = got.get(timeout=5)
    data = json.loads(b64decode(body["message"]["data"]))
    assert data == {"emailAddress": "alice@rapport.example", "historyId": int(alice.get("/profile")["historyId"])}
    keys = KeySet.import_key_set(requests.get(f"{sandbox.base_url}/oauth2/v3/certs", timeout=5).json())
    token = jwt.decode(headers["Authorization"].removeprefix("Bearer "), keys, algorithms=["RS256"])
    assert token.claims["aud"] == "rapport"
    assert token.claims["email"] == "push@example.iam.gserviceaccount.com"
    alice.post("/stop", {})
    sandbox.deliver_raw(reply, to="alice@rapport.example", sender="zoe@customer.example")
    assert got.empty()
    requests.post(f"{sandbox.base_url}/_sandbox/push", json={"url": None}, timeout=5)


def test_push_does_not_leave_this_machine(sandbox: RunningSandbox) -> None:
    answer = requests.post(f"{sandbox.base_url}/_sandbox/push", json={"url": "http://example.com/"}, timeout=5)
    assert answer.status_code == 422
