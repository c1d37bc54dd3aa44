"""The real listener in a thread, and what is said to it."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import sqlite3
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.db import Database
from server.errors import Unavailable
from server.mail import inbound
from server.mail.listener import listen
from server.mail.reception import Reception
from server.schema import newest
from tests.cast import ALICE
from tests.mail.letters import Desk
from tests.mail.raw_letters import raw_letter

DOMAIN = "in.rapport.example"
PRIYA = "priya@helios.example"
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Listening:
    """The listener in a thread of its own."""

    def __init__(self, db: Database, *, trusted_mx: str | None = None, bind: str = "127.0.0.1:0") -> None:
        self._reception = Reception(db, RealClock(), domain=DOMAIN, trusted_mx=trusted_mx)
        self._bind = bind
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.where = ""
        self.failure: Exception | None = None

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await listen(self._reception, self._bind, stop=self._stop, started=self._told)
        except Unavailable as error:
            self.failure = error
            self._started.set()

    def _told(self, where: str) -> None:
        self.where = where
        self._started.set()

    def __enter__(self) -> Listening:
        self._thread.start()
        assert self._started.wait(20)
        return self

    def ask_to_end(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(RuntimeError):
            self.ask_to_end()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def connect(self) -> smtplib.SMTP:
        host, _, port = self.where.rpartition(":")
        return smtplib.SMTP(host, int(port), timeout=40, local_hostname="mx.rapport.example")

    def deliver(
        self, raw: bytes, *to: str, sender: str = "bounce@mx.example", options: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        """The last answer of the conversation."""
        with self.connect() as smtp:
            smtp.ehlo()
            code, words = smtp.mail(sender, options)
            for one in to if code == 250 else ():
                code, words = smtp.rcpt(one)
            if code == 250:
                code, words = smtp.data(raw)
            return code, words.decode()


def secret_of(desk: Desk, user_id: uuid.UUID) -> str:
    with desk.db.transaction() as session:
        return inbound.address_of_user(session, user_id, DOMAIN, desk.now)


def to_priya(**more: object) -> bytes:
    return raw_letter(**{"sender": f"Alice Moreau <{ALICE}>", "to": PRIYA, "at": AT, **more})  # type: ignore[arg-type]


def ready_file(source: Path, path: Path) -> Path:
    """A database file as the command `rapport` wants it: with all tables, and the newest revision's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    with sqlite3.connect(source) as other:
        other.backup(connection)
    other.close()
    connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.execute("DELETE FROM alembic_version")
    connection.execute("INSERT INTO alembic_version VALUES (?)", (newest(),))
    connection.commit()
    connection.close()
    return path
