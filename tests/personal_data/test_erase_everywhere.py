"""Whoever is erased stands nowhere any more: no table, no queue, no log."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable

from sqlalchemy import select

from server.jobqueue import RqJobQueue
from server.personal import OF_CONTACTS
from server.personal_data import register
from server.sends.models import OutboundEmail, OutboundState
from tests.conftest import SignedInClient
from tests.personal_data.world import MARKS, World, tables_with

SignIn = Callable[[uuid.UUID], SignedInClient]
# What stands of her for a moment only, as an id, or as bytes that nobody reads here.
NOT_FILLED = {"former_account", "mail_replay", "cta_person", "cta_attachment_data"}


def test_nothing_of_an_erased_person_is_left_in_any_column_of_any_table(full_world: World) -> None:
    before = tables_with(full_world.db)
    hold_contacts = {
        table for table, columns in register.columns().items() if any(kind in OF_CONTACTS for kind in columns.values())
    }
    assert set(before) == hold_contacts - NOT_FILLED
    receipt = full_world.erase()
    assert tables_with(full_world.db) == {}
    assert receipt.gone["contact_record"] == 1


def test_the_queue_holds_nothing_of_her_before_or_after(full_world: World, job_queue: RqJobQueue) -> None:
    """Jobs carry ids alone."""
    full_world.erase()
    assert everything_in(job_queue), "jobs were queued"
    assert [mark for mark in MARKS if mark.encode() in everything_in(job_queue).lower()] == []


def everything_in(queue: RqJobQueue) -> bytes:
    """All keys and values of Valkey."""
    connection = queue.connection
    found = b""
    for key in connection.keys("*"):
        found += key + b"\n" + connection.dump(key) + b"\n"
        if connection.type(key) == b"hash":
            found += b"\n".join(part for pair in connection.hgetall(key).items() for part in pair)
    return found


def test_the_log_of_a_send_and_of_the_erasure_after_it_names_nobody(
    world: World, sign_in: SignIn, log_stream: io.StringIO
) -> None:
    world.fill(sign_in(world.book.alice))
    world.erase()
    written = log_stream.getvalue().lower()
    assert "email_sent" in written
    assert [mark for mark in MARKS if mark in written] == []


def test_emails_that_wait_for_her_are_cancelled_and_what_was_sent_stays_as_a_fact(full_world: World) -> None:
    full_world.erase()
    with full_world.db.reading() as session:
        emails = session.scalars(select(OutboundEmail).order_by(OutboundEmail.queued_at)).all()
    assert [(email.state, email.to_name, email.to_email, email.subject) for email in emails] == [
        (OutboundState.SENT, "An erased person", "", ""),
        (OutboundState.SUPPRESSED, "An erased person", "", ""),
        (OutboundState.CANCELLED, "An erased person", "", ""),
    ]
    assert emails[0].sent_at is not None
    assert emails[0].user_id == full_world.book.alice
