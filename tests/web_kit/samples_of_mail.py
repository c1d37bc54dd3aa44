"""Sample contexts of mail: folded timelines, why a mail is where it is, the queue, the rules."""

from types import SimpleNamespace as O
from typing import Any

from samples import LONG, base, moment, tabs

LONG_ADDRESS = "a-very-long-address-that-never-ends@subsidiary.of.a.long.domain.example"


def mail(id_: str, subject: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "id": id_,
        "icon": "mail-opened",
        "tone": "accent",
        "type_label": "Email from them",
        "subject": subject,
        "is_hidden": False,
        "from_": "Priya Nair",
        "to": "Maya Ortiz <maya@rapport.example>",
        "others": 0,
        "at": moment("14:45"),
        "body": "",
        "body_href": "/mail/body",
        "why_href": "/mail/why",
        "why": "Here by priya@helios.example",
        "level_label": "",
        "reason": "",
        "fold_reason": "",
        "template_label": "",
        "gmail_href": "https://mail.example/#all/1",
        "email_href": None,
        "moving": "",
        "cta": None,
        "account": None,
        "summary": "",
        "rest": [],
        "rest_href": None,
    }
    return O(**(given | changes))


def folded_days() -> list[O]:
    sent = {
        "icon": "mail-forward",
        "type_label": "Email from us",
        "from_": "Maya Ortiz",
        "to": "Priya Nair <p@x.example>",
    }
    away = mail(
        "r2",
        "Automatic reply: Kickoff",
        fold_reason="it is an automatic reply (Auto-Submitted: auto-replied)",
        at=moment("2 days ago"),
    )
    rest = [
        mail("r1", "Re: Kickoff for Helios Energy", at=moment("yesterday"), others=2, **sent),
        away,
        mail("r3", "Kickoff for Helios Energy", at=moment("12 May"), cta=O(name="Onboard", href="/ctas/c1"), **sent),
    ]
    private = {"level_label": "Subject only", "gmail_href": None, "body_href": None}
    hidden = private | {"level_label": "People and time only", "is_hidden": True}
    return [
        O(
            label="Today",
            threads=[
                mail(
                    "t1",
                    "Re: Kickoff for Helios Energy",
                    summary="4 emails, 2 from them · since 12 May",
                    rest=rest,
                    others=1,
                    account=O(name="Helios Energy", href="/accounts/a1"),
                ),
                mail(
                    "t2",
                    "Salary bands for the platform team",
                    reason="Only Devin Cole and Ines Laurent can read the text: it is their own mail.",
                    **private,
                ),
                mail(
                    "t3",
                    "Subject hidden",
                    reason=f"Only {LONG} can see the subject and the text: it is their own mail.",
                    why="Here by the domain helios.example",
                    **hidden,
                ),
            ],
        ),
        O(
            label="Thursday, 19 November",
            threads=[
                mail(
                    "t4",
                    LONG,
                    to=f"{LONG} <{LONG_ADDRESS}> and 12 more",
                    summary="240 emails · since 3 Feb 2019",
                    rest_href="/timeline/t4/rest",
                    account=O(name=LONG, href="/accounts/a2"),
                ),
                mail("t5", "Invitation: Kickoff", fold_reason="it is a calendar invitation (METHOD:REQUEST)"),
                mail(
                    "t6",
                    "Call with Tom",
                    icon="phone",
                    tone="success",
                    type_label="Customer call",
                    from_="",
                    to="",
                    body="He asked for runners.",
                    body_href=None,
                    why_href=None,
                    gmail_href=None,
                ),
            ],
        ),
    ]


def timeline(**changes: Any) -> dict[str, Any]:
    kinds = [O(value="", label="Everything"), O(value="email", label="Email")]
    page = {
        "tabs": tabs("My accounts", "All accounts"),
        "action": "/timeline",
        "view": "mine",
        "q": "",
        "filters": O(
            type="",
            types=kinds,
            direction="",
            directions=[O(value="", label="Both"), O(value="in", label="From customers")],
            account=O(id="a1", name=LONG),
            account_href="/timeline",
        ),
        "is_filtered": False,
        "clear_href": "/timeline",
        "days": folded_days(),
        "next_href": "/timeline?cursor=x",
        "has_moving": False,
        "poll_href": None,
        "empty": O(icon="search", title="Nothing matches", text="Try another word, or fewer filters."),
    }
    return base("timeline", crumbs=(("Timeline", None),)) | page | changes


