"""What the stand-in for Gmail's page asks of its server as a mail leaves: the shape of /sync/u/N/i/s since 2022.

Known of it: where the ids, the labels and the people stand. How a send is taken back or put off is invented here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from typing import Any

from server.sandbox.running import RunningSandbox

SENT = ["^all", "^f", "^f_bt", "^f_cl", "^pfg"]


class Answers(StrEnum):
    LISTS = "lists"
    KEYED = "keyed"
    UNHEARD_OF = "unheard_of"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A mail that leaves: its draft, its thread as Gmail's page calls it, and as its API does where it has one."""

    draft: str
    thread: str
    thread_id: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    subject: str
    html: str
    is_later: bool

    def raw(self, sender: str) -> bytes:
        mail = EmailMessage()
        mail["From"], mail["Subject"] = sender, self.subject
        for name, value in (("To", self.to), ("Cc", self.cc), ("Bcc", self.bcc)):
            if value:
                mail[name] = ", ".join(value)
        mail.set_content(self.html, subtype="html")
        return mail.as_bytes()


@dataclass(kw_only=True)
class Sync:
    """`sandbox`: where mail really leaves. `answers`: in which form the page is told.

    `left`: Gmail's id of each draft that has left; `held`: by draft, what leaves later.
    """

    sandbox: RunningSandbox | None = None
    answers: Answers = Answers.LISTS
    left: dict[str, str] = field(default_factory=dict)
    held: dict[str, tuple[str, Asked]] = field(default_factory=dict)

    def answer(self, account: str, body: bytes) -> tuple[int, str]:
        """The status and the text of the answer."""
        if self.answers is Answers.ERROR:
            return 500, "Temporary error"
        said = json.loads(body)
        taken_back = said[1][0][0][1][1]
        if isinstance(taken_back, dict):
            self._take_back(account, taken_back["undo"])
            return 200, json.dumps([None, [None] * 5])
        asked = _asked(said)
        if asked.is_later:
            self.held[asked.draft] = (account, asked)
            ids = (asked.draft[-16:].rjust(16, "0").replace("-", "0"), asked.thread_id or "1" * 16)
        else:
            ids = self._send(account, asked)
        return 200, json.dumps(self._told(asked, *ids))

    def leave_now(self) -> None:
        """The hour has come for what was put off."""
        for account, asked in self.held.values():
            self._send(account, asked)
        self.held.clear()

    def _send(self, account: str, asked: Asked) -> tuple[str, str]:
        assert self.sandbox is not None
        found = self.sandbox.send(account, asked.raw(account), thread_id=asked.thread_id)
        self.left[asked.draft] = found[0]
        return found

    def _take_back(self, account: str, draft: str) -> None:
        self.held.pop(draft, None)
        gmail_message_id = self.left.pop(draft, None)
        if gmail_message_id is not None and self.sandbox is not None:
            self.sandbox.delete(account, gmail_message_id)

    def _told(self, asked: Asked, message_id: str, thread_id: str) -> Any:
        if self.answers is Answers.UNHEARD_OF:
            return {"messages": [{"draft": asked.draft, "id": message_id}]}
        # An older mail of the conversation stands before it, as sent as this one.
        older = _message("msg-a:r1", [[1, "older@customer.example"]], "1" * 16)
        message = _message(asked.draft, [[1, one] for one in asked.to], message_id)
        inner: list[Any] = [None] * 20
        inner[4], inner[19] = [older, message], thread_id
        told = [None, [None] * 5 + [[[[asked.thread, None, [None] * 6 + [[inner]]]]]]]
        return told if self.answers is Answers.LISTS else _keyed(told)


def _message(draft: str, to: list[Any], message_id: str) -> list[Any]:
    message: list[Any] = [None] * 56
    message[0], message[2], message[10], message[55] = draft, to, SENT, message_id
    message[13] = f"<{message_id}@mail.gmail.com>"
    return message


def _keyed(value: Any) -> Any:
    """The form before 2022: places as names, from "1"."""
    if isinstance(value, list) and value and isinstance(value[0], str) and value[0].startswith("^"):
        return value
    if isinstance(value, list):
        return {str(at + 1): _keyed(one) for at, one in enumerate(value) if one is not None}
    return value


def _asked(said: Any) -> Asked:
    thread, deed = said[1][0][0][1]
    [message] = deed[13] if len(deed) > 13 else deed[1]
    to, cc, bcc = (tuple(one[1] for one in message[at]) for at in (2, 3, 4))
    more = said[3]
    return Asked(
        draft=message[0],
        thread=thread,
        thread_id=more["thread"],
        to=to,
        cc=cc,
        bcc=bcc,
        subject=message[7],
        html=message[8][1][0][1],
        is_later=more["at"] is not None,
    )
