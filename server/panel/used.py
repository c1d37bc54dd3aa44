"""Which templates a person filled in for Gmail's compose window, so that those they use stand first."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.panel.models import TemplateUse


def note(session: Session, user_id: uuid.UUID, email_template_id: uuid.UUID, *, now: datetime) -> None:
    """One row for each person and template, with the last time."""
    if not insert_if_absent(session, TemplateUse(user_id=user_id, email_template_id=email_template_id, used_at=now)):
        session.execute(
            update(TemplateUse)
            .where(TemplateUse.user_id == user_id, TemplateUse.email_template_id == email_template_id)
            .values(used_at=now)
        )


def since(session: Session, user_id: uuid.UUID, at: datetime) -> dict[uuid.UUID, datetime]:
    rows = session.execute(
        select(TemplateUse.email_template_id, TemplateUse.used_at).where(
            TemplateUse.user_id == user_id, TemplateUse.used_at >= at
        )
    )
    return {row[0]: row[1] for row in rows}
