"""Sample contexts of the mailbox page: before, while and when something is wrong."""

from types import SimpleNamespace as O
from typing import Any

from samples import base, moment


def footprints(current: str | None) -> list[O]:
    send = O(icon="send", title="Write and send as you", text="Only emails that you send.", is_granted=None)
    found = []
    for key, title, icon, what in (
        ("envelopes", "Envelopes only", "mail", "See the envelope of your mail"),
        ("text", "Also the text of matched mail", "mail-opened", "Read your mail"),
    ):
        granted = True if key == current else None
        read = O(icon=icon, title=what, text="Sender, recipients, date, subject and labels.", is_granted=granted)
        permissions = [O(**(vars(send) | {"is_granted": granted})), read]
        found.append(
            O(
                key=key,
                title=title,
                text="The timeline shows that a mail was there, not what it says.",
                is_current=key == current,
                permissions=permissions,
            )
        )
    return found


HEALTH = {
    "up_to_date": O(label="Up to date", tone="success", sentence="Every message is accounted for.", cure=""),
    "paused": O(
        label="Paused by Gmail",
        tone="warning",
        sentence="Gmail asked to slow down. Rapport rests for 12 more minutes.",
        cure="Nothing to do: it goes on by itself, and nothing is lost.",
    ),
    "gap": O(
        label="Mail may be missing",
        tone="danger",
        sentence="Gmail no longer had the list of changes. Mail since 20 November 2026 is being read again.",
        cure="Nothing to do: this stays here until everything is read.",
    ),
}


def reading(health: str = "up_to_date", **changes: Any) -> O:
    words = [
        ("full", "Everything"),
        ("subject", "Subject and people"),
        ("metadata", "People and time only"),
        ("nothing", "Nothing"),
    ]
    is_gap = health == "gap"
    given: dict[str, Any] = {
        "is_on": True,
        "can_start": True,
        "health": HEALTH[health],
        "level": "subject",
        "levels": [O(value=value, label=label, text="They see that there was a mail.") for value, label in words],
        "days": (7, 30, 90, 365),
        "default_days": 30,
        "facts": [
            O(label="Read since", at=moment("24 Oct")),
            O(label="Last look", at=moment("12 s ago")),
            O(label="Next look", at=None),
            O(label="New mail is told by", text="Gmail, at once"),
        ],
        "paused_until": moment("14:30") if health == "paused" else None,
        "counts": [
            O(count=812, label="on timelines", tone="success"),
            O(count=371, label="left out", tone="neutral"),
            O(count=21, label="waiting for you", tone="warning"),
            O(count=1_234_567, label="still to be read", tone="info"),
            O(count=2, label="not readable", tone="danger"),
        ],
        "total": 2206,
        "by_rule": [("internal_only", 1200), ("bulk", 171)],
        "comparison": O(
            at=moment("6 h ago"),
            sum="1,204 listed = 812 logged + 371 left out + 21 waiting + " + ("3" if is_gap else "0") + " unexplained",
            is_zero=not is_gap,
            missed=3 if is_gap else 0,
        ),
        "is_comparing": False,
        "aside": [
            O(
                received=moment("yesterday"),
                tried=moment("1 h ago"),
                attempts=5,
                reason="RecursionError",
                gmail_href="https://mail.example/#all/1",
            )
        ]
        if is_gap
        else [],
        "urls": O(
            start="/act",
            stop="/act",
            level="/act",
            widen="/act",
            preview="/mailbox/preview",
            compare="/act",
            retry="/act",
        ),
    }
    return O(**(given | changes))


def mailbox(connected: bool, broken: bool = False, **changes: Any) -> dict[str, Any]:
    state = O(label="Needs reconnecting", tone="danger") if broken else O(label="Connected", tone="success")
    problem = O(
        text="Google says that the permission was taken back.",
        cure="Reconnect; what waits in the outbox then goes out by itself.",
    )
    box = O(
        address="maya@rapport.example",
        state=state,
        connected=moment("3 weeks ago"),
        problem=problem if broken else None,
    )
    page = {
        "mailbox": box if connected else None,
        "reading": reading(is_on=False, can_start=not broken) if connected else None,
        "footprints": footprints("envelopes" if connected else None),
        "never": ["Delete or change your mail", "Keep mail that has nothing to do with a customer"],
        "urls": O(
            connect="/act", disconnect="/act", inbound="/mail/inbound", rules="/mail/rules", unmatched="/mail/unmatched"
        ),
        "needs_reconnect": broken,
    }
    return base("mailbox") | page | changes
