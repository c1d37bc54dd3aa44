"""Triggers for tests: made, turned on, looked at the book with, at whatever time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from server.accounts.models import Account
from server.accounts.names import fold
from server.auth import people
from server.ctas.models import Cta
from server.db import Database
from server.ids import new_id
from server.measures.models import MeasureName
from server.measures.record import Reported, record
from server.timeline.models import ActivityType
from server.timeline.record import record_note
from server.triggers import queries, save
from server.triggers.jobs import look_at_book
from server.triggers.models import TriggerFiring, TriggerKind
from server.triggers.save import By
from server.triggers.watch import Watch


def at(text: str) -> datetime:
    """An instant: "2026-11-23 09:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(kw_only=True)
class Triggers:
    db: Database

    def add_tam(self, name: str, zone: str = "UTC", **more: Any) -> uuid.UUID:
        with self.db.transaction() as session:
            user = people.add_user(
                session,
                email=f"{name.lower()}@rapport.example",
                name=name,
                role=more.pop("role", "tam"),
                time_zone=zone,
                now=at("2026-01-01 00:00"),
                **more,
            )
            session.flush()
            return user.id

    def add_account(
        self, name: str = "Acme", *, tam: uuid.UUID | None = None, created: str = "2026-01-01 00:00", **more: Any
    ) -> uuid.UUID:
        with self.db.transaction() as session:
            row = Account(
                name=name,
                name_key=fold(name),
                tam_id=tam,
                created_at=at(created),
                updated_at=at(created),
                **more,
            )
            session.add(row)
            session.flush()
            return row.id

    def make(self, kind: TriggerKind, params: dict[str, Any], **more: Any) -> str:
        """Off. Its slug."""
        given = {"name": f"On {kind.value}", "cta_name": "Look at {account}", "cta_type": "lifecycle"} | more
        with self.db.transaction() as session:
            watch = Watch(slug="", kind=kind, params=params, **given)
            return save.create(session, watch, By(user_id=None, now=at("2026-01-01 00:00"))).slug

    def turn_on(self, slug: str, when: str, *, also_held: bool = False) -> None:
        with self.db.transaction() as session:
            row = queries.by_slug(session, slug)
            by = By(user_id=None, now=at(when))
            save.turn(session, row, on=True, also_held=also_held, by=by, seen_version=row.row_version)

    def on(self, kind: TriggerKind, params: dict[str, Any], when: str, *, also_held: bool = False, **more: Any) -> str:
        slug = self.make(kind, params, **more)
        self.turn_on(slug, when, also_held=also_held)
        return slug

    def look(self, when: str) -> int:
        """How many CTAs this look opened."""
        before = len(self.ctas())
        look_at_book(self.db, at(when))
        return len(self.ctas()) - before

    def ctas(self) -> list[Cta]:
        with self.db.reading() as session:
            return list(session.scalars(select(Cta).order_by(Cta.id)))

    def firings(self) -> list[TriggerFiring]:
        with self.db.reading() as session:
            return list(session.scalars(select(TriggerFiring).order_by(TriggerFiring.id)))

    def close_all(self, when: str) -> None:
        with self.db.transaction() as session:
            for cta in session.scalars(select(Cta)):
                cta.closed_at, cta.status, cta.open_key = at(when), "closed_success", None

    def talk(self, account_id: uuid.UUID, when: str, kind: ActivityType = ActivityType.CUSTOMER_CALL) -> None:
        with self.db.transaction() as session:
            record_note(
                session,
                account_id=account_id,
                activity_type=kind,
                subject="Talk",
                body_text="",
                occurred_at=at(when),
                author_id=None,
                source_key=f"test:{new_id()}",
                now=at(when),
            )

    def measure(self, account_id: uuid.UUID, name: MeasureName, value: str | float, when: str) -> None:
        told = Reported(
            account_id=account_id,
            name=name,
            measured_at=at(when),
            word=value if isinstance(value, str) else None,
            number=None if isinstance(value, str) else value,
        )
        with self.db.transaction() as session:
            record(session, told, by_user_id=None, now=at(when))

    def set_account(self, account_id: uuid.UUID, **values: Any) -> None:
        with self.db.transaction() as session:
            row = session.get_one(Account, account_id)
            for column, value in values.items():
                setattr(row, column, value)


def day(text: str) -> date:
    return date.fromisoformat(text)
