"""Playbooks in a folder under git and on the web: what differs, on which side, and how it comes together.

A file beside them remembers the text on which both agreed last. Where it is missing, the history of the versions tells.
"""

from __future__ import annotations

import difflib
import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import Conflict
from server.playbooks import drafts, queries
from server.playbooks.check import read_checked
from server.playbooks.load import PlaybookFile, read_files
from server.playbooks.models import Playbook, PlaybookDraft, PlaybookVersion
from server.playbooks.problems import PlaybookInvalid, PlaybookProblem
from server.playbooks.publish import digest_of, publish

MEMORY = ".rapport-playbooks.json"


class Standing(StrEnum):
    SAME = "same"
    NEW_FILE = "new file"
    NOT_HERE = "not in the folder"
    CHANGED_HERE = "changed in the folder"
    CHANGED_ON_THE_WEB = "changed on the web"
    CONFLICT = "changed on both sides"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One playbook on both sides: `file` or `version` is None where it is not. `draft` is what nobody published yet."""

    slug: str
    standing: Standing
    file: PlaybookFile | None
    playbook: Playbook | None
    version: PlaybookVersion | None
    draft: PlaybookDraft | None

    def diff(self) -> str:
        """From the web to the folder."""
        number = f" v{self.version.number}" if self.version else ""
        return unified(
            self.version.source if self.version else "",
            self.file.text if self.file else "",
            f"web/{self.slug}.yaml{number}",
            f"folder/{self.slug}.yaml",
        )


class ExchangeConflict(Conflict):
    """Nothing was written. `compared` are those that were changed on both sides."""

    def __init__(self, compared: Sequence[Compared]) -> None:
        self.compared = tuple(compared)
        names = ", ".join(one.slug for one in compared)
        super().__init__(
            f"The web has a newer text than the files came from: {names}.",
            cure="See rapport playbooks diff; then pull, or push, with --take and the name of the one that shall stay.",
        )


def unified(before: str, after: str, name_before: str, name_after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name_before, name_after, lineterm="")
    return "\n".join(lines)


def compare(session: Session, folder: Path) -> list[Compared]:
    """Every playbook of either side, by slug; archived ones only when there is a file. Raises PlaybookInvalid."""
    here = {file.slug: file for file in read_files(sorted(folder.glob("*.yaml")))}
    web = {one.slug: one for one in session.scalars(select(Playbook))}
    memory = _remembered(folder)
    found = []
    for slug in sorted(here.keys() | web.keys()):
        file, playbook = here.get(slug), web.get(slug)
        version = queries.version(session, playbook.live_version_id) if playbook and playbook.live_version_id else None
        if file is None and (version is None or (playbook and playbook.archived_at)):
            continue
        found.append(
            Compared(
                slug=slug,
                standing=_standing(session, file, playbook, version, memory.get(slug)),
                file=file,
                playbook=playbook,
                version=version,
                draft=queries.draft_of(session, playbook) if playbook else None,
            )
        )
    return found


def _standing(
    session: Session,
    file: PlaybookFile | None,
    playbook: Playbook | None,
    version: PlaybookVersion | None,
    agreed: str | None,
) -> Standing:
    if file is None:
        return Standing.NOT_HERE
    if playbook is None or version is None:
        return Standing.NEW_FILE
    here = digest_of(file.text)
    if here == version.digest:
        return Standing.SAME
    history = queries.versions_of(session, playbook)
    if here == agreed or (agreed is None and any(one.digest == here for one in history)):
        return Standing.CHANGED_ON_THE_WEB
    # Without a memory: where only files were ever published, the file is the newer one.
    is_ours = version.digest == agreed or (agreed is None and all(one.published_by_id is None for one in history))
    return Standing.CHANGED_HERE if is_ours else Standing.CONFLICT


def pull(session: Session, folder: Path, *, take: Collection[str] = ()) -> list[Compared]:
    """Write into the folder what the web has newer, letter by letter. Raises ExchangeConflict with nothing written."""
    compared = _without_conflict(compare(session, folder), take)
    coming = (Standing.NOT_HERE, Standing.CHANGED_ON_THE_WEB)
    wanted = [one for one in compared if one.version and (one.standing in coming or one.slug in take)]
    for one in wanted:
        assert one.version is not None
        _write_whole(folder / f"{one.slug}.yaml", one.version.source)
    return wanted


def push(
    session: Session,
    folder: Path,
    *,
    is_published: bool,
    by_id: uuid.UUID | None,
    note: str,
    now: datetime,
    take: Collection[str] = (),
) -> list[Compared]:
    """Make drafts of what was changed in the folder, or publish it. Raises ExchangeConflict or PlaybookInvalid."""
    compared = _without_conflict(compare(session, folder), take)
    going = (Standing.NEW_FILE, Standing.CHANGED_HERE)
    wanted = [one for one in compared if one.file and (one.standing in going or one.slug in take)]
    problems: list[PlaybookProblem] = []
    for one in wanted:
        assert one.file is not None
        try:
            read_checked(session, one.file.text, name=one.file.name)
        except PlaybookInvalid as invalid:
            problems += invalid.problems
    if problems:
        raise PlaybookInvalid(problems)
    for one in wanted:
        assert one.file is not None
        if is_published:
            publish(session, one.file.text, by_id=by_id, now=now, note=note, name=one.file.name)
        elif one.playbook is None:
            drafts.begin(session, one.file.text, by_id=by_id, now=now)
        else:
            _draft(session, one, take=take, by_id=by_id, now=now)
    return wanted


def _draft(session: Session, one: Compared, *, take: Collection[str], by_id: uuid.UUID | None, now: datetime) -> None:
    assert one.file is not None
    assert one.playbook is not None
    seen = drafts.mark_of(one.playbook, one.draft)
    if one.draft and one.draft.source != one.file.text and one.slug not in take:
        raise Conflict(
            f"There is a draft of {one.slug} on the web, and it says something else.",
            cure=f"Publish it or throw it away there, or push with --take {one.slug}.",
        )
    drafts.save(session, one.playbook, one.file.text, seen=seen, by_id=by_id, now=now)


def _without_conflict(compared: list[Compared], take: Collection[str]) -> list[Compared]:
    unknown = set(take) - {one.slug for one in compared}
    if unknown:
        raise Conflict(f"There is no playbook {', '.join(sorted(unknown))} on either side.", cure="Check the name.")
    conflicts = [one for one in compared if one.standing is Standing.CONFLICT and one.slug not in take]
    if conflicts:
        raise ExchangeConflict(conflicts)
    return compared


def remember(session: Session, folder: Path) -> None:
    """Note the text of every file that equals the live version. The others keep their note."""
    agreed = _remembered(folder)
    agreed |= {
        one.slug: one.version.digest
        for one in compare(session, folder)
        if one.standing is Standing.SAME and one.version is not None
    }
    if agreed:
        _write_whole(folder / MEMORY, json.dumps({"agreed": dict(sorted(agreed.items()))}, indent=2) + "\n")


def _remembered(folder: Path) -> dict[str, str]:
    try:
        said = json.loads((folder / MEMORY).read_text(encoding="utf-8"))["agreed"]
        return {str(slug): str(digest) for slug, digest in said.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        cure = f"Restore {MEMORY} from git, or delete it."
        raise Conflict(f"{MEMORY} cannot be read.", cure=cure) from None


def _write_whole(path: Path, text: str) -> None:
    """All of it or nothing, also when the disk is full."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)
