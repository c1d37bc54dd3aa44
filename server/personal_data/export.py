"""All that is held of one person, as a ZIP for them: plain JSON by kind, and a page that says what it is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.errors import NotFound
from server.personal import Kind, Subject
from server.personal_data import held
from server.personal_data.words import KINDS

FILE_NAME = "personal-data.zip"
_README = """Your personal data in Rapport
=============================

This folder holds what the company that gave it to you keeps about you in Rapport,
the tool with which it writes to its customers.

about.json      who made this copy, when, and which kinds of data there are:
                how many, where, why, and for how long
{files}
Each of these files is plain text (JSON): a list with one item for each thing that is kept.

Mail: what you wrote and what was written to you is here with its text, as far as it is
kept. Rapport keeps neither the original files of mails nor attachments, only their names.
Who got a mail in secret (Bcc) is not told.

Not in here: the mailboxes of the company's people at Google, backups, and the CRM that
contacts come from. Ask whoever gave you this copy about those.
"""


def make_zip(session: Session, subject: Subject, *, by_name: str, now: datetime) -> bytes:
    """In memory: what is held of one person is some thousand texts at most. Raises NotFound where nothing is held."""
    by_kind: dict[Kind, list[Mapping[str, Any]]] = {}
    for record in held.records(session, subject, with_text=True):
        by_kind.setdefault(record.kind, []).append(record.data)
    if not by_kind:
        raise NotFound("Nothing is held about this address.", cure="Look for another spelling of it.")
    about = {
        "made_at": now.isoformat(),
        "made_by": by_name,
        "addresses": sorted(subject.norms | subject.shared),
        "kinds": [
            {
                "kind": one.kind,
                "name": one.words.label,
                "count": one.count,
                "where": one.words.where,
                "why": one.words.why,
                "since": one.since.isoformat() if one.since else None,
                "kept_for": one.until,
                "file": f"{one.kind}.json",
            }
            for one in held.summary(session, subject)
        ],
    }
    return _zipped(
        {
            "README.txt": _readme(list(by_kind)),
            "about.json": _json(about),
            **{f"{kind}.json": _json(items) for kind, items in by_kind.items()},
        },
        now,
    )


def _readme(kinds: Sequence[Kind]) -> str:
    names = [f"{kind}.json" for kind in kinds]
    width = max(15, *(len(name) for name in names))
    files = "".join(f"{name:<{width}} {KINDS[kind].label}\n" for name, kind in zip(names, kinds, strict=True))
    return _README.format(files=files)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _zipped(files: Mapping[str, str], now: datetime) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(info, text)
    return out.getvalue()
