"""Closing a CTA with a status that its type has, and opening it again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.policy import Asker
from server.ctas import queries
from server.ctas.change import demand_may
from server.ctas.field_values import from_json
from server.ctas.history import demand_free, keep, set_fields
from server.ctas.models import Cta, CtaChange, CtaDeed, CtaStatus, CtaTask
from server.errors import Conflict, Invalid
from server.messages.clean import block_text
from server.playbooks import choices
from server.playbooks.choices import Choice
from server.playbooks.models import ChoiceList

LONGEST_NOTE = 2_000


def statuses(session: Session, cta_type: str) -> list[Choice]:
    """Those that a CTA of this type can be closed with."""
    return [one for one in choices.of(session).offered(ChoiceList.STATUS, cta_type) if one.is_closed]


def still_open(session: Session, cta_id: uuid.UUID) -> list[CtaTask]:
    """Required tasks that nobody has done: they stay so when the CTA is closed."""
    return [one for one in queries.tasks_of(session, [cta_id]).get(cta_id, []) if one.is_open and one.is_required]


def close(session: Session, ctas: Sequence[Cta], *, status: str, note: str, asker: Asker, now: datetime) -> CtaDeed:
    """One or many, all of them or none. Raises Forbidden for somebody else's, Conflict when one is closed, Invalid for
    a status that its type does not have, or when that status asks for a sentence and there is none."""
    demand_may(session, ctas, asker)
    note = block_text(note).strip()[:LONGEST_NOTE]
    changes: list[CtaChange] = []
    label, left = "", 0
    for cta in ctas:
        if not cta.is_open:
            raise Conflict(f"{cta.name} is closed already.", cure="Load the page anew to see how.")
        chosen = _chosen(statuses(session, cta.cta_type), status)
        if chosen.asks_note and not note:
            what = f"“{chosen.label}” asks for a sentence."
            raise Invalid(what, cure="Say in a sentence what happened.", fields={"note": what})
        label, left = chosen.label, left + len(still_open(session, cta.id))
        values = {"status": chosen.key, "closed_at": now, "closing_note": note or None, "open_key": None}
        changes += set_fields(cta, **values, snoozed_through=None, snooze_reason=None)
    label += f" on {len(ctas)} CTAs" if len(ctas) > 1 else ""
    label += f", with {left} required {'task' if left == 1 else 'tasks'} not done" if left else ""
    return keep(session, ctas, label, changes, by_id=asker.user_id, now=now)


def reopen(session: Session, cta: Cta, *, asker: Asker, now: datetime) -> CtaDeed:
    """Raises Forbidden, and Conflict when it is open, or when another was opened for the same meanwhile."""
    demand_may(session, [cta], asker)
    if cta.is_open:
        raise Conflict(f"{cta.name} is open.", cure="Load the page anew to see how it stands.")
    key = _key_before(session, cta)
    if key is not None:
        demand_free(session, cta, key)
    changes = set_fields(cta, status=CtaStatus.WORK_IN_PROGRESS.value, closed_at=None, closing_note=None, open_key=key)
    return keep(session, [cta], "Reopened", changes, by_id=asker.user_id, now=now)


def _chosen(offered: Sequence[Choice], status: str) -> Choice:
    found = next((one for one in offered if one.key == status), None)
    if found is None:
        what = f"{status[:60]!r} is not a status to close this CTA with."
        raise Invalid(what, cure=f"Choose one of: {', '.join(one.key for one in offered)}.", fields={"status": what})
    return found


def _key_before(session: Session, cta: Cta) -> str | None:
    """What a trigger opened it for, as its closing kept it."""
    statement = (
        select(CtaChange.before)
        .join(CtaDeed, CtaDeed.id == CtaChange.cta_deed_id)
        .where(CtaChange.cta_id == cta.id, CtaChange.field == "open_key", CtaDeed.undone_at.is_(None))
        .order_by(CtaDeed.done_at.desc(), CtaDeed.id.desc())
        .limit(1)
    )
    kept = session.scalars(statement).first()
    key: str | None = from_json("open_key", kept)
    return key
