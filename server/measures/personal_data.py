"""What measures say of a person: the words of an answer. Numbers stay, without whose they were."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "measure": {
        Kind.TASK: "note contact_id",
        Kind.STAFF: "by_user_id",
        Kind.NONE: "id account_id name word number source_key measured_at created_at",
    },
}
