"""What admins write before it is published: one draft for each playbook, never overwritten unseen."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.errors import Conflict, Invalid
from server.playbooks import queries
from server.playbooks.check import read_checked
from server.playbooks.models import Playbook, PlaybookDraft, PlaybookVersion
from server.playbooks.problems import PlaybookInvalid
from server.playbooks.publish import publish
from server.playbooks.read import read
from server.playbooks.source import clean, demand_text


class DraftConflict(Conflict):
    """Somebody saved since the writer looked. `draft` is what stands now, None when it was published or thrown away."""

    def __init__(self, playbook: Playbook, draft: PlaybookDraft | None) -> None:
        self.playbook = playbook
        self.draft = draft
        said = (
            "Somebody else saved this playbook since you opened it."
            if draft
            else "Since you opened it, the draft was published or thrown away."
        )
        super().__init__(said, cure="Look at what changed, then save yours on top of it, or take theirs.")


def begin(session: Session, source: str, *, by_id: uuid.UUID | None, now: datetime) -> Playbook:
    """A new playbook with a draft and no version. Raises PlaybookInvalid, Conflict when there is one of its slug."""
    slug = read(source).definition.slug
    if not insert_if_absent(session, Playbook(slug=slug, created_at=now)):
        what = f"There is a playbook {slug} already."
        raise Invalid(what, cure="Choose another name for the address.", fields={"slug": "Taken."})
    playbook = queries.by_slug(session, slug)
    save(session, playbook, source, seen=mark_of(playbook, None), by_id=by_id, now=now)
    return playbook


def mark_of(playbook: Playbook, draft: PlaybookDraft | None) -> str:
    """What a writer saw: this draft as it was saved then, or that there was none beside this live version."""
    return f"{draft.id}.{draft.row_version}" if draft else f"none.{playbook.live_version_id or ''}"


def save(
    session: Session, playbook: Playbook, source: str, *, seen: str, by_id: uuid.UUID | None, now: datetime
) -> PlaybookDraft:
    """Keep it, right or not. `seen` is the `mark_of` what the writer saw.

    Raises DraftConflict, and PlaybookInvalid for what is no text at all.
    """
    source = clean(source)
    demand_text(source, f"{playbook.slug}.yaml")
    draft = _demand(session, playbook, seen)
    if draft is None:
        fresh = PlaybookDraft(
            playbook_id=playbook.id,
            source=source,
            based_on_id=playbook.live_version_id,
            row_version=1,
            saved_by_id=by_id,
            saved_at=now,
        )
        if not insert_if_absent(session, fresh):
            raise DraftConflict(playbook, _as_it_is(session, playbook))
        return session.get_one(PlaybookDraft, fresh.id)
    draft.source, draft.saved_by_id, draft.saved_at = source, by_id, now
    draft.row_version += 1
    session.flush()
    return draft


def look_again(session: Session, playbook: Playbook, *, seen: str) -> None:
    """Its writer has seen the version that is live now, and goes on. Raises DraftConflict."""
    draft = _demand(session, playbook, seen)
    if draft is not None:
        draft.based_on_id = playbook.live_version_id


def discard(session: Session, playbook: Playbook, *, seen: str) -> None:
    """Raises DraftConflict. A playbook that was never published goes with its draft."""
    draft = _demand(session, playbook, seen)
    if draft is None:
        return
    session.execute(delete(PlaybookDraft).where(PlaybookDraft.id == draft.id))
    if playbook.live_version_id is None:
        session.execute(delete(Playbook).where(Playbook.id == playbook.id))


def publish_draft(
    session: Session, playbook: Playbook, *, seen: str, note: str, by_id: uuid.UUID | None, now: datetime
) -> PlaybookVersion:
    """Raises DraftConflict, PlaybookInvalid, and Conflict when another version went live since it was begun."""
    draft = _demand(session, playbook, seen)
    if draft is None:
        raise Conflict("There is no draft of this playbook.", cure="Edit it first; then publish what you wrote.")
    if draft.based_on_id != playbook.live_version_id:
        live = queries.version(session, playbook.live_version_id) if playbook.live_version_id else None
        what = f"version {live.number}" if live else "another version"
        raise Conflict(
            f"Since this draft was begun, {what} was published.",
            cure="Look at what it changed, then choose Keep mine, or throw the draft away.",
        )
    version = publish(session, draft.source, by_id=by_id, now=now, note=note, slug=playbook.slug)
    session.execute(delete(PlaybookDraft).where(PlaybookDraft.id == draft.id))
    return version


def archive(playbook: Playbook, now: datetime) -> None:
    """It is offered no more. CTAs that are open stay on their version."""
    playbook.archived_at = playbook.archived_at or now


def take_back(playbook: Playbook) -> None:
    playbook.archived_at = None


def problems_of(session: Session, source: str, name: str) -> PlaybookInvalid | None:
    """What keeps it from being published."""
    try:
        read_checked(session, source, name=name)
    except PlaybookInvalid as invalid:
        return invalid
    return None


def _demand(session: Session, playbook: Playbook, seen: str) -> PlaybookDraft | None:
    """What stands now, held until the end of the transaction. Raises DraftConflict unless it is what was seen."""
    session.refresh(playbook, with_for_update=True)
    draft = _as_it_is(session, playbook)
    if mark_of(playbook, draft) != seen:
        raise DraftConflict(playbook, draft)
    return draft


def _as_it_is(session: Session, playbook: Playbook) -> PlaybookDraft | None:
    draft = queries.draft_of(session, playbook)
    if draft is not None:
        session.refresh(draft)
    return draft