def conversation() -> dict[str, Any]:
    first = folded_days()[0].threads[0]
    return base("timeline") | {"head": first, "entries": first.rest}


def contact(**changes: Any) -> dict[str, Any]:
    one = O(
        name="Priya Nair",
        title="VP Engineering",
        roles=["Executive sponsor"],
        opted_out=True,
        language="German",
        account=O(name="Helios Energy", href="/accounts/a1"),
        former=[O(name=LONG, href="/accounts/a2", until=moment("1 Mar 2026"))],
        last_emailed=moment("3 days ago"),
    )
    addresses = [
        O(email="priya@helios.example", is_primary=True, bounced=None, is_permanent=False, detail=""),
        O(
            email=LONG_ADDRESS,
            is_primary=False,
            bounced=moment("12 May"),
            is_permanent=True,
            detail="550 5.1.1 unknown",
        ),
        O(email="p@x.example", is_primary=False, bounced=moment("2 h ago"), is_permanent=False, detail=""),
    ]
    page = {
        "contact": one,
        "addresses": addresses,
        "personal_data_href": "/contacts/c1/personal-data",
        "days": folded_days(),
        "next_href": None,
        "has_moving": False,
        "poll_href": None,
        "empty": O(icon="timeline-event", title="No mail yet", text="Email that Priya writes or gets shows up here."),
    }
    crumbs = (("Accounts", "/accounts"), ("Helios Energy", "/accounts/a1"), ("Priya Nair", None))
    return base("accounts", crumbs=crumbs) | page | changes


def why_card(**changes: Any) -> O:
    levels = [
        O(value="full", label="Everything", is_chosen=False, is_usual=False),
        O(value="subject", label="Subject and people", is_chosen=True, is_usual=True),
        O(value="metadata", label="People and time only", is_chosen=False, is_usual=False),
    ]
    given: dict[str, Any] = {
        "id": "t1",
        "account": "Helios Energy",
        "reason": "Priya Nair’s address priya@helios.example is that of a contact of Helios Energy.",
        "lost": [
            O(account="Borealis", address="ops@borealis.example", because="a stronger rule matched"),
            O(account=LONG, address="", because="2 accounts share this domain"),
        ],
        "holders": ["Maya Ortiz, by Gmail", "Devin Cole, by Bcc to Rapport"],
        "decided": O(version=12, at=moment("2 min ago")),
        "why_not": "",
        "in_thread": 4,
        "never_address": LONG_ADDRESS,
        "levels": levels,
        "own_thread": "19aa0b1c2d3e4f50",
        "subject": LONG,
        "urls": O(
            move="/mail/act",
            unlink="/mail/act",
            never="/mail/act",
            level="/mail/act",
            accounts="/mail/accounts",
            exclude="/mail/act",
        ),
    }
    return O(**(given | changes))


def why(**changes: Any) -> dict[str, Any]:
    return base("timeline") | {"subject": "Re: Kickoff for Helios Energy", "card": why_card(**changes)}


def body(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "text": "Hello Maya,\n\nTuesday suits us. Tom brings the numbers.\n\nPriya",
        "quoted": "On Mon, 23 Nov 2026 at 09:00, Maya Ortiz wrote:\n> Does Tuesday suit you?",
        "html_src": "/sample-email",
        "is_cut": True,
        "attachments": [O(name="forecast.xlsx", size="420 KB"), O(name=f"{LONG}.pdf", size="1.2 MB")],
        "is_envelope_only": False,
        "gmail_href": "https://mail.example/#all/1",
    }
    return base("timeline") | {"subject": "Re: Kickoff", "mail": O(**(given | changes))}


