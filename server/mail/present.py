"""Why a mail is where it is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.mail import words
from server.mail.models import LinkRule, Route
from server.mail.queries import HeldBy, LostCandidate, Why
from server.timeline.cut import SeenEntry
from server.web import show

ROUTES = {
    Route.GMAIL: "Gmail",
    Route.BCC: "Bcc to Rapport",
    Route.FORWARD: "forwarded to Rapport",
    Route.IMPORT: "imported",
}
_HIDDEN = "an address in Bcc"


def short_reason(why: Why, one: SeenEntry) -> str:
    """One line under an entry: "Here by priya@helios.example"."""
    if why.rule is LinkRule.PERSON:
        return f"{why.by or 'Somebody'} put it here"
    if why.rule is LinkRule.SENT_FROM_HERE:
        return "Sent from Rapport"
    if why.rule is LinkRule.THREAD:
        return "Here by its conversation"
    address = _address(why.address, why.is_bcc, one)
    if why.rule is LinkRule.DOMAIN and not (why.is_bcc and not one.seen.shows_bcc):
        return f"Here by the domain {(why.address or '').rpartition('@')[2]}"
    return f"Here by {address}"


def reason(why: Why, one: SeenEntry) -> str:
    """The rule in a sentence."""
    if why.rule is LinkRule.PERSON:
        return f"{why.by or 'Somebody'} put it on the timeline of {why.account}."
    is_hidden = why.is_bcc and not one.seen.shows_bcc
    found = words.why(why.rule, _HIDDEN if is_hidden else why.address, None if is_hidden else why.contact, why.account)
    return f"{found} {why.by} confirmed it." if why.by else found


def lost(candidate: LostCandidate, one: SeenEntry) -> dict[str, str]:
    """An account that it did not go to. Whose address spoke for it is for those who hold the mail."""
    shows_address = one.seen.is_holder and (not candidate.is_bcc or one.seen.shows_bcc)
    return {
        "account": candidate.account,
        "address": candidate.address if shows_address else "",
        "because": candidate.because,
    }


def holders(found: Sequence[HeldBy]) -> list[str]:
    """ "Alice Moreau, by Gmail"; names only."""
    return [f"{one.name}, by {ROUTES[one.route]}" for one in found]


def decided(why: Why) -> dict[str, Any]:
    return {"version": why.rule_version, "at": show.moment(why.decided_at)}


def _address(address: str | None, is_bcc: bool, one: SeenEntry) -> str:
    if is_bcc and not one.seen.shows_bcc:
        return _HIDDEN
    return address or "an address"
