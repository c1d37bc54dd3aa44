"""What every test may use: a database of both kinds, a clock that stands still."""

from __future__ import annotations

import io
import logging
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import text

from server import logs
from server.adapters.gmail import GoogleGmail
from server.adapters.google_accounts import GoogleMailboxAccess, GooglePushTokens
from server.adapters.google_endpoints import GoogleEndpoints
from server.all_models import metadata
from server.app import create_app, sign_in_by
from server.auth import sessions
from server.ctas import next_due
from server.db import Database, make_engine
from server.jobqueue import RqJobQueue
from server.mailboxes.connection import ENVELOPE_SCOPES
from server.playbooks.first_choices import add_first_choices
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.settings import Settings
from server.supervise import valkey
from server.supervise.parts import Part
from server.vault import Vault
from tests.cast import ALICE, Book, connect_mailbox, load_cast, welcome_only
from tests.postgres import PostgresServer
from tests.serving import serving

BASE_URL = "http://127.0.0.1:8400"
EXTENSION_ID = "abcdefghijklmnopabcdefghijklmnop"
PUSH = {
    "GMAIL_PUSH_TOPIC": "projects/rapport/topics/gmail",
    "GMAIL_PUSH_AUDIENCE": "https://rapport.example/hooks/gmail",
    "GMAIL_PUSH_SERVICE_ACCOUNT": "push@rapport.iam.gserviceaccount.com",
}


def pytest_configure() -> None:
    """Who starts us in the background has us ignore Ctrl-C; and so would all that tests start, and end with Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class StandingClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, **delta: float) -> datetime:
        self._now += timedelta(**delta)
        return self._now


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[Database]:
    """One database with all tables; `db` empties it after each test."""
    database = Database(make_engine(postgres_server.url()))
    metadata.create_all(database.engine)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def empty_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    with Database(engine).transaction() as session:
        add_first_choices(session)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture
def sqlite_database(empty_sqlite_file: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "test.sqlite3"
    shutil.copyfile(empty_sqlite_file, path)
    database = Database(make_engine(f"sqlite:///{path}"))
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """All tables, no rows but the first lists: each test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        sqlite: Database = request.getfixturevalue("sqlite_database")
        yield sqlite
        _demand_kept_dates(sqlite)
        return
    database: Database = request.getfixturevalue("postgres_database")
    with database.transaction() as session:
        add_first_choices(session)
    yield database
    tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    try:
        _demand_kept_dates(database)
    finally:
        with database.transaction() as session:
            session.execute(text(f"TRUNCATE {tables} CASCADE"))


def _demand_kept_dates(database: Database) -> None:
    """Whatever a test did: no way of writing forgot the date by which the Cockpit orders."""
    with database.reading() as session:
        assert next_due.wrong(session) == [], "due dates of CTAs were not kept: call ctas.next_due.keep"


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A real Valkey of this test process, on a Unix socket."""
    # Unix socket paths are short, pytest's folders are not.
    folder = Path(tempfile.mkdtemp(prefix="rv-"))
    part = Part(name="valkey", command=valkey.command(folder), environment={}, log_path=folder / "log")
    part.start()
    part.wait_until(lambda: valkey.answers(folder))
    yield f"unix://{valkey.socket_of(folder)}"
    part.stop()
    shutil.rmtree(folder)


@pytest.fixture
def job_queue(valkey_url: str) -> Iterator[RqJobQueue]:
    """The real queue, empty before and after."""
    found = RqJobQueue(valkey_url)
    found.connection.flushdb()
    yield found
    found.connection.flushdb()
    found.connection.close()


@pytest.fixture(scope="session")
def _sandbox_of_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3", redirect_uris_prefix=BASE_URL) as found:
        yield found


@pytest.fixture
def sandbox(_sandbox_of_process: RunningSandbox) -> Iterator[RunningSandbox]:
    """The stand-in for Google: no mail and no faults at the start of a test."""
    yield _sandbox_of_process
    _sandbox_of_process.clear_faults()
    _sandbox_of_process.reset()


class SteppingClock(StandingClock):
    """The real time, plus what a test adds: the sandbox runs by the real time, so must what talks to it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, **delta: float) -> datetime:
        self._ahead += timedelta(**delta)
        return self.now()


@pytest.fixture
def stepping_clock() -> SteppingClock:
    return SteppingClock()


