"""What the extension did not find in Gmail's page: a hint for whoever looks after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView

from server.panel import misses
from server.panel.api.frame import blueprint
from server.panel.misses import Miss
from server.panel.schemas import MissesArgs, MissesTakenSchema
from server.web.frame import runtime


@blueprint.route("/panel/misses")
class PanelMisses(MethodView):
    @blueprint.arguments(MissesArgs)
    @blueprint.response(200, MissesTakenSchema)
    def post(self, args: Mapping[str, Any]) -> dict[str, int]:
        """Tell which parts of Gmail's page were not found, and how often

        Numbers are added up by day. Nothing of the page, of the mail or of you is kept.
        """
        here = runtime()
        found = [Miss(part=one["part"], count=one["count"]) for one in args["misses"]]
        with here.db.transaction() as session:
            misses.add(
                session,
                found,
                extension_version=args["extension_version"],
                table_on=args["table_date"],
                now=here.clock.now(),
            )
        return {"taken": len(found)}
