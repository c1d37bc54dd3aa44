"""Templates in a folder under git and templates on the web: what differs, who changed it, and how it comes together.

A file beside the templates remembers the version that each of them came from. Where it is missing, the history of
the versions tells as much as it can.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.email_templates import queries
from server.email_templates.load import parse_folder
from server.email_templates.models import EmailTemplate, EmailTemplateVersion, Kind, Origin
from server.email_templates.publish import Signature, publish
from server.email_templates.shared_blocks import FOLDER, path_of
from server.email_templates.source import TemplateSource
from server.errors import Conflict

MEMORY = ".rapport-templates.json"
_NOTE = "Written by rapport templates pull and push. Commit it: it tells which version each file came from."


class Standing(StrEnum):
    """How a file stands to the version in use."""

    SAME = "same"
    NEW_FILE = "new file"
    NOT_HERE = "not in the folder"
    CHANGED_HERE = "changed in the folder"
    CHANGED_ON_THE_WEB = "changed on the web"
    ARCHIVED = "archived on the web"
    CONFLICT = "changed on both sides"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One template on both sides. `file_text` is None when there is no file, `version` when it is not on the web.

    `has_draft` tells that somebody on the web writes on it and has not published.
    """

    slug: str
    path: str
    standing: Standing
    source: TemplateSource | None
    version: EmailTemplateVersion | None
    has_draft: bool = False

    def diff(self) -> str:
        """From the web to the folder, as a unified diff."""
        web = self.version.source_text if self.version else ""
        here = self.source.file_text if self.source else ""
        number = f" v{self.version.number}" if self.version else ""
        lines = difflib.unified_diff(
            web.splitlines(), here.splitlines(), f"web/{self.path}{number}", f"folder/{self.path}", lineterm=""
        )
        return "\n".join(lines)


class ExchangeConflict(Conflict):
    """A template was changed on both sides since they agreed. Nothing was written."""

    title = "A template was changed on both sides"

    def __init__(self, compared: Sequence[Compared]) -> None:
        self.compared = tuple(compared)
        names = ", ".join(one.path for one in compared)
        super().__init__(
            f"Changed here and on the web: {names}.",
            cure="See rapport templates diff; then push or pull with --take and the name of the one that shall stay.",
        )


def compare(session: Session, folder: Path) -> list[Compared]:
    """Every template of either side, by path. An empty folder is no error. Raises TemplateInvalid."""
    here = {source.slug: source for source in parse_folder(folder)} if _has_files(folder) else {}
    memory = _remembered(folder)
    web = _on_the_web(session)
    found = []
    for slug in sorted(here.keys() | web.keys()):
        source, row = here.get(slug), web.get(slug)
        version = row[1] if row else None
        is_archived = row is not None and row[0].archived_at is not None
        if is_archived and source is None:
            continue
        path = _path(slug, source, row[0] if row else None)
        standing = Standing.ARCHIVED if is_archived else _standing(session, source, version, memory.get(path))
        has_draft = row is not None and queries.draft_of(session, row[0].id) is not None
        found.append(
            Compared(slug=slug, path=path, standing=standing, source=source, version=version, has_draft=has_draft)
        )
    return found


Publish = Callable[[Session, Sequence[TemplateSource], Signature], dict[str, EmailTemplateVersion]]


def push(
    session: Session,
    folder: Path,
    signature: Signature,
    *,
    take: Collection[str] = (),
    publish_with: Publish = publish,
) -> dict[str, EmailTemplateVersion]:
    """Publish what was changed in the folder; the conflicts named in `take`, too. Returns the new versions by slug.

    `publish_with` is the door that everything goes through, such as one with more checks. Raises ExchangeConflict or
    TemplateInvalid with nothing written. Call `remember` when the transaction has ended.
    """
    compared = compare(session, folder)
    _demand_known(compared, take)
    conflicts = [one for one in compared if one.standing is Standing.CONFLICT and one.slug not in take]
    if conflicts:
        raise ExchangeConflict(conflicts)
    going = (Standing.NEW_FILE, Standing.CHANGED_HERE, Standing.CONFLICT)
    sources = [one.source for one in compared if one.source and (one.standing in going or _taken(one, take))]
    return publish_with(session, sources, signature) if sources else {}


