"""What the audit log holds of people: who of ours did what, and ids. Never an address or a name of a contact."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "audit_entry": {
        Kind.STAFF: "user_id user_name role ip",
        Kind.NONE: "id at deed outcome record request_id",
    },
}
