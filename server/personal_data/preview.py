"""What an erasure would do: it is done, counted, and taken back, so that the preview is never wrong."""

from __future__ import annotations

from datetime import datetime

from server.db import Database
from server.personal import Subject
from server.personal_data import erase as erasing
from server.personal_data.models import ErasureReceipt


class _TakenBack(Exception):
    def __init__(self, receipt: ErasureReceipt) -> None:
        super().__init__()
        self.receipt = receipt


def foresee(db: Database, subject: Subject, *, now: datetime) -> ErasureReceipt:
    """The receipt as it would be. Stores nothing. Raises what `erase` raises."""
    try:
        with db.transaction() as session:
            raise _TakenBack(erasing.erase(session, subject, by_user_id=None, by_name="", now=now))
    except _TakenBack as done:
        return done.receipt
