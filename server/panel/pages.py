"""How the Gmail extension does at all people's: what it misses in Gmail's page, and who uses it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from server.auth import devices
from server.panel import misses
from server.panel.misses import MissedPart
from server.web import show
from server.web.frame import Crumb, page, runtime

blueprint = Blueprint("extension", __name__)


@blueprint.get("/settings/extension")
def health() -> str:
    here = runtime()
    now = here.clock.now()
    with here.db.reading() as session:
        missed = misses.lately(session, now=now)
        signed_in = devices.of_everybody(session, now=now)
    return page(
        "panel/extension.html",
        active="extension",
        crumbs=[Crumb(label="Gmail extension")],
        parts=[_part(one) for one in missed],
        people=[
            {"name": name, "words": devices.words_of(device), "seen": show.moment(device.last_seen_at)}
            for device, name in signed_in
        ],
    )


def _part(one: MissedPart) -> dict[str, Any]:
    return {
        "name": one.part.replace("_", " ").strip() or one.part,
        "count": one.count,
        "seen": show.moment(one.last_at),
        "by": [
            {
                "version": each.extension_version,
                "table": show.day(each.table_on),
                "count": each.count,
                "seen": show.moment(each.last_at),
            }
            for each in one.by
        ],
    }
