"""Push: what Cloud Pub/Sub would POST when a watched mailbox changes. Fire and forget, in a thread."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, Row
from urllib.parse import urlsplit

from server.errors import Invalid
from server.ids import new_id
from server.sandbox.loopback import is_loopback


@dataclass(frozen=True, kw_only=True)
class PushTarget:
    """`audience` set: each push bears a signed token for it, as an authenticated push subscription does."""

    url: str
    audience: str | None = None
    service_account: str = "push@sandbox.iam.gserviceaccount.com"


class Push:
    """`sign` makes a JWT out of claims."""

    def __init__(self, *, issuer: str, sign: Callable[[dict[str, object]], str]) -> None:
        self._issuer = issuer
        self._sign = sign
        self._target: PushTarget | None = None

    def aim(self, target: PushTarget | None) -> None:
        """Raises Invalid for an address that is not on this machine."""
        if target is not None and not is_loopback(urlsplit(target.url).hostname or ""):
            raise Invalid("Push goes to loopback addresses only.", cure="Give a URL that starts with http://127.0.0.1.")
        self._target = target

    def announce(self, db: Connection, *, now: datetime) -> None:
        """Tell of every watched mailbox that changed since it was last told of."""
        changed = db.execute(
            "select watch.*, account.history_id as current from watch join account on account.email = watch.mailbox"
            " where account.history_id > announced_history_id and expires_ms > ?",
            (int(now.timestamp() * 1000),),
        ).fetchall()
        for watch in changed:
            db.execute(
                "update watch set announced_history_id = ? where mailbox = ?", (watch["current"], watch["mailbox"])
            )
            if self._target is not None and self._concerns(db, watch):
                self._post_later(self._target, watch["mailbox"], str(watch["current"]), now)

    @staticmethod
    def _concerns(db: Connection, watch: Row) -> bool:
        wanted = set(json.loads(watch["label_ids"]))
        rows = db.execute(
            "select label_ids from change where mailbox = ? and history_id > ?",
            (watch["mailbox"], watch["announced_history_id"]),
        )
        return not wanted or any(wanted & set(json.loads(row["label_ids"])) for row in rows)

    def _post_later(self, target: PushTarget, mailbox: str, history_id: str, now: datetime) -> None:
        data = json.dumps({"emailAddress": mailbox, "historyId": int(history_id)}).encode()
        body = {
            "message": {
                "data": base64.b64encode(data).decode(),
                "messageId": str(new_id().int),
                "publishTime": now.isoformat().replace("+00:00", "Z"),
            },
            "subscription": "projects/sandbox/subscriptions/rapport",
        }
        headers = {"Content-Type": "application/json"}
        if target.audience is not None:
            token = self.token(audience=target.audience, email=target.service_account, now=now)
            headers["Authorization"] = "Bearer " + token
        threading.Thread(target=_post, args=(target.url, json.dumps(body), headers), daemon=True).start()

    def token(self, *, audience: str, email: str, now: datetime, **changed: object) -> str:
        """What stands on a push; `changed` puts other claims there or, as None, takes them away."""
        issued = int(now.timestamp())
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": audience,
            "azp": "113774264463038321964",
            "sub": "113774264463038321964",
            "email": email,
            "email_verified": True,
            "iat": issued,
            "exp": issued + 3600,
        }
        return self._sign({name: value for name, value in {**claims, **changed}.items() if value is not None})


def _post(url: str, body: str, headers: dict[str, str]) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    try:
        connection.request("POST", parts.path or "/", body=body, headers=headers)
        connection.getresponse().read()
    except OSError:
        # Pub/Sub would try again later; Rapport polls anyway, and a sandbox keeps no queue.
        return
    finally:
        connection.close()
