"""What can be chosen in the Cockpit: its filters, and the values of a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.models import STAGE_LABELS
from server.auth import people
from server.cockpit import spread
from server.cockpit.asked import ALL_CLOSED, Asked
from server.ctas.models import TaskKind
from server.playbooks.choices import Choice, Choices
from server.playbooks.models import ChoiceList

Options = list[dict[str, str]]

KINDS = {
    TaskKind.EMAIL: "An email to send",
    TaskKind.TO_DO: "A to-do",
    TaskKind.CALL: "A call",
    TaskKind.MEETING: "A meeting",
    TaskKind.SURVEY: "A survey",
}
GROUPS = {
    "due": "When due",
    "account": "Account",
    "type": "Type",
    "status": "Status",
    "priority": "Priority",
    "owner": "Owner",
    "renewal": "Month of renewal",
    "playbook": "Playbook",
    "none": "Nothing",
}
SORTS = {
    "due": "Next due",
    "renewal": "Renewal date",
    "arr": "ARR, highest first",
    "priority": "Priority",
    "opened": "Opened, latest first",
    "name": "Name",
}
DUES = {
    "": "Any time",
    "overdue": "Overdue",
    "today": "Today",
    "week": "In 7 days",
    "none": "No date",
    "range": "Between …",
}
SNOOZES = {"": "Hidden", "only": "Only snoozed", "show": "Shown"}


def owners(session: Session) -> Options:
    """Who can own a CTA, by name."""
    return [{"value": str(one.id), "label": one.name} for one in people.who_can_own_work(session)]


def filters(session: Session, wanted: Asked, lists: Choices, owners: Options) -> dict[str, Any]:
    """The form of cockpit/_filters.html: the words as asked, and what can be chosen."""
    playbooks = [{"value": name, "label": name} for name in spread.playbooks(session)]
    statuses = [{"value": "", "label": "All open"}, {"value": ALL_CLOSED, "label": "All closed"}]
    named = spread.account(session, wanted.account) if wanted.account else None
    return {
        "words": wanted.words,
        "in_use": len([name for name in _MORE if name in wanted.words]),
        "types": [{"value": "", "label": "Every type"}, *_all(lists, ChoiceList.TYPE)],
        "statuses": [*statuses, *_all(lists, ChoiceList.STATUS)],
        "reasons": [{"value": "", "label": "Every reason"}, *_all(lists, ChoiceList.REASON)],
        "priorities": [{"value": "", "label": "Every priority"}, *_all(lists, ChoiceList.PRIORITY)],
        "owners": [{"value": "", "label": "Anybody"}, *owners],
        "playbooks": [{"value": "", "label": "Every playbook"}, *playbooks],
        "stages": [{"value": "", "label": "Every stage"}, *_of({str(key): one for key, one in STAGE_LABELS.items()})],
        "kinds": [{"value": "", "label": "Anything"}, *_of({str(key): one for key, one in KINDS.items()})],
        "dues": _of(DUES),
        "snoozes": _of(SNOOZES),
        "groups": _of(GROUPS),
        "sorts": _of(SORTS),
        "account": named.name if named else "",
    }


_MORE = ("reason", "priority", "owner", "flagged", "snoozed", "playbook", "next", "stage", "due_from", "due_until")


def changes(lists: Choices, owners: Options) -> dict[str, Options]:
    """What a change of many can set."""
    statuses = lists.offered(ChoiceList.STATUS)
    return {
        "owners": owners,
        "priorities": _options(lists.offered(ChoiceList.PRIORITY)),
        "statuses": _options([one for one in statuses if not one.is_closed]),
        "closings": _options([one for one in statuses if one.is_closed]),
    }


def _all(lists: Choices, name: ChoiceList) -> Options:
    return _options(list(lists.lists[name].values()))


def _options(found: Sequence[Choice]) -> Options:
    return [{"value": one.key, "label": one.label} for one in found]


def _of(words: dict[str, str]) -> Options:
    return [{"value": value, "label": label} for value, label in words.items()]
