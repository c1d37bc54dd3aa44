"""The rules in words that a person reads: on pages, in the API and on the command line."""

from __future__ import annotations

from server.mail.exclude import RULES
from server.mail.models import LinkRule

_WAITING = {
    "tie": "An address in it belongs to more than one account: somebody has to say which one is meant",
    "nobody_known": "Nobody in it is known, and nobody’s domain is that of one account",
}


def why(rule: LinkRule, address: str | None, contact_name: str | None, account_name: str) -> str:
    """Why a mail is on the timeline of this account: a whole sentence."""
    shown = address or "an address in it"
    whose = f"{contact_name}’s address {shown}" if contact_name else f"The address {shown}"
    sentences = {
        LinkRule.PERSON: f"Somebody put it on the timeline of {account_name}.",
        LinkRule.SENT_FROM_HERE: f"It was sent from Rapport to {contact_name or shown}, for {account_name}.",
        LinkRule.CONTACT_ADDRESS: f"{whose} is that of a contact of {account_name}.",
        LinkRule.ALTERNATE_ADDRESS: f"{whose} is another address of a contact of {account_name}.",
        LinkRule.NORMALISED_ADDRESS: (
            f"{_capital(shown)} is another way to write the address of {contact_name or 'a contact'} of {account_name}."
        ),
        LinkRule.BOUNCED_ADDRESS: f"It says that mail to {shown}, a contact of {account_name}, came back.",
        LinkRule.THREAD: f"It belongs to a conversation that is on the timeline of {account_name}.",
        LinkRule.DOMAIN: f"{_capital(shown)} is nobody whom we know, but its domain is one of {account_name}.",
    }
    return sentences[rule]


def excluded_words(rule: str) -> str:
    """Why a mail is not kept. A name that no rule has (any more) stands for itself."""
    return RULES.get(rule, rule)


def waiting_words(reason: str) -> str:
    return _WAITING.get(reason, reason)


def _capital(words: str) -> str:
    """Addresses keep their own spelling."""
    return words if "@" in words else words[:1].upper() + words[1:]
