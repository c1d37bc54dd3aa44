"""The timeline as its pages show it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from flask import url_for

from server.auth import policy
from server.auth.policy import Deed
from server.timeline.cut import SeenEntry
from server.timeline.models import ActivityType, Level
from server.timeline.queries import SeenThread
from server.timeline.visibility import Person, Viewer
from server.web import show
from server.web.frame import runtime
from server.web.identity import Visitor

_ICONS = {
    ActivityType.UPDATE: ("note", "neutral"),
    ActivityType.CUSTOMER_CALL: ("phone", "success"),
    ActivityType.IN_PERSON_MEETING: ("users", "success"),
    ActivityType.EMAIL: ("mail", "accent"),
    ActivityType.WORKSHOP: ("users", "info"),
    ActivityType.AT_RISK: ("alert-triangle", "danger"),
}
_LEVEL_LABELS = {Level.SUBJECT: "Subject only", Level.METADATA: "People and time only"}
_MOST_RECIPIENTS = 4


@dataclass(frozen=True, kw_only=True)
class Link:
    name: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Around:
    """What other features know of the entries shown: by outbound id, by account, by entry.

    `accounts` is empty where the page is of one account. `why` is a short reason. The endpoint and its values give
    the rest of a conversation, by the id of its headline.
    """

    ctas: Mapping[uuid.UUID, Link]
    accounts: Mapping[uuid.UUID, Link]
    why: Mapping[uuid.UUID, str]
    rest_endpoint: str
    rest_values: Mapping[str, Any]


def viewer_of(visitor: Visitor) -> Viewer:
    reads_mail = policy.may(visitor, Deed.READ_MAIL)
    return Viewer(user_id=visitor.user_id, email=visitor.email, reads_mail=reads_mail)


def days(threads: Sequence[SeenThread], around: Around) -> list[dict[str, Any]]:
    """Conversations by the day of their headline, newest first."""
    shown = [(show.day_heading(one.head.occurred_at), _thread(one, around)) for one in threads]
    return [
        {"label": label, "threads": [thread for _, thread in group]}
        for label, group in groupby(shown, key=lambda pair: pair[0])
    ]


def rest(entries: Sequence[SeenEntry], around: Around) -> list[dict[str, Any]]:
    """The other mails of a conversation, each with its date: their headline's day is not theirs."""
    return [entry(one, around) | {"at": show.moment(one.occurred_at)} for one in entries]


def brief(one: SeenEntry) -> dict[str, Any]:
    """One line of a short list: {icon, tone, subject, at (moment)}."""
    icon, tone = _ICONS[one.activity_type]
    return {"icon": icon, "tone": tone, "subject": one.subject, "at": show.moment(one.occurred_at)}


def entry(one: SeenEntry, around: Around) -> dict[str, Any]:
    icon, tone = _ICONS[one.activity_type]
    if one.direction is not None:
        icon = "mail-opened" if one.direction == "in" else "mail-forward"
    is_mail = one.mail_message_id is not None
    return {
        "id": one.id,
        "icon": icon,
        "tone": tone,
        "type_label": _type_label(one),
        "subject": one.subject,
        "is_hidden": not one.seen.has_subject,
        "from_": _named(one.sender) if one.sender else "",
        "to": _recipients(one),
        "others": one.others,
        "at": show.clock_time(one.occurred_at),
        "body": one.body_text if not is_mail else "",
        "body_href": url_for("mail.body", entry_id=one.id) if is_mail and one.seen.has_text else None,
        "why_href": url_for("mail.why", entry_id=one.id) if is_mail else None,
        "why": around.why.get(one.id, ""),
        "level_label": "" if one.seen.is_holder else _LEVEL_LABELS.get(one.seen.level, ""),
        "reason": one.seen.reason,
        "fold_reason": fold_words(one.fold_reason) if one.fold_reason else "",
        "template_label": one.template_label or "",
        "gmail_href": gmail_link(one),
        # Only its sender may see how it fared; the others would be refused there.
        "email_href": url_for("sends.email", email_id=one.outbound_id)
        if one.outbound_id and one.is_own_mailbox
        else None,
        "moving": "",
        "cta": around.ctas.get(one.outbound_id) if one.outbound_id else None,
        "account": around.accounts.get(one.account_id),
    }


_HEADERS = (
    ("Auto-Submitted: auto-replied", "it is an automatic reply"),
    ("Precedence: auto_reply", "it is an automatic reply"),
    ("Auto-Submitted:", "a machine sent it"),
    ("Precedence:", "it was sent to many"),
    ("X-Failed-Recipients", "it came back"),
)


def fold_words(reason: str) -> str:
    """The rule as a part of a sentence: "it is an automatic reply (Auto-Submitted: auto-replied)"."""
    words = next((words for start, words in _HEADERS if reason.startswith(start)), None)
    return f"{words} ({reason})" if words else reason[:1].lower() + reason[1:]


def gmail_link(one: SeenEntry) -> str | None:
    return _gmail_address(one.mailbox_email, one.gmail_message_id) if one.is_own_mailbox else None


def gmail_href(mailbox_email: str | None, gmail_message_id: str | None, viewer_email: str) -> str | None:
    """Where the mail stands in Gmail; only the owner of the mailbox can open it there."""
    return _gmail_address(mailbox_email, gmail_message_id) if mailbox_email == viewer_email else None


def _gmail_address(mailbox_email: str | None, gmail_message_id: str | None) -> str | None:
    if not gmail_message_id or not mailbox_email:
        return None
    sandbox = runtime().settings.sandbox_url
    if sandbox:
        return f"{sandbox}/mail/{quote(mailbox_email)}/message/{gmail_message_id}"
    return f"https://mail.google.com/mail/u/?authuser={quote(mailbox_email)}#all/{gmail_message_id}"


def draft_href(mailbox_email: str, gmail_message_id: str) -> str:
    """Where its writer goes on with a draft in Gmail."""
    sandbox = runtime().settings.sandbox_url
    if sandbox:
        return f"{sandbox}/mail/{quote(mailbox_email)}/message/{gmail_message_id}"
    return f"https://mail.google.com/mail/u/?authuser={quote(mailbox_email)}#drafts?compose={gmail_message_id}"


def _thread(one: SeenThread, around: Around) -> dict[str, Any]:
    is_lazy = one.others > len(one.rest)
    return {
        **entry(one.head, around),
        "summary": _summary(one) if one.others else "",
        "rest": rest(one.rest, around),
        "rest_href": url_for(around.rest_endpoint, entry_id=one.head.id, **around.rest_values) if is_lazy else None,
    }


def _summary(one: SeenThread) -> str:
    """ "4 emails, 2 from them · since 12 May"."""
    began = show.day(one.since.astimezone(show.zone()).date())
    assert began is not None
    theirs = f", {one.from_them} from them" if one.from_them else ""
    since = began.text[0].lower() + began.text[1:] if began.text in ("Today", "Yesterday") else began.text
    return f"{one.count} emails{theirs} · since {since}"


def _type_label(one: SeenEntry) -> str:
    if one.direction is None:
        return one.activity_label
    return "Email from them" if one.direction == "in" else "Email from us"


def _named(person: Person) -> str:
    return person.name or person.email


def _recipients(one: SeenEntry) -> str:
    shown = [_addressed(person) for person in one.recipients[:_MOST_RECIPIENTS]]
    more = len(one.recipients) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _addressed(person: Person) -> str:
    text = f"{person.name} <{person.email}>" if person.name else person.email
    return f"{text} (Bcc)" if person.part == "bcc" else text
