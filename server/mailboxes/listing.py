"""Listing what a window holds, into the ledger, page by page: it goes on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.logs import logger
from server.mailboxes import ledger
from server.mailboxes.lane import Lane
from server.mailboxes.models import MailboxReading, Phase
from server.ports.errors import Rejected
from server.ports.gmail import GmailMailbox, MessageFormat, MessageRef

PAGE_SIZE = 500
_BATCH = 50

log = logger(__name__)


@dataclass(frozen=True, kw_only=True)
class WindowPage:
    """`refs` may be empty though more pages follow."""

    refs: tuple[MessageRef, ...]
    next_page_token: str | None


def list_a_page(lane: Lane, before: MailboxReading, *, can_search: bool) -> int:
    """One step of a listing; how many messages are new. Raises LaneLost and what the port raises."""
    if before.history_id is None and before.pinned_history_id is None:
        # Read before the first page: what changes while we list stands in the history after it.
        profile = lane.ask(lane.gmail.profile)
        with lane.step(before) as (_, reading):
            reading.pinned_history_id = profile.history_id
        return 0
    page = _next_page(lane, before, can_search=can_search)
    with lane.step(before) as (session, reading):
        if page is None:
            reading.list_page_token, reading.listed = None, 0
            return 0
        added = ledger.add(session, lane.mailbox_id, page.refs, lane.clock.now())
        reading.listed += len(page.refs)
        reading.list_page_token = page.next_page_token
        if page.next_page_token is None:
            _end(reading)
    return added


def _next_page(lane: Lane, before: MailboxReading, *, can_search: bool) -> WindowPage | None:
    """None when Gmail no longer knows the place where the listing stopped."""
    since, token = before.list_from, before.list_page_token
    assert since is not None, "only a listing asks for its pages"
    try:
        return lane.ask(lambda: window_page(lane.gmail, since=since, can_search=can_search, page_token=token))
    except Rejected:
        if token is None:
            raise
        log.info("listing_begins_anew", mailbox_id=str(lane.mailbox_id))
        return None


def _end(reading: MailboxReading) -> None:
    # A cursor that still stands is older than the pin: what changed since then must not be passed over.
    reading.history_id = reading.history_id or reading.pinned_history_id
    reading.pinned_history_id = reading.list_from = None
    if reading.recheck_since is None:
        reading.phase = Phase.FOLLOWING


def window_page(gmail: GmailMailbox, *, since: datetime, can_search: bool, page_token: str | None) -> WindowPage:
    """One page of what was received at `since` or later. Raises what the port raises.

    Google refuses a search to a grant that may see envelopes only. Then everything is listed, and one message of each
    page, its last, tells whether the page reaches beyond the window; only then the others are asked, too. Pages come
    newest first as far as anybody knows, but nobody promises it: so the end is a page that is too old as a whole.
    """
    if can_search:
        # One second earlier: whether "after" includes its own second is not written anywhere.
        query = f"after:{int(since.timestamp()) - 1}"
        page = gmail.list_messages(query=query, page_token=page_token, max_results=PAGE_SIZE)
        return WindowPage(refs=page.messages, next_page_token=page.next_page_token)
    page = gmail.list_messages(page_token=page_token, max_results=PAGE_SIZE)
    if not page.messages or _received_since(gmail, page.messages[-1:], since):
        return WindowPage(refs=page.messages, next_page_token=page.next_page_token)
    inside = _received_since(gmail, page.messages, since)
    return WindowPage(refs=inside, next_page_token=page.next_page_token if inside else None)


def _received_since(gmail: GmailMailbox, refs: tuple[MessageRef, ...], since: datetime) -> tuple[MessageRef, ...]:
    """Those that were received at `since` or later; what is gone meanwhile is none of them."""
    inside: list[MessageRef] = []
    for start in range(0, len(refs), _BATCH):
        some = {ref.gmail_message_id: ref for ref in refs[start : start + _BATCH]}
        batch = gmail.get_messages(list(some), message_format=MessageFormat.MINIMAL)
        if batch.failed is not None:
            raise batch.failed
        inside += [
            some[message_id]
            for message_id, message in batch.found.items()
            if message is not None and message.received_at >= since
        ]
    return tuple(inside)
