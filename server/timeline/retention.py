"""Texts of entries that the retention rules of mail and of the outbox take away. The entry stays, and says so."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.personal import removed_words
from server.timeline.models import TimelineEntry


def remove_texts_of_outbox(session: Session, outbound_ids: Collection[uuid.UUID], *, months: int) -> None:
    keys = [f"outbound:{one}" for one in outbound_ids]
    session.execute(
        update(TimelineEntry)
        .where(TimelineEntry.source_key.in_(keys))
        .values(body_text=removed_words(months))
        .execution_options(synchronize_session=False)
    )


def remove_texts_of_mail(session: Session, mail_message_ids: Collection[uuid.UUID], *, months: int) -> None:
    """Also of entries that the outbox made: it is the same mail, and as old."""
    session.execute(
        update(TimelineEntry)
        .where(TimelineEntry.mail_message_id.in_(mail_message_ids))
        .values(body_text=removed_words(months))
        .execution_options(synchronize_session=False)
    )
