"""Sample contexts of the composer, the outbox and the mailbox."""

from types import SimpleNamespace as O
from typing import Any

from samples import LONG, base, contacts, moment, tabs


def preview(errors: bool = False, empty: bool = False) -> O:
    people = [
        O(id="priya", name="Priya Nair", is_current=True, has_error=False),
        O(id="tom", name="Tom Becker", is_current=False, has_error=errors),
    ]
    problem = O(
        contact="Tom Becker",
        text="The field contact.first_name is empty.",
        cure="Fill in the first name at the contact, or take the field out of the text.",
        field_id="block-opening",
    )
    text = "Hello Priya,\n\nwelcome aboard. Our kickoff is on Tuesday.\n\nBest,\nMaya"
    current = O(
        from_="Maya Ortiz <maya@rapport.example>",
        to="Priya Nair <priya@helios.example>",
        cc="maximiliane.von.hohenstein@rapport.example",
        leaves="Tue 24 Nov 2026, 09:00 (America/Argentina/Buenos_Aires), your zone: theirs is not known",
        subject="Kickoff for Helios Energy",
        html_src="/sample-email",
        text=text,
    )
    cautions = [
        O(key="cta:1", text="An escalation is open: Cannot upgrade", at=moment("2 days ago"), href="/ctas/c9"),
        O(key="entry:1", text="Bob Lindqvist wrote to Priya Nair", at=moment("1 h ago"), href="/accounts/a1"),
    ]
    if empty:
        people, current = [], None
    return O(
        contacts=people,
        errors=[problem] if errors else [],
        current=current,
        seen=[],
        cautions=[] if empty else cautions,
        is_asked=errors,
    )


def send_bar(**changes: Any) -> O:
    return O(
        **(
            {
                "label": "Send 2 emails",
                "is_disabled": False,
                "why": "",
                "from_address": "maya@rapport.example",
                "account_name": "Helios Energy",
            }
            | changes
        )
    )


def text_of_a_variant(prefix: str = "", **changes: Any) -> O:
    opening = (
        "Hello {{ contact.first_name }},\n\nwelcome aboard. Our **kickoff** for {{ account.name }} is on Tuesday; "
        "[the agenda](https://docs.example/agenda) says what we plan:\n\n- your goals\n- who does what"
    )
    subject = "Kickoff for {{ account.name }}"
    closing = "See you on Tuesday."
    return O(
        **(
            {
                "when": "Everybody else",
                "names": ["Priya Nair", "Tom Becker"],
                "subject": O(name=f"{prefix}subject", value=subject, original=subject, error=None),
                "blocks": [
                    O(name=f"{prefix}opening", label="Opening", value=opening, original=opening, rows=8, error=None),
                    O(name=f"{prefix}closing", label="Closing", value=closing, original=closing, rows=3, error=None),
                ],
                "merge_fields": ["contact.first_name", "account.name", "user.name"],
            }
            | changes
        )
    )


def texts_of_two_variants() -> list[O]:
    names = ["Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine the Younger", "Jörg Müller"]
    return [
        text_of_a_variant(),
        text_of_a_variant("kickoff.de:", when="Language is German and Lifecycle stage is Optimize & Grow", names=names),
    ]


def compose(**changes: Any) -> dict[str, Any]:
    page = {
        "task": O(title="Kickoff invitation"),
        "cta": O(name="Onboard Helios Energy", href="/ctas/c1"),
        "account": O(name="Helios Energy", href="/accounts/a1"),
        "template": O(name="Kickoff invitation", version=2),
        "mailbox_banner": None,
        "contacts": contacts(),
        "contacts_error": None,
        "roles": [
            O(key="champion", label="Champion", is_current=False),
            O(key="sponsor", label="Sponsor", is_current=True),
        ],
        "leave": O(when="at", day="2026-11-24", time="09:00", error="Tue 24 Nov 2026, 09:00 (Europe/Berlin) is over."),
        "uses_next": True,
        "texts": [text_of_a_variant()],
        "urls": O(send="/send", preview="/preview", cancel="/ctas/c1"),
        "preview": preview(),
        "send_bar": send_bar(),
    }
    crumbs = (("Cockpit", "/cockpit"), ("Onboard Helios Energy", "/ctas/c1"), ("Write", None))
    return base(crumbs=crumbs) | page | changes


def email(id_: str, label: str, tone: str, icon: str, **changes: Any) -> O:
    given: dict[str, Any] = {
        "id": id_,
        "state": O(label=label, tone=tone, icon=icon),
        "to": O(name="Priya Nair", email="priya@helios.example"),
        "subject": "Kickoff for Helios Energy",
        "href": "/emails/e1",
        "account": O(name="Helios Energy", href="/accounts/a1"),
        "template": "Kickoff invitation v2",
        "at": moment("2 min ago"),
        "is_moving": False,
        "poll_href": None,
        "problem": None,
        "actions": [],
        "later": None,
        "cc": "",
    }
    return O(**(given | changes))


def emails() -> list[O]:
    def action(label: str, tone: str = "plain", confirm: str | None = None) -> O:
        return O(label=label, href="/act", tone=tone, confirm=confirm)

    lost = O(
        text="Gmail did not answer, so nobody knows whether this email left.",
        cure="Look into your Sent folder, then say which it was.",
    )
    wrong = O(
        text="The address priya@helios.example does not exist.",
        cure="Put the address right at the contact and send again.",
    )
    return [
        email(
            "m1",
            "Queued",
            "neutral",
            "clock",
            is_moving=True,
            poll_href="/moving/email",
            actions=[action("Cancel", confirm="The email to Priya Nair will not be sent.")],
        ),
        email("m2", "Handed to Gmail…", "info", "loader-2"),
        email(
            "m3",
            "Needs you",
            "warning",
            "alert-triangle",
            problem=lost,
            actions=[action("It was sent", "primary"), action("It was not sent")],
        ),
        email("m4", "Failed", "danger", "mail-x", problem=wrong, actions=[action("Send again", "primary")]),
        email(
            "m5",
            "Sent",
            "success",
            "mail-check",
            to=O(name="李 小龍", email="a-very-long-address-that-never-ends@subsidiary.of.a.long.domain.example"),
            subject=LONG,
            template="",
        ),
        email("m6", "Cancelled", "neutral", "ban"),
    ]


def outbox(**changes: Any) -> dict[str, Any]:
    page = {
        "tabs": tabs("All", "Waiting", "Sent", "Needs you"),
        "emails": emails(),
        "next_href": "/outbox?after=x",
        "state_group": "all",
        "cockpit_href": "/cockpit",
    }
    return base("outbox") | page | changes


def email_page() -> dict[str, Any]:
    one = emails()[2]
    extra = {
        "from_": "maya@rapport.example",
        "gmail_href": "https://mail.example/",
        "cta": O(name="Onboard Helios Energy", href="/ctas/c1"),
        "timeline_href": "/accounts/a1#entry-e1",
        "html_src": "/sample-email",
        "text": preview().current.text,
    }
    vars(one).update(extra)
    steps = [
        O(at=moment("14:40"), label="Queued", detail=""),
        O(at=moment("14:41"), label="Handed to Gmail", detail="First try"),
        O(at=moment("14:42"), label="Needs you", detail="Gmail did not answer within 60 s."),
    ]
    return base("outbox", crumbs=(("Outbox", "/outbox"), (one.subject, None))) | {"email": one, "steps": steps}
