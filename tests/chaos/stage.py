"""Where the seeds are played: one sandbox, one Valkey, one nursery; for each seed a new database with a small book."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from sqlalchemy import text

from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.all_models import metadata
from server.auth import people
from server.db import make_engine
from server.mail.models import ExclusionKind, MailExclusion
from server.mailboxes import reading
from server.mailboxes.connection import ENVELOPE_SCOPES, TEXT_SCOPES
from server.runtime import Runtime
from server.sandbox.deliver import PlacedMail
from server.sandbox.push import PushTarget
from server.sandbox.running import RunningSandbox
from server.settings import Settings
from server.supervise import valkey
from server.supervise.parts import Part
from server.timeline.models import Level
from tests.cast import ALICE, BOB, add_contact, connect_mailbox
from tests.chaos.crew import Crew
from tests.chaos.mailbag import COMPANIES, EXCLUDED_ADDRESS, EXCLUDED_DOMAIN, Mailbag, contact
from tests.chaos.runtime import runtime_by
from tests.chaos.shared_clock import SharedClock
from tests.chaos.traffic import Traffic
from tests.conftest import BASE_URL, PUSH
from tests.postgres import PostgresServer

_TO_GET_WARM = 80
# What is synced to a disk there costs nothing.
_IN_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, kw_only=True)
class Box:
    """A mailbox that is read. `level` is what its owner chose."""

    id: uuid.UUID
    user_id: uuid.UUID
    email: str
    level: Level
    has_text: bool


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The book of one seed. `accounts` by company."""

    runtime: Runtime
    boxes: dict[str, Box]
    accounts: dict[str, uuid.UUID]


