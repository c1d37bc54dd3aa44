"""The main job without a browser: compose, send, deliver, see it on the timeline, the task done."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from flask.testing import FlaskClient

from server import worker
from server.ctas import queries
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.timeline import queries as timeline
from server.timeline.visibility import Viewer
from tests.cast import ALICE, Book


def test_an_email_sent_from_a_task_stands_on_the_timeline_and_the_task_is_done(
    runtime: Runtime,
    sandbox: RunningSandbox,
    book: Book,
    alices_mailbox: uuid.UUID,
    sign_in: Callable[[uuid.UUID], FlaskClient],
) -> None:
    client = sign_in(book.alice)
    preview = client.get(f"/tasks/{book.email_task}/email").text
    seen = re.findall(r'name="seen" value="([^"]+)"', preview)
    assert [value.split(":")[0] for value in seen] == [str(book.tom)]

    answer = client.post(f"/tasks/{book.email_task}/email/send", data={"contact": [str(book.tom)], "seen": seen})
    assert answer.status_code == 303, answer.text
    worker.run(runtime, "sends.drain", {"mailbox_id": str(alices_mailbox)})

    [delivered] = sandbox.deliveries(to="tom@helios.example")
    assert delivered["subject"] == "Welcome to GitLab, Helios Energy"
    with runtime.db.reading() as session:
        viewer = Viewer(user_id=book.alice, email=ALICE)
        [thread] = timeline.of_account(session, viewer, book.account).threads
        assert queries.task(session, book.email_task).done_at is not None
    shown = thread.head
    assert shown.subject == "Welcome to GitLab, Helios Energy"
    assert shown.template_label == "Welcome, and who your TAM is v1"
    assert [person.email for person in shown.recipients] == ["tom@helios.example"]
    assert shown.gmail_message_id
    assert "Tom" in shown.body_text
