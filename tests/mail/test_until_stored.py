"""Storing a mail while others store the same one."""

from __future__ import annotations

import pytest
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.db import Database
from server.mail.same_mail import Rival, until_stored


@pytest.mark.parametrize("trouble", [Rival(), OperationalError("insert", None, DeadlockDetected())])
def test_storing_begins_anew_after_a_rival_or_a_deadlock(db: Database, trouble: Exception):
    tries = iter([trouble, trouble, None])

    def store(_session: Session) -> str:
        if (what := next(tries)) is not None:
            raise what
        return "stored"

    assert until_stored(db, store) == "stored"


def test_storing_ends_with_other_trouble_of_the_database(db: Database):
    def store(_session: Session) -> None:
        raise OperationalError("insert", None, LockNotAvailable())

    with pytest.raises(OperationalError):
        until_stored(db, store)
