"""The data folder of a demo: known by its keys file, used by one process at a time."""

from __future__ import annotations

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.errors import Conflict, Unavailable
from server.settings import new_token_key

_KEYS = "demo-keys"
_LOCK = "demo-lock"
_DRAFT = "demo-keys-draft"
_RUNNING = b"running\n"


def make(data_dir: Path) -> None:
    """Raises Unavailable when it cannot be made, or is a folder of something else."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        demand_ours(data_dir)
        if not (data_dir / _KEYS).exists():
            _write_keys(data_dir)
    except OSError as error:
        raise Unavailable(
            f"{data_dir} cannot be used: {error.strerror}.", cure="Give another folder with --data."
        ) from error


def demand_ours(data_dir: Path) -> None:
    """Raises Unavailable for a folder that has something in it and not a demo: `--reset` would delete it."""
    found = {path.name for path in data_dir.iterdir()} if data_dir.exists() else set()
    if found - {_LOCK, _DRAFT} and _KEYS not in found:
        raise Unavailable(
            f"{data_dir} does not look like a demo's folder.", cure="Give another one with --data, or delete it."
        )


@contextmanager
def claimed(data_dir: Path) -> Iterator[bool]:
    """Hold the folder; yields whether the last demo in it was killed, so that its parts may still be ending.

    Raises Conflict when another process holds it. The lock goes with the process, however that ends.
    """
    with (data_dir / _LOCK).open("a+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"A demo is already running with the data in {data_dir}.",
                cure="End it with Ctrl-C in its terminal, or give another folder with --data.",
            ) from error
        lock.seek(0)
        was_killed = bool(lock.read())
        lock.truncate(0)
        lock.write(_RUNNING)
        lock.flush()
        try:
            yield was_killed
        finally:
            lock.truncate(0)


def empty(data_dir: Path) -> None:
    """Delete it. Raises Unavailable when that fails."""
    try:
        shutil.rmtree(data_dir)
    except OSError as error:
        raise Unavailable(f"{data_dir} cannot be emptied: {error.strerror}.", cure="Delete it by hand.") from error


def keys(data_dir: Path) -> tuple[str, str]:
    """The demo's SECRET_KEY and TOKEN_KEYS. Raises Unavailable when the file is damaged."""
    words = (data_dir / _KEYS).read_text(encoding="utf-8").split()
    if len(words) != 2:
        raise Unavailable(f"{data_dir / _KEYS} is damaged.", cure="Start afresh: make demo-reset.")
    return words[0], words[1]


def _write_keys(data_dir: Path) -> None:
    # First whole under another name: a start that breaks off here leaves no half of a file.
    draft = data_dir / _DRAFT
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(f"{secrets.token_urlsafe(48)}\n{new_token_key()}\n", encoding="utf-8")
    draft.replace(data_dir / _KEYS)
