"""Reading playbooks and their versions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import NotFound
from server.playbooks.definition import Definition
from server.playbooks.models import Playbook, PlaybookDraft, PlaybookVersion
from server.playbooks.read import read_source


@dataclass(frozen=True, kw_only=True)
class PlaybookInUse:
    """A version of a playbook, read. Its tasks are made from it and stay on it."""

    version_id: uuid.UUID
    definition: Definition


def by_slug(session: Session, slug: str) -> Playbook:
    """Raises NotFound."""
    found = find_slug(session, slug)
    if found is None:
        raise NotFound(f"There is no playbook {slug[:80]}.", cure="Choose one of the list of playbooks.")
    return found


def find_slug(session: Session, slug: str) -> Playbook | None:
    return session.scalar(select(Playbook).where(Playbook.slug == slug))


def version(session: Session, version_id: uuid.UUID) -> PlaybookVersion:
    """Raises NotFound."""
    found = session.get(PlaybookVersion, version_id)
    if found is None:
        raise NotFound("There is no such version of a playbook.")
    return found


def version_numbered(session: Session, playbook: Playbook, number: int) -> PlaybookVersion:
    """Raises NotFound."""
    statement = select(PlaybookVersion).where(
        PlaybookVersion.playbook_id == playbook.id, PlaybookVersion.number == number
    )
    found = session.scalar(statement) if 0 < number < 2**31 else None
    if found is None:
        raise NotFound(f"The playbook {playbook.slug} has no version {number}.")
    return found


def versions_of(session: Session, playbook: Playbook) -> Sequence[PlaybookVersion]:
    """Newest first."""
    statement = select(PlaybookVersion).where(PlaybookVersion.playbook_id == playbook.id)
    return session.scalars(statement.order_by(PlaybookVersion.number.desc())).all()


def draft_of(session: Session, playbook: Playbook) -> PlaybookDraft | None:
    return session.scalar(select(PlaybookDraft).where(PlaybookDraft.playbook_id == playbook.id))


def definition_of(version: PlaybookVersion) -> Definition:
    """What was published can be read for ever: a field that is read today is read tomorrow."""
    return _read(version.digest, version.source)


def in_use(version: PlaybookVersion) -> PlaybookInUse:
    return PlaybookInUse(version_id=version.id, definition=definition_of(version))


def of_version(session: Session, version_id: uuid.UUID) -> PlaybookInUse:
    """Raises NotFound."""
    return in_use(version(session, version_id))


def live(session: Session, slug: str) -> PlaybookInUse:
    """The version that new CTAs get. Raises NotFound, also when it is archived or was never published."""
    playbook = by_slug(session, slug)
    if playbook.live_version_id is None or playbook.archived_at is not None:
        why = "is archived" if playbook.archived_at else "was never published"
        raise NotFound(f"The playbook {playbook.slug} {why}.", cure="Choose another one.")
    return of_version(session, playbook.live_version_id)


def all_live(session: Session) -> Mapping[str, PlaybookInUse]:
    """By slug, in the order of their names."""
    statement = (
        select(Playbook.slug, PlaybookVersion)
        .join(PlaybookVersion, PlaybookVersion.id == Playbook.live_version_id)
        .where(Playbook.archived_at.is_(None))
        .order_by(PlaybookVersion.name, Playbook.slug)
    )
    return {slug: in_use(found) for slug, found in session.execute(statement)}


@lru_cache(maxsize=512)
def _read(digest: str, source: str) -> Definition:  # noqa: ARG001  the digest makes the look-up quick
    return read_source(source)
