"""Putting emails into the outbox: the same intent stands once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from server.sends import claim, queries
from server.sends.models import OutboundContent, OutboundEmail, OutboundStep
from server.sends.queries import OutboxGroup
from server.sends.schedule import schedule
from tests.sends.outbox import Outbox


def test_the_same_intent_is_the_same_email(outbox: Outbox) -> None:
    assert outbox.put(key="intent") == outbox.put(key="intent")
    assert _rows(outbox) == (1, 1, 1)


def test_the_same_intent_from_many_clicks_at_once_is_one_email(outbox: Outbox) -> None:
    start = Barrier(6)

    def click(_: int) -> object:
        start.wait(10)
        return outbox.put(key="intent")

    with ThreadPoolExecutor(6) as clicks:
        assert len(set(clicks.map(click, range(6)))) == 1
    assert _rows(outbox) == (1, 1, 1)


def _rows(outbox: Outbox) -> tuple[int, ...]:
    with outbox.db.reading() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (OutboundEmail, OutboundContent, OutboundStep)
        )


def test_nothing_stands_in_the_outbox_when_the_callers_transaction_fails(outbox: Outbox) -> None:
    def put_and_stumble() -> None:
        with outbox.db.transaction() as session:
            schedule(session, email, now=outbox.runtime.clock.now())
            raise RuntimeError

    email = outbox.email()
    with pytest.raises(RuntimeError):
        put_and_stumble()
    assert _rows(outbox) == (0, 0, 0)


def test_the_oldest_due_email_is_claimed_first_and_only_once(outbox: Outbox) -> None:
    emails = outbox.put_many(3)
    assert [outbox.claim().id for _ in emails] == emails
    with outbox.db.transaction() as session:
        assert claim.claim_next(session, mailbox_id=outbox.mailbox_id, now=outbox.runtime.clock.now()) is None


def test_the_outbox_has_pages_and_groups(outbox: Outbox) -> None:
    emails = outbox.put_many(5)
    outbox.decide(emails[0], "cancel")
    with outbox.db.reading() as session:
        alice = outbox.book.alice
        first = queries.outbox(session, user_id=alice, group=OutboxGroup.ALL, limit=3)
        second = queries.outbox(session, user_id=alice, group=OutboxGroup.ALL, limit=3, before=first.next_before)
        counts = queries.outbox_counts(session, user_id=alice)
        assert queries.outbox(session, user_id=outbox.book.bob, group=OutboxGroup.ALL).emails == []
    assert {email.id for email in (*first.emails, *second.emails)} == set(emails)
    assert second.next_before is None
    assert counts == {"all": 5, "waiting": 4, "sent": 0, "needs_you": 0}
