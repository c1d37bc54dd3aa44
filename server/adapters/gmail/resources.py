"""Gmail's JSON resources as the port's dataclasses. A missing field raises KeyError: the answer is not readable."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from server.ports.gmail import (
    Draft,
    GmailMessage,
    HistoryPage,
    HistoryRecord,
    Label,
    MessagePage,
    MessageRef,
    SendAs,
    SentMessage,
)

HISTORY_KINDS = ("messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved")
Json = Mapping[str, Any]


def raw_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii")


def draft(body: Json) -> Draft:
    message = body["message"]
    return Draft(draft_id=body["id"], gmail_message_id=message["id"], gmail_thread_id=message["threadId"])


def sent_message(body: Json) -> SentMessage:
    return SentMessage(gmail_message_id=body["id"], gmail_thread_id=body["threadId"])


def message(body: Json) -> GmailMessage:
    raw = body.get("raw")
    headers = tuple((header["name"], header["value"]) for header in body.get("payload", {}).get("headers", ()))
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    return GmailMessage(
        gmail_message_id=body["id"],
        gmail_thread_id=body["threadId"],
        label_ids=frozenset(body.get("labelIds", ())),
        history_id=str(body.get("historyId", "")),
        received_at=milliseconds(body["internalDate"]),
        # Gmail escapes the snippet for HTML; what we show is escaped again by the template.
        snippet=html.unescape(body.get("snippet", "")),
        headers=first,
        header_list=headers,
        size=int(body.get("sizeEstimate", 0)),
        raw=None if raw is None else base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)),
    )


def message_page(body: Json) -> MessagePage:
    refs = tuple(
        MessageRef(gmail_message_id=item["id"], gmail_thread_id=item["threadId"]) for item in body.get("messages", ())
    )
    return MessagePage(messages=refs, next_page_token=body.get("nextPageToken"))


def history_page(body: Json) -> HistoryPage:
    records = tuple(record for change in body.get("history", ()) for record in _records(change))
    return HistoryPage(records=records, history_id=str(body["historyId"]), next_page_token=body.get("nextPageToken"))


def _records(change: Json) -> Iterator[HistoryRecord]:
    """`label_ids` are the labels that changed, or for a message added or deleted those that it has."""
    for kind in HISTORY_KINDS:
        for entry in change.get(kind, ()):
            labels = entry["labelIds"] if kind.startswith("labels") else entry["message"].get("labelIds", ())
            yield HistoryRecord(
                history_id=str(change["id"]),
                kind=kind,
                gmail_message_id=entry["message"]["id"],
                gmail_thread_id=entry["message"]["threadId"],
                label_ids=frozenset(labels),
            )


def label(body: Json) -> Label:
    return Label(label_id=body["id"], name=body["name"], is_system=body.get("type") == "system")


def send_as(body: Json) -> SendAs:
    return SendAs(
        email_address=body["sendAsEmail"],
        display_name=body.get("displayName", ""),
        is_primary=bool(body.get("isPrimary", False)),
        is_default=bool(body.get("isDefault", False)),
    )


def milliseconds(value: str | int) -> datetime:
    return datetime.fromtimestamp(int(value) / 1000, UTC)
