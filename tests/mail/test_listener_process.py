"""The listener when the database is away, too many call, somebody lies, or it is asked to end."""

from __future__ import annotations

import contextlib
import io
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text

from server.db import Database, make_engine
from server.errors import Unavailable
from server.mail.listener import MOST_CONNECTIONS
from tests.cast import ALICE, BOB
from tests.mail.letters import Desk
from tests.mail.listening import AT, DOMAIN, PRIYA, Listening, ready_file, secret_of, to_priya
from tests.mail.raw_letters import entries, messages, raw_letter
from tests.test_cli import environment


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk.open(db)


@pytest.fixture
def post(desk: Desk) -> Iterator[Listening]:
    with Listening(desk.db) as found:
        yield found


@pytest.fixture
def alices(desk: Desk) -> str:
    return secret_of(desk, desk.book.alice)


def impatient(db: Database) -> Database:
    """The same database through connections that do not wait long for a lock."""
    engine = make_engine(db.engine.url.render_as_string(hide_password=False))
    words = "PRAGMA busy_timeout=100" if db.is_sqlite else "SET lock_timeout = '100ms'"

    def hurry(connection: sqlite3.Connection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(words)
        cursor.close()
        if not db.is_sqlite:
            connection.commit()

    event.listen(engine, "connect", hurry)
    return Database(engine)


def test_while_the_database_is_locked_the_sender_is_asked_to_try_again_and_nothing_is_lost(desk: Desk, alices: str):
    db = impatient(desk.db)
    with Listening(db) as post:
        with desk.db.transaction() as session:
            session.execute(text("UPDATE mail_salt SET salt = salt" if db.is_sqlite else "LOCK TABLE mail_salt"))
            assert post.deliver(to_priya(), alices)[0] == 451
        assert messages(desk.db) == []
        assert post.deliver(to_priya(), alices)[0] == 250
    assert len(entries(desk.db)) == 1
    db.dispose()


def test_a_database_that_is_gone_refuses_nobody_for_good(tmp_path: Path):
    db = Database(make_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}"))
    with Listening(db) as post:
        assert post.deliver(to_priya(), "log+aaaaaaaaaaaaaaaaaaaaaaaaaa@" + DOMAIN)[0] == 451
    db.dispose()


TRUSTED = "mx.rapport.example"
GOOD = f"{TRUSTED}; dkim=fail header.d=x.example; dmarc=pass (p=REJECT) header.from=rapport.example"
FORWARDED = f"{TRUSTED}; dkim=none; spf=pass smtp.mailfrom=alice+caf_=log=in.rapport.example@rapport.example"


@pytest.mark.parametrize(
    ("results", "sender", "code"),
    [
        (GOOD, ALICE, 250),
        (f"{TRUSTED}; spf=pass smtp.mailfrom=x@mail.rapport.example", ALICE, 250),
        (f"{TRUSTED.upper()} 1; dkim=pass (2048-bit; ok) header.i=@rapport.example header.s=s1", ALICE, 250),
        (FORWARDED, PRIYA, 250),
        ("", ALICE, 550),
        (GOOD.replace("dmarc=pass", "dmarc=fail"), ALICE, 550),
        (GOOD.replace(TRUSTED, "mx.evil.example"), ALICE, 550),
        (f"{TRUSTED}; dmarc=pass header.from=evil.example", ALICE, 550),
        (f"{TRUSTED}; dkim=pass header.d=notrapport.example; spf=pass smtp.mailfrom=evil.example", ALICE, 550),
        (f'{TRUSTED}; spf=fail smtp.mailfrom="a; dmarc=pass header.from=rapport.example"@evil.example', ALICE, 550),
        (f"{TRUSTED}; spf=fail (why; dmarc=pass header.from=rapport.example) smtp.mailfrom=x@evil.example", ALICE, 550),
        (f"{TRUSTED}; none", ALICE, 550),
        (FORWARDED.replace("alice+", "mallory+"), PRIYA, 550),
        (f"mx.evil.example; none\r\nAuthentication-Results: {GOOD}", ALICE, 550),  # only the topmost one counts
    ],
)
def test_with_a_trusted_server_mail_must_be_shown_to_be_from_whom_it_says(
    desk: Desk, alices: str, results: str, sender: str, code: int
):
    raw = raw_letter(sender=sender, to=ALICE if sender == PRIYA else PRIYA, at=AT)
    if results:
        raw = f"Authentication-Results: {results}\r\n".encode() + raw
    with Listening(desk.db, trusted_mx=TRUSTED) as post:
        assert post.deliver(raw, alices)[0] == code
    assert len(messages(desk.db)) == (code == 250)


def test_only_so_many_may_talk_at_once(desk: Desk, post: Listening, alices: str):
    with contextlib.ExitStack() as open_ones:
        for _ in range(MOST_CONNECTIONS):
            open_ones.enter_context(post.connect()).ehlo()
        host, _, port = post.where.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as late:
            assert late.recv(100).startswith(b"421 4.3.2 ")
    end = time.monotonic() + 20
    while True:  # their seats are free as soon as the listener has heard that they left
        try:
            assert post.deliver(to_priya(), alices)[0] == 250
            break
        except smtplib.SMTPConnectError:
            assert time.monotonic() < end


def test_it_listens_on_a_socket_file_and_says_in_words_what_cannot_be(desk: Desk, tmp_path: Path):
    path = tmp_path / "s"
    with Listening(desk.db, bind=f"unix:{path}"), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(20)
        line.connect(str(path))
        assert line.recv(100).startswith(b"220 ")
    with Listening(desk.db) as first, Listening(desk.db, bind=first.where) as second:
        assert isinstance(second.failure, Unavailable)
        assert first.where in str(second.failure)


def test_the_log_has_ids_and_no_address(desk: Desk, alices: str, log_stream: io.StringIO):
    with Listening(desk.db) as post:
        assert post.deliver(to_priya(), alices)[0] == 250
        assert post.deliver(raw_letter(sender="mallory@quist.example", to=BOB, at=AT), alices)[0] == 550
    written = log_stream.getvalue()
    assert str(messages(desk.db)[0].id) in written
    assert written.count('"event": "inbound_mail"') == 2
    assert "@" not in written
    assert alices.split("@")[0] not in written


def test_asked_to_end_the_process_finishes_the_mail_that_is_on_its_way_in(empty_sqlite_file: Path, tmp_path: Path):
    path = ready_file(empty_sqlite_file, tmp_path / "data" / "rapport.sqlite3")
    db = Database(make_engine(f"sqlite:///{path}"))
    desk = Desk.open(db)
    alices = secret_of(desk, desk.book.alice)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = {"RAPPORT_INBOUND_DOMAIN": DOMAIN, "RAPPORT_INBOUND_BIND": f"127.0.0.1:{port}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "inbound"],
        env=environment(tmp_path, **more),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process:
        for line in process.stderr:
            if '"inbound_started"' in line:
                break
        idle = smtplib.SMTP("127.0.0.1", port, timeout=40)
        smtp = smtplib.SMTP("127.0.0.1", port, timeout=40, local_hostname="mx")
        smtp.ehlo()
        smtp.mail("a@mx.example")
        smtp.rcpt(alices)
        smtp.putcmd("data")
        assert smtp.getreply()[0] == 354
        process.send_signal(signal.SIGTERM)
        assert idle.getreply()[0] == 421  # it knows that it is asked to end
        smtp.send(to_priya().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        assert smtp.getreply()[0] == 250
        assert smtp.getreply()[0] == 421
        smtp.close()
        idle.close()
        rest = process.stderr.read()
    assert process.returncode == 0, rest
    assert len(entries(db)) == 1
    db.dispose()


def test_without_a_domain_the_listener_says_what_to_set(empty_sqlite_file: Path, tmp_path: Path):
    ready_file(empty_sqlite_file, tmp_path / "data" / "rapport.sqlite3")
    done = subprocess.run(
        [sys.executable, "-m", "server", "inbound"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "RAPPORT_INBOUND_DOMAIN" in done.stderr
    assert "Traceback" not in done.stderr