def pull(session: Session, folder: Path, *, take: Collection[str] = ()) -> list[Compared]:
    """Write into the folder what was changed on the web, and what is not there yet. Returns what was written.

    Raises ExchangeConflict or TemplateInvalid with nothing written.
    """
    compared = compare(session, folder)
    _demand_known(compared, take)
    conflicts = [one for one in compared if one.standing is Standing.CONFLICT and one.slug not in take]
    if conflicts:
        raise ExchangeConflict(conflicts)
    coming = (Standing.NOT_HERE, Standing.CHANGED_ON_THE_WEB, Standing.CONFLICT)
    wanted = [one for one in compared if one.version and (one.standing in coming or _taken(one, take))]
    for one in wanted:
        assert one.version is not None
        write_whole(folder / one.path, one.version.source_text)
    remember(session, folder)
    return wanted


def remember(session: Session, folder: Path) -> None:
    """Note for every file that equals the version in use that it came from it. The others keep their note."""
    memory = _remembered(folder)
    for one in compare(session, folder):
        if one.standing is Standing.SAME and one.version:
            memory[one.path] = one.version.source_hash
        elif one.source is None:
            memory.pop(one.path, None)
    document = {"about": _NOTE, "files": dict(sorted(memory.items()))}
    write_whole(folder / MEMORY, json.dumps(document, indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """A file is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode())
    beside.replace(path)


def _standing(
    session: Session, source: TemplateSource | None, version: EmailTemplateVersion | None, base: str | None
) -> Standing:
    if source is None:
        return Standing.NOT_HERE
    if version is None:
        return Standing.NEW_FILE
    if source.hash == version.source_hash:
        return Standing.SAME
    if base == version.source_hash:
        return Standing.CHANGED_HERE
    if base == source.hash:
        return Standing.CHANGED_ON_THE_WEB
    if base is not None:
        return Standing.CONFLICT
    # No note of where the file came from: the history says whether it is an old one.
    if _was_a_version(session, version, source):
        return Standing.CHANGED_ON_THE_WEB
    return Standing.CHANGED_HERE if version.origin == Origin.FILES else Standing.CONFLICT


def _was_a_version(session: Session, version: EmailTemplateVersion, source: TemplateSource) -> bool:
    older = select(EmailTemplateVersion.id).where(
        EmailTemplateVersion.email_template_id == version.email_template_id,
        EmailTemplateVersion.source_hash == source.hash,
    )
    return session.scalars(older.limit(1)).first() is not None


def _on_the_web(session: Session) -> dict[str, tuple[EmailTemplate, EmailTemplateVersion]]:
    return {
        template.slug: (template, queries.current_version(session, template))
        for template in queries.list_all(session, archived=True)
        if template.current_version_id is not None
    }


def _path(slug: str, source: TemplateSource | None, template: EmailTemplate | None) -> str:
    """Raises Conflict when one side has a template and the other a shared block of this name."""
    kinds = {kind for kind in (source.kind if source else None, Kind(template.kind) if template else None) if kind}
    if len(kinds) > 1:
        raise Conflict(
            f"{slug} is a template on one side and a shared block on the other.", cure="Rename one of the two."
        )
    return path_of(slug) if Kind.BLOCK in kinds else f"{slug}.mjml"


def _taken(one: Compared, take: Collection[str]) -> bool:
    return one.slug in take and one.standing is not Standing.SAME


def _demand_known(compared: Sequence[Compared], take: Collection[str]) -> None:
    unknown = set(take) - {one.slug for one in compared}
    if unknown:
        raise Conflict(
            f"There is no template {', '.join(sorted(unknown))}.", cure="Give the file's name without .mjml."
        )


def _has_files(folder: Path) -> bool:
    return any(folder.glob("*.mjml")) or any((folder / FOLDER).glob("*.mjml"))


def _remembered(folder: Path) -> dict[str, str]:
    try:
        document = json.loads((folder / MEMORY).read_text(encoding="utf-8"))
        files: Mapping[str, str] = document["files"]
        return {str(path): str(base) for path, base in files.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Conflict(
            f"{folder / MEMORY} cannot be read.",
            cure="Take it back from git, or delete it: files that the web has changed are then asked for.",
        ) from None
