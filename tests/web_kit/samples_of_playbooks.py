"""Worst cases of the pages of playbooks: long words, many steps, errors, conflicts."""

from pathlib import Path
from typing import Any

import samples
from markupsafe import Markup

from server.playbooks import editor_form
from server.web import markdown

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsübergabe with a second half that goes on for a while"
SOURCE = (Path(__file__).parents[2] / "playbooks" / "new-account-handoff.yaml").read_text(encoding="utf-8")


def moment(text: str = "2 h ago") -> dict[str, str]:
    return {"iso": "2026-11-23T08:00:00+00:00", "text": text, "title": "Mon 23 Nov 2026, 09:00 CET"}


def _row(**change: Any) -> dict[str, Any]:
    return {
        "href": "#",
        "name": "New account handoff",
        "description": "For an account that gets another TAM.",
        "type": {"label": "Activity", "icon": "user"},
        "version": 12,
        "steps": 15,
        "minutes": "7 h 25 min",
        "has_draft": True,
        "changed": moment(),
        **change,
    }


def library(rows: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    bare = {"description": "", "type": None, "version": None, "steps": 0, "minutes": "", "changed": None}
    given = [_row(), _row(name=LONG, description=LONG * 3), _row(name="never-published", **bare)]
    return {
        "playbooks": given if rows is None else rows,
        "tabs": [
            {"label": "In use", "href": "#", "count": 21, "current": True},
            {"label": "Archived", "href": "#a", "count": 0, "current": False},
        ],
        "is_admin": True,
        "urls": {"new": "#", "lists": "#"},
    }


def _step(**change: Any) -> dict[str, Any]:
    return {
        "title": "Say hello as the new TAM",
        "task": "Email",
        "icon": "mail",
        "due": "10 business days after the start of the contract",
        "owner": "The TAM’s manager",
        "is_required": False,
        "minutes": "1 h 20 min",
        "needs": ["Introduce your successor to the customer", LONG],
        "template": {"name": LONG, "href": "#"},
        "to": "Executive sponsor",
        "silent": {"days": 4, "template": {"name": "Second try after no answer", "href": "#"}},
        "instructions": markdown.to_html("Name **two** times.\n\n- on two days\n- at two hours\n\n" + LONG * 2),
        **change,
    }


def playbook(*, is_bare: bool = False) -> dict[str, Any]:
    plain = _step(
        title=LONG, needs=[], template=None, silent=None, to="", instructions="", is_required=True, icon="phone"
    )
    urls = dict.fromkeys(("edit", "copy", "archive", "unarchive", "live", "rehearse", "open_ctas"), "#")
    said = {
        "description": LONG,
        "type": {"label": "Lifecycle", "icon": "route"},
        "reason": "Fewer than three quarters of the seats are used",
        "priority": "High",
        "owner": "The account’s TAM",
        "due": "45 days after opening",
        "applies": "Stage Onboarding or Implementation, ARR of 1,000,000 or more",
        "total": "7 h 25 min",
        "steps": [_step(), plain],
    }
    versions = [
        {
            "number": number,
            "author": "Dana Petrov",
            "moment": moment(),
            "note": LONG if number == 12 else "",
            "is_live": number == 12,
            "href": f"#{number}",
            "compare_href": f"#c{number}",
        }
        for number in (12, 11)
    ]
    return {
        "name": "new-thing" if is_bare else LONG,
        "slug": "new-thing" if is_bare else "a-slug-that-is-as-long-as-slugs-may-be-and-then-some-more-of-it",
        "playbook": None if is_bare else said,
        "number": None if is_bare else 11,
        "is_live": False,
        "is_archived": False,
        "versions": [] if is_bare else versions,
        "draft": {"by": "Dana Petrov", "moment": moment(), "compare_href": None if is_bare else "#d"},
        "is_admin": True,
        "urls": urls,
    }


def _diff() -> list[dict[str, Any]]:
    return [
        {"kind": "gap", "left_no": None, "left_html": Markup(""), "right_no": None, "right_html": Markup("")},
        {"kind": "changed", "left_no": 4, "left_html": "name: One", "right_no": 4, "right_html": f"name: {LONG}"},
        {"kind": "added", "left_no": None, "left_html": None, "right_no": 5, "right_html": "priority: high"},
    ]


def edit(view: str = "form", *, is_conflict: bool = False, source: str = SOURCE) -> dict[str, Any]:
    fields = editor_form.fields(source)
    problems = [
        {"line": 12, "column": 5, "path": "steps.0.due", "text": "Write exactly one of days, weeks: {days: 7}."},
        {"line": 0, "column": 0, "path": "", "text": LONG},
    ]
    names = ("types", "reasons", "priorities", "owners", "tasks", "units", "sides", "roles", "stages", "templates")
    conflict = {
        "text": "Somebody else saved this playbook since you opened it.",
        "by": "Bob Lindqvist",
        "moment": moment(),
        "theirs": "x.2",
        "rows": _diff(),
    }
    return {
        "name": LONG if is_conflict else "New account handoff",
        "source": source,
        "view": view,
        "seen": "x.1",
        "fields": fields,
        "errors": {"name": "Write 1 to 80 characters.", "s0_due": "Write exactly one of days, weeks.", "type": LONG}
        if is_conflict
        else {},
        "problems": problems if is_conflict else [],
        "conflict": conflict if is_conflict else None,
        "refusal": None if is_conflict else {"text": "Version 3 was published.", "cure": "Look at it first."},
        "is_unsaved": is_conflict,
        "draft": {"by": "Dana Petrov", "moment": moment()},
        "options": {name: [{"value": "a", "label": "One"}, {"value": "b", "label": LONG}] for name in names},
        "urls": dict.fromkeys(("change", "discard", "edit"), "#"),
    }


def _choice(number: int, **change: Any) -> dict[str, Any]:
    return {
        "id": f"id{number}",
        "key": "x",
        "label": "Closed lost: not a priority",
        "only_types": ["risk", "lifecycle"],
        "is_closed": True,
        "is_success": False,
        "asks_note": True,
        "is_retired": number == 2,
        "is_needed": number == 1,
        "row_version": 1,
        "change_href": "#",
        **change,
    }


def lists() -> dict[str, Any]:
    return {
        "is_admin": True,
        "types": [{"value": "risk", "label": "Risk"}, {"value": "lifecycle", "label": LONG}],
        "lists": [
            {
                "name": name,
                "label": name.capitalize(),
                "about": LONG,
                "has_types": name == "status",
                "rows": [_choice(at * 10 + number, label=LONG if number == 2 else "New") for number in (1, 2, 3)],
            }
            for at, name in enumerate(("type", "status"))
        ],
        "urls": {"add": "#", "days": "#"},
    }


def company_days(*, is_empty: bool = False) -> dict[str, Any]:
    day = {"day": moment("Thu 24 Dec"), "name": LONG, "country": "DE-BY", "is_workday": False, "remove_href": "#"}
    rows = [] if is_empty else [day, {**day, "country": "", "is_workday": True, "name": "Inventory"}]
    return {"is_admin": True, "days": rows, "urls": {"add": "#"}}


def you() -> dict[str, Any]:
    errors = {"time_zone": "'Mars' is not a time zone.", "country": LONG}
    return {
        "given": {"time_zone": "Mars", "country": "XX"},
        "errors": errors,
        "zones": ["Europe/Berlin"],
        "action": "#",
    }


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    given = {"of": "", "slug": "Not a slug", "name": "", "errors": {"slug": LONG, "type": LONG}}
    new = {"options": [{"value": "", "label": "An empty one"}], "given": given, "action": "#"}
    found = {
        "playbooks": ("playbooks/library.html", library()),
        "playbooks-empty": ("playbooks/library.html", library([])),
        "playbook": ("playbooks/playbook.html", playbook()),
        "playbook-bare": ("playbooks/playbook.html", playbook(is_bare=True)),
        "playbook-compare": (
            "playbooks/compare.html",
            {"name": LONG, "left": "Version 11", "right": "Draft", "rows": _diff()},
        ),
        "playbook-new": ("playbooks/new.html", new),
        "playbook-edit": ("playbooks/edit.html", edit()),
        "playbook-edit-conflict": ("playbooks/edit.html", edit(is_conflict=True)),
        "playbook-edit-yaml": ("playbooks/edit.html", edit("yaml", is_conflict=True)),
        "cta-lists": ("playbooks/lists.html", lists()),
        "company-days": ("playbooks/company_days.html", company_days()),
        "company-days-empty": ("playbooks/company_days.html", company_days(is_empty=True)),
        "you": ("auth/you.html", you()),
    }
    return {name: (template, samples.base(active="playbooks") | context) for name, (template, context) in found.items()}
