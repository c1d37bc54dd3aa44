"""Mails in files: .mbox read as a stream, so that one of 10 GB takes no more memory than its largest mail; and .eml.

The standard library's reader goes through the whole file before it gives the first mail, keeps a table of all of
them, and leaves the ">" that mailers put before "From " in texts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from server.errors import Invalid

LONGEST_MAIL = 100 * 2**20  # bytes; what is beyond is not looked at
_LINE = 2**16
_SUFFIXES = (".eml", ".mbox")
_HEADER = re.compile(rb"[!-9;-~]{1,200}:|>From ")
_ESCAPED = re.compile(rb">+From ")
_DATED = re.compile(
    rb"From .{0,400}?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d)(?::(\d\d))?(?: ([+-]\d{4}))?(?: [A-Z]{1,5})? (\d{4})"
)
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One mail as it stands in a file. `place` is for people; `read` counts the bytes of all files up to its end.

    `received_at` is the date of the line before it in an mbox, None without one.
    """

    raw: bytes
    place: str
    received_at: datetime | None
    read: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    path: Path
    size: int


def sources(path: Path) -> list[Source]:
    """The file itself, or all .eml and .mbox files in the folder and below it, in order. Raises Invalid without any."""
    if not path.is_dir():
        return [Source(path=path, size=path.stat().st_size)]
    found = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        inside = [Path(folder, name) for name in sorted(names) if name.lower().endswith(_SUFFIXES)]
        found += [Source(path=one, size=one.stat().st_size) for one in inside if one.is_file()]
    if not found:
        raise Invalid(
            f"There is no .eml or .mbox file in {path}.", cure="Unpack the archive first, if there is one in it."
        )
    return found


def mails_in_files(files: list[Source], *, below: Path) -> Iterator[Found]:
    """All mails of all files. `below` is what their places are told from."""
    done = 0
    for file in files:
        name = printable(str(file.path.relative_to(below)) if file.path != below else file.path.name)
        with file.path.open("rb") as stream:
            if _is_mbox(file.path, stream):
                yield from mails_in_mbox(stream, name=name, before=done)
            else:
                yield Found(raw=stream.read(LONGEST_MAIL), place=name, received_at=None, read=done + file.size)
        done += file.size


def printable(name: str) -> str:
    """A file's name need not be text."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _is_mbox(path: Path, stream: BinaryIO) -> bool:
    start = stream.read(5)
    stream.seek(0)
    return start == b"From " or (path.suffix.lower() == ".mbox" and bool(start))


def mails_in_mbox(stream: BinaryIO, *, name: str, before: int = 0) -> Iterator[Found]:
    """A mail begins after a line "From …" that follows an empty line and is dated, or is followed by a header."""
    mail = _Growing()
    separator: bytes | None = None  # such a line, until the next one tells whether it is one
    at_start, after_empty, position = True, True, 0
    while line := stream.readline(_LINE):
        if separator is not None:
            if _HEADER.match(line) or _DATED.match(separator):
                if mail.has_begun:
                    yield mail.found(name, before + position - len(separator))
                mail = _Growing(number=mail.number + 1, received_at=_date_of(separator))
            else:
                mail.add(separator)
            separator = None
        position += len(line)
        if at_start and after_empty and line.startswith(b"From "):
            separator = line
        else:
            mail.add(line[1:] if at_start and _ESCAPED.match(line) else line)
        after_empty = at_start and not line.strip(b"\r\n")
        at_start = line.endswith(b"\n")
    if separator is not None:
        mail.add(separator)
    if mail.has_begun:
        yield mail.found(name, before + position)


class _Growing:
    """A mail while its lines come in."""

    def __init__(self, *, number: int = 0, received_at: datetime | None = None) -> None:
        self.number = number
        self._received_at = received_at
        self._raw = bytearray()

    @property
    def has_begun(self) -> bool:
        return self.number > 0 or bool(self._raw.strip())

    def add(self, line: bytes) -> None:
        if len(self._raw) < LONGEST_MAIL:
            self._raw += line

    def found(self, name: str, read: int) -> Found:
        """The empty line before the next mail belongs to the file."""
        for end in (b"\r\n\r\n", b"\n\n"):
            if self._raw.endswith(end):
                del self._raw[-len(end) // 2 :]
                break
        return Found(
            raw=bytes(self._raw),
            place=f"{name}, mail {max(self.number, 1):,}",
            received_at=self._received_at,
            read=read,
        )


def _date_of(separator: bytes) -> datetime | None:
    """ "From 1661828917674532318@xxx Sun Mar 22 02:19:17 +0000 2020", as Google writes it, and without its zone."""
    found = _DATED.match(separator)
    if found is None or found[1] not in _MONTHS:
        return None
    zone = found[6] or b"+0000"
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    month = _MONTHS.index(found[1]) + 1
    try:
        local = datetime(
            int(found[7]), month, int(found[2]), int(found[3]), int(found[4]), int(found[5] or 0), tzinfo=UTC
        )
        return local + offset if zone.startswith(b"-") else local - offset
    except (ValueError, OverflowError):
        return None
