"""From a source to an immutable version, which new CTAs get from then on."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.errors import Conflict, Invalid
from server.playbooks import queries
from server.playbooks.check import read_checked
from server.playbooks.models import Playbook, PlaybookVersion
from server.playbooks.problems import PlaybookInvalid
from server.playbooks.source import clean

LONGEST_NOTE = 300


def digest_of(source: str) -> str:
    return hashlib.sha256(clean(source).encode("utf-8", "replace")).hexdigest()


def publish(
    session: Session,
    source: str,
    *,
    by_id: uuid.UUID | None,
    now: datetime,
    note: str = "",
    name: str = "",
    slug: str | None = None,
) -> PlaybookVersion:
    """The new live version; the live one itself when the text is the same. `name` is the file that errors tell of.

    Raises PlaybookInvalid; also when `slug` is given and the text is of another playbook. Raises Conflict when somebody
    publishes it at the same moment.
    """
    source = clean(source)
    reading = read_checked(session, source, name=name)
    definition = reading.definition
    if slug is not None and definition.slug != slug:
        what = f"This is the playbook {slug}. Write playbook: {slug}; a copy is made with New playbook."
        raise PlaybookInvalid([reading.source.problem(("playbook",), what)])
    if len(note) > LONGEST_NOTE:
        what = f"A note has at most {LONGEST_NOTE} characters."
        raise Invalid(what, fields={"note": what})
    playbook = queries.find_slug(session, definition.slug) or _new(session, definition.slug, now)
    if playbook.live_version_id is not None:
        live = queries.version(session, playbook.live_version_id)
        if live.digest == digest_of(source):
            return live
    # Held until the end of the transaction, so that two who publish get two numbers.
    session.execute(select(Playbook.id).where(Playbook.id == playbook.id).with_for_update())
    newest = session.scalar(select(func.max(PlaybookVersion.number)).where(PlaybookVersion.playbook_id == playbook.id))
    version = PlaybookVersion(
        playbook_id=playbook.id,
        number=(newest or 0) + 1,
        name=definition.name,
        source=source,
        digest=digest_of(source),
        note=note.strip(),
        published_by_id=by_id,
        published_at=now,
    )
    if not insert_if_absent(session, version):
        raise Conflict(
            f"Somebody published {definition.slug} at this moment.", cure="Look at their version, then publish yours."
        )
    playbook.live_version_id = version.id
    playbook.archived_at = None
    session.flush()
    return session.get_one(PlaybookVersion, version.id)


def _new(session: Session, slug: str, now: datetime) -> Playbook:
    insert_if_absent(session, Playbook(slug=slug, created_at=now))
    return queries.by_slug(session, slug)
