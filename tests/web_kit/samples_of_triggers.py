"""Triggers with the longest of names, and a rehearsal of a large team."""

from __future__ import annotations

from typing import Any

from samples import LONG, O, base, moment

ACCOUNT = O(name=LONG, href="/accounts/a1")


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "triggers": ("triggers/list.html", trigger_list()),
        "triggers-empty": ("triggers/list.html", trigger_list(triggers=[], is_admin=False)),
        "trigger": ("triggers/trigger.html", trigger()),
        "trigger-off": (
            "triggers/trigger.html",
            trigger(
                trigger=one(is_on=False, on_since=None, looked=None, takes_file=True),
                firings=[],
                problem=O(text="Somebody saved it meanwhile.", cure="Load the page anew."),
                file=O(rows=12, accounts=10, bad=2, more=1, problems=[
                    O(line=3, column="Account Name", value=LONG[:60], reason="is no account here")]),
            ),
        ),
        "trigger-look": ("triggers/trigger.html", trigger(is_admin=False)),
        "trigger-new": (
            "triggers/new.html",
            crumbs() | {"form": form(errors={"name": "A trigger needs a name.", "p": "x", "days": "Write a number."}),
                        "problem": O(text="A trigger needs a name.", cure="Nothing was saved."), "urls": urls()},
        ),
        "rehearse": ("triggers/rehearse.html", rehearse()),
    }  # fmt: skip


def crumbs() -> dict[str, Any]:
    return base("triggers", crumbs=(("Triggers", "/triggers"), (LONG, None)))


def urls() -> O:
    return O(save="/s", preview="/moving/trigger-preview", turn="/t", file="/f", rehearse="/r", back="/triggers")


def trigger_list(**changes: Any) -> dict[str, Any]:
    rows = [
        O(name="No call or meeting for 60 days", href="/t/1", icon="phone", words="No call or meeting for 60 days",
          is_on=True, looked=moment("2 min ago"), opened=12, failed=3),
        O(name=LONG, href="/t/2", icon="refresh", words=f"4 months before the renewal of {LONG}", is_on=False,
          looked=None, opened=0, failed=0),
        O(name="Red", href="/t/3", icon="flame", words="The sentiment becomes red", is_on=True, looked=None, opened=1,
          failed=0),
    ]  # fmt: skip
    kinds = [O(label="Some time before the renewal", icon="refresh", href="/triggers/new?kind=before_renewal")]
    return crumbs() | {"triggers": rows, "is_admin": True, "kinds": kinds} | changes


def one(**changes: Any) -> O:
    given: dict[str, Any] = {
        "name": LONG,
        "slug": "quiet",
        "words": "No call or meeting for 60 days",
        "is_on": True,
        "is_state": True,
        "takes_file": False,
        "row_version": 3,
        "on_since": moment("3 days ago"),
        "looked": moment("2 min ago"),
        "saved_at": moment("3 days ago"),
        "saved_by": "Maximiliane von Hohenstein-Wolfenbüttel",
    }
    return O(**(given | changes))


def option(label: str) -> O:
    return O(value=label.lower(), label=label)


def form(**changes: Any) -> O:
    given: dict[str, Any] = {
        "kind": "no_conversation",
        "kind_label": "No call or meeting for some time",
        "name": LONG,
        "cta_name": "{account} has gone quiet",
        "fields": ["{account}", "{tam}", "{days}", "{last}"],
        "params": [
            O(name="p_days", key="days", label="Days", input="number", value="60", is_on=False, choices=[],
              help="Only without a playbook that says it.", is_needed=True),
            O(name="p_word", key="word", label="Sentiment", input="choice", value="red", is_on=False,
              choices=[option("Red"), option("Green")], help="", is_needed=True),
            O(name="p_also_held", key="also_held", label="Also for accounts where this holds already", input="yes_no",
              value="", is_on=True, choices=[], help="Without it, only what begins later opens CTAs.",
              is_needed=False),
        ],
        "stages": [O(value="adoption", label="Adoption", is_chosen=True), O(value="x", label=LONG, is_chosen=False)],
        "arr_at_least": "100000",
        "arr_under": "",
        "cta_type": "risk",
        "types": [option("Risk"), option(LONG)],
        "reason": "",
        "reasons": [option("None"), option(LONG)],
        "priority": "high",
        "priorities": [option("High")],
        "playbook": "",
        "playbooks": [option("None"), option(LONG)],
        "owner_rule": "tam",
        "owners": [option("The account’s TAM")],
        "names_count": True,
        "errors": {},
    }  # fmt: skip
    return O(**(given | changes))


def trigger(**changes: Any) -> dict[str, Any]:
    firings = [
        O(account=ACCOUNT, outcome=O(label="Opened", tone="success"), detail="No call or meeting for 60 days.",
          at=moment("2 min ago"), cta=O(name=LONG, href="/ctas/1")),
        O(account=O(name="Acme", href="/a"), outcome=O(label="Failed", tone="danger"),
          detail=f"{LONG} has no TAM who works here, so nobody would own this CTA.", at=moment("1 h ago"), cta=None),
    ]  # fmt: skip
    page: dict[str, Any] = {
        "trigger": one(),
        "is_admin": True,
        "form": form(),
        "problem": None,
        "firings": firings,
        "file": None,
        "longest_label": 100,
        "urls": urls(),
    }
    return crumbs() | page | changes


def preview() -> O:
    hits = [
        O(account=ACCOUNT, cta_name=LONG, would=O(label="Opens", tone="success"), words="Renews on 4 Mar 2027.",
          owner="Maya Ortiz", due=moment("4 Mar"), tasks=7),
        O(account=O(name="Acme", href="/a"), cta_name="", would=O(label="Cannot open", tone="danger"),
          words="It has no TAM who works here, so nobody would own it.", owner="", due=None, tasks=0),
    ]  # fmt: skip
    counts = [O(label="Opens", tone="success", count=48), O(label="Cannot open", tone="danger", count=2)]
    return O(holds_now=1234, fired=56, shown=50, counts=counts, hits=hits)


def rehearse() -> dict[str, Any]:
    return crumbs() | {
        "title": LONG,
        "note": f"Opened by: {LONG}.",
        "days": 90,
        "choices": [30, 90],
        "here": "/playbooks/x/rehearse",
        "edit_href": "/playbooks/x/edit",
        "load_href": "/moving/rehearsal",
    }


def rehearsal(**changes: Any) -> dict[str, Any]:
    weeks = [f"{day} Nov" for day in range(1, 14)]
    given: dict[str, Any] = {
        "has_live": True,
        "numbers": [
            O(label="CTAs that would open", value="1,234", live="1,200", change="+34"),
            O(label="Contacts with two emails in a week", value="3", live="3", change=""),
        ],
        "weeks": weeks,
        "people": [
            O(name="Maximiliane von Hohenstein-Wolfenbüttel", hours=["12.5"] * 13, total="162.5", live="80.0"),
            O(name="Maya Ortiz", hours=["", "1.0", *[""] * 11], total="1.0", live=""),
        ],
        "mails": [O(day=moment("Fri 4 Dec"), count=12)],
        "openings": [
            O(day=moment("Fri 4 Dec"), account=ACCOUNT, name=LONG, owner="Maya Ortiz", trigger=LONG, tasks=15)
        ],
        "more_openings": 1133,
        "twice": [
            O(name=LONG, account="Acme", first=moment("4 Dec"), second=moment("6 Dec"), about=LONG, href="/contacts/1")
        ],
        "more_twice": 2,
    }
    return given | changes
