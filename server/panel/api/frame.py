"""The blueprint that all of /api/v1/panel shares."""

from __future__ import annotations

from server.web.api import api_blueprint
from server.web.frame import runtime

blueprint = api_blueprint("panel", "What stands beside a mail in Gmail")


def home() -> str:
    """Where people open Rapport: links for a page that is not ours."""
    return runtime().settings.base_url
