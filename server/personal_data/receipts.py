"""Receipts of erasures: to find, to read, and as a file."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import NotFound
from server.personal import Kind
from server.personal_data.models import ErasureReceipt
from server.personal_data.words import KINDS


def by_id(session: Session, receipt_id: uuid.UUID) -> ErasureReceipt:
    """Raises NotFound."""
    found = session.get(ErasureReceipt, receipt_id)
    if found is None:
        raise NotFound("There is no such receipt.", cure="Look for it in the list under Personal data.")
    return found


def latest(session: Session, limit: int = 20) -> Sequence[ErasureReceipt]:
    newest_first = select(ErasureReceipt).order_by(ErasureReceipt.erased_at.desc(), ErasureReceipt.id.desc())
    return session.scalars(newest_first.limit(limit)).all()


def gone_in_words(receipt: ErasureReceipt) -> list[tuple[str, int]]:
    """In the order of `KINDS`."""
    return [(words.label, receipt.gone[kind]) for kind, words in KINDS.items() if kind in receipt.gone]


def as_json(receipt: ErasureReceipt) -> str:
    said: dict[str, Any] = {
        "receipt": str(receipt.id),
        "erased_at": receipt.erased_at.isoformat(),
        "by": receipt.by_name,
        "address_hashes": receipt.address_hashes,
        "erased": {Kind(kind): receipt.gone[kind] for kind in sorted(receipt.gone)},
        "kept": receipt.kept,
        "outside_of_rapport": receipt.outside,
    }
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def as_text(receipt: ErasureReceipt) -> str:
    """Plain English for the person concerned. No address: whoever holds it knows whom it is about."""
    gone = [f"- {label}: {count}" for label, count in gone_in_words(receipt)]
    kept = [f"- {sentence}{f' ({count})' if count else ''}" for sentence, count in sorted(receipt.kept.items())]
    lines = [
        "Receipt of an erasure of personal data",
        "",
        f"Receipt: {receipt.id}",
        f"Erased:  {receipt.erased_at:%Y-%m-%d %H:%M} UTC, by {receipt.by_name}",
        f"Person:  keyed hash {', '.join(one[:16] for one in receipt.address_hashes) or 'none: no address'}",
        "",
        "Erased (number of items)",
        *(gone or ["- nothing"]),
        "",
        "Kept, and why",
        *kept,
        "",
        "Outside of Rapport",
        *(f"- {sentence}" for sentence in receipt.outside),
    ]
    return "\n".join(lines) + "\n"