def settings_for_tests(environ: dict[str, str], folder: Path) -> Settings:
    return Settings.from_env({"RAPPORT_ENV": "test", "RAPPORT_DATA_DIR": str(folder), **environ})


@pytest.fixture
def runtime(
    db: Database, job_queue: RqJobQueue, sandbox: RunningSandbox, stepping_clock: SteppingClock, tmp_path: Path
) -> Runtime:
    """Everything real: the database, the queue, the adapters against the sandbox. Only the clock can be moved."""
    environ = {"RAPPORT_SANDBOX_URL": sandbox.base_url, "RAPPORT_EXTENSION_IDS": EXTENSION_ID, **PUSH}
    settings = settings_for_tests(environ, tmp_path)
    endpoints = GoogleEndpoints.for_sandbox(sandbox.base_url)
    client_id, client_secret = settings.google_client_id, settings.google_client_secret
    client = {"client_id": client_id, "client_secret": client_secret}
    return Runtime(
        settings=settings,
        clock=stepping_clock,
        db=db,
        jobs=job_queue,
        vault=Vault(settings.token_keys),
        gmail=GoogleGmail(endpoints=endpoints, clock=stepping_clock, read_timeout_s=5, **client),
        sign_in=sign_in_by(settings, stepping_clock),
        mailbox_access=GoogleMailboxAccess(endpoints=endpoints, clock=stepping_clock, **client),
        push_tokens=GooglePushTokens(
            endpoints=endpoints,
            audience=settings.gmail_push_audience,
            service_account=settings.gmail_push_service_account,
            clock=stepping_clock,
        ),
    )


@pytest.fixture
def book(runtime: Runtime) -> Book:
    """The cast and a small book of business; nobody has connected a mailbox yet."""
    with runtime.db.transaction() as session:
        return load_cast(session, runtime.clock.now(), sources=welcome_only())


@pytest.fixture
def alices_mailbox(runtime: Runtime, sandbox: RunningSandbox, book: Book) -> uuid.UUID:
    """Alice's mailbox, connected to the sandbox."""
    granted = sandbox.tokens_for(ALICE, ENVELOPE_SCOPES)
    with runtime.db.transaction() as session:
        return connect_mailbox(
            session,
            user_id=book.alice,
            email=ALICE,
            granted=granted,
            vault=runtime.vault,
            now=runtime.clock.now(),
        )


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture
def live_app(app: Flask) -> Iterator[str]:
    """The address of the app on a real port."""
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


class SignedInClient(FlaskClient):
    """A browser of a signed-in person: sends the session's cookie, our origin, and the CSRF token with every change."""

    csrf_token = ""

    def open(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        headers = dict(kwargs.pop("headers", None) or {})  # type: ignore[call-overload]
        kwargs["headers"] = {"Origin": BASE_URL, "X-CSRF-Token": self.csrf_token, **headers}
        kwargs.setdefault("base_url", BASE_URL)
        return super().open(*args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def sign_in(app: Flask, runtime: Runtime) -> Callable[[uuid.UUID], SignedInClient]:
    """sign_in(user_id) gives that person's browser."""
    app.test_client_class = SignedInClient

    def as_user(user_id: uuid.UUID) -> SignedInClient:
        now = runtime.clock.now()
        with runtime.db.transaction() as session:
            token = sessions.open_session(session, user_id=user_id, user_agent="test", ip=None, now=now)
            session.flush()
            found = sessions.find(session, token=token, now=now)
            assert found is not None
            csrf_token = found[0].csrf_token
        client = app.test_client()
        assert isinstance(client, SignedInClient)
        client.csrf_token = csrf_token
        client.set_cookie("rapport_session", token, domain="127.0.0.1")
        return client

    return as_user


@pytest.fixture
def log_stream() -> Iterator[io.StringIO]:
    """Logging as a process configures it, into a text; what pytest had set up comes back afterwards."""
    names = ("alembic", "werkzeug", "googleapiclient.discovery_cache")
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in names}
    handlers, level = root.handlers[:], root.level
    found = io.StringIO()
    logs.configure("json", stream=found)
    yield found
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-checker-imaging",  # else a screenshot may be taken before its pictures are drawn
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for the process: Playwright's loop may run only once in a thread."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM_FLAGS))
        yield launched
        launched.close()
