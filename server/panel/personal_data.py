"""Which columns of the panel hold personal data: who used a template. What was missed names no person."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "gmail_miss": {Kind.NONE: "id missed_on part table_on extension_version count last_at"},
    "template_use": {Kind.STAFF: "user_id", Kind.NONE: "id email_template_id used_at"},
}