class Stage:
    """Use it in a `with`. `log` is where the forked processes write."""

    def __init__(self) -> None:
        # Unix sockets have short paths.
        self._folder = Path(tempfile.mkdtemp(prefix="rc-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
        self.log = self._folder / "log"
        self.clock = SharedClock(self._folder / "clock")
        self._valkey = Part(
            name="valkey", command=valkey.command(self._folder), environment={}, log_path=self._folder / "valkey.log"
        )
        self._valkey.start()
        self._valkey.wait_until(lambda: valkey.answers(self._folder))
        self.sandbox = RunningSandbox(self._folder / "sandbox.sqlite3", redirect_uris_prefix=BASE_URL, clock=self.clock)
        self.traffic = Traffic(self.sandbox.app)
        self.sandbox_file = self._folder / "sandbox.sqlite3"
        environ = {
            "RAPPORT_ENV": "test",
            "RAPPORT_DATA_DIR": str(self._folder),
            "REDIS_URL": f"unix://{valkey.socket_of(self._folder)}",
            "RAPPORT_SANDBOX_URL": self.sandbox.base_url,
            **PUSH,
        }
        self._settings = Settings.from_env(environ)
        self._log = self.log.open("wb")
        self.crew = Crew(
            environ=environ, clock=self._folder / "clock", log=self._log, on_news=self.traffic.something_happened
        )
        self._postgres: PostgresServer | None = None
        self._runtimes: dict[str, Runtime] = {}

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.crew.close()
        self.sandbox.stop()
        for runtime in self._runtimes.values():
            runtime.db.dispose()
            runtime.jobs.connection.close()  # type: ignore[attr-defined]
        self._valkey.stop()
        if self._postgres is not None:
            self._postgres.stop()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, *, postgres: bool, bob_has_text: bool) -> Scene:
        """An empty database and empty mailboxes, both connected; nobody reads yet."""
        self.crew.stop()
        self.sandbox.reset()
        kind = "postgresql" if postgres else "sqlite"
        is_first = kind not in self._runtimes
        if is_first:
            self._runtimes[kind] = runtime_by(self.clock, self._settings, database_url=self._new_url(kind))
        runtime = self._runtimes[kind]
        self._empty(runtime)
        self.forget_nudges(runtime)
        if is_first:
            self._warm(runtime)
        return _furnish(runtime, self.sandbox, bob_has_text=bob_has_text, now=self.clock.now())

    def aim_pushes(self) -> None:
        self.sandbox.aim_push(
            PushTarget(
                url=f"{self.crew.web_url}/hooks/gmail",
                audience=PUSH["GMAIL_PUSH_AUDIENCE"],
                service_account=PUSH["GMAIL_PUSH_SERVICE_ACCOUNT"],
            )
        )

    def leave(self) -> None:
        self.crew.stop()
        self.sandbox.aim_push(None)

    @staticmethod
    def forget_nudges(runtime: Runtime) -> None:
        """Valkey loses all it holds: no mail may depend on it."""
        runtime.jobs.connection.flushdb()  # type: ignore[attr-defined]

    def _new_url(self, kind: str) -> str:
        if kind == "sqlite":
            url = f"sqlite:///{self._folder / 'rapport.sqlite3'}"
        else:
            self._postgres = PostgresServer()
            self._postgres.start()
            url = self._postgres.url()
        engine = make_engine(url)
        metadata.create_all(engine)
        engine.dispose()
        return url

    @staticmethod
    def _empty(runtime: Runtime) -> None:
        with runtime.db.transaction() as session:
            if runtime.db.is_sqlite:
                session.execute(text("pragma defer_foreign_keys = on"))
                for table in metadata.sorted_tables:
                    session.execute(table.delete())
            else:
                tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
                session.execute(text(f"truncate {tables} cascade"))

    def _warm(self, runtime: Runtime) -> None:
        """Have the nursery read some mail of every kind, once for each database."""
        scene = _furnish(runtime, self.sandbox, bob_has_text=True, now=self.clock.now())
        letters = list(Mailbag(0, with_text=True).letters(_TO_GET_WARM, lambda number: self.clock.now()))
        for box in scene.boxes.values():
            copies = [(letter, copy) for letter in letters for copy in letter.copies if copy.mailbox == box.email]
            self.sandbox.place(
                box.email, [PlacedMail(raw=copy.raw, labels=copy.labels, at=letter.at) for letter, copy in copies]
            )
            start_reading(scene, box, days=1)
        self.crew.warm(url_of(runtime), [str(box.id) for box in scene.boxes.values()])
        self._empty(runtime)
        self.sandbox.reset()
        self.forget_nudges(runtime)


def url_of(runtime: Runtime) -> str:
    return runtime.db.engine.url.render_as_string(hide_password=False)


def _furnish(runtime: Runtime, sandbox: RunningSandbox, *, bob_has_text: bool, now: datetime) -> Scene:
    with runtime.db.transaction() as session:
        users = {
            email: people.add_user(
                session, email=email, name=email.title(), role="tam", title="", time_zone="Europe/Paris", now=now
            )
            for email in (ALICE, BOB)
        }
        session.flush()
        accounts: dict[str, uuid.UUID] = {}
        for company in COMPANIES:
            account = Account(name=company.title(), name_key=fold(company), created_at=now, updated_at=now)
            session.add(account)
            session.flush()
            session.add(AccountDomain(account_id=account.id, domain=f"{company}.example"))
            for number in range(1, 5):
                add_contact(session, account.id, "Person", f"No {number}", contact(company, number), now)
            accounts[company] = account.id
        for kind, value in ((ExclusionKind.ADDRESS, EXCLUDED_ADDRESS), (ExclusionKind.DOMAIN, EXCLUDED_DOMAIN)):
            session.add(
                MailExclusion(
                    kind=kind, value=value, label=value, mailbox_id=None, by_person_id=users[ALICE].id, created_at=now
                )
            )
        boxes = {}
        for email, level, has_text in ((ALICE, Level.SUBJECT, True), (BOB, Level.FULL, bob_has_text)):
            scopes = TEXT_SCOPES if has_text else ENVELOPE_SCOPES
            sandbox.revoke(email)
            box_id = connect_mailbox(
                session, user_id=users[email].id, email=email, granted=sandbox.tokens_for(email, scopes),
                vault=runtime.vault, now=now,
            )  # fmt: skip
            boxes[email] = Box(id=box_id, user_id=users[email].id, email=email, level=level, has_text=has_text)
    return Scene(runtime=runtime, boxes=boxes, accounts=accounts)


def start_reading(scene: Scene, box: Box, *, days: int) -> None:
    with scene.runtime.db.transaction() as session:
        reading.start(session, box.id, level=box.level, days=days, now=scene.runtime.clock.now())
