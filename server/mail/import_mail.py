"""Reading mail from files for one user. Each mail is a transaction; what is known already is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from server.clock import Clock
from server.db import Database
from server.mail.decide import Outcome
from server.mail.gmail_labels import label_ids, left_out
from server.mail.holders import Holder
from server.mail.incoming import Incoming
from server.mail.ingest import Arrival, Ingested, Intake, foresee, mails_in, source_of
from server.mail.mbox import Found, mails_in_files, sources
from server.mail.models import MailState, Route
from server.mail.rules import Rules, load_rules
from server.messages.model import Mail
from server.messages.read import Unreadable, read_mail

_RULES_LAST = 100  # mails
_SHOWN = 50
Told = Callable[[float], None]


@dataclass(kw_only=True)
class ImportTally:
    """What became of the mails. `excluded` counts by rule; `unreadable` names places and reasons, the first ones."""

    read: int = 0
    logged: int = 0
    waiting: int = 0
    known: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    unreadable_total: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def count(self, outcome: Outcome, reason: str, *, is_new: bool) -> None:
        self.read += 1
        if outcome is Outcome.EXCLUDED:
            self.excluded[reason] += 1
        elif not is_new:
            self.known += 1
        elif outcome is Outcome.LINKED:
            self.logged += 1
        else:
            self.waiting += 1

    def refuse(self, place: str, error: Unreadable) -> None:
        self.read += 1
        self.unreadable_total += 1
        if len(self.unreadable) < _SHOWN:
            self.unreadable.append((place, error.detail))


@dataclass(frozen=True, kw_only=True)
class MailImport:
    """`level` is how much of it colleagues see; `since` leaves out what is older."""

    db: Database
    clock: Clock
    holder: Holder
    level: str
    since: timedelta | None = None

    def run(self, path: Path, *, told: Told, is_trial: bool = False) -> ImportTally:
        """Everything in the file or folder, in its order. `told` hears the fraction that is done, from 0 to 1.

        A trial reads and decides, and stores nothing. Raises Invalid for a folder without mail, OSError for a file
        that cannot be read; what was imported until then stays, and is passed over when it is run again.
        """
        files = sources(path)
        whole = max(sum(file.size for file in files), 1)
        tally = ImportTally()
        self._with_each(mails_in_files(files, below=path), tally, is_trial, lambda read: told(read / whole))
        told(1.0)
        return tally

    def _with_each(
        self, mails: Iterator[Found], tally: ImportTally, is_trial: bool, told: Callable[[int], None]
    ) -> None:
        with self.db.reading() as session:
            own_labels = left_out(session, self.holder.mailbox_id)
        keeper = _Trial(self.db) if is_trial else _Keeping(self.db, self.clock)
        for found in mails:
            try:
                mail = read_mail(found.raw)
                incoming = self._incoming(found, mail, own_labels)
            except Unreadable as error:
                tally.refuse(found.place, error)
            else:
                if self._is_too_old(incoming):
                    tally.count(Outcome.EXCLUDED, "before_window", is_new=True)
                else:
                    keeper.keep(incoming, tally)
            told(found.read)

    def _incoming(self, found: Found, mail: Mail, own_labels: dict[str, str]) -> Incoming:
        arrival = Arrival(
            holder=self.holder,
            route=Route.IMPORT,
            source=source_of(found.raw),
            level=self.level,
            received_at=self._received_at(found, mail),
            labels=label_ids(mail.envelope.gmail_labels, own_labels),
            gmail_thread_id=mail.envelope.gmail_thread_id,
        )
        [incoming] = mails_in(found.raw, mail, arrival)
        return incoming

    def _received_at(self, found: Found, mail: Mail) -> datetime:
        """Google knows when a mail came; other programs write when they exported it, and Date is the better one."""
        is_takeout = mail.envelope.gmail_thread_id is not None
        dates = (found.received_at if is_takeout else None, mail.envelope.sent_at, found.received_at)
        return next((date for date in dates if date is not None), self.clock.now())

    def _is_too_old(self, incoming: Incoming) -> bool:
        oldest: datetime | None = self.clock.now() - self.since if self.since is not None else None
        return oldest is not None and incoming.sent_at < oldest


class _Keeping:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._intake = Intake(db, clock, rules_last=_RULES_LAST)

    def keep(self, incoming: Incoming, tally: ImportTally) -> None:
        [done] = self._intake.take([incoming])
        _count(done, tally)


def _count(done: Ingested, tally: ImportTally) -> None:
    tally.count(done.outcome, done.reason, is_new=done.is_new)


class _Trial:
    """Decides in reading sessions."""

    def __init__(self, db: Database) -> None:
        self._db = db
        with db.reading() as session:
            self._rules: Rules = load_rules(session)

    def keep(self, incoming: Incoming, tally: ImportTally) -> None:
        with self._db.reading() as session:
            _foretell(session, self._rules, incoming, tally)


def _foretell(session: Session, rules: Rules, incoming: Incoming, tally: ImportTally) -> None:
    foreseen = foresee(session, rules, incoming)
    if foreseen.known is not None and foreseen.known.state == MailState.REMOVED:
        tally.count(Outcome.EXCLUDED, "unlinked", is_new=False)
        return
    decision = foreseen.decision
    tally.count(decision.outcome, decision.reason, is_new=foreseen.known is None)
