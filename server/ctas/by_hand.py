"""Opening a CTA by hand: what is open already for the same is offered instead of a double."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from server.accounts.names import fold
from server.auth.policy import Asker
from server.ctas import queries
from server.ctas.field_values import demand_near
from server.ctas.history import keep
from server.ctas.models import Cta
from server.ctas.open import Outcome, Wanted, open_cta, similar
from server.errors import Conflict, Invalid


def like(session: Session, wanted: Wanted, *, another: bool) -> Cta | None:
    """What is open for the same account, type and reason. With `another`, only one of the same name counts."""
    return similar(session, replace(wanted, names_count=another))


def open_it(session: Session, wanted: Wanted, *, asker: Asker, now: datetime) -> Cta:
    """Raises Conflict when one of the same name is open for the same, Invalid for what no list has."""
    demand_near(due_on=wanted.due_on, ebr_on=wanted.ebr_on)
    if wanted.owner_id is not None:
        queries.working_user(session, wanted.owner_id)
    if not fold(wanted.name):
        raise Invalid("A CTA needs a name.", cure="Say in a few words what is to be done.", fields={"name": "Empty."})
    opened = open_cta(session, replace(wanted, names_count=True), by_id=asker.user_id, now=now)
    if opened.outcome is not Outcome.OPENED:
        raise Conflict(f"“{opened.cta.name}” is open already.", cure="Work on that one, or choose another name.")
    keep(session, [opened.cta], "Opened by hand", (), by_id=asker.user_id, now=now)
    return opened.cta
