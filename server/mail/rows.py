"""The rows of one stored mail."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail.models import MailLink, MailMessage


def held(session: Session, message_id: uuid.UUID) -> MailMessage | None:
    """The mail as it stands, held until this transaction ends. None if it is not there any more."""
    statement = select(MailMessage).where(MailMessage.id == message_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def links_of(session: Session, message_id: uuid.UUID) -> Sequence[MailLink]:
    return session.scalars(select(MailLink).where(MailLink.mail_message_id == message_id).order_by(MailLink.id)).all()


def links_by_account(session: Session, message_id: uuid.UUID) -> dict[uuid.UUID, MailLink]:
    return {link.account_id: link for link in links_of(session, message_id)}
