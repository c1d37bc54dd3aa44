"""A sandbox in a thread of this process, for tests and the demonstration."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Any

from flask import Flask

from server.clock import Clock, SystemClock
from server.ports.gmail import OAuthTokens
from server.sandbox import deliver
from server.sandbox import mailbox as boxes
from server.sandbox import oauth_grants as grants
from server.sandbox.app import create_sandbox
from server.sandbox.config import DEFAULT_USERS, SandboxConfig, SandboxUser
from server.sandbox.control import deliveries_to
from server.sandbox.deliver import PlacedMail
from server.sandbox.faults import Fault, FaultKind
from server.sandbox.mail_text import MailText
from server.sandbox.mailbox import account_row, ensure_customer
from server.sandbox.push import PushTarget
from server.sandbox.serve import listen, server_on
from server.sandbox.state import SandboxState


class RunningSandbox:
    """Starts at once on a free loopback port; use it in a `with`, or call `stop`.

    All that is asked of it below works on its data directly, so it counts no call and meets no fault.
    """

    def __init__(
        self,
        data_path: Path,
        *,
        redirect_uris_prefix: str = "http://127.0.0.1:8400",
        users: tuple[SandboxUser, ...] = DEFAULT_USERS,
        clock: Clock | None = None,
        port: int = 0,
    ) -> None:
        listener = listen("127.0.0.1", port)
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.config = SandboxConfig(
            data_path=data_path,
            base_url=self.base_url,
            redirect_uris_prefix=redirect_uris_prefix,
            users=users,
            clock=clock or SystemClock(),
        )
        self.app: Flask = create_sandbox(self.config)
        self._server = server_on(listener, self.app)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> RunningSandbox:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answers that are being slow end now."""
        self._state.faults.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def _state(self) -> SandboxState:
        state = self.app.extensions["sandbox"]
        assert isinstance(state, SandboxState)
        return state

    def tokens_for(self, email: str, scopes: Iterable[str]) -> OAuthTokens:
        """Tokens as if this user had just agreed to these scopes."""
        now = self._state.now()
        asked = tuple(scopes)
        with self._state.store.transaction() as db:
            account = account_row(db, email)
            if account is None or account["kind"] != "user":
                raise ValueError(f"{email} is not a user of this sandbox")
            grants.add_grant(db, email.lower(), asked)
            issued = grants.issue_tokens(db, email.lower(), asked, offline=True, code_hash=None, now=now)
        return OAuthTokens(
            access_token=issued.access_token,
            refresh_token=issued.refresh_token or "",
            expires_at=now + timedelta(seconds=grants.ACCESS_TOKEN_LIVES_S),
            scopes=frozenset(asked),
        )

    def revoke(self, email: str) -> None:
        """As if the person had removed Rapport in their Google account."""
        with self._state.store.transaction() as db:
            grants.revoke_grant(db, email.lower())

    def expire_access_tokens(self, email: str) -> None:
        """Access tokens end now; refresh tokens go on."""
        with self._state.store.transaction() as db:
            db.execute("delete from oauth_token where email = ? and kind = 'access'", (email.lower(),))

    def expire_history(self, email: str) -> None:
        """Every history cursor handed out so far becomes too old."""
        with self._state.store.transaction() as db:
            db.execute(
                "update account set history_id = history_id + 1, history_floor = history_id + 1 where email = ?",
                (email.lower(),),
            )

    def add_fault(
        self,
        match: str,
        fault: str,
        *,
        mailbox: str | None = None,
        about: str | None = None,
        skip: int = 0,
        times: int = 1,
        retry_after_s: int | None = None,
        slow_s: float = 30.0,
    ) -> None:
        """The next `times` calls of `match` fail so. See FaultKind for the words."""
        self._state.faults.add(
            Fault(
                match=match,
                fault=FaultKind(fault),
                mailbox=mailbox,
                about=about,
                skip=skip,
                times=times,
                retry_after_s=retry_after_s,
                slow_s=slow_s,
            )
        )

    def clear_faults(self) -> None:
        self._state.faults.clear()

    def deliver_raw(self, raw: bytes, *, to: str, sender: str) -> str:
        """Put a message into an INBOX as it is: a reply, a bounce, an auto-reply. Returns its Gmail id there."""
        with self._state.store.transaction() as db:
            ensure_customer(db, to, "")
            row = deliver.receive(db, to.lower(), MailText(raw), sender=sender, now=self._state.now())
            self._state.push.announce(db, now=self._state.now())
        return str(row["id"])

    def send(self, mailbox: str, raw: bytes, *, thread_id: str | None = None) -> tuple[str, str]:
        """As the owner would in Gmail's own page. Returns the ids of the message and its thread in their mailbox."""
        with self.app.app_context(), self._owners_change() as db:
            account = account_row(db, mailbox.lower())
            if account is None:
                raise ValueError(f"{mailbox} is not a user of this sandbox")
            row = deliver.send_in_thread(db, account, MailText(raw), thread_id=thread_id, now=self._state.now())
        return str(row["id"]), str(row["thread_id"])

    def place(self, mailbox: str, mails: Sequence[PlacedMail]) -> list[str]:
        """Put mail into a mailbox as it is, all in one transaction. Returns the Gmail ids."""
        return deliver.place(self._state, mailbox.lower(), mails)

    def change_labels(
        self, mailbox: str, gmail_message_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """As the owner would in Gmail: archiving removes INBOX, the trash is adding TRASH and removing INBOX."""
        with self._owners_change() as db:
            boxes.change_labels(db, mailbox.lower(), gmail_message_id, add=add, remove=remove)

    def delete(self, mailbox: str, gmail_message_id: str) -> None:
        """For good, past the trash."""
        with self._owners_change() as db:
            boxes.remove_message(db, mailbox.lower(), gmail_message_id)

    @contextmanager
    def _owners_change(self) -> Iterator[Connection]:
        with self._state.store.transaction() as db:
            yield db
            self._state.push.announce(db, now=self._state.now())

    def set_send_as(self, email: str, *addresses: str) -> None:
        """The addresses, beside their own, that this user may put into From."""
        with self._state.store.transaction() as db:
            db.execute("delete from send_as where mailbox = ?", (email.lower(),))
            db.executemany(
                "insert into send_as values (?, ?)", [(email.lower(), address.lower()) for address in addresses]
            )

    def aim_push(self, target: PushTarget | None) -> None:
        """Where the pushes of watched mailboxes go."""
        self._state.push.aim(target)

    def push_token(self, *, audience: str, email: str, **claims: object) -> str:
        """A token as Pub/Sub puts it on a push; `claims` change or, as None, take away single ones."""
        return self._state.push.token(audience=audience, email=email, now=self._state.now(), **claims)

    def deliveries(self, *, to: str | None = None) -> list[dict[str, Any]]:
        """Delivered copies, oldest first: id, at, from, to, subject, headers (lower-case names)."""
        with self.app.app_context():
            return deliveries_to(to)

    def call_counts(self, *, mailbox: str | None = None) -> dict[str, int]:
        """How often each call reached the sandbox, such as {"drafts.send": 1}."""
        counts: dict[str, int] = {}
        for entry in self._state.calls.counts():
            if mailbox in (None, entry["mailbox"]):
                name = str(entry["method"])
                counts[name] = counts.get(name, 0) + int(str(entry["count"]))
        return counts

    def reset(self) -> None:
        """Forget all mail, faults and counts; tokens stay."""
        self._state.faults.clear()
        self._state.calls.clear()
        self._state.store.clear_mail()
