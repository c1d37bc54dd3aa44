"""What belongs to a CTA: the contacts whom it is about, and entries of the account's timeline."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.auth.policy import Asker
from server.contacts import queries as contacts
from server.contacts.queries import ContactView
from server.ctas import queries, work
from server.ctas.models import Cta, CtaLink, CtaPerson
from server.errors import Conflict, Invalid
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.visibility import Viewer

MOST_PERSONS = 50
MOST_LINKS = 50


def persons(session: Session, cta_id: uuid.UUID) -> tuple[ContactView, ...]:
    statement = select(CtaPerson.contact_id).where(CtaPerson.cta_id == cta_id).order_by(CtaPerson.id)
    return contacts.by_ids(session, session.scalars(statement).all())


def set_persons(session: Session, cta: Cta, contact_ids: Collection[uuid.UUID], *, asker: Asker) -> None:
    """These and no others. Raises Forbidden, and Invalid for a contact of another account."""
    _demand_part(session, cta, asker)
    add_persons(session, cta, contact_ids)
    gone = delete(CtaPerson).where(CtaPerson.cta_id == cta.id, CtaPerson.contact_id.not_in(list(contact_ids)))
    session.execute(gone)


def add_persons(session: Session, cta: Cta, contact_ids: Collection[uuid.UUID]) -> None:
    its = {one.id for one in contacts.of_account(session, cta.account_id)}
    if set(contact_ids) - its or len(set(contact_ids)) > MOST_PERSONS:
        what = "Not a contact of this account." if set(contact_ids) - its else f"At most {MOST_PERSONS} persons."
        raise Invalid(what, cure="Choose contacts of the account.", fields={"contact_ids": what})
    standing = set(session.scalars(select(CtaPerson.contact_id).where(CtaPerson.cta_id == cta.id)))
    for contact_id in dict.fromkeys(contact_ids):
        if contact_id not in standing:
            session.add(CtaPerson(cta_id=cta.id, contact_id=contact_id))
    session.flush()


def link(session: Session, cta: Cta, entry_id: uuid.UUID, *, viewer: Viewer, asker: Asker, now: datetime) -> None:
    """Doing it twice changes nothing. Raises Forbidden, NotFound, Invalid for an entry of another account."""
    _demand_part(session, cta, asker)
    if timeline.one(session, viewer, entry_id).account_id != cta.account_id:
        what = "This stands on the timeline of another account."
        raise Invalid(what, cure="Choose an entry of this one.", fields={"entry_id": what})
    standing = session.scalars(select(CtaLink.timeline_entry_id).where(CtaLink.cta_id == cta.id)).all()
    if entry_id in standing:
        return
    if len(standing) >= MOST_LINKS:
        raise Conflict(f"{cta.name} has {MOST_LINKS} links.", cure="Take one away that nobody needs.")
    session.add(CtaLink(cta_id=cta.id, timeline_entry_id=entry_id, added_by_id=asker.user_id, added_at=now))
    session.flush()


def unlink(session: Session, cta: Cta, entry_id: uuid.UUID, *, asker: Asker) -> None:
    _demand_part(session, cta, asker)
    session.execute(delete(CtaLink).where(CtaLink.cta_id == cta.id, CtaLink.timeline_entry_id == entry_id))


def linked(session: Session, cta_id: uuid.UUID, *, viewer: Viewer) -> list[SeenEntry]:
    """As this viewer may see them, newest first."""
    links = select(CtaLink.timeline_entry_id).where(CtaLink.cta_id == cta_id)
    return timeline.by_ids(session, viewer, session.scalars(links))


def _demand_part(session: Session, cta: Cta, asker: Asker) -> None:
    work.demand_part(session, cta, queries.tasks_of(session, [cta.id]).get(cta.id, []), asker)
