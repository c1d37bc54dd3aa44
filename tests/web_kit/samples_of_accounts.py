"""Sample contexts of the accounts, their timelines and the search."""

from types import SimpleNamespace as O
from typing import Any

from samples import KICKOFF, LONG, RISK, base, contacts, moment, tabs
from samples_of_mail import mail


def accounts_page(**changes: Any) -> dict[str, Any]:
    stage = {"Onboarding": "info", "Adoption": "accent", "Renewal": "warning"}
    rows = [
        O(
            name=name,
            href="/accounts/a1",
            domain=domain,
            stage=O(label=label, tone=stage[label]),
            arr=arr,
            renews=moment("17 Apr 2027"),
            tam=O(name=tam),
            last_activity=moment("3 days ago"),
            last_timeline_activity=moment("2 min ago"),
        )
        for name, domain, label, arr, tam in [
            ("Helios Energy", "helios.example", "Onboarding", "$858,000", "Maya Ortiz"),
            ("Blue Harbor Bank", "blueharbor.example", "Renewal", "$747,000", "Devin Cole"),
            ("Arcadia Health", "arcadia.example", "Adoption", "$493,000", "Ines Laurent"),
            ("شركة الطاقة", "taqa.example", "Adoption", "€1,250,000", "Maya Ortiz"),
        ]
    ]
    rows.append(
        O(
            name=LONG,
            href="/accounts/a2",
            domain="",
            stage=None,
            arr=None,
            renews=None,
            tam=None,
            last_activity=None,
            last_timeline_activity=None,
        )
    )
    page = {
        "tabs": tabs("My book", "All accounts"),
        "view": "mine",
        "q": "",
        "action": "/accounts",
        "accounts": rows,
        "next_href": "/accounts?after=x",
        "is_filtered": False,
        "clear_href": "/accounts",
    }
    return base("accounts") | page | changes


def entry(id_: str, subject: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "icon": "mail-forward",
        "tone": "info",
        "type_label": "Email sent",
        "from_": "Maya Ortiz",
        "to": "Priya Nair",
        "body": "Hello Priya,\n\nwelcome aboard. Our kickoff is on Tuesday.\n\nBest,\nMaya",
        "body_href": None,
        "why_href": None,
        "template_label": "Kickoff invitation v2",
        "email_href": "/emails/e1",
        "cta": O(name="Onboard Helios Energy", href="/ctas/c1"),
    }
    return mail(id_, subject, **(given | changes))


def sentiment(**changes: Any) -> O:
    given: dict[str, Any] = {
        "label": "Yellow",
        "tone": "warning",
        "note": f"Their sponsor leaves in March. {LONG}",
        "by": "Maximiliane von Hohenstein-Wolfenbüttel",
        "at": moment("3 days ago"),
        "choices": [O(value=word, label=word.capitalize(), tone="neutral") for word in ("green", "yellow", "red")],
        "value": "yellow",
        "key": "k2",
        "action": "/accounts/a1/sentiment",
        "longest_note": 4000,
    }
    return O(**(given | changes))


def account_page(**changes: Any) -> dict[str, Any]:
    account = O(
        name="Helios Energy",
        initials="HE",
        stage="Onboarding",
        arr="$858,000",
        renews=moment("17 Apr 2027"),
        tam=O(name="Maya Ortiz"),
        owner=O(name="Devin Cole"),
        domains=["helios.example", "helios-energy.example"],
        parent=O(name="Solstice Group", href="/accounts/p"),
        children=[O(name="Helios Grid", href="/accounts/g"), O(name=LONG, href="/accounts/l")],
        last_activity=moment("3 days ago"),
        last_timeline_activity=moment("2 min ago"),
        salesforce_id="0015g00000XyZ12AAB",
        salesforce_href=None,
    )
    bare = {"template_label": "", "gmail_href": None, "email_href": None, "cta": None}
    days = [
        O(
            label="Today",
            threads=[
                entry("e3", "Agenda for Tuesday", moving="Handed to Gmail…", gmail_href=None),
                entry("e2", "Kickoff for Helios Energy", to="Priya Nair, Tom Becker and 李 小龍"),
            ],
        ),
        O(
            label="Thursday, 19 November",
            threads=[
                entry(
                    "e1",
                    "Re: Kickoff for Helios Energy",
                    icon="mail-opened",
                    tone="success",
                    type_label="Email received",
                    from_="Priya Nair",
                    to="Maya Ortiz",
                    **bare,
                ),
                entry("e0", LONG, icon="note", tone="neutral", type_label="Note", to="", **(bare | {"body": ""})),
            ],
        ),
    ]
    ctas = [
        O(
            name="Onboard Helios Energy",
            href="/ctas/c1",
            type=KICKOFF,
            due=moment("Fri 27 Nov"),
            is_overdue=False,
            snoozed=None,
        ),
        O(name="Usage fell", href="/ctas/c2", type=RISK, due=None, is_overdue=True, snoozed=moment("4 Mar 2027")),
    ]
    page = {
        "account": account,
        "contacts": [O(**vars(one), href="/contacts/p1") for one in contacts()],
        "ctas": ctas,
        "new_cta_href": "/ctas/new?account=a1",
        "log": O(
            action="/accounts/a1/activities",
            is_open=False,
            type="customer_call",
            subject="",
            key="k1",
            types=[{"value": "customer_call", "label": "Customer call"}, {"value": "update", "label": "Note"}],
            at="2026-11-23T10:00",
            zone="America/Argentina/ComodRivadavia",
            contacts=[O(id="p1", name="Priya Nair"), O(id="p2", name="李 小龍"), O(id="p3", name=LONG)],
        ),
        "sentiment": sentiment(),
        "days": days,
        "next_href": "/accounts/a1/timeline?before=x",
        "has_moving": True,
        "poll_href": "/moving/timeline?since=x",
        "empty": O(icon="timeline-event", title="Nothing has happened yet", text="Emails show up here by themselves."),
    }
    return base("accounts", crumbs=(("Accounts", "/accounts"), ("Helios Energy", None))) | page | changes


def bare_account_page() -> dict[str, Any]:
    account = O(
        name=LONG,
        initials="D",
        stage="",
        arr=None,
        renews=None,
        tam=None,
        owner=None,
        domains=[],
        parent=None,
        children=[],
        last_activity=None,
        last_timeline_activity=None,
        salesforce_id=None,
        salesforce_href=None,
    )
    return account_page(
        account=account,
        contacts=[],
        ctas=[],
        log=None,
        sentiment=sentiment(label="", note="", by="", at=None, value="", action=None),
        days=[],
        next_href=None,
        has_moving=False,
        poll_href=None,
    )


def found(q: str = "helios", empty: bool = False) -> dict[str, Any]:
    item = O(label="Helios Energy", href="/accounts/a1", note="Onboarding · $858,000", icon="building-skyscraper")
    person = O(label="Priya Nair", href="/accounts/a1", note="CTO · Helios Energy · priya@helios.example", icon="user")
    work = O(label=LONG, href="/ctas/c1", note="", icon="checklist")
    groups = [
        O(key="accounts", label="Accounts", items=[item]),
        O(key="contacts", label="Contacts", items=[person]),
        O(key="ctas", label="CTAs", items=[work]),
    ]
    return {"q": q, "groups": [] if empty else groups, "total": 0 if empty else 3, "results_href": f"/search?q={q}"}
