"""A file of accounts that an admin uploads: what it names is written down, and the next look opens the CTAs."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.import_report import RowProblem
from server.accounts.named import COLUMNS, CURE, NamedAccounts, names_accounts
from server.accounts.salesforce_csv import ImportUnreadable, SalesforceReport
from server.db import insert_if_absent
from server.errors import Invalid
from server.messages.clean import one_line
from server.triggers import queries
from server.triggers.look.candidate import BookRow, Candidate, Span, accounts_of
from server.triggers.models import FiringOutcome, TriggerFiring, TriggerKind
from server.triggers.watch import Watch

LONGEST_LABEL = 100
_FILE = "file"


@dataclass(frozen=True, kw_only=True)
class FileRead:
    """`account_ids` are those that the file names, each once; `digest` is of its bytes."""

    digest: str
    rows: int
    account_ids: Sequence[uuid.UUID]
    problems: Sequence[RowProblem]


def read_file(session: Session, content: bytes) -> FileRead:
    """Raises ImportUnreadable for the file as a whole."""
    report = SalesforceReport(BytesIO(content), COLUMNS)
    if not names_accounts(report):
        raise ImportUnreadable("No column names the accounts.", line=1, cure=CURE)
    accounts, rows = NamedAccounts(session), 0
    found: dict[uuid.UUID, None] = {}
    problems = []
    for row in report.rows():
        rows += 1
        meant = accounts.find(row.values) if row.damage is None else None
        if meant is not None and meant.account_id is not None:
            found[meant.account_id] = None
            continue
        column, value, reason = row.damage or (meant.problem if meant and meant.problem else ("Account", "", "is bad"))
        problems.append(RowProblem(line=row.line, column=column, value=value, reason=reason))
    digest = hashlib.sha256(content).hexdigest()[:32]
    return FileRead(digest=digest, rows=rows, account_ids=list(found), problems=problems)


def promise(session: Session, watch: Watch, read: FileRead, *, label: str, now: datetime) -> int:
    """Write down that these accounts are to get a CTA; how many are new. The same file again promises nothing.

    Raises Invalid while a row is bad, or without a label.
    """
    assert watch.trigger_id is not None
    label = one_line(label, LONGEST_LABEL)
    if watch.kind is not TriggerKind.FILE_IMPORTED:
        raise Invalid("This trigger takes no file.", cure="Make one of the kind “A file of accounts is uploaded”.")
    if not label:
        raise Invalid("The file needs a label.", cure="Say what it is, in a few words.", fields={"label": "Say it."})
    if read.problems:
        raise Invalid("Some rows name no account.", cure="Mend them, or take them out, then upload it again.")
    known = set(
        session.scalars(
            select(TriggerFiring.account_id).where(
                TriggerFiring.trigger_id == watch.trigger_id,
                TriggerFiring.occasion.startswith(f"{_FILE}:{read.digest}:", autoescape=True),
            )
        )
    )
    count = 0
    for account_id in read.account_ids:
        if account_id not in known:
            firing = TriggerFiring(
                trigger_id=watch.trigger_id,
                account_id=account_id,
                occasion=f"{_FILE}:{read.digest}:{label}",
                fired_at=now,
                outcome=FiringOutcome.WAITING,
                detail="",
            )
            count += insert_if_absent(session, firing)
    return count


def promised(session: Session, watch: Watch, span: Span) -> Iterator[Candidate]:
    """Candidates of what was promised and is not opened yet."""
    if watch.trigger_id is None or watch.kind is not TriggerKind.FILE_IMPORTED:
        return
    rows = {(one.account_id, one.occasion) for one in queries.waiting(session, watch.trigger_id)}
    by_id = {one.id: one for one in accounts_of(session, watch, ids={account_id for account_id, _ in rows})}
    for account_id, occasion in sorted(rows, key=str):
        if (account := by_id.get(account_id)) is not None:
            yield of_file(account, occasion, span.now)


def of_file(account: BookRow, occasion: str, now: datetime) -> Candidate:
    label = occasion.split(":", 2)[2]
    return Candidate(
        account=account,
        occasion=occasion,
        began_on=account.day_of(now),
        why=f"The file “{label}” names it.",
        values={"label": label},
    )
