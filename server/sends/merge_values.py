"""What the merge fields of an email stand for: plain values only, never rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.accounts.models import Account
from server.auth.models import User
from server.contacts.queries import ContactView


def merge_values(
    *, contact: ContactView, account: Account, sender: User, tam: User | None, now: datetime
) -> dict[str, Any]:
    """Values by the paths of the catalogue of merge fields; a missing one is None. `today` is the sender's."""
    return {
        "contact": {
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "full_name": contact.full_name,
            "title": contact.title,
            "email": contact.email,
            "language": contact.language,
        },
        "account": {
            "name": account.name,
            "arr": account.arr,
            "renewal_date": account.renewal_on,
            "lifecycle_stage": account.stage_label or None,
        },
        "sender": _person(sender),
        "tam": _person(tam) if tam else {"name": account.tam_name, "first_name": None, "email": None},
        "links": {"unsubscribe": f"mailto:{sender.email}?subject=Unsubscribe"},
        "today": now.astimezone(ZoneInfo(sender.time_zone)).date(),
    }


def _person(user: User) -> dict[str, Any]:
    return {"name": user.name, "first_name": user.first_name, "email": user.email, "title": user.title or None}
