"""rapport users add: who may come in."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server.auth import people
from server.auth.cli import users
from server.auth.models import User
from server.errors import Invalid
from server.runtime import Runtime


def test_adding_a_person_twice_brings_them_up_to_date(runtime: Runtime) -> None:
    for name, role in (("Dana P", "tam"), ("Dana Petrov", "admin")):
        answer = CliRunner().invoke(
            users, ["add", " Dana@Rapport.example ", "--name", name, "--role", role, "--team", "EMEA"], obj=runtime
        )
        assert answer.exit_code == 0, answer.output
    with runtime.db.reading() as session:
        dana = session.scalars(select(User)).one()
    assert (dana.email, dana.name, dana.role) == ("dana@rapport.example", "Dana Petrov", "admin")


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "dana"},
        {"email": "@rapport.example"},
        {"email": "dana@"},
        {"email": "da na@rapport.example"},
        {"role": "owner"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_what_is_wrong_with_a_person_is_said(runtime: Runtime, wrong: dict[str, str]) -> None:
    given = {"email": "dana@rapport.example", "name": "Dana", "role": "tam", "time_zone": "UTC", **wrong}
    with pytest.raises(Invalid), runtime.db.transaction() as session:
        people.add_user(session, now=runtime.clock.now(), **given)
