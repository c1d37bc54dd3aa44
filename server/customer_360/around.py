"""A page of the timeline with what other features know of its entries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.ctas import queries as ctas
from server.mail import present as mail_words
from server.mail import queries as mail
from server.timeline import present
from server.timeline.cut import SeenEntry
from server.timeline.present import Around, Link
from server.timeline.queries import ThreadPage


def timeline(
    session: Session, found: ThreadPage, *, here: str, is_of_one_account: bool, **rest_values: Any
) -> dict[str, Any]:
    """The context of timeline/_timeline.html but for `has_moving` and `empty`. `here` may have a query already."""
    shown = [one for thread in found.threads for one in (thread.head, *thread.rest)]
    about = around(session, shown, is_of_one_account=is_of_one_account, rest_values=rest_values)
    newest = str(found.threads[0].head.id) if found.threads else ""
    link = "&" if "?" in here else "?"
    return {
        "days": present.days(found.threads, about),
        "next_href": f"{here}{link}{urlencode({'cursor': found.next_cursor})}" if found.next_cursor else None,
        "has_moving": False,
        "poll_href": f"{here}{link}since={newest}",
        "newest": newest,
    }


def around(
    session: Session,
    shown: Sequence[SeenEntry],
    *,
    is_of_one_account: bool,
    rest_values: dict[str, Any],
) -> Around:
    outbound = [one.outbound_id for one in shown if one.outbound_id]
    its_ctas = ctas.cta_of_email(session, outbound) if outbound else {}
    reasons = mail.why(session, shown)
    return Around(
        ctas={
            email_id: Link(name=cta.name, href=url_for("cta_pages.cta", cta_id=cta.id))
            for email_id, cta in its_ctas.items()
        },
        accounts={} if is_of_one_account else _accounts(session, {one.account_id for one in shown}),
        why={one.id: mail_words.short_reason(reasons[one.id], one) for one in shown if one.id in reasons},
        rest_endpoint="customer_360.people.rest_of_thread",
        rest_values=rest_values,
    )


def _accounts(session: Session, account_ids: set[uuid.UUID]) -> dict[uuid.UUID, Link]:
    return {
        account_id: Link(name=account.name, href=url_for("customer_360.account", account_id=account_id))
        for account_id, account in accounts.by_ids(session, list(account_ids)).items()
    }
