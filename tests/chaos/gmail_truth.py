"""What lies in the mailboxes, asked of the sandbox's own file, and which letter each message is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.chaos.mailbag import Letter


@dataclass(frozen=True, kw_only=True)
class Placed:
    mailbox: str
    gmail_id: str
    letter: Letter


class GmailTruth:
    """Knows nothing of Rapport's database."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.placed: dict[tuple[str, str], Placed] = {}

    def add(self, placed: Iterable[Placed]) -> None:
        self.placed.update({(one.mailbox, one.gmail_id): one for one in placed})

    def labels(self) -> dict[tuple[str, str], frozenset[str]]:
        """Of all messages that are there now, by mailbox and Gmail id."""
        rows = self._ask(
            "select m.mailbox, m.id, group_concat(l.label_id, ' ') from message m"
            " left join message_label l on l.mailbox = m.mailbox and l.message_id = m.id group by m.mailbox, m.id"
        )
        return {(mailbox, gmail_id): frozenset((labels or "").split()) for mailbox, gmail_id, labels in rows}

    def threads(self) -> dict[tuple[str, str], str]:
        """The Gmail thread of each message that was ever there."""
        rows = self._ask("select distinct mailbox, message_id, thread_id from change")
        return {(mailbox, gmail_id): thread_id for mailbox, gmail_id, thread_id in rows}

    def lying_there(self, *, since: datetime) -> list[tuple[Placed, frozenset[str]]]:
        """Those received since then, with their labels, in a fixed order."""
        labels = self.labels()
        return [
            (one, labels[key])
            for key, one in self.placed.items()
            if key in labels and one.letter.at >= since and one.letter.kind != "draft_sent"
        ]

    def present(self, mailbox: str) -> int:
        """Its history id now."""
        [(found,)] = self._ask("select history_id from account where email = ?", mailbox)
        return int(found)

    def covered(self, mailbox: str, history_id: int, *, since: datetime) -> set[str]:
        """Messages that a reader at this cursor must know of: there now, not hidden, and not changed after it."""
        rows = self._ask(
            "select m.id from message m where m.mailbox = ? and m.history_id <= ? and m.internal_ms >= ?"
            " and not exists (select 1 from message_label l where l.mailbox = m.mailbox and l.message_id = m.id"
            " and l.label_id in ('SPAM', 'TRASH'))",
            mailbox, history_id, int(since.timestamp() * 1000),
        )  # fmt: skip
        return {gmail_id for (gmail_id,) in rows}

    def _ask(self, statement: str, *values: object) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self._file, timeout=30)) as connection:
            return connection.execute(statement, values).fetchall()
