"""The rules in words that a person reads: on pages, in the API and on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from server.mail.exclude import RULES
from server.mail.models import LinkRule
from server.timeline.models import Level

_WAITING = {
    "tie": "An address in it belongs to more than one account: somebody has to say which one is meant",
    "nobody_known": "Nobody in it is known, and nobody’s domain is that of one account",
}
COPY_GONE = "Your copy is taken away and will not come back. In Gmail nothing changed."
READ_AGAIN = "It is being read from Gmail again, and placed as if it were new."
_WHO_SEES = {
    Level.FULL: "Colleagues can read it.",
    Level.SUBJECT: "Colleagues see the subject, and only {whom} the text.",
    Level.METADATA: "Colleagues see who wrote to whom and when, and only {whom} the rest.",
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


def who_sees(level: Level, whom: Sequence[str]) -> str:
    """What colleagues see of a mail, as a sentence; `whom`: its holders, by name."""
    shown = list(whom[:3]) + ([f"{len(whom) - 3} more"] if len(whom) > 3 else [])
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "its holders"
    return _WHO_SEES.get(level, "").format(whom=listed)


def moved(to_account: str, *, whole_thread: bool) -> str:
    return f"{'The conversation' if whole_thread else 'This mail'} stands on the timeline of {to_account} now."


def taken_off(account: str, *, whole_thread: bool) -> str:
    what = "The conversation" if whole_thread else "This mail"
    return f"{what} is off the timeline of {account}, and will not come back by itself."


def never_again(address: str, account: str) -> str:
    return f"Mail of {address} will not go to {account} any more. “Mail rules” has the list, to take it back."


def level_set(label: str) -> str:
    return f"Colleagues see of it: {label.lower()}. You see all of it, as before."


def _capital(words: str) -> str:
    """Addresses keep their own spelling."""
    return words if "@" in words else words[:1].upper() + words[1:]
