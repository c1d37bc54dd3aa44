"""What is done by commands on the server stands in the log, too: who they are to the machine, and which command."""

from __future__ import annotations

import os
import pwd

import click
from sqlalchemy.orm import Session

from server.audit.models import AuditEntry, AuditOutcome
from server.clock import Clock
from server.db import Database

ROLE = "command line"
DEED_PREFIX = "cli."
_NOTED = "command_noted"
# Parameters that name one of us; those of others name customers, or files.
_TELLING = {"users": ("email", "role")}


def note_command(db: Database, clock: Clock) -> None:
    """One line for each command that changes something, in its first transaction: both stand or neither."""
    noted: list[bool] = []

    def note(session: Session) -> None:
        if not noted:
            session.info[_NOTED] = True
            session.add(_entry(clock))

    def is_noted(session: Session) -> None:
        if session.info.pop(_NOTED, False):
            noted.append(True)

    db.on_commit(note, is_noted)


def _entry(clock: Clock) -> AuditEntry:
    context = click.get_current_context(silent=True)
    words = context.command_path.split()[1:] if context is not None else []
    telling = _TELLING.get(words[0], ()) if words else ()
    given = context.params if context is not None else {}
    return AuditEntry(
        at=clock.now(),
        user_id=None,
        user_name=_system_user(),
        role=ROLE,
        deed=DEED_PREFIX + ".".join(words),
        outcome=AuditOutcome.DONE,
        record={name: str(given[name])[:200] for name in telling if name in given},
        ip="",
        request_id="",
    )


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
