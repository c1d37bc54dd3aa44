"""The end of a seed: what lies in the mailboxes against what stands in the store, as sets, by the letters we wrote.

Nothing of Rapport's own counting is believed here; that is compared, too.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server.mail.models import LinkState, MailContent, MailCopy, MailLink, MailMessage, MailState
from server.mailboxes import connection, ledger, reading
from server.mailboxes.health import health
from server.mailboxes.models import LedgerState, MailboxMessage
from server.mailboxes.reconcile import last_reconciliation
from server.timeline.models import Level, TimelineEntry, TimelineHolder
from tests.chaos.gmail_truth import GmailTruth
from tests.chaos.mailbag import Fate, Letter
from tests.chaos.stage import Scene

Key = tuple[str, str]
_CARE = (Level.FULL, Level.SUBJECT, Level.METADATA)
_IN_THE_LEDGER = {
    Fate.LINKED: LedgerState.LOGGED,
    Fate.WAITING: LedgerState.WAITING,
    Fate.NEVER: LedgerState.EXCLUDED,
}


class Duty(StrEnum):
    """MAY: it went into the trash, or away; whether it had been read before that is chance."""

    MUST = "must"
    MAY = "may"
    MUST_NOT = "must not"


@dataclass(kw_only=True)
class Reckoning:
    """Sentences, each about one mail. All are empty when all is well."""

    mails: int = 0
    linked: int = 0
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return not (self.missing or self.doubled or self.leaked or self.wrong)

    def lines(self) -> Iterator[str]:
        for name in ("missing", "doubled", "leaked", "wrong"):
            found: list[str] = getattr(self, name)
            yield from (f"{name}: {one}" for one in found[:10])
            if len(found) > 10:
                yield f"{name}: and {len(found) - 10} more"


def reckon(scene: Scene, truth: GmailTruth) -> Reckoning:
    with scene.runtime.db.reading() as session:
        return reckon_in(session, scene, truth)


def reckon_in(session: Session, scene: Scene, truth: GmailTruth) -> Reckoning:
    """As this session sees the store."""
    found = Reckoning(mails=len(truth.placed))
    _Comparison(session=session, scene=scene, truth=truth, found=found).run()
    return found


@dataclass(kw_only=True)
class _Comparison:
    session: Session
    scene: Scene
    truth: GmailTruth
    found: Reckoning
    labels: dict[Key, frozenset[str]] = field(default_factory=dict)
    copies: dict[Key, list[MailCopy]] = field(default_factory=lambda: defaultdict(list))
    message_of: dict[int, uuid.UUID] = field(default_factory=dict)
    entries: dict[uuid.UUID, list[TimelineEntry]] = field(default_factory=lambda: defaultdict(list))

    def run(self) -> None:
        self._rapport_says_so()
        self.labels = self.truth.labels()
        emails = {box.id: box.email for box in self.scene.boxes.values()}
        for copy in self._all(MailCopy):
            self.copies[(emails[copy.mailbox_id], copy.gmail_message_id)].append(copy)
        for entry in self._all(TimelineEntry):
            self.entries[entry.mail_message_id].append(entry)
        self._copies_are_those_that_have_to_be()
        self._one_letter_is_one_mail()
        self._mails_say_what_they_should()
        self._threads_are_folded()
        self._nothing_leaked()
        self._nothing_stands_alone()
        self._ledger_is_settled()

    def _all(self, model: type[Any]) -> list[Any]:
        return list(self.session.scalars(select(model).order_by(model.id)))

    def duty(self, key: Key) -> Duty:
        letter, labels = self.truth.placed[key].letter, self.labels.get(key)
        if letter.fate is Fate.NEVER or (labels is not None and labels & {"SPAM", "DRAFT"}):
            return Duty.MUST_NOT
        return Duty.MAY if labels is None or "TRASH" in labels else Duty.MUST

    def _copies_are_those_that_have_to_be(self) -> None:
        for key, placed in self.truth.placed.items():
            duty, copies = self.duty(key), self.copies.get(key, [])
            if duty is Duty.MUST and not copies:
                self.found.missing.append(f"{_name(placed.letter)} of {key}")
            if duty is Duty.MUST_NOT and copies:
                self.found.leaked.append(f"{_name(placed.letter)} of {key} is stored, with {self._labels(key)}")
            if len(copies) > 1:
                self.found.doubled.append(f"{_name(placed.letter)} of {key} has {len(copies)} copies")
        for key in self.copies.keys() - self.truth.placed.keys():
            self.found.wrong.append(f"{key} was never in a mailbox")

    def _labels(self, key: Key) -> str:
        return " ".join(sorted(self.labels.get(key, ()))) or "no label"

    def _one_letter_is_one_mail(self) -> None:
        messages: dict[int, set[uuid.UUID]] = defaultdict(set)
        letters: dict[uuid.UUID, set[int]] = defaultdict(set)
        by_number: dict[int, Letter] = {}
        for key in self.copies.keys() & self.truth.placed.keys():
            letter = self.truth.placed[key].letter
            by_number[letter.number] = letter
            for copy in self.copies[key]:
                messages[letter.number].add(copy.mail_message_id)
                letters[copy.mail_message_id].add(letter.number)
        for number, found in messages.items():
            if len(found) > 1:
                self.found.doubled.append(f"{_name(by_number[number])} stands as {len(found)} mails")
            self.message_of[number] = min(found)
        for message_id, numbers in letters.items():
            if len(numbers) > 1:
                self.found.wrong.append(f"letters {sorted(numbers)} became one mail, {message_id}")

    def _mails_say_what_they_should(self) -> None:
        letters = {one.letter.number: one.letter for one in self.truth.placed.values()}
        messages = {one.id: one for one in self._all(MailMessage)}
        texts = {one.id: one for one in self._all(MailContent)}
        links: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
        for link in self._all(MailLink):
            if link.state == LinkState.LINKED:
                links[link.mail_message_id].add(link.account_id)
        keys_of: dict[int, list[Key]] = defaultdict(list)
        for key, placed in self.truth.placed.items():
            if key in self.copies:
                keys_of[placed.letter.number].append(key)
        for number, message_id in self.message_of.items():
            letter, message = letters[number], messages[message_id]
            if letter.fate is Fate.NEVER:
                continue
            expected = MailState.LINKED if letter.fate is Fate.LINKED else MailState.WAITING
            if message.state != expected:
                self.found.missing.append(f"{_name(letter)} is {message.state}, not {expected}")
            accounts = {self.scene.accounts[company] for company in letter.companies}
            if links[message_id] != accounts:
                self.found.wrong.append(f"{_name(letter)} is linked to {len(links[message_id])} accounts")
            self._entries_fit(letter, message_id, accounts, keys_of[number])
            may_have_text = any(self.scene.boxes[key[0]].has_text for key in keys_of[number])
            if letter.has_text and may_have_text:
                content = texts.get(message_id)
                if content is None or letter.mark not in content.text:
                    self.found.missing.append(f"the text of {_name(letter)}")
            if letter.fate is Fate.WAITING and message_id in texts:
                self.found.leaked.append(f"the text of {_name(letter)}, which waits")

    def _entries_fit(self, letter: Letter, message_id: uuid.UUID, accounts: set[uuid.UUID], keys: list[Key]) -> None:
        entries = self.entries.get(message_id, [])
        where = Counter(entry.account_id for entry in entries)
        self.found.linked += len(entries)
        for account_id in accounts - where.keys():
            self.found.missing.append(f"{_name(letter)} on the timeline of {account_id}")
        for account_id in where.keys() - accounts:
            self.found.wrong.append(f"{_name(letter)} is on the timeline of {account_id}")
        self.found.doubled.extend(f"{_name(letter)} on one timeline" for number in where.values() if number > 1)
        boxes = [self.scene.boxes[key[0]] for key in keys]
        expected = {box.user_id for box in boxes}
        level = max((box.level for box in boxes), key=_CARE.index)
        for entry in entries:
            holders = set(
                self.session.scalars(select(TimelineHolder.user_id).where(TimelineHolder.timeline_entry_id == entry.id))
            )
            if holders != expected:
                self.found.wrong.append(f"{_name(letter)} has {len(holders)} holders, not {len(expected)}")
            if entry.level != level:
                self.found.wrong.append(f"{_name(letter)} is shown at {entry.level}, not {level}")

    def _threads_are_folded(self) -> None:
        """Mails that Gmail has in one thread of one mailbox have one key, and a mail in two mailboxes joins theirs."""
        threads = self.truth.threads()
        group: dict[object, object] = {}

        def root(one: object) -> object:
            while group.setdefault(one, one) != one:
                one = group[one]
            return one

        for key, copies in self.copies.items():
            if key in threads:
                group[root(copies[0].mail_message_id)] = root((key[0], threads[key]))
        keys: dict[object, set[uuid.UUID]] = defaultdict(set)
        for message_id, entries in self.entries.items():
            keys[root(message_id)].update(entry.thread_key for entry in entries)
        for found in keys.values():
            if len(found) > 1:
                self.found.wrong.append(f"one conversation is shown as {len(found)}")

    def _nothing_leaked(self) -> None:
        """No word of a mail that is never kept stands anywhere: looked for by its mark."""
        never = [placed.letter for key, placed in self.truth.placed.items() if self.duty(key) is Duty.MUST_NOT]
        kept = {self.truth.placed[key].letter.number for key in self.copies if key in self.truth.placed}
        marks = {letter.mark: letter for letter in never if letter.number not in kept}
        columns = (MailMessage.subject, MailContent.text, TimelineEntry.subject, TimelineEntry.body_text)
        written = "\n".join(text for column in columns for text in self.session.scalars(select(column)) if text)
        self.found.leaked.extend(_name(letter) for mark, letter in marks.items() if mark in written)

    def _nothing_stands_alone(self) -> None:
        """No mail without a copy, no entry without a mail, no link that is shown nowhere."""
        no_copy = select(func.count()).select_from(MailMessage).where(
            MailMessage.id.not_in(select(MailCopy.mail_message_id)), MailMessage.state != MailState.REMOVED
        )  # fmt: skip
        no_mail = select(func.count()).select_from(TimelineEntry).where(
            or_(TimelineEntry.mail_message_id.is_(None), TimelineEntry.mail_message_id.not_in(select(MailMessage.id)))
        )  # fmt: skip
        not_shown = select(func.count()).select_from(MailLink).where(
            MailLink.state == LinkState.LINKED, MailLink.timeline_entry_id.is_(None)
        )  # fmt: skip
        for what, statement in (("mails without a copy", no_copy), ("entries without a mail", no_mail),
                                ("links that are shown nowhere", not_shown)):  # fmt: skip
            number = self.session.scalar(statement)
            if number:
                self.found.wrong.append(f"{number} {what}")

    def _ledger_is_settled(self) -> None:
        emails = {box.id: box.email for box in self.scene.boxes.values()}
        rows = {(emails[row.mailbox_id], row.gmail_message_id): row for row in self._all(MailboxMessage)}
        for key, row in rows.items():
            if row.state in (LedgerState.TO_READ, LedgerState.QUARANTINED):
                self.found.wrong.append(f"{key} is {row.state} in the ledger")
        for key, placed in self.truth.placed.items():
            labels, row = self.labels.get(key), rows.get(key)
            if labels is None or labels & {"SPAM", "TRASH"} or (placed.letter.kind == "old" and row is None):
                continue
            if row is None:
                self.found.missing.append(f"{_name(placed.letter)} of {key} in the ledger")
            elif row.state != _IN_THE_LEDGER[placed.letter.fate]:
                self.found.wrong.append(f"{_name(placed.letter)} of {key} is {row.state} in the ledger, for {row.rule}")

    def _rapport_says_so(self) -> None:
        """The cursor is at the present, health says so, and the comparison finds nothing."""
        runtime = self.scene.runtime
        for box in self.scene.boxes.values():
            position, mailbox = reading.of(self.session, box.id), connection.by_id(self.session, box.id)
            counts, last = ledger.counts(self.session, box.id), last_reconciliation(self.session, box.id)
            assert position is not None
            if position.history_id != str(self.truth.present(box.email)):
                self.found.wrong.append(f"the cursor of {box.email} is at {position.history_id}")
            poll_interval = timedelta(seconds=runtime.settings.poll_interval_s)
            state = health(position, mailbox, counts, runtime.clock.now(), poll_interval, last)
            if not state.is_well:
                self.found.wrong.append(f"{box.email} is {state.state}: {state.sentence}")
            if last is None or last.unexplained or last.missed or last.on_their_way:
                self.found.wrong.append(f"the comparison of {box.email} found {_of(last)}")


def _of(last: Any) -> str:
    return "nothing" if last is None else f"{last.unexplained} unexplained, {last.missed} missed"


def _name(letter: Letter) -> str:
    return f"letter {letter.number} ({letter.kind})"
