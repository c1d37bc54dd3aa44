"""Gmail's push wakes the reader at once; it is believed in nothing but that there may be news."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.mailboxes import watch
from server.mailboxes.reading import READ_JOB
from server.sandbox.push import PushTarget
from tests.cast import ALICE
from tests.conftest import PUSH, SteppingClock
from tests.mailboxes.reader import Reader, a_mail
from tests.serving import serving

TOPIC, AUDIENCE, ACCOUNT = PUSH.values()


@pytest.fixture
def watched(reader: Reader) -> Reader:
    reader.push_topic = TOPIC
    reader.start()
    reader.run()
    return reader


def notification(email: object = ALICE, history_id: object = 1) -> dict[str, Any]:
    data = json.dumps({"emailAddress": email, "historyId": history_id}).encode()
    return {"message": {"data": base64.b64encode(data).decode(), "messageId": "1"}, "subscription": "s"}


def push(app: Flask, reader: Reader, body: object = None, **token: object) -> Any:
    client: FlaskClient = app.test_client()
    claims: dict[str, Any] = {"audience": AUDIENCE, "email": ACCOUNT, **token}
    bearer = {"Authorization": f"Bearer {reader.sandbox.push_token(**claims)}"}
    return client.post("/hooks/gmail", json=notification() if body is None else body, headers=bearer)


def nudges(reader: Reader) -> list[tuple[str, str]]:
    queue = reader.runtime.jobs.queue()  # type: ignore[attr-defined]
    return [(job.kwargs["job"], job.kwargs["ids"]["mailbox_id"]) for job in queue.jobs]


def test_a_push_asks_for_a_look_and_nudges_the_reader(
    app: Flask, watched: Reader, stepping_clock: SteppingClock
) -> None:
    cursor = watched.reading().history_id
    assert watched.reading().next_look_at > stepping_clock.now()
    answer = push(app, watched, notification(history_id=999_999_999))
    assert (answer.status_code, answer.data) == (204, b"")
    assert watched.reading().next_look_at <= stepping_clock.now()
    assert watched.reading().history_id == cursor, "what a push says of the history is not believed"
    assert nudges(watched) == [(READ_JOB, str(watched.mailbox_id))]


@pytest.mark.parametrize("email", ["nobody@rapport.example", "BOB@rapport.example"])
def test_a_push_for_a_mailbox_that_is_not_read_is_taken_and_forgotten(app: Flask, watched: Reader, email: str) -> None:
    assert push(app, watched, notification(email)).status_code == 204
    assert nudges(watched) == []


def test_a_push_spells_the_address_as_it_likes(app: Flask, watched: Reader) -> None:
    assert push(app, watched, notification(ALICE.upper())).status_code == 204
    assert len(nudges(watched)) == 1


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ({"audience": "https://other.example"}, 403),
        ({"email": "other@rapport.iam.gserviceaccount.com"}, 403),
        ({"email_verified": False}, 403),
        ({"exp": 1_700_000_000}, 403),
        ({"iss": "https://evil.example"}, 403),
    ],
)
def test_a_token_that_is_not_our_subscriptions_wakes_nobody(
    app: Flask, watched: Reader, token: dict[str, object], status: int
) -> None:
    before = watched.reading().next_look_at
    assert push(app, watched, **token).status_code == status
    assert watched.reading().next_look_at == before
    assert nudges(watched) == []


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Bearer", 401), ("Bearer ", 401), ("Basic YTpi", 401), ("Bearer x", 403), ("Bearer a.b.c", 403)],
)
def test_without_a_token_nothing_is_looked_at(
    app: Flask, watched: Reader, authorization: str | None, status: int
) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = app.test_client().post("/hooks/gmail", json=notification(), headers=headers)
    assert answer.status_code == status
    assert nudges(watched) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        7,
        {"message": None},
        {"message": {"data": "no base64"}},
        {"message": {"data": base64.b64encode(b"no json").decode()}},
        {"message": {"data": base64.b64encode(b"[]").decode()}},
        {"message": {"data": base64.b64encode(b"\xff").decode()}},
        notification(email=7),
        notification(email="no address"),
        {"message": {"data": "A" * 70_000}},
    ],
)
def test_rubbish_is_400(app: Flask, watched: Reader, body: object) -> None:
    assert push(app, watched, body).status_code == 400


def test_deep_rubbish_is_400(app: Flask, watched: Reader) -> None:
    bearer = watched.sandbox.push_token(audience=AUDIENCE, email=ACCOUNT)
    answer = app.test_client().post(
        "/hooks/gmail", data="[" * 60_000, headers={"Authorization": f"Bearer {bearer}"}, content_type="text/plain"
    )
    assert answer.status_code == 400


def test_only_post_is_known_and_other_pages_keep_their_guard(app: Flask, watched: Reader) -> None:
    client = app.test_client()
    assert client.get("/hooks/gmail").status_code == 405
    assert client.post("/mailbox/disconnect").status_code == 303, "a stranger is sent to sign in"
    cross = client.post("/auth/start", headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403


def test_a_mail_is_told_by_a_push_within_seconds(app: Flask, watched: Reader, stepping_clock: SteppingClock) -> None:
    """The whole way: Gmail's watch, the sandbox's Pub/Sub over HTTP, our hook, the queue."""
    with serving(app) as port:
        url = f"http://127.0.0.1:{port}/hooks/gmail"
        try:
            watched.sandbox.aim_push(PushTarget(url=url, audience=AUDIENCE, service_account=ACCOUNT))
            queue = watched.runtime.jobs.connection  # type: ignore[attr-defined]
            (mail,) = watched.put(a_mail())
            # BLMOVE would take the nudge; this waits for it and leaves it where it is.
            key = f"rq:queue:{watched.runtime.jobs.queue().name}"  # type: ignore[attr-defined]
            assert queue.blmove(key, key, 5, "LEFT", "LEFT") is not None, "no nudge within five seconds"
            assert nudges(watched) == [(READ_JOB, str(watched.mailbox_id))]
            watched.run()
            assert watched.states() == {mail: "logged"}
        finally:
            watched.sandbox.aim_push(None)


# The watch


def test_a_watch_is_begun_and_renewed_each_day(watched: Reader, stepping_clock: SteppingClock) -> None:
    first = watched.reading().watch_expires_at
    assert first is not None
    assert first - stepping_clock.now() > timedelta(days=6, hours=23)
    watched.run()
    assert watched.calls("watch") == 1
    stepping_clock.advance(hours=25)
    watched.run()
    assert watched.calls("watch") == 2
    assert watched.reading().watch_asked_at is not None


def test_a_watch_that_is_refused_is_asked_for_again_after_an_hour(
    reader: Reader, stepping_clock: SteppingClock
) -> None:
    reader.start()
    reader.push_topic = "no topic at all"
    ids = reader.put(a_mail())
    reader.run()
    reader.run()
    assert reader.calls("watch") == 1
    assert reader.reading().watch_expires_at is None
    assert reader.states() == dict.fromkeys(ids, "logged"), "polling goes on"
    stepping_clock.advance(minutes=61)
    reader.push_topic = TOPIC
    reader.run()
    assert reader.reading().watch_expires_at is not None


def test_without_a_topic_nobody_watches(reader: Reader) -> None:
    reader.start()
    reader.run()
    assert reader.calls("watch") == 0


def test_the_watch_ends_when_it_is_asked_to(watched: Reader) -> None:
    watch.end(watched.gmail(), watched.mailbox_id)
    assert watched.calls("stop") == 1
    watched.sandbox.add_fault("stop", "503")
    watch.end(watched.gmail(), watched.mailbox_id)


def test_the_cursor_is_not_moved_by_a_watch(reader: Reader) -> None:
    reader.start()
    reader.run()
    cursor = reader.reading().history_id
    ids = reader.put(a_mail())
    reader.push_topic = TOPIC
    reader.sandbox.add_fault("history.list", "503")
    reader.follow()
    assert reader.reading().watch_expires_at is not None
    assert reader.reading().history_id == cursor
    reader.run()
    assert reader.states() == dict.fromkeys(ids, "logged")


def test_which_watch_is_due(reader: Reader, stepping_clock: SteppingClock) -> None:
    reader.start()
    found, now = reader.reading(), stepping_clock.now()
    assert watch.is_due(found, now)
    found.watch_asked_at, found.watch_expires_at = now, now + timedelta(days=7)
    assert not watch.is_due(found, now + timedelta(hours=23))
    assert watch.is_due(found, now + timedelta(hours=25))
    found.watch_expires_at = now + timedelta(hours=1)
    assert not watch.is_due(found, now + timedelta(minutes=59)), "not more often than once an hour"
    assert watch.is_due(found, now + timedelta(minutes=61))
