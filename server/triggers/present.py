"""Triggers as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from server.accounts.models import STAGE_LABELS, LifecycleStage
from server.triggers.kinds import KINDS
from server.triggers.models import FiringOutcome, TriggerKind
from server.triggers.preview import SHOWN, Preview, Would
from server.triggers.queries import FiringRow
from server.web import show

_OUTCOMES = {
    FiringOutcome.WAITING: ("Waits for the next look", "info"),
    FiringOutcome.OPENED: ("Opened", "success"),
    FiringOutcome.UPDATED: ("Updated", "neutral"),
    FiringOutcome.SUPPRESSED: ("Kept silent", "neutral"),
    FiringOutcome.FAILED: ("Failed", "danger"),
}
_WOULD = {
    Would.OPEN: ("Opens", "success"),
    Would.UPDATE: ("Updates", "neutral"),
    Would.STAY_SILENT: ("Stays silent", "neutral"),
    Would.FAIL: ("Cannot open", "danger"),
}


def in_words(kind: str, params: Mapping[str, Any]) -> str:
    """What it looks for, in one sentence: "4 months before the renewal"."""
    known = TriggerKind(kind)
    number = params.get
    if known is TriggerKind.BEFORE_RENEWAL:
        amount, unit = (number("months"), "month") if number("months") is not None else (number("days"), "day")
        return f"{amount} {unit}{'' if amount == 1 else 's'} before the renewal"
    if known is TriggerKind.NO_CONVERSATION:
        return f"No call or meeting for {number('days')} days"
    if known is TriggerKind.SENTIMENT_IS:
        return f"The sentiment becomes {number('word')}"
    if known in (TriggerKind.LICENCE_USE_UNDER, TriggerKind.LICENCE_USE_OVER):
        side = "under" if known is TriggerKind.LICENCE_USE_UNDER else "over"
        return f"Licence use {side} {number('percent')} %{_window(params)}"
    if known is TriggerKind.STAGE_REACHED:
        stage = number("stage")
        return f"Reaches {STAGE_LABELS[LifecycleStage(stage)] if stage in tuple(LifecycleStage) else stage}"
    if known is TriggerKind.SURVEY_ANSWER:
        return f"An answer of {number('at_most')} points or fewer" if "at_most" in params else (
            f"An answer of {number('at_least')} points or more")  # fmt: skip
    return KINDS[known].label


def _window(params: Mapping[str, Any]) -> str:
    least, most = params.get("min_days_into_contract"), params.get("max_days_into_contract")
    if least is None and most is None:
        return ""
    if most is None:
        return f", from day {least} of the contract"
    return f", day {least or 0} to {most} of the contract"


def firing(row: FiringRow) -> dict[str, Any]:
    one = row.firing
    label, tone = _OUTCOMES[FiringOutcome(one.outcome)]
    return {
        "account": {"name": row.account_name, "href": url_for("customer_360.account", account_id=one.account_id)},
        "outcome": {"label": label, "tone": tone},
        "detail": one.detail,
        "at": show.moment(one.fired_at),
        "cta": {"name": row.cta_name, "href": url_for("cta_pages.cta", cta_id=one.cta_id)} if row.cta_name else None,
    }


def previewed(found: Preview) -> dict[str, Any]:
    """As triggers/_preview.html takes it."""
    return {
        "holds_now": found.holds_now,
        "fired": found.fired,
        "shown": min(SHOWN, found.holds_now),
        "counts": [{"label": _WOULD[one][0], "tone": _WOULD[one][1], "count": found.counts[one]}
                   for one in Would if found.counts[one]],
        "hits": [
            {
                "account": {"name": hit.account_name,
                            "href": url_for("customer_360.account", account_id=hit.account_id)},
                "cta_name": hit.cta_name,
                "would": {"label": _WOULD[hit.would][0], "tone": _WOULD[hit.would][1]},
                "words": hit.words,
                "owner": hit.owner_name,
                "due": show.day(hit.due_on),
                "tasks": hit.tasks,
            }
            for hit in found.hits
        ],
    }  # fmt: skip
