"""How a customer feels, said on the page of the account."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.accounts.models import Account
from server.auth import people, policy
from server.auth.policy import Deed
from server.errors import Invalid
from server.ids import new_id
from server.measures import queries
from server.measures.access import demand_may_report, may_report
from server.measures.models import MeasureName, Sentiment
from server.measures.record import LONGEST_KEY, LONGEST_NOTE, Reported, record
from server.web import show
from server.web.frame import runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("sentiment", __name__)

TONES = {Sentiment.GREEN: "success", Sentiment.YELLOW: "warning", Sentiment.RED: "danger"}


def shown(session: Session, account: Account) -> dict[str, Any]:
    """As accounts/_sentiment.html takes it."""
    visitor, now = require_visitor(), runtime().clock.now()
    found = queries.latest(session, [account.id], MeasureName.SENTIMENT, at=now).get(account.id)
    by = people.by_ids(session, {found.by_user_id}) if found and found.by_user_id else {}
    may_read = policy.may(visitor, Deed.READ_MAIL)
    return {
        "label": Sentiment(found.word).value.capitalize() if found and found.word else "",
        "tone": TONES[Sentiment(found.word)] if found and found.word else "neutral",
        "note": found.note if found and may_read else "",
        "by": by[found.by_user_id].name if found and found.by_user_id in by else "",
        "at": show.moment(found.measured_at) if found else None,
        "choices": [{"value": one.value, "label": one.value.capitalize(), "tone": TONES[one]} for one in Sentiment],
        "value": found.word if found else "",
        "key": new_id(),
        "action": url_for("customer_360.sentiment.report", account_id=account.id)
        if may_report(session, account, visitor)
        else None,
        "longest_note": LONGEST_NOTE,
    }


@blueprint.post("/accounts/<uuid:account_id>/sentiment")
def report(account_id: uuid.UUID) -> BaseResponse:
    here, visitor = runtime(), require_visitor()
    now, word = here.clock.now(), request.form.get("word", "")
    with here.db.transaction() as session:
        account = accounts.by_id(session, account_id)
        demand_may_report(session, account, visitor)
        if word not in tuple(Sentiment):
            raise Invalid("Which is it?", cure="Choose green, yellow or red.", fields={"word": "Choose one."})
        told = Reported(
            account_id=account_id,
            name=MeasureName.SENTIMENT,
            measured_at=now,
            word=word,
            note=request.form.get("note", "").replace("\0", ""),
            # A form that is sent twice says it once.
            source_key=f"page:{account_id}:{request.form.get('key', '').replace(chr(0), '')}"[:LONGEST_KEY],
        )
        record(session, told, by_user_id=visitor.user_id, now=now)
        name = account.name
    tell(f"{name} is {word} from now on.")
    return redirect(url_for("customer_360.account", account_id=account_id), code=303)
