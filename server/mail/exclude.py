"""What is never kept, and by which rule. Decided on the envelope, before any text is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from server.mail.incoming import Incoming, Party
from server.mail.models import ExclusionKind
from server.mail.rules import Exclusions, Rules, host_and_above
from server.timeline.models import Level

CHOSEN = "chosen_nothing"
# By name, as they stand in the ledger; the words are what a person reads.
RULES = {
    CHOSEN: "You chose so before you sent it",
    "mailbox_level": "The mailbox is set to log nothing",
    "draft": "It is a draft",
    "chat": "It is a chat",
    "spam": "Gmail calls it spam",
    "trash": "It is in the trash",
    "excluded_label": "It has a label that you left out",
    "excluded_thread": "It is in a conversation that you left out",
    "excluded_address": "Somebody in it is on everybody’s list of addresses left out",
    "excluded_pair": "Somebody in it is on your own list of addresses left out",
    "excluded_domain": "Somebody in it is at a domain that is left out",
    "test_email": "It is a test email to yourself",
    "internal_only": "Only colleagues are in it",
    "bulk": "It was sent to many or by a machine, and nobody in it is known",
    "unlinked": "A person took it off the timeline",
    "erased_on_request": "Somebody in it was erased on request",
    "kept_no_longer": "It waited for longer than such mail is kept",
    "before_window": "It is older than what you chose to read",
}
_BY_LABEL = {"DRAFT": "draft", "CHAT": "chat", "SPAM": "spam", "TRASH": "trash"}


def why_excluded(
    incoming: Incoming, parties: Sequence[Party], rules: Rules, *, chosen: str | None = None
) -> str | None:
    """The name of the rule, or None. Anybody who is excluded excludes the whole mail for this mailbox.

    `chosen`: the level that its sender chose for this mail in the place of their mailbox's.
    """
    if chosen == Level.NOTHING:
        return CHOSEN
    if incoming.level == Level.NOTHING and chosen is None:
        return "mailbox_level"
    for label, rule in _BY_LABEL.items():
        if label in incoming.labels:
            return rule
    return _by_place(incoming, rules.exclusions) or _by_people(incoming, parties, rules)


def _by_place(incoming: Incoming, exclusions: Exclusions) -> str | None:
    for label in incoming.labels:
        if exclusions.whose(incoming.mailbox_id, ExclusionKind.LABEL, label):
            return "excluded_label"
    thread = incoming.gmail_thread_id
    if thread and exclusions.whose(incoming.mailbox_id, ExclusionKind.THREAD, thread):
        return "excluded_thread"
    return None


def _by_people(incoming: Incoming, parties: Sequence[Party], rules: Rules) -> str | None:
    if any(rules.erased.holds(party.norm) for party in parties):
        return "erased_on_request"
    if any(party.part == "from" for party in parties) and all(party.is_ours for party in parties):
        return "test_email" if incoming.envelope.is_test else "internal_only"
    for party in parties:
        rule = _by_address(incoming, party, rules.exclusions)
        if rule:
            return rule
    return None


def _by_address(incoming: Incoming, party: Party, exclusions: Exclusions) -> str | None:
    for value in (party.norm, party.key):
        whose = exclusions.whose(incoming.mailbox_id, ExclusionKind.ADDRESS, value)
        if whose:
            return "excluded_address" if whose == "everybody" else "excluded_pair"
    for host in host_and_above(party.host) if party.host else ():
        if exclusions.whose(incoming.mailbox_id, ExclusionKind.DOMAIN, host):
            return "excluded_domain"
    return None