def unmatched(**changes: Any) -> dict[str, Any]:
    mails = [
        O(subject="Runner capacity in Q1", at=moment("2 h ago")),
        O(subject=LONG, at=moment("yesterday")),
        O(subject="No subject", at=moment("12 May")),
    ]
    some = [
        O(id="a1", name="Helios Energy", because="was on 7 mails with them"),
        O(id="a2", name=LONG, because="is called so"),
    ]
    groups = [
        O(
            id="g1",
            norm="ravi@helios-grid.example",
            name="Ravi Menon",
            email="ravi@helios-grid.example",
            first_name="Ravi",
            last_name="Menon",
            count=1204,
            mails=mails,
            domain="helios-grid.example",
            why_no_domain="",
            suggestions=some,
        ),
        O(
            id="g2",
            norm=LONG_ADDRESS,
            name="",
            email=LONG_ADDRESS,
            first_name="",
            last_name="",
            count=1,
            mails=mails[:1],
            domain="gmail.com",
            why_no_domain="Anybody can have an address there.",
            suggestions=[],
        ),
    ]
    tie = O(
        id="q1",
        norm="team@shared.example",
        count=3,
        mails=mails,
        accounts=[O(id="a1", name="Helios Energy"), O(id="a2", name=LONG)],
    )
    page = {
        "questions": 3,
        "is_connected": True,
        "ties": [tie],
        "groups": groups,
        "next_href": "/mail/unmatched?page=1",
        "may_act": True,
        "urls": O(
            contact="/act",
            domain="/act",
            link="/act",
            exclude="/act",
            dismiss="/act",
            choose="/act",
            accounts="/mail/accounts",
            rules="/mail/rules",
        ),
    }
    return base("unmatched", crumbs=(("Unmatched mail", None),)) | page | changes


def replay(**changes: Any) -> O:
    sample = [
        O(
            subject="Re: Renewal",
            account="Helios Energy",
            change=("linked anew", "success"),
            reason="Its domain is known now",
        ),
        O(subject="", account=LONG, change=("taken off a timeline", "warning"), reason="2 accounts share this domain"),
    ]
    given: dict[str, Any] = {
        "state": "previewed",
        "is_running": False,
        "done": 12345,
        "total": 12345,
        "since": moment("25 Aug"),
        "version": 12,
        "counts": [
            O(count=41, label="linked anew", tone="success"),
            O(count=12000, label="stay as they are", tone="neutral"),
        ],
        "changes": 41,
        "sample": sample,
        "poll_href": None,
        "apply_href": "/act",
        "is_outdated": False,
    }
    return O(**(given | changes))


def rules(**changes: Any) -> dict[str, Any]:
    row = {"by": "Maya Ortiz", "at": moment("3 days ago"), "undo_href": "/act"}
    own = [
        O(label=LONG_ADDRESS, kind="Address", icon="at", **row),
        O(label="Private", kind="Gmail label", icon="tag", **row),
    ]
    page = {
        "is_admin": True,
        "has_mailbox": True,
        "may_have_mailbox": True,
        "own": own,
        "everybody": [O(label="newsletter.example", kind="Domain", icon="world", **row)],
        "own_domains": [
            O(id=None, domain="rapport.example", by=""),
            O(id="d", domain="rapport-mail.example", by="Dana"),
        ],
        "shared_domains": [O(id="s", domain="partner-portal.example", by="Dana Petrov")],
        "pairs": [O(address=LONG_ADDRESS, account=O(name=LONG, href="/accounts/a2"), **row)],
        "version": 12,
        "changes": [
            O(
                number=12,
                what=f"Maya Ortiz: mail of {LONG_ADDRESS} never goes to {LONG}.",
                by="Maya Ortiz",
                at=moment("3 days ago"),
            )
        ],
        "replay": replay(),
        "days": (30, 90, 365),
        "urls": O(
            exclude="/act",
            labels="/mail/rules/labels",
            add_own_domain="/act",
            add_shared_domain="/act",
            try_on_the_past="/act",
        ),
    }
    return base("mailbox", crumbs=(("Mailbox", "/mailbox"), ("Mail rules", None))) | page | changes


def bare_rules() -> dict[str, Any]:
    none: dict[str, Any] = {
        key: [] for key in ("own", "everybody", "own_domains", "shared_domains", "pairs", "changes")
    }
    return rules(**none, is_admin=False, replay=None)
