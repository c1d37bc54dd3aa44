"""A person connects, widens and stops while readers work: nobody waits for somebody who waits for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event

from server.mailboxes import connection, ledger, pause, reading, reconcile
from server.mailboxes.follow import follow
from server.ports.gmail import GmailMailbox, MessageRef
from server.ports.google_accounts import MailboxGrant
from tests.mailboxes.reader import POLL, Reader, a_mail

ROUNDS = 15


def test_nobody_waits_in_a_circle(reader: Reader) -> None:
    """PostgreSQL ends one of two who wait for each other, and SQLAlchemy raises: this would be seen here."""
    reader.put(*(a_mail(str(number)) for number in range(30)))
    reader.start()
    reader.run()
    done = Event()
    # One for each thread, and opened before the person takes the mailbox away for the first time.
    gmails = (reader.gmail(), reader.gmail())
    with ThreadPoolExecutor(4) as pool:
        people = pool.submit(_as_a_person, reader, done)
        readers = [
            pool.submit(_until, done, partial(_look, reader, gmails[0])),
            pool.submit(_until, done, partial(_compare, reader, gmails[1])),
            pool.submit(_until, done, partial(_write_rows, reader)),
        ]
        people.result(120)
        assert all(worker.result(60) > 0 for worker in readers)


def _as_a_person(reader: Reader, done: Event) -> None:
    granted = reader.sandbox.tokens_for(reader.email, reader.mailbox().scopes.split())
    grant = MailboxGrant(tokens=granted, email=reader.email)
    db, clock, user_id = reader.runtime.db, reader.runtime.clock, reader.mailbox().user_id
    try:
        for number in range(ROUNDS):
            with db.transaction() as session:
                connection.disconnect(connection.by_id(session, reader.mailbox_id, lock=True), now=clock.now())
            with db.transaction() as session:
                connection.connect(
                    session,
                    user_id=user_id,
                    user_email=reader.email,
                    grant=grant,
                    vault=reader.runtime.vault,
                    now=clock.now(),
                )
            with db.transaction() as session:
                reading.widen(session, reader.mailbox_id, days=30 + number, now=clock.now())
            with db.transaction() as session:
                pause.pause(session, reader.mailbox_id, clock.now() - timedelta(seconds=1), "a moment")
            reader.start(days=30)
    finally:
        done.set()


def _until(done: Event, deed: Callable[[], None]) -> int:
    rounds = 0
    while not done.is_set():
        deed()
        rounds += 1
    return rounds


def _look(reader: Reader, gmail: GmailMailbox) -> None:
    db, clock = reader.runtime.db, reader.runtime.clock
    if reader.take_lane():
        follow(db, clock, reader.mailbox_id, gmail, holder=reader.holder, poll_interval=POLL)
        reader.leave_lane()


def _compare(reader: Reader, gmail: GmailMailbox) -> None:
    db, clock = reader.runtime.db, reader.runtime.clock
    with db.transaction() as session:
        reconcile.ask_for(session, reader.mailbox_id, clock.now())
    reconcile.reconcile(db, clock, reader.mailbox_id, gmail, is_really_logged=lambda _, ids: set(ids))


def _write_rows(reader: Reader) -> None:
    refs = [MessageRef(gmail_message_id=f"made-up-{number}", gmail_thread_id="t") for number in range(50)]
    with reader.runtime.db.transaction() as session:
        ledger.add(session, reader.mailbox_id, refs, reader.runtime.clock.now())
