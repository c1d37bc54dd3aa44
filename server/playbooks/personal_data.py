"""Playbooks hold nothing of contacts: they are recipes for every account."""

from __future__ import annotations

from server.personal import Kind, Register

COLUMNS: Register = {
    "cta_choice": {
        Kind.NONE: "id list_name key label position only_types tone icon is_closed is_success asks_note retired_at "
        "row_version"
    },
    "playbook": {Kind.NONE: "id slug live_version_id created_at archived_at"},
    "playbook_version": {
        Kind.STAFF: "published_by_id",
        Kind.NONE: "id playbook_id number name source digest note published_at",
    },
    "playbook_draft": {Kind.STAFF: "saved_by_id", Kind.NONE: "id playbook_id source based_on_id row_version saved_at"},
    "company_day": {Kind.NONE: "id day_on country name is_workday"},
}
