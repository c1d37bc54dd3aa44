"""The register: every column of every table says whether it holds personal data, whose, and of what kind."""

from __future__ import annotations

from server.accounts import personal_data as accounts
from server.audit import personal_data as audit
from server.auth import personal_data as auth
from server.cockpit import personal_data as cockpit
from server.contacts import personal_data as contacts
from server.ctas import personal_data as ctas
from server.email_templates import personal_data as email_templates
from server.mail import personal_columns as mail
from server.mailboxes import personal_data as mailboxes
from server.measures import personal_data as measures
from server.panel import personal_data as panel
from server.personal import Kind, Register
from server.playbooks import personal_data as playbooks
from server.sends import personal_data as sends
from server.timeline import personal_data as timeline
from server.triggers import personal_data as triggers

OWN: Register = {
    "erasure_receipt": {
        Kind.ERASED: "address_hashes",
        Kind.STAFF: "by_user_id by_name",
        Kind.NONE: "id erased_at gone kept outside",
    },
    "retention_rule": {Kind.STAFF: "by_user_id", Kind.NONE: "id kind months changed_at"},
    "retention_run": {Kind.NONE: "id started_at changed_at finished_at removed"},
}
_FEATURES = (
    *(accounts, audit, auth, cockpit, contacts, ctas, email_templates, mail, mailboxes, measures, panel, playbooks),
    *(sends, timeline, triggers),
)


def columns() -> dict[str, dict[str, Kind]]:
    """table -> column -> kind."""
    found: dict[str, dict[str, Kind]] = {}
    for register in (OWN, *(feature.COLUMNS for feature in _FEATURES)):
        for table, kinds in register.items():
            if table in found:
                raise ValueError(f"{table} is in two registers")
            named = [(column, kind) for kind, names in kinds.items() for column in names.split()]
            found[table] = dict(named)
            if len(found[table]) != len(named):
                raise ValueError(f"a column of {table} is named twice")
    return found
