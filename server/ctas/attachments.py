"""Files at a CTA: kept in the database, handed out as downloads, never shown in a page."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.auth.policy import Asker
from server.ctas import queries, work
from server.ctas.models import Cta, CtaAttachment, CtaAttachmentData
from server.errors import Conflict, Invalid, NotFound
from server.messages.clean import one_line

LARGEST_FILE = 10 * 1024 * 1024
MOST_FILES = 20
_LONGEST_NAME = 120
# What file systems and headers take for something else than a letter of a name.
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]+')


def add(session: Session, cta: Cta, *, name: str, data: bytes, asker: Asker, now: datetime) -> CtaAttachment:
    """Raises Invalid for an empty or too large one, Conflict when there are too many."""
    if not 1 <= len(data) <= LARGEST_FILE:
        what = "This file is empty." if not data else "This file is larger than 10 MB."
        raise Invalid(what, cure="Choose another one, or link to where it is.", fields={"file": what})
    count = session.scalar(select(func.count(CtaAttachment.id)).where(CtaAttachment.cta_id == cta.id)) or 0
    if count >= MOST_FILES:
        raise Conflict(f"{cta.name} has {MOST_FILES} files.", cure="Remove one that nobody needs.")
    attachment = CtaAttachment(
        cta_id=cta.id,
        name=clean_name(name),
        # What a browser says of a file is not believed: it is handed out as bytes.
        media_type="application/octet-stream",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        added_by_id=asker.user_id,
        added_at=now,
    )
    session.add(attachment)
    session.flush()
    session.add(CtaAttachmentData(id=attachment.id, data=data))
    session.flush()
    return attachment


def remove(session: Session, attachment: CtaAttachment, *, asker: Asker) -> None:
    """For who added it, and for who works on the CTA or one of its tasks. Raises Forbidden."""
    if attachment.added_by_id != asker.user_id:
        tasks = queries.tasks_of(session, [attachment.cta_id]).get(attachment.cta_id, [])
        work.demand_part(session, queries.cta(session, attachment.cta_id), tasks, asker)
    data = session.get(CtaAttachmentData, attachment.id)
    if data is not None:
        session.delete(data)
        session.flush()
    session.delete(attachment)
    session.flush()


def attachment(session: Session, attachment_id: uuid.UUID) -> CtaAttachment:
    """Raises NotFound."""
    found = session.get(CtaAttachment, attachment_id)
    if found is None:
        raise NotFound("There is no such file.", cure="It may have been removed. Load the page anew.")
    return found


def bytes_of(session: Session, attachment: CtaAttachment) -> bytes:
    return session.get_one(CtaAttachmentData, attachment.id).data


def of_cta(session: Session, cta_id: uuid.UUID) -> Sequence[CtaAttachment]:
    """In the order they were added."""
    return session.scalars(select(CtaAttachment).where(CtaAttachment.cta_id == cta_id).order_by(CtaAttachment.id)).all()


def clean_name(given: str) -> str:
    """The last part of a path, without what has a meaning to file systems; its ending stays when it is cut."""
    last = re.split(r"[\\/]", given)[-1]
    name = _NOT_IN_NAMES.sub("_", one_line(last, 1_000)).strip(". ")
    if len(name) > _LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        keep = f"{dot}{ending}" if dot and len(ending) <= 10 else ""
        name = (stem or name)[: _LONGEST_NAME - len(keep)] + keep
    return name or "file"
