"""Worst-case data for the page of a CTA and what stands around it."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from samples import BANNER, LONG, O, base, contacts, cta_page, moment, waiting_tasks

PERSONS = (("u1", "Maya Ortiz"), ("u2", "Bartholomew Featherstonehaugh-Cholmondeley"), ("u3", "Ana Li"))
OWNERS = [{"value": one, "label": name} for one, name in PERSONS]
STATUSES = [{"value": "closed_success", "label": "Closed: success"}, {"value": "lost", "label": LONG}]
VALUES = {
    "name": "Onboard Helios Energy",
    "cta_type": "lifecycle",
    "status": "work_in_progress",
    "priority": "high",
    "reason": "new_customer",
    "owner_id": "u1",
    "due_on": "2026-11-27",
    "ebr_on": "",
}
DAYS = {"first": "2026-11-23", "last": "2027-11-24", "usual": "2026-11-30"}
PROSE = Markup("<p>Please <strong>look</strong> at</p><ul><li>the plan</li><li>the <code>risk</code></li></ul>")


def edit() -> dict[str, Any]:
    one = [{"value": "lifecycle", "label": "Lifecycle"}]
    return {
        "href": "/ctas/c1/change",
        "values": VALUES,
        "types": one,
        "statuses": [{"value": "work_in_progress", "label": "Work in progress"}],
        "priorities": [{"value": "high", "label": "High"}],
        "reasons": [{"value": "", "label": "None"}, {"value": "new_customer", "label": "New customer"}],
        "owners": OWNERS,
        "open_tasks": 6,
        "of_owner": 4,
    }


def _comment(number: int, by: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "id": f"m{number}",
        "by": by,
        "at": moment("2 h ago"),
        "is_edited": False,
        "is_removed": False,
        "html": PROSE,
        "text": "Please **look** at",
        "edit_href": None,
        "remove_href": "/comments/m1/remove",
    }
    return O(**(given | changes))


def _history() -> list[O]:
    words = ("Due date: 27 Nov 2026, with 3 open tasks", "Done: " + LONG, "Owner: Maya Ortiz")
    return [
        O(
            id=f"d{number}",
            label=label,
            by="Maya Ortiz",
            at=moment("5 min ago"),
            undone=moment("1 min ago") if number == 1 else None,
            undo_href="/ctas/c1/undo/d1" if number == 0 else None,
        )
        for number, label in enumerate(words)
    ]


def _persons() -> list[O]:
    return [O(**(vars(one) | {"id": f"p{number}", "is_person": number == 0})) for number, one in enumerate(contacts())]


def _clash() -> dict[str, Any]:
    fields = [
        O(label="Due date", theirs="4 Mar 2027", yours="9 Mar 2027", by="Dana Petrov"),
        O(label="Name", theirs=LONG, yours="Onboard Helios", by=""),
    ]
    seen = {"due_on": "2027-03-04"}
    return {
        "fields": fields,
        "href": "/ctas/c1/change",
        "values": VALUES,
        "seen": seen,
        "cta_href": "/ctas/c1",
    }


def _around() -> dict[str, Any]:
    entry = O(icon="mail", tone="accent", subject=LONG, at=moment("3 days ago"), href="/a", remove_href="/x")
    file = O(
        id="f1", name="L" * 110 + ".pdf", size="9.8 MB", by="Maya Ortiz", at=moment("1 h ago"), href="/files/f1",
        remove_href="/files/f1/remove",
    )  # fmt: skip
    comments = [
        _comment(1, "Maya Ortiz", edit_href="/comments/m1/edit", is_edited=True),
        _comment(2, LONG, html=Markup("<p>{}</p>").format("W" * 300)),
        _comment(3, "Rapport", is_removed=True, html=Markup(""), text=""),
    ]
    return {
        "edit": edit(),
        "closing": {"href": "/ctas/c1/close", "statuses": STATUSES, "left": ["Kickoff", LONG]},
        "reopen_href": None,
        "snoozing": {"href": "/ctas/c1/snooze", **DAYS},
        "flag_href": "/ctas/c1/flag",
        "apply": {"href": "/ctas/c1/playbook", "playbooks": [{"value": "ebr", "label": LONG}]},
        "clash": None,
        "notice": _history()[0],
        "new_task": {"href": "/ctas/c1/tasks", "owners": OWNERS, "owner_id": "u1"},
        "contacts": _persons(),
        "persons": _persons()[:1],
        "persons_href": "/ctas/c1/persons",
        "comments": {"href": "/ctas/c1/comments", "rows": comments},
        "colleagues": [name for _, name in PERSONS],
        "files": {"href": "/ctas/c1/files", "rows": [file]},
        "links": [entry],
        "link_href": "/ctas/c1/links",
        "link_choices": [{"value": "e1", "label": LONG}],
        "history": _history(),
    }


def _bare() -> dict[str, Any]:
    nothing = dict.fromkeys(
        ("edit", "closing", "reopen_href", "snoozing", "flag_href", "apply", "clash", "notice", "new_task")
    )
    return nothing | {
        "contacts": [],
        "persons": [],
        "persons_href": None,
        "comments": {"href": None, "rows": []},
        "colleagues": [],
        "files": {"href": None, "rows": []},
        "links": [],
        "link_href": None,
        "link_choices": [],
        "history": [],
        "tasks": [],
        "entries": [],
        "mailbox_banner": BANNER,
    }


def _closed() -> dict[str, Any]:
    page = cta_page(**(_bare() | {"reopen_href": "/ctas/c1/reopen"}))
    page["cta"].closed = {"at": moment("2 days ago"), "note": LONG}
    return page


def _snoozed() -> dict[str, Any]:
    page = cta_page(**(_around() | {"notice": None, "clash": _clash()}))
    page["cta"].snooze = {"through": moment("4 Mar 2027"), "reason": LONG, "wake_href": "/ctas/c1/wake"}
    return page


def _new(**changes: Any) -> dict[str, Any]:
    one = [{"value": "lifecycle", "label": "Lifecycle"}]
    steps = [
        O(title=LONG, owner="Maya Ortiz", due=moment("Fri 27 Nov"), is_email=True, is_optional=True),
        O(title="Kickoff", owner=LONG, due=None, is_email=False, is_optional=False),
    ]
    given = {
        "account": O(id="a1", name=LONG, href="/accounts/a1"),
        "values": VALUES | {"playbook": "ebr"},
        "urls": O(create="/ctas/new", look="/ctas/new"),
        "types": one,
        "reasons": one,
        "priorities": one,
        "owners": OWNERS,
        "playbooks": [{"value": "", "label": "None"}, {"value": "ebr", "label": LONG}],
        "steps": steps,
        "description": "Twice a year with those who decide.",
        "contacts": _persons(),
        "problem": None,
        "earlier": None,
    }
    return base(crumbs=(("Cockpit", "/cockpit"), ("New CTA", None))) | given | changes


def _open_ctas(rows: list[O]) -> dict[str, Any]:
    playbook = O(name=LONG, number=12, version_id="v12")
    return base(crumbs=(("Playbooks", "/playbooks"), ("Open CTAs", None))) | {
        "playbook": playbook,
        "rows": rows,
        "move_href": "/playbooks/ebr/open-ctas",
    }


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    differences = [
        O(what="added", title=LONG, words=[]),
        O(what="dropped", title="Kickoff", words=[]),
        O(what="changed", title="Agenda", words=["due date: 4 Mar 2027 → 9 Mar 2027", "instructions"]),
    ]
    row = O(
        id="c1", name=LONG, href="/ctas/c1", account=LONG, due=moment("Fri 27 Nov"), version=3, differences=differences
    )  # fmt: skip
    same = O(id="c2", name="Review", href="/ctas/c2", account="Helios", due=None, version=11, differences=[])
    earlier = O(name=LONG, href="/ctas/c1")
    mention = O(cta=LONG, href="/ctas/c1#m", by="Maya Ortiz", at=moment("1 h ago"), html=PROSE, is_new=True)
    mentions = base(crumbs=(("Cockpit", "/cockpit"), ("Mentions", None)))
    problem = {"text": "A CTA needs a name.", "cure": "Say in a few words what is to be done."}
    return {
        "cta": ("ctas/cta.html", cta_page(**_around())),
        "cta-waiting": ("ctas/cta.html", cta_page(**(_around() | {"tasks": waiting_tasks()}))),
        "cta-bare": ("ctas/cta.html", cta_page(**_bare())),
        "cta-closed": ("ctas/cta.html", _closed()),
        "cta-clash": ("ctas/cta.html", _snoozed()),
        "cta-new": ("ctas/new.html", _new(earlier=earlier)),
        "cta-new-empty": ("ctas/new.html", _new(steps=[], description="", contacts=[], problem=problem)),
        "cta-versions": ("ctas/open_ctas.html", _open_ctas([row, same])),
        "cta-versions-none": ("ctas/open_ctas.html", _open_ctas([])),
        "mentions": ("ctas/mentions.html", mentions | {"mentions": [mention]}),
        "mentions-none": ("ctas/mentions.html", mentions | {"mentions": []}),
    }
