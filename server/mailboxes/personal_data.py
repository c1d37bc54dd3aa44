"""Which columns of mailboxes hold personal data: those of their owners. The ledger has ids of Gmail and no people."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "mailbox": {
        Kind.STAFF: "user_id email sealed_tokens",
        Kind.NONE: "id state scopes problem connected_at state_changed_at paused_until pause_reason",
    },
    "mailbox_reading": {
        Kind.NONE: "id phase level past_level window_from history_id pinned_history_id list_from list_page_token "
        "listed recheck_since recheck_after holder held_until next_look_at caught_up_at gap_since gap_reason failures "
        "problem watch_expires_at watch_asked_at aliases_read_at reconcile_at started_at",
    },
    "mailbox_alias": {Kind.STAFF: "email_norm", Kind.NONE: "id mailbox_id"},
    "mailbox_message": {
        Kind.NONE: "id mailbox_id gmail_message_id gmail_thread_id state rule attempts outages not_before received_at "
        "deleted_at changed_at",
    },
    "reconciliation": {
        Kind.NONE: "id mailbox_id at window_from listed logged excluded waiting gone on_their_way missed unexplained",
    },
}
