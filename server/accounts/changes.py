"""That an account gets another TAM or reaches another stage, kept as it happens: triggers look for it.

An account that is new has no such row: its creation says what it began with.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.models import Account, AccountChange, LifecycleStage
from server.ids import new_id

TAM, STAGE = "tam", "stage"
_COLUMNS = {TAM: "tam_id", STAGE: "lifecycle_stage"}


def rows_of(before: Mapping[str, Any], after: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Rows of `account_change` for a row of `account` as it was and as it will be."""
    return [
        {
            "id": new_id(),
            "account_id": after["id"],
            "field": field,
            "before": _text(before[column]),
            "after": _text(after[column]),
            "changed_at": now,
        }
        for field, column in _COLUMNS.items()
        if before[column] != after[column]
    ]


def give_tam(session: Session, account: Account, *, tam_id: uuid.UUID | None, tam_name: str, now: datetime) -> None:
    """Another TAM, or none. The same one again changes nothing."""
    _set(session, account, TAM, tam_id, now)
    account.tam_name = tam_name or None


def reach_stage(session: Session, account: Account, *, stage: LifecycleStage | None, now: datetime) -> None:
    """The same stage again changes nothing."""
    _set(session, account, STAGE, stage.value if stage else None, now)


def _set(session: Session, account: Account, field: str, value: object, now: datetime) -> None:
    column = _COLUMNS[field]
    before = getattr(account, column)
    if before == value:
        return
    setattr(account, column, value)
    account.updated_at = now
    change = AccountChange(account_id=account.id, field=field, before=_text(before), after=_text(value), changed_at=now)
    session.add(change)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
