"""The Cockpit holds how our own people look at their work."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "cockpit_view": {Kind.STAFF: "owner_id name asked", Kind.NONE: "id is_shared is_default row_version saved_at"},
    "digest": {Kind.STAFF: "id hour", Kind.NONE: "is_on last_for_on changed_at"},
}
