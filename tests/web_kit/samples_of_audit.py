"""The audit log with made-up lines."""

from __future__ import annotations

from typing import Any

from samples import LONG, O, base, moment


def log(**changes: Any) -> dict[str, Any]:
    def row(what: str, who: str, role: str, label: str, tone: str, *record: tuple[str, str]) -> O:
        return O(
            at=moment("5 min ago"), who=who, role=role, what=what, outcome={"label": label, "tone": tone},
            record=list(record), ip="2001:db8:85a3:8d3:1319:8a2e:370:7348",
        )  # fmt: skip

    rows = [
        row("Moved a mail to another account", "Maya Ortiz", "TAM", "Done", "success", ("entry", "01a203a3-e4c9-77bb")),
        row("Read a colleague’s mail", LONG, "Manager", "Read", "info", ("entry", "01a203a3"), ("mails", "200 mails")),
        row("Published an email template", "Dana Petrov", "Admin", "Refused", "danger", ("slug", "renewal-120-days")),
    ]
    return (
        base("audit")
        | {
            "rows": rows,
            "next_href": "/audit?before=x",
            "users": [{"value": "", "label": "Everybody"}, {"value": "u", "label": LONG}],
            "outcomes": [{"value": "", "label": "All"}, {"value": "read", "label": "Read"}],
            "chosen": {"user": "", "outcome": "read", "since": "2026-11-01", "until": ""},
            "is_filtered": True,
            "clear_href": "/audit",
            "export_href": "/audit",
        }
        | changes
    )
