"""What all of /api/v1/panel shares: the blueprint, and a draft and its filing in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.panel.foresee import Draft, Filing
from server.web.api import api_blueprint
from server.web.frame import runtime

blueprint = api_blueprint("panel", "What stands beside a mail in Gmail")


def home() -> str:
    """Where people open Rapport: links for a page that is not ours."""
    return runtime().settings.base_url


def draft_of(said: Mapping[str, Any]) -> Draft:
    """From what DraftSchema let in."""
    return Draft(
        written_from=said["written_from"],
        to=tuple(said["to"]),
        cc=tuple(said["cc"]),
        bcc=tuple(said["bcc"]),
        gmail_thread_id=said["gmail_thread_id"],
    )


def filing_of(filing: Filing) -> dict[str, Any]:
    return {
        "outcome": str(filing.decision.outcome),
        "words": filing.words,
        "level": filing.level,
        "level_words": filing.level_words,
        "choice": {"level": filing.chosen} if filing.chosen is not None else None,
        "usual_level": filing.usual_level,
        "levels": [{"level": level, "words": words} for level, words in filing.levels.items()],
    }
