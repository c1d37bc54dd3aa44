"""Sample contexts of the Cockpit as list, board and calendar, and of the morning digest."""

from datetime import date, timedelta
from types import SimpleNamespace as O
from typing import Any

import samples

CHOICES = [O(value="", label="Everything"), O(value="risk", label="Risk"), O(value="long", label=samples.LONG)]
FIRST = date(2026, 11, 1)
DAY = timedelta(days=1)


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    page, digest = "cockpit/cockpit.html", "cockpit/digest.html"
    chosen = {"type": "risk", "owner": "risk", "q": samples.LONG}
    used = O(
        name=samples.LONG,
        is_own=True,
        is_shared=True,
        is_default=True,
        is_changed=True,
        row_version=3,
        href="/act",
        delete_href="/act",
    )
    return {
        "cockpit": (page, cockpit(samples.usual_groups(), samples.BANNER)),
        "cockpit-empty": (page, cockpit([])),
        "cockpit-filtered": (page, cockpit([], is_filtered=True, words=chosen, view_used=used)),
        "cockpit-recommended": (page, cockpit(recommended(), view="recommended", may_change=False)),
        "cockpit-board": (page, cockpit([], layout="board", **board())),
        "cockpit-calendar": (page, cockpit([], layout="calendar", month=month())),
        "digest": (digest, digest_page()),
        "digest-off": (digest, digest_page(is_on=False, problem="Mail from Rapport itself is not set up.")),
    }


def content(groups: list[O], **changes: Any) -> dict[str, Any]:
    layout = changes.get("layout", "list")
    given = {
        "groups": groups,
        "is_filtered": False,
        "clear_href": "/cockpit",
        "view": "mine",
        "next_href": None,
        "layout": layout,
        "here": "/cockpit?view=mine",
        "layouts": [
            O(key=key, label=key.capitalize(), icon=icon, href=f"?layout={key}", current=key == layout)
            for key, icon in (("list", "list-check"), ("board", "columns-2"), ("calendar", "calendar"))
        ],
        "words": {"view": "mine"},
        "view_used": None,
        "empty": O(title="Nothing waits for you", text="When a playbook opens a CTA, it shows up here."),
        "may_change": True,
    }
    return given | changes


def cockpit(groups: list[O], banner: O | None = None, **changes: Any) -> dict[str, Any]:
    kpis = [
        O(label="Open", value=12, href="?status=open", icon="checklist", tone="accent"),
        O(label="Overdue", value=1, href="?due=overdue", icon="alert-triangle", tone="danger"),
        O(label="Due in 7 days", value="1,000+", href="?due=week", icon="calendar-event", tone="warning"),
        O(label="Emails to send", value=3, href="?next=email", icon="mail", tone="success"),
    ]
    shown = content(groups, **changes)
    many = ("types", "statuses", "reasons", "priorities", "owners", "playbooks", "stages", "kinds", "dues")
    filters = O(
        words=shown["words"],
        in_use=int("owner" in shown["words"]),
        account="",
        **dict.fromkeys((*many, "snoozes", "groups", "sorts"), CHOICES),
    )
    page = {
        "tabs": samples.tabs("My CTAs", "All CTAs", "My team’s", "Recommended"),
        "kpis": kpis,
        "filters": filters,
        "saved": [
            O(name="Red and late", href="/cockpit", by="", is_shared=False, is_default=True),
            O(name=samples.LONG, href="/cockpit", by="Ines Laurent", is_shared=True, is_default=False),
        ],
        "change": dict.fromkeys(("owners", "priorities", "statuses", "closings"), CHOICES),
        "mailbox_banner": banner,
    }
    return samples.base() | page | shown


def recommended() -> list[O]:
    why = ["sentiment is red", "12 days overdue", "renews in 29 days", "41 % of the licences are used"]
    one = samples.cta("Usage fell by 40 %", "Blue Harbor Bank", type=samples.RISK, reasons=why, is_flagged=True)
    asleep = O(through=samples.moment("Fri 27 Nov"), reason=f"Waits for {samples.LONG}")
    two = samples.cta(samples.LONG, samples.LONG, reasons=["worth $858,000 a year"], snoozed=asleep)
    return [O(key="g0", label="All", tone="accent", ctas=[one, two])]


def board() -> dict[str, Any]:
    cards = [
        samples.cta("Usage fell by 40 %", "Blue Harbor Bank", is_overdue=True, is_flagged=True),
        samples.cta(samples.LONG, samples.LONG, due=None, owner=O(name="李 小龍")),
        samples.cta("Onboard Cobalt Systems", "Cobalt Systems"),
    ]

    def column(key: str, label: str, tone: str, shown: list[O], more: int = 0) -> O:
        count = len(shown) + more
        return O(key=key, label=label, tone=tone, count=count, more=more, is_closed=False, cards=shown)

    return {
        "columns": [
            column("new", "New", "info", cards, more=1_204),
            column("work_in_progress", "Work in progress", "accent", cards[2:]),
            column("waiting", "Waiting for the customer", "warning", []),
        ],
        "columns_by": "status",
        "columns_other": "priority",
        "columns_href": "/cockpit?columns=priority",
    }


def month() -> O:
    start = FIRST - FIRST.weekday() * DAY
    days = [day(start + at * DAY) for at in range(42)]
    weeks = [days[at : at + 7] for at in range(0, 42, 7)]
    ways = {"earlier": "?month=2026-10", "later": "?month=2026-12", "now": "?month=2026-11"}
    return O(label="November 2026", weeks=weeks, **ways)


def day(on: date) -> O:
    full = [
        line("Onboard Cobalt Systems", icon="rocket"),
        line("Kickoff invitation", icon="mail", is_task=True),
        line(samples.LONG, icon="check", is_task=True, is_late=True),
    ]
    return O(
        iso=on.isoformat(),
        number=on.day,
        label=f"{on:%A %-d %B %Y}",
        weekday=f"{on:%a}",
        is_today=on == date(2026, 11, 22),
        is_other=on.month != 11,
        is_free=on.weekday() > 4,
        lines=full[: on.day % 4],
        more=7 if on.day % 4 == 3 else 0,
    )


def line(title: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "id": "c1",
        "name": title,
        "title": title,
        "account": "Cobalt Systems",
        "href": "/ctas/c1",
        "icon": "check",
        "is_task": False,
        "is_late": False,
        "due_iso": "2026-11-24",
    }
    return O(**(given | changes))


def digest_page(**changes: Any) -> dict[str, Any]:
    lines = [O(title="Kickoff invitation", about="Cobalt Systems, due today", href="/ctas/c1")]
    worst = [*lines, O(title=samples.LONG, about=samples.LONG, href="/ctas/c2")]
    given = {
        "is_on": True,
        "hour": 7,
        "hours": [O(value=str(at), label=f"{at:02}:00") for at in range(24)],
        "address": "maya@rapport.example",
        "zone": "Europe/Berlin",
        "country": "DE-BY",
        "last": samples.moment("Today"),
        "problem": "",
        "parts": [O(label="Overdue", count=31, lines=worst), O(label="Due today", count=1, lines=lines)],
    }
    return samples.base(active="") | given | changes
