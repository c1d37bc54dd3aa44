"""Triggers hold nothing of contacts."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "trigger": {
        Kind.STAFF: "saved_by_id",
        Kind.NONE: "id slug name kind params only cta_name cta_type reason priority playbook_slug owner_rule "
        "names_count is_on watches_from row_version saved_at",
    },
    "trigger_firing": {Kind.NONE: "id trigger_id account_id occasion fired_at outcome detail cta_id"},
    "trigger_run": {Kind.NONE: "id trigger_id for_day_on ended_at opened updated suppressed failed"},
}
