"""Comments at a CTA, and whom they mention: "@Bob Lindqvist" names a colleague who then finds it at /mentions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.auth import people
from server.auth.models import User
from server.auth.policy import Asker
from server.ctas.models import Cta, CtaComment, CtaMention
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.messages.clean import block_text

LONGEST_COMMENT = 10_000
_MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Mentioned:
    """A comment that names somebody."""

    comment: CtaComment
    cta: Cta
    seen_at: datetime | None


def write(session: Session, cta: Cta, text: str, *, asker: Asker, now: datetime) -> CtaComment:
    """Raises Invalid for nothing. Whoever works with CTAs may comment on anybody's."""
    comment = CtaComment(cta_id=cta.id, author_id=asker.user_id, text=_text(text), created_at=now)
    session.add(comment)
    session.flush()
    _mention(session, comment, asker)
    return comment


def edit(session: Session, comment: CtaComment, text: str, *, seen: str, asker: Asker, now: datetime) -> None:
    """Of one's own. `seen` is the text that was changed. Who was mentioned before and still is stays so.

    Raises Forbidden, Invalid for nothing, Conflict when it was removed or changed in another window.
    """
    _demand_own(comment, asker)
    if block_text(seen) != comment.text:
        raise Conflict("You changed this comment in another window.", cure="Load the page anew, then change it.")
    comment.text, comment.edited_at = _text(text), now
    _mention(session, comment, asker)


def remove(session: Session, comment: CtaComment, *, asker: Asker, now: datetime) -> None:
    """Its text is gone; that there was one stays to be seen. Raises Forbidden, Conflict when it is gone already."""
    _demand_own(comment, asker)
    comment.text, comment.removed_at = "", now
    session.execute(delete(CtaMention).where(CtaMention.cta_comment_id == comment.id))


def comment(session: Session, comment_id: uuid.UUID) -> CtaComment:
    """Raises NotFound."""
    found = session.get(CtaComment, comment_id)
    if found is None:
        raise NotFound("There is no such comment.", cure="Load the page anew.")
    return found


def of_cta(session: Session, cta_id: uuid.UUID) -> Sequence[CtaComment]:
    """The latest, oldest first."""
    statement = select(CtaComment).where(CtaComment.cta_id == cta_id)
    found = session.scalars(statement.order_by(CtaComment.created_at.desc(), CtaComment.id.desc()).limit(_MOST_SHOWN))
    return list(reversed(found.all()))


def mentions(session: Session, user_id: uuid.UUID, *, limit: int = 100) -> list[Mentioned]:
    """Newest first."""
    statement = (
        select(CtaComment, Cta, CtaMention.seen_at)
        .join(CtaMention, CtaMention.cta_comment_id == CtaComment.id)
        .join(Cta, Cta.id == CtaComment.cta_id)
        .where(CtaMention.user_id == user_id)
        .order_by(CtaComment.created_at.desc(), CtaComment.id.desc())
        .limit(limit)
    )
    return [Mentioned(comment=row[0], cta=row[1], seen_at=row[2]) for row in session.execute(statement)]


def see(session: Session, cta_id: uuid.UUID, *, user_id: uuid.UUID, now: datetime) -> None:
    """They have opened the CTA, and so seen where it names them."""
    its = select(CtaComment.id).where(CtaComment.cta_id == cta_id)
    session.execute(
        update(CtaMention)
        .where(CtaMention.user_id == user_id, CtaMention.seen_at.is_(None), CtaMention.cta_comment_id.in_(its))
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def named_in(text: str, users: Iterable[User]) -> list[User]:
    """Colleagues whose full name stands behind an @, whatever the case; of two names the longer one counts."""
    found: dict[uuid.UUID, User] = {}
    by_length = sorted(users, key=lambda user: len(user.name), reverse=True)
    for behind in text.split("@")[1:]:
        for user in by_length:
            rest = behind[len(user.name) :]
            if behind[: len(user.name)].lower() == user.name.lower() and not rest[:1].isalnum():
                found[user.id] = user
                break
    return list(found.values())


def _mention(session: Session, comment: CtaComment, asker: Asker) -> None:
    colleagues = [user for user in people.all_users(session) if user.deactivated_at is None]
    wanted = {user.id for user in named_in(comment.text, colleagues)} - {asker.user_id}
    statement = select(CtaMention).where(CtaMention.cta_comment_id == comment.id)
    standing = {one.user_id: one for one in session.scalars(statement)}
    for user_id in standing.keys() - wanted:
        session.delete(standing[user_id])
    for user_id in sorted(wanted - standing.keys()):
        session.add(CtaMention(cta_comment_id=comment.id, user_id=user_id))
    session.flush()


def _text(given: str) -> str:
    text = block_text(given)[:LONGEST_COMMENT]
    if not text.strip():
        raise Invalid("There is nothing in this comment.", fields={"text": "Write something first."})
    return text


def _demand_own(comment: CtaComment, asker: Asker) -> None:
    if comment.author_id != asker.user_id:
        raise Forbidden("Somebody else wrote this comment.", cure="Write one of your own.")
    if comment.removed_at is not None:
        raise Conflict("This comment was removed.", cure="Write a new one.")
