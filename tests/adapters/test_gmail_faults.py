"""When the network or Gmail fails: one request reaches the server, and the caller learns whether it was done."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.adapters.gmail import GoogleGmail
from server.adapters.google_endpoints import GoogleEndpoints
from server.clock import SystemClock
from server.ports.errors import AccessLost, HistoryExpired, Missing, OutcomeUnknown, PortError, Throttled
from server.ports.gmail import GmailMailbox, MessageFormat, OAuthTokens
from server.sandbox.running import RunningSandbox

ALICE = "alice@rapport.example"
ZOE = "zoe@customer.example"
RAW = b"From: alice@rapport.example\r\nTo: zoe@customer.example\r\nSubject: Review\r\nX-Rapport-Id: 42\r\n\r\nHello"

POSTS = ("drafts.create", "drafts.send", "messages.send")
UNKNOWN = ("cut-before", "cut-after", "500", "503", "503-after", "slow-after")
DONE = ("cut-after", "503-after", "slow-after")


def post(mailbox: GmailMailbox, call: str, draft_id: str) -> object:
    if call == "drafts.create":
        return mailbox.create_draft(RAW)
    return mailbox.send_draft(draft_id) if call == "drafts.send" else mailbox.send_message(RAW)


def fails(sandbox: RunningSandbox, mailbox: GmailMailbox, call: str, fault: str, **more: Any) -> PortError:
    """Make one call with this fault waiting; two are waiting, so that a hidden second try would fail as well."""
    draft_id = mailbox.create_draft(RAW).draft_id
    before = sandbox.call_counts().get(call, 0)
    sandbox.add_fault(call, fault, times=2, **more)
    with pytest.raises(PortError) as caught:
        post(mailbox, call, draft_id)
    assert sandbox.call_counts()[call] - before == 1
    return caught.value


@pytest.mark.parametrize("call", POSTS)
@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_broken_answer_leaves_the_outcome_unknown_after_one_post(
    sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox], call: str, fault: str
) -> None:
    error = fails(sandbox, open_mailbox(read_timeout_s=1.0 if fault == "slow-after" else 10.0), call, fault)
    assert type(error) is OutcomeUnknown
    expected = 1 if fault in DONE and call != "drafts.create" else 0
    assert len(sandbox.deliveries(to=ZOE)) == expected


@pytest.mark.parametrize("call", POSTS)
@pytest.mark.parametrize("fault", ["429", "403-quota"])
def test_a_quota_answer_says_when_to_come_back(
    sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox], call: str, fault: str
) -> None:
    before = datetime.now(UTC)
    error = fails(sandbox, open_mailbox(), call, fault, retry_after_s=300)
    assert isinstance(error, Throttled)
    # The time in Gmail's text has whole seconds.
    assert timedelta(seconds=298) <= error.retry_at - before <= timedelta(seconds=310)
    assert sandbox.deliveries(to=ZOE) == []


def test_a_quota_answer_without_a_time_means_a_minute(
    sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox]
) -> None:
    before = datetime.now(UTC)
    error = fails(sandbox, open_mailbox(), "messages.send", "429")
    assert isinstance(error, Throttled)
    assert timedelta(seconds=59) <= error.retry_at - before <= timedelta(seconds=70)


def test_after_a_cut_send_the_sent_copy_is_found_in_the_thread(
    sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox]
) -> None:
    mailbox = open_mailbox()
    draft = mailbox.create_draft(RAW)
    sandbox.add_fault("drafts.send", "cut-after")
    with pytest.raises(OutcomeUnknown):
        mailbox.send_draft(draft.draft_id)
    with pytest.raises(Missing):
        mailbox.get_draft(draft.draft_id)
    (copy,) = mailbox.get_thread(draft.gmail_thread_id)
    assert "SENT" in copy.label_ids
    assert copy.headers["x-rapport-id"] == "42"
    (delivery,) = sandbox.deliveries(to=ZOE)
    assert delivery["headers"]["x-rapport-id"] == "42"
    assert sandbox.call_counts()["drafts.send"] == 1


def test_a_cut_before_leaves_the_draft_to_be_sent(
    sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox]
) -> None:
    mailbox = open_mailbox()
    draft = mailbox.create_draft(RAW)
    sandbox.add_fault("drafts.send", "cut-before")
    with pytest.raises(OutcomeUnknown):
        mailbox.send_draft(draft.draft_id)
    assert mailbox.get_draft(draft.draft_id) == draft
    mailbox.send_draft(draft.draft_id)
    assert len(sandbox.deliveries(to=ZOE)) == 1


@pytest.mark.parametrize("call", POSTS)
def test_a_refused_token_is_renewed_once_and_the_call_repeated_once(
    sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox], renewals: Any, call: str
) -> None:
    mailbox = open_mailbox()
    draft_id = mailbox.create_draft(RAW).draft_id
    before = sandbox.call_counts().get(call, 0)
    sandbox.add_fault(call, "401")
    post(mailbox, call, draft_id)
    assert sandbox.call_counts()[call] - before == 2
    assert len(renewals.tokens) == 1
    assert len(sandbox.deliveries(to=ZOE)) == (0 if call == "drafts.create" else 1)


def test_a_token_refused_twice_is_lost_access(
    sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox]
) -> None:
    mailbox = open_mailbox()
    sandbox.add_fault("messages.send", "401", times=2)
    with pytest.raises(AccessLost):
        mailbox.send_message(RAW)
    assert sandbox.call_counts()["messages.send"] == 2


def test_a_token_about_to_end_is_renewed_before_the_call(sandbox: RunningSandbox, renewals: Any) -> None:
    mailbox = _with_ending_token(sandbox, renewals)
    mailbox.send_message(RAW)
    mailbox.send_message(RAW)
    assert sandbox.call_counts(mailbox=ALICE) == {"messages.send": 2, "oauth.token": 1}
    (renewed,) = renewals.tokens
    assert renewed.expires_at > datetime.now(UTC) + timedelta(minutes=55)
    assert renewed.refresh_token


def test_a_revoked_grant_is_lost_access(sandbox: RunningSandbox, renewals: Any) -> None:
    mailbox = _with_ending_token(sandbox, renewals)
    sandbox.revoke(ALICE)
    with pytest.raises(AccessLost) as caught:
        mailbox.send_message(RAW)
    assert caught.value.reason == "invalid_grant"
    assert "messages.send" not in sandbox.call_counts()


@pytest.mark.parametrize("fault", ["cut-before", "500", "503-after"])
def test_a_failed_renewal_is_known_not_to_have_sent(sandbox: RunningSandbox, renewals: Any, fault: str) -> None:
    mailbox = _with_ending_token(sandbox, renewals)
    sandbox.add_fault("oauth.token", fault)
    with pytest.raises(Throttled):
        mailbox.send_message(RAW)
    assert sandbox.call_counts(mailbox=ALICE) == {"oauth.token": 1}


def test_a_wrong_client_secret_costs_nobody_their_access(sandbox: RunningSandbox, renewals: Any) -> None:
    mailbox = _with_ending_token(sandbox, renewals, client_secret="wrong")
    with pytest.raises(Throttled) as caught:
        mailbox.profile()
    assert caught.value.reason == "invalid_client"


def test_a_server_that_cannot_be_reached_is_known_not_to_have_sent(renewals: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    mailbox = _gmail(url).open(_tokens("any"), on_refresh=renewals)
    with pytest.raises(Throttled) as caught:
        mailbox.send_message(RAW)
    assert caught.value.reason == "not_reachable"


def test_an_expired_history_is_told_apart(sandbox: RunningSandbox, open_mailbox: Callable[..., GmailMailbox]) -> None:
    mailbox = open_mailbox()
    cursor = mailbox.profile().history_id
    sandbox.expire_history(ALICE)
    with pytest.raises(HistoryExpired):
        mailbox.history(start_history_id=cursor)


def test_a_batch_takes_at_most_fifty(open_mailbox: Callable[..., GmailMailbox]) -> None:
    mailbox = open_mailbox()
    with pytest.raises(ValueError, match="At most 50"):
        mailbox.get_messages(["1"] * 51, message_format=MessageFormat.MINIMAL)
    assert mailbox.get_messages([], message_format=MessageFormat.MINIMAL).found == {}


class _DropsPosts(http.server.BaseHTTPRequestHandler):
    """Keeps a connection alive for reads, and drops it, warm, when a POST comes."""

    protocol_version = "HTTP/1.1"
    posts = 0

    def do_GET(self) -> None:
        body = b'{"labels": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).posts += 1
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def dropping_url() -> Iterator[str]:
    _DropsPosts.posts = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _DropsPosts) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("call", POSTS)
@pytest.mark.parametrize("warm", [True, False])
def test_a_post_is_not_replayed_on_a_kept_connection(dropping_url: str, renewals: Any, call: str, warm: bool) -> None:
    mailbox = _gmail(dropping_url).open(_tokens("any"), on_refresh=renewals)
    if warm:
        mailbox.labels()
    with pytest.raises(OutcomeUnknown):
        post(mailbox, call, "r1")
    assert _DropsPosts.posts == 1


def _gmail(url: str, client_secret: str = "rapport-sandbox-secret") -> GoogleGmail:
    return GoogleGmail(
        endpoints=GoogleEndpoints.for_sandbox(url),
        client_id="rapport-sandbox",
        client_secret=client_secret,
        clock=SystemClock(),
    )


def _tokens(access_token: str) -> OAuthTokens:
    return OAuthTokens(
        access_token=access_token,
        refresh_token="any",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        scopes=frozenset(),
    )


def _with_ending_token(
    sandbox: RunningSandbox, renewals: Any, client_secret: str = "rapport-sandbox-secret"
) -> GmailMailbox:
    granted = sandbox.tokens_for(ALICE, ["https://www.googleapis.com/auth/gmail.compose"])
    ending = OAuthTokens(
        access_token="ended",
        refresh_token=granted.refresh_token,
        expires_at=datetime.now(UTC) + timedelta(seconds=20),
        scopes=granted.scopes,
    )
    return _gmail(sandbox.base_url, client_secret).open(ending, on_refresh=renewals)
