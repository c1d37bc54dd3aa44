"""The addresses that a mailbox sends from: its own, and those that Gmail or its sent mail told us of."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.contacts.addresses import address_of
from server.db import insert_if_absent
from server.errors import Invalid
from server.logs import logger
from server.mailboxes.lane import Lane
from server.mailboxes.models import Mailbox, MailboxAlias
from server.ports.errors import Missing, Rejected

_READ_EVERY = timedelta(days=1)

log = logger(__name__)


def of_mailbox(session: Session, mailbox_id: uuid.UUID) -> frozenset[str]:
    """Normalised, its own address among them."""
    own = session.scalars(select(Mailbox.email).where(Mailbox.id == mailbox_id))
    others = session.scalars(select(MailboxAlias.email_norm).where(MailboxAlias.mailbox_id == mailbox_id))
    return frozenset({*own, *others})


def learn(session: Session, mailbox_id: uuid.UUID, email_norm: str) -> bool:
    """A mail under SENT came from this address: whether that is news."""
    if email_norm in of_mailbox(session, mailbox_id):
        return False
    return insert_if_absent(session, MailboxAlias(mailbox_id=mailbox_id, email_norm=email_norm))


def read(lane: Lane) -> None:
    """Ask Gmail once a day. What it no longer lists stays: old mail came from there. Raises what the port raises.

    Only a grant that reads texts may ask.
    """
    before = lane.position()
    if before.aliases_read_at is not None and lane.clock.now() - before.aliases_read_at < _READ_EVERY:
        return
    norms: list[str] = []
    try:
        norms = [norm for one in lane.ask(lane.gmail.send_as) if (norm := _norm(one.email_address))]
    except (Missing, Rejected) as error:
        # They are of use, but without them mail is read all the same.
        log.warning("aliases_not_read", mailbox_id=str(lane.mailbox_id), reason=error.reason)
    with lane.step(before) as (session, reading):
        reading.aliases_read_at = lane.clock.now()
        for norm in norms:
            learn(session, lane.mailbox_id, norm)


def _norm(email: str) -> str | None:
    try:
        return address_of(email).norm
    except Invalid:
        return None
