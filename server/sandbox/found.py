"""Which messages a list asks for, newest first, and a page of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from sqlite3 import Row

from flask import request

from server.sandbox import scopes as scope_names
from server.sandbox import search
from server.sandbox.calls import Call
from server.sandbox.google_errors import GoogleError, invalid_argument
from server.sandbox.mail_text import MailText

_AFTER_SECONDS = re.compile(r"(?:^|\s)after:(\d{6,})(?:\s|$)")
_SEQUENCE_DIGITS = 12
_LABELS = (
    "(select group_concat(label_id, ' ') from message_label l where l.mailbox = m.mailbox and l.message_id = m.id)"
)


def asked_page() -> tuple[int, str]:
    """maxResults (1 to 500) and pageToken; "0" is the beginning."""
    size = min(request.args.get("maxResults", 100, type=int), 500)
    token = request.args.get("pageToken", "0")
    if not (token.isascii() and token.isdecimal()) or size < 1:
        raise invalid_argument("Invalid pageToken or maxResults")
    return size, token


def message_page(call: Call) -> tuple[list[Row], str | None]:
    """A token names a place and not a number of messages: what comes or goes meanwhile shifts nothing."""
    size, token = asked_page()
    rows = list(islice(found_rows(call, behind=token), size + 1))
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    return rows[:size], f"{last['internal_ms']}{last['sequence']:0{_SEQUENCE_DIGITS}d}"


def found_rows(call: Call, *, behind: str = "0") -> Iterator[Row]:
    """What labelIds and q of the request choose. Raises 403 for q with the metadata scope."""
    query = request.args.get("q", "")
    if query and scope_names.METADATA in call.scopes:
        raise GoogleError(403, "forbidden", "Metadata scope does not support 'q' parameter")
    wanted = set(request.args.getlist("labelIds"))
    hidden: set[str] = set() if search.reaches_trash(query) or wanted & {"TRASH", "SPAM"} else {"TRASH", "SPAM"}
    return _chosen(call, query, wanted, hidden, behind)


def _chosen(call: Call, query: str, wanted: set[str], hidden: set[str], behind: str) -> Iterator[Row]:
    test = search.compile_query(query, now=call.now)
    names = {
        row["id"]: row["name"].lower()
        for row in call.db.execute("select * from label where mailbox = ?", (call.mailbox,))
    }
    for row in call.db.execute(*_statement(call.mailbox, query, behind)):
        labels = set((row["labels"] or "").split())
        if not wanted <= labels or labels & hidden:
            continue
        words = frozenset(label.lower() for label in labels) | {names[label] for label in labels if label in names}
        received_at = datetime.fromtimestamp(row["internal_ms"] / 1000, UTC)
        if not query or test(search.Candidate(MailText(row["raw"]), words, received_at)):
            yield row


def _statement(mailbox: str, query: str, behind: str) -> tuple[str, list[object]]:
    """All that could fit, behind the place of the token. An edge of time is left to the index: mailboxes are long."""
    where = ["mailbox = ?"]
    values: list[object] = [mailbox]
    edge = _AFTER_SECONDS.search(query)
    if edge:
        where.append("internal_ms >= ?")
        values.append(int(edge[1]) * 1000)
    if behind != "0":
        where.append("(internal_ms, sequence) < (?, ?)")
        values += [int(behind[:-_SEQUENCE_DIGITS] or 0), int(behind[-_SEQUENCE_DIGITS:])]
    statement = (
        f"select m.*, {_LABELS} as labels from message m where {' and '.join(where)}"  # noqa: S608  our own words
        " order by internal_ms desc, sequence desc"
    )
    return statement, values
