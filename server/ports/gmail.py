"""A Gmail mailbox as Rapport uses it. Ids are Gmail's own 16-hex ids; `raw` is an RFC 5322 message in bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from server.ports.errors import AccessLost, PortError, Throttled

COMPOSE_SCOPE = "https://www.googleapis.com/auth/gmail.compose"
METADATA_SCOPE = "https://www.googleapis.com/auth/gmail.metadata"
READONLY_SCOPE = "https://www.googleapis.com/auth/gmail.readonly"


@dataclass(frozen=True, kw_only=True)
class OAuthTokens:
    """`expires_at` is when the access token ends (aware, UTC); `scopes` are those really granted."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Profile:
    email_address: str
    history_id: str
    messages_total: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    draft_id: str
    gmail_message_id: str
    gmail_thread_id: str


@dataclass(frozen=True, kw_only=True)
class SentMessage:
    gmail_message_id: str
    gmail_thread_id: str


class MessageFormat(StrEnum):
    MINIMAL = "minimal"
    METADATA = "metadata"
    RAW = "raw"


@dataclass(frozen=True, kw_only=True)
class GmailMessage:
    """`header_list` is all headers in their order, names as written, repeated ones too; empty for MINIMAL.

    `headers` has lower-case names and the first value of each. `raw` only for RAW. `size` is Gmail's estimate of the
    whole message in bytes, 0 where it gave none.
    """

    gmail_message_id: str
    gmail_thread_id: str
    label_ids: frozenset[str]
    history_id: str
    received_at: datetime
    snippet: str
    headers: Mapping[str, str]
    header_list: tuple[tuple[str, str], ...]
    size: int
    raw: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one batch brought: what came is kept, whatever became of the rest.

    `found` has None for a message that is gone; `failures` says of the others why they did not come.
    """

    found: Mapping[str, GmailMessage | None]
    failures: Mapping[str, PortError]

    @property
    def failed(self) -> PortError | None:
        """The failure that a caller must heed first: the one that concerns the most. None when all came."""
        for kind in (Throttled, AccessLost, PortError):
            for failure in self.failures.values():
                if isinstance(failure, kind):
                    return failure
        return None


@dataclass(frozen=True, kw_only=True)
class MessageRef:
    gmail_message_id: str
    gmail_thread_id: str


@dataclass(frozen=True, kw_only=True)
class MessagePage:
    messages: tuple[MessageRef, ...]
    next_page_token: str | None


@dataclass(frozen=True, kw_only=True)
class HistoryRecord:
    """One change. `kind` is messagesAdded, messagesDeleted, labelsAdded or labelsRemoved."""

    history_id: str
    kind: str
    gmail_message_id: str
    gmail_thread_id: str
    label_ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class HistoryPage:
    records: tuple[HistoryRecord, ...]
    history_id: str
    next_page_token: str | None


@dataclass(frozen=True, kw_only=True)
class Label:
    label_id: str
    name: str
    is_system: bool


@dataclass(frozen=True, kw_only=True)
class SendAs:
    email_address: str
    display_name: str
    is_primary: bool
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class Watch:
    history_id: str
    expires_at: datetime


class GmailMailbox(Protocol):
    """One mailbox. Every method may raise Throttled, AccessLost, or OutcomeUnknown; reads raise Missing for a 404.

    No method tries again by itself: one call is at most one request (plus one token refresh before it).
    """

    def profile(self) -> Profile: ...

    def create_draft(self, raw: bytes, *, gmail_thread_id: str | None = None) -> Draft:
        """Raises Rejected when Gmail refuses the content."""
        ...

    def get_draft(self, draft_id: str) -> Draft:
        """Raises Missing when it was sent or deleted."""
        ...

    def send_draft(self, draft_id: str) -> SentMessage:
        """A 404 raises OutcomeUnknown: the draft may be gone because it was sent."""
        ...

    def delete_draft(self, draft_id: str) -> None: ...

    def send_message(self, raw: bytes, *, gmail_thread_id: str | None = None) -> SentMessage: ...

    def get_message(self, gmail_message_id: str, *, message_format: MessageFormat) -> GmailMessage: ...

    def get_messages(self, gmail_message_ids: Sequence[str], *, message_format: MessageFormat) -> Batch:
        """One batch request of at most 50. Raises only what became of the whole; a part's failure is in the Batch."""
        ...

    def list_messages(
        self,
        *,
        label_ids: Sequence[str] = (),
        query: str | None = None,
        page_token: str | None = None,
        max_results: int = 100,
    ) -> MessagePage:
        """Newest first, without spam and trash. `query` is refused (Rejected) to a grant with the metadata scope.

        A page may be empty and still not be the last.
        """
        ...

    def get_thread(self, gmail_thread_id: str) -> tuple[GmailMessage, ...]:
        """Messages of the thread, oldest first, with headers."""
        ...

    def history(self, *, start_history_id: str, page_token: str | None = None, max_results: int = 500) -> HistoryPage:
        """What changed after the cursor, oldest first; all pages of one look take the same `start_history_id`.

        A page may be empty and still not be the last. Raises HistoryExpired when the cursor is too old.
        """
        ...

    def labels(self) -> tuple[Label, ...]: ...

    def send_as(self) -> tuple[SendAs, ...]: ...

    def watch(self, *, topic: str, label_ids: Sequence[str] = ()) -> Watch: ...

    def stop_watch(self) -> None: ...


class Gmail(Protocol):
    def open(self, tokens: OAuthTokens, *, on_refresh: Callable[[OAuthTokens], None]) -> GmailMailbox:
        """A mailbox for these tokens. `on_refresh` is called with new tokens whenever the access token was renewed."""
        ...
