"""From a folder of files to live versions. A changed file makes a new version, the others nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from server.playbooks import queries
from server.playbooks.models import PlaybookVersion
from server.playbooks.problems import PlaybookInvalid, PlaybookProblem
from server.playbooks.publish import digest_of, publish
from server.playbooks.read import read
from server.playbooks.source import LARGEST, clean


@dataclass(frozen=True, kw_only=True)
class PlaybookFile:
    """`slug` is what the file says, which is its name as well. `name` is what errors call it."""

    name: str
    slug: str
    text: str


@dataclass(kw_only=True)
class LoadReport:
    """Slugs by what happened to them. `kept` were published on the web since the file was written."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def read_folder(path: Path) -> list[PlaybookFile]:
    """All *.yaml of a folder, by name. Raises PlaybookInvalid with the problems of all files."""
    paths = sorted(path.glob("*.yaml"))
    if not paths:
        what = f"There are no .yaml files in {path.name}. Give the folder of the playbooks."
        raise PlaybookInvalid([PlaybookProblem(line=0, column=0, path="", text=what)])
    return read_files(paths)


def read_files(paths: Sequence[Path]) -> list[PlaybookFile]:
    """Raises PlaybookInvalid with the problems of all of them."""
    files: list[PlaybookFile] = []
    problems: list[PlaybookProblem] = []
    for path in paths:
        try:
            files.append(_read_file(path))
        except PlaybookInvalid as invalid:
            problems += invalid.problems
    if problems:
        raise PlaybookInvalid(problems)
    return files


def _read_file(path: Path) -> PlaybookFile:
    try:
        with path.open("rb") as file:
            text = clean(file.read(LARGEST + 1).decode("utf-8"))
    except (OSError, UnicodeDecodeError):
        what = "The file cannot be read as UTF-8 text of at most 64 kB."
        raise PlaybookInvalid([PlaybookProblem(line=0, column=0, path="", text=what, file=path.name)]) from None
    reading = read(text, name=path.name)
    slug = reading.definition.slug
    if slug != path.stem:
        what = f"The file {path.name} holds the playbook {slug}. Rename the file {slug}.yaml, or the playbook."
        raise PlaybookInvalid([reading.source.problem(("playbook",), what)])
    return PlaybookFile(name=path.name, slug=slug, text=text)


def load_playbooks(session: Session, files: Sequence[PlaybookFile], now: datetime) -> LoadReport:
    """Publishes what is new. What is no longer in the folder stays, and so does what a person published on the web.

    Raises PlaybookInvalid with the problems of all files; some may be written then, so do not commit.
    """
    report = LoadReport()
    problems: list[PlaybookProblem] = []
    for file in files:
        playbook = queries.find_slug(session, file.slug)
        version = (
            session.get(PlaybookVersion, playbook.live_version_id) if playbook and playbook.live_version_id else None
        )
        if version is not None and version.digest == digest_of(file.text):
            report.unchanged.append(file.slug)
            continue
        if version is not None and version.published_by_id is not None:
            report.kept.append(file.slug)
            continue
        try:
            publish(session, file.text, by_id=None, now=now, name=file.name)
        except PlaybookInvalid as invalid:
            problems += invalid.problems
            continue
        (report.created if version is None else report.updated).append(file.slug)
    if problems:
        raise PlaybookInvalid(problems)
    return report
