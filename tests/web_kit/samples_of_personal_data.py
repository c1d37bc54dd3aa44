"""Personal data of a person with the longest of names, who stands everywhere."""

from __future__ import annotations

from typing import Any

from samples import LONG, O, base, moment
from samples_of_mail import LONG_ADDRESS

HASH = "9f86d081884c7d65, 60303ae22b998861, fd61a03af4f77d87"


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "personal-data": ("personal_data/search.html", search()),
        "personal-data-nobody": (
            "personal_data/search.html",
            search(receipts=[], error="Nothing is held about this address.", address=LONG_ADDRESS),
        ),
        "personal-data-shared": (
            "personal_data/search.html",
            search(contacts=[O(name=LONG, href="/contacts/1/personal-data"), O(name="Ann", href="/contacts/2")]),
        ),
        "personal-data-erased": ("personal_data/search.html", search(erased=O(**_row(), address=LONG_ADDRESS))),
        "personal-data-held": ("personal_data/held.html", held()),
        "personal-data-none": ("personal_data/held.html", held(rows=[], may_erase=False)),
        "personal-data-preview": ("personal_data/preview.html", preview()),
        "personal-data-receipt": ("personal_data/receipt.html", _base() | {"receipt": _receipt()}),
        "retention": ("personal_data/retention.html", retention()),
        "retention-preview": ("personal_data/retention.html", retention(is_preview=True, run=None)),
        "retention-wrong": (
            "personal_data/retention.html",
            retention(error="Audit log: write 12 to 240 months, or nothing for no end."),
        ),
        "retention-auditor": ("personal_data/retention.html", retention(may_change=False)),
    }


def _base() -> dict[str, Any]:
    return base("personal_data")


def _row() -> dict[str, Any]:
    return {"href": "/personal-data/receipts/1", "at": moment("3 days ago"), "by": LONG, "hash": HASH}


def search(**changes: Any) -> dict[str, Any]:
    page = {
        "address": "",
        "error": "",
        "contacts": [],
        "erased": None,
        "may_erase": True,
        "receipts": [O(**_row()), O(**(_row() | {"by": "the command line", "hash": "without an address"}))],
    }
    return _base() | page | changes


def _person() -> O:
    return O(
        name=LONG,
        about="A contact",
        href="/contacts/c1",
        addresses=[LONG_ADDRESS, "ann@acme.example"],
        shared=["info@acme.example"],
        contact_id="c1",
        address=LONG_ADDRESS,
    )


def held(**changes: Any) -> dict[str, Any]:
    def row(label: str, count: int, until: str, **more: Any) -> O:
        return O(
            label=label, count=count, until=until, where="The timelines of accounts: entries that they are in",
            why="To know what was said between us and the customer company", since=moment("3 Jan 2024"),
            **({"first_ends": None, "href": None} | more),
        )  # fmt: skip

    rows = [
        row("Contact record", 1, "Until it is erased", href="/contacts/c1"),
        row("Who wrote to whom, when, about what", 12_345, "Until it is erased", href="/contacts/c1"),
        row("Text of mail", 12_001, "24 months", first_ends=moment("3 Jan 2026")),
        row("Mail that is not placed yet", 3, "3 months", first_ends=moment("Tomorrow")),
    ]
    return _base() | {"person": _person(), "rows": rows, "may_erase": True} | changes


def _receipt() -> O:
    return O(
        **_row(),
        id="01a2047a-2c18-7e69-ad79-b97feb415a98",
        gone=[("Contact record", 1), ("Who wrote to whom, when, about what", 12_345), ("Text of mail", 12_001)],
        kept=[
            ("The audit log: who of our people did what, with ids and never a name or an address of a customer", 0),
            ("Mail that others took part in, too: without the person, what is quoted, and their name in it", 2_412),
        ],
        outside=["Our people's mailboxes at Google: ask their owners to delete the mail there.", "The CRM."],
        files=[O(label="As text", href="/x/text"), O(label="As JSON", href="/x/json")],
    )


def preview(**changes: Any) -> dict[str, Any]:
    page = {
        "person": _person(),
        "receipt": _receipt(),
        "confirmation": LONG_ADDRESS,
        "error": "This is not their address.",
    }
    return _base() | page | changes


def retention(**changes: Any) -> dict[str, Any]:
    def row(kind: str, label: str, months: str, stands: str, count: int) -> O:
        return O(
            kind=kind, label=label, months=months, stands=stands, count=count, default=24, least=12,
            what="Text, layout and names of attachments. Who wrote to whom, when and about what stays.",
            why="Two years cover a contract's year and the renewal before it.",
        )  # fmt: skip

    page = {
        "rows": [
            row("mail_text", "Text of mail", "12", "24", 1_234_567),
            row("sent_text", "Text of emails sent from Rapport", "24", "24", 0),
            row("waiting_mail", "Mail that is not placed yet", "", "3", 0),
        ],
        "at_once": [O(label="Ended sessions", what="Browsers that are signed out by time.", count=12)],
        "run": O(
            started=moment("7 h ago"), finished=None, removed=[("Text of mail", 120_000), ("Ended sessions", 3)]
        ),
        "most": 240,
        "is_preview": False,
        "error": "",
        "may_change": True,
        "urls": O(here="/settings/retention", save="/settings/retention"),
    }  # fmt: skip
    return _base() | page | changes
