"""The browser's side, the control API, and what holds the sandbox on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from server.errors import Forbidden
from server.sandbox.config import SandboxConfig
from server.sandbox.running import RunningSandbox
from server.sandbox.serve import run

ZOE = "zoe@customer.example"
EVIL = "<script>alert(1)</script>"


def page(sandbox: RunningSandbox, path: str) -> requests.Response:
    return requests.get(sandbox.base_url + path, timeout=5)


@pytest.fixture
def html_mail(alice: Any, sandbox: RunningSandbox) -> str:
    """The id, in Zoe's mailbox, of a mail that tries things."""
    alice.send(
        "From: alice@rapport.example",
        f'To: "{EVIL}" <{ZOE}>',
        f"Subject: {EVIL}",
        "Content-Type: text/html; charset=utf-8",
        text=f"<p>Hello</p>{EVIL}",
    )
    return str(sandbox.deliveries(to=ZOE)[0]["id"])


def test_pages_show_text_and_never_run_it(sandbox: RunningSandbox, html_mail: str) -> None:
    paths = ("/", f"/mail/{ZOE}/", "/mail/alice@rapport.example/sent/", f"/mail/{ZOE}/message/{html_mail}")
    for path in paths:
        response = page(sandbox, path)
        assert response.status_code == 200
        assert "<script" not in response.text
        assert "not Google" in response.text
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
    assert "&lt;script&gt;" in page(sandbox, paths[-1]).text


def test_the_body_is_boxed_in(sandbox: RunningSandbox, html_mail: str) -> None:
    frame = page(sandbox, f"/mail/{ZOE}/message/{html_mail}").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    body = page(sandbox, f"/mail/{ZOE}/message/{html_mail}/body")
    assert "<p>Hello</p>" in body.text
    policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


def test_reading_marks_as_read(sandbox: RunningSandbox, html_mail: str) -> None:
    assert "1 unread of 1" in page(sandbox, "/").text
    page(sandbox, f"/mail/{ZOE}/message/{html_mail}")
    assert "0 unread of 1" in page(sandbox, "/").text


def test_a_customers_reply_comes_into_the_right_thread(alice: Any, sandbox: RunningSandbox) -> None:
    sent = alice.send("From: Alice <alice@rapport.example>", f"To: Zoe <{ZOE}>", "Subject: Review")
    (delivery,) = sandbox.deliveries(to=ZOE)
    url = f"{sandbox.base_url}/mail/{ZOE}/message/{delivery['id']}/reply"
    assert requests.post(url, data={"text": "Gladly!"}, timeout=5).status_code == 200
    _, reply = alice.get(f"/threads/{sent['threadId']}", format="metadata")["messages"]
    headers = {header["name"]: header["value"] for header in reply["payload"]["headers"]}
    assert headers["Subject"] == "Re: Review"
    assert headers["In-Reply-To"] == headers["References"] == delivery["headers"]["message-id"]
    assert headers["From"] == f"Zoe <{ZOE}>"
    assert set(reply["labelIds"]) == {"INBOX", "UNREAD"}
    assert reply["snippet"].startswith("Gladly!")


def test_a_customer_may_write_first(sandbox: RunningSandbox, alice: Any) -> None:
    alice.send(f"To: {ZOE}", "Subject: x")
    form = {"to": "alice@rapport.example", "subject": "Question\r\nBcc: eve@evil.example", "text": "How?"}
    assert requests.post(f"{sandbox.base_url}/mail/{ZOE}/write", data=form, timeout=5).status_code == 200
    (delivery,) = sandbox.deliveries(to="alice@rapport.example")
    assert delivery["subject"] == "Question Bcc: eve@evil.example"
    assert sandbox.deliveries(to="eve@evil.example") == []


def test_another_site_cannot_post(sandbox: RunningSandbox) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    for path in (f"/mail/{ZOE}/write", "/_sandbox/reset", "/o/oauth2/v2/auth/consent"):
        assert requests.post(sandbox.base_url + path, headers=headers, timeout=5).status_code == 403


def test_consent_may_lead_back_to_rapport_only(sandbox: RunningSandbox) -> None:
    policy = page(sandbox, "/").headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:8400;" in policy


@pytest.mark.parametrize("path", ["/mail/nobody@customer.example/", "/mail/alice@rapport.example/message/1/body"])
def test_what_is_not_there_is_404(sandbox: RunningSandbox, path: str) -> None:
    assert page(sandbox, path).status_code == 404


def test_faults_are_listed_used_up_and_cleared(sandbox: RunningSandbox, alice: Any) -> None:
    url = f"{sandbox.base_url}/_sandbox/faults"
    fault = {"match": "getProfile", "mailbox": "alice@rapport.example", "fault": "503", "times": 2}
    assert requests.post(url, json=fault, timeout=5).status_code == 201
    assert alice.ask("GET", "/profile").status_code == 503
    (left,) = requests.get(url, timeout=5).json()
    assert (left["match"], left["times"]) == ("getProfile", 1)
    assert requests.delete(url, timeout=5).status_code == 204
    assert alice.ask("GET", "/profile").status_code == 200
    assert requests.post(url, json={"match": "x", "fault": "odd"}, timeout=5).status_code == 422


def test_a_fault_is_for_its_mailbox_only(sandbox: RunningSandbox, alice: Any, bob: Any) -> None:
    sandbox.add_fault("getProfile", "500", mailbox="bob@rapport.example")
    assert alice.ask("GET", "/profile").status_code == 200
    assert bob.ask("GET", "/profile").status_code == 500


def test_the_log_counts_calls_by_mailbox(sandbox: RunningSandbox, alice: Any) -> None:
    alice.get("/profile")
    alice.get("/profile")
    log = requests.get(f"{sandbox.base_url}/_sandbox/log", timeout=5).json()
    assert log == [{"method": "getProfile", "mailbox": "alice@rapport.example", "count": 2}]


def test_a_cut_leaves_no_byte_of_an_answer(sandbox: RunningSandbox, alice: Any) -> None:
    for fault in ("cut-before", "cut-after"):
        sandbox.add_fault("labels.create", fault)
        with pytest.raises(requests.ConnectionError, match="without response"):
            alice.ask("POST", "/labels", {"name": fault})
    names = {label["name"] for label in alice.get("/labels")["labels"]}
    assert "cut-after" in names
    assert "cut-before" not in names


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[tuple[RunningSandbox, str]]:
    with RunningSandbox(tmp_path / "s.sqlite3") as first:
        keys = requests.get(f"{first.base_url}/oauth2/v3/certs", timeout=5).text
        mail = b"From: zoe@customer.example\r\nSubject: Kept\r\n\r\nHello"
        first.deliver_raw(mail, to="alice@rapport.example", sender=ZOE)
    with RunningSandbox(tmp_path / "s.sqlite3") as second:
        yield second, keys


def test_a_second_start_keeps_mail_and_key(restarted: tuple[RunningSandbox, str]) -> None:
    sandbox, keys = restarted
    assert "Kept" in page(sandbox, "/mail/alice@rapport.example/").text
    assert page(sandbox, "/oauth2/v3/certs").text == keys


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_it_listens_on_this_machine_only(tmp_path: Path, host: str) -> None:
    config = SandboxConfig(
        data_path=tmp_path / "s.sqlite3", base_url="http://127.0.0.1", redirect_uris_prefix="http://127.0.0.1:8400"
    )
    with pytest.raises(Forbidden, match="anybody"):
        run(config, host, 0)
