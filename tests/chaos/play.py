"""One seed: mail comes and is read while everything breaks. In the end nothing breaks, and all has to be there."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import func, select

from server.mail import jobs as mail_jobs
from server.mailboxes import connection, ledger
from server.mailboxes.connection import ENVELOPE_SCOPES, TEXT_SCOPES
from server.mailboxes.models import (
    LedgerState,
    Mailbox,
    MailboxMessage,
    MailboxReading,
    MailboxState,
    Phase,
    Reconciliation,
)
from server.ports.google_accounts import MailboxGrant
from server.sandbox.deliver import PlacedMail
from tests.chaos.gmail_truth import GmailTruth, Placed
from tests.chaos.mailbag import Letter, Mailbag
from tests.chaos.stage import Box, Scene, Stage, start_reading, url_of
from tests.chaos.trouble import Deed, Moment, break_something, plan

DAYS = 30
_BACKFILLED = 0.6
_LATEST_DEATH_S = 0.4
_A_FEW = 3
_PATIENCE_S = 120
_MOST_STEPS_WITHOUT_WORK = 300


class Wedged(AssertionError):
    """Nothing goes on any more, though not all is done."""


@dataclass(frozen=True, kw_only=True)
class Seed:
    number: int
    messages: int

    @property
    def is_on_postgres(self) -> bool:
        return self.number % 5 == 0

    @property
    def bob_has_text(self) -> bool:
        """In some seeds one of the two lets us see envelopes only."""
        return self.number % 4 != 2

    @property
    def workers(self) -> int:
        return 1 + self.number % 2


class Play:
    """`faults` are those that were set, `broken` what was found wrong at a moment at which somebody had died."""

    def __init__(self, stage: Stage, scene: Scene, seed: Seed) -> None:
        self._stage, self._scene, self._seed = stage, scene, seed
        self._random = Random(seed.number)
        self._bag = Mailbag(seed.number, with_text=seed.bob_has_text)
        self._runtime = scene.runtime
        self._boxes = list(scene.boxes.values())
        self.truth = GmailTruth(stage.sandbox_file)
        self.faults: Counter[str] = Counter()
        self.broken: list[str] = []
        self._begun_at = self._runtime.clock.now()
        self._left = seed.messages

    def run(self) -> None:
        self._fill()
        for box in self._boxes:
            start_reading(self._scene, box, days=DAYS)
        self._stage.crew.start(url_of(self._runtime), workers=self._seed.workers)
        self._stage.aim_pushes()
        # A message costs about two calls: its envelope, and for the linked ones their text.
        moments = plan(self._random, calls=int(self._seed.messages * 1.6))
        mails = sum(moment.deed is Deed.MAIL for moment in moments)
        for moment in moments:
            self._let_them_work(moment.after_calls)
            if moment.deed is Deed.MAIL:
                self._let_mail_come(self._left // mails)
                mails -= 1
            else:
                self._do(moment)
        self._let_mail_come(self._left)
        self._calm_down()

    # Mail

    def _fill(self) -> None:
        """What lies there before anybody reads."""
        many = int(self._seed.messages * _BACKFILLED)
        step = timedelta(days=20) / many
        first = self._begun_at - timedelta(days=20, hours=1)
        letters = list(self._bag.letters(many, lambda number: first + step * min(number, many)))
        letters.append(self._bag.older_than_the_window(self._begun_at - timedelta(days=DAYS + 9)))
        self._place(letters)

    def _let_mail_come(self, many: int) -> None:
        if many <= 0:
            return
        now = self._runtime.clock.now()
        placed = self._place(list(self._bag.letters(many, lambda number: now)))
        for one in self._random.sample(placed, min(1, len(placed))):
            # Gone before anybody could have asked for it.
            self._stage.sandbox.delete(one.mailbox, one.gmail_id)

    def _place(self, letters: list[Letter]) -> list[Placed]:
        placed: list[Placed] = []
        for box in self._boxes:
            here = [(letter, copy) for letter in letters for copy in letter.copies if copy.mailbox == box.email]
            mails = [PlacedMail(raw=copy.raw, labels=copy.labels, at=letter.at) for letter, copy in here]
            ids = self._stage.sandbox.place(box.email, mails)
            placed += [
                Placed(mailbox=box.email, gmail_id=gmail_id, letter=letter)
                for gmail_id, (letter, _) in zip(ids, here, strict=True)
            ]
        self._left -= len(placed)
        self.truth.add(placed)
        return placed

    # Deeds

    def _do(self, moment: Moment) -> None:
        box = self._random.choice(self._boxes)
        sandbox, crew = self._stage.sandbox, self._stage.crew
        match moment.deed:
            case Deed.OWNER:
                self._owner_does_something()
            case Deed.FAULT:
                self.faults[break_something(self._random, sandbox)] += 1
            case Deed.KILL_AT_A_CALL:
                self._kill_at_a_call()
            case Deed.KILL_SOON:
                self._kill_soon()
            case Deed.KILL_THE_WEB:
                crew.kill_the_web()
            case Deed.EXPIRE_HISTORY:
                sandbox.expire_history(box.email)
                self.faults["history expired"] += 1
            case Deed.EXPIRE_TOKENS:
                sandbox.expire_access_tokens(box.email)
                self.faults["access token expired"] += 1
            case Deed.REVOKE:
                sandbox.revoke(box.email)
                self.faults["grant revoked"] += 1
            case Deed.ASK_TO_COMPARE:
                self._runtime.jobs.wake(mail_jobs.RECONCILE, mailbox_id=str(box.id))

    def _owner_does_something(self) -> None:
        """To a mail of the window, half of the time to one of today."""
        back = self._random.choice((timedelta(hours=6), timedelta(days=DAYS)))
        lying_there = self.truth.lying_there(since=self._begun_at - back)
        if not lying_there:
            return
        one, labels = self._random.choice(lying_there)
        sandbox = self._stage.sandbox
        if "DRAFT" in labels:
            self._place([self._bag.sent_of(one.letter)])
            sandbox.delete(one.mailbox, one.gmail_id)
            return
        if labels & {"SPAM", "TRASH"}:
            sandbox.change_labels(one.mailbox, one.gmail_id, add=["INBOX"], remove=["SPAM", "TRASH"])
            return
        match self._random.randrange(5):
            case 0:
                sandbox.delete(one.mailbox, one.gmail_id)
            case 1:
                sandbox.change_labels(one.mailbox, one.gmail_id, add=["SPAM"], remove=["INBOX"])
            case 2:
                sandbox.change_labels(one.mailbox, one.gmail_id, add=["TRASH"], remove=["INBOX"])
            case 3:
                sandbox.change_labels(one.mailbox, one.gmail_id, remove=["INBOX", "UNREAD"])
            case 4:
                # It fails until it is set aside, and in the end a person has it tried again.
                sandbox.add_fault("messages.get", "500", about=one.gmail_id, times=30)
                self.faults["one message only"] += 1

    def _kill_at_a_call(self) -> None:
        """While Gmail answers."""
        crew, traffic = self._stage.crew, self._stage.traffic
        before = len(crew.workers)
        which = self._random.randrange(8)
        traffic.at_call(traffic.calls + self._random.randint(1, 60), lambda: crew.kill_a_worker(which))
        self._work_until(lambda: len(crew.workers) < before)
        traffic.forget()
        self._after_a_death()

    def _kill_soon(self) -> None:
        """At whatever it does then: mostly in the database."""
        crew = self._stage.crew
        self._work_until(crew.is_busy)
        if not crew.is_busy():
            self._let_mail_come(min(self._left, _A_FEW))
            self._work_until(crew.is_busy)
        self._stage.traffic.let_pass(self._random.uniform(0, _LATEST_DEATH_S))
        crew.kill_a_worker(self._random.randrange(8))
        self._after_a_death()

    def _after_a_death(self) -> None:
        self._stage.forget_nudges(self._runtime)
        for box in self._boxes:
            self._check_cursor(box)
        while len(self._stage.crew.workers) < self._seed.workers:
            self._stage.crew.add_a_worker()

    def _check_cursor(self, box: Box) -> None:
        """Whatever the cursor says to be covered is in the ledger, at every moment."""
        with self._runtime.db.reading() as session:
            found = session.get_one(MailboxReading, box.id)
            if found.phase != Phase.FOLLOWING or found.history_id is None:
                return
            rows = select(MailboxMessage.gmail_message_id).where(MailboxMessage.mailbox_id == box.id)
            known = set(session.scalars(rows))
        covered = self.truth.covered(box.email, int(found.history_id), since=found.window_from + timedelta(seconds=5))
        if covered - known:
            self.broken.append(f"{box.email}: the cursor passed over {sorted(covered - known)[:5]}")

    # Time

    def _let_them_work(self, calls: int) -> None:
        traffic = self._stage.traffic
        goal = traffic.calls + calls
        self._work_until(lambda: traffic.calls >= goal)

    def _work_until(self, is_so: object) -> None:
        """Until that is so, or nothing is to be done by anybody. Time goes on when all wait for it."""
        assert callable(is_so)
        for _ in range(_MOST_STEPS_WITHOUT_WORK):
            if not self._stage.traffic.wait_until(lambda: is_so() or self._is_quiet(), limit_s=_PATIENCE_S):
                raise Wedged(f"a job asks Gmail nothing for {_PATIENCE_S} s")
            if is_so() or not self._go_on(may_poll=False):
                return
        raise Wedged("time goes on and on, and nobody works")

    def _is_quiet(self) -> bool:
        return not self._stage.crew.is_busy() and self._runtime.jobs.queue().count == 0  # type: ignore[attr-defined]

    def _go_on(self, *, may_poll: bool) -> bool:
        """The clock's look, then the next moment for which somebody waits. False when nobody waits."""
        self._reconnect_whoever_has_to()
        if mail_jobs.sweep(self._runtime):
            return True
        moment = self._next_moment(may_poll=may_poll)
        if moment is None:
            return False
        self._stage.clock.move_to(moment + timedelta(milliseconds=5))
        return True

    def _next_moment(self, *, may_poll: bool) -> datetime | None:
        """The earliest at which a lease or a rest ends, or a row may be tried again; `may_poll`: or the next look."""
        now = self._runtime.clock.now()
        moments: list[datetime | None] = []
        with self._runtime.db.reading() as session:
            for box in self._boxes:
                found = session.get_one(MailboxReading, box.id)
                moments += [found.held_until, session.get_one(Mailbox, box.id).paused_until]
                moments.append(
                    session.scalar(
                        select(func.min(MailboxMessage.not_before)).where(
                            MailboxMessage.mailbox_id == box.id, MailboxMessage.state == LedgerState.TO_READ
                        )
                    )
                )
                if may_poll or found.phase != Phase.FOLLOWING or found.failures:
                    moments.append(found.next_look_at)
        return min((one for one in moments if one is not None and one > now), default=None)

    def _reconnect_whoever_has_to(self) -> None:
        """As a person does who sees the sign."""
        now = self._runtime.clock.now()
        for box in self._boxes:
            with self._runtime.db.reading() as session:
                if connection.by_id(session, box.id).state != MailboxState.NEEDS_RECONNECT:
                    continue
            granted = self._stage.sandbox.tokens_for(box.email, TEXT_SCOPES if box.has_text else ENVELOPE_SCOPES)
            with self._runtime.db.transaction() as session:
                connection.connect(
                    session,
                    user_id=box.user_id,
                    user_email=box.email,
                    grant=MailboxGrant(email=box.email, tokens=granted),
                    vault=self._runtime.vault,
                    now=now,
                )
            self.faults["reconnected by a person"] += 1

    # The end

    def _calm_down(self) -> None:
        """Nothing breaks any more: drain, let persons try again what was set aside, and compare."""
        self._stage.sandbox.clear_faults()
        self._stage.traffic.forget()
        self._drain()
        for box in self._boxes:
            with self._runtime.db.transaction() as session:
                tried = ledger.reopen(session, box.id, states=[LedgerState.QUARANTINED], now=self._runtime.clock.now())
            self.faults["set aside and tried again"] += tried
        self._drain()
        self.faults["comparisons that alarmed on the way"] += self._alarms()
        for box in self._boxes:
            self._compare(box.id)
        self._drain()

    def _drain(self) -> None:
        for _ in range(_MOST_STEPS_WITHOUT_WORK):
            if not self._stage.traffic.wait_until(self._is_quiet, limit_s=_PATIENCE_S):
                raise Wedged(f"a job asks Gmail nothing for {_PATIENCE_S} s")
            if all(self._is_settled(box) for box in self._boxes):
                return
            self._go_on(may_poll=True)
        raise Wedged("it does not come to an end: " + "; ".join(self._state_of(box) for box in self._boxes))

    def _is_settled(self, box: Box) -> bool:
        with self._runtime.db.reading() as session:
            found = session.get_one(MailboxReading, box.id)
            to_read = ledger.counts(session, box.id).of(LedgerState.TO_READ)
        is_present = found.history_id is not None and int(found.history_id) == self.truth.present(box.email)
        looked_at = found.caught_up_at or self._begun_at
        is_fresh = (self._runtime.clock.now() - looked_at).total_seconds() < self._runtime.settings.poll_interval_s
        is_whole = found.phase == Phase.FOLLOWING and not to_read and found.gap_since is None
        return is_present and is_fresh and is_whole

    def _state_of(self, box: Box) -> str:
        with self._runtime.db.reading() as session:
            found = session.get_one(MailboxReading, box.id)
            mailbox = session.get_one(Mailbox, box.id)
            to_read = ledger.counts(session, box.id).of(LedgerState.TO_READ)
        return (
            f"{box.email} is {mailbox.state}, {found.phase}, at {found.history_id} of {self.truth.present(box.email)},"
            f" {to_read} to read, gap since {found.gap_since}, paused until {mailbox.paused_until},"
            f" held until {found.held_until}, next look {found.next_look_at}"
        )

    def _compare(self, box_id: uuid.UUID) -> None:
        """By the job, in a worker, and until it says something."""
        before = self._comparisons(box_id)
        for _ in range(_MOST_STEPS_WITHOUT_WORK):
            if self._comparisons(box_id) > before:
                return
            self._runtime.jobs.wake(mail_jobs.RECONCILE, mailbox_id=str(box_id))
            if not self._stage.traffic.wait_until(self._is_quiet, limit_s=_PATIENCE_S):
                raise Wedged(f"a comparison asks Gmail nothing for {_PATIENCE_S} s")
        raise Wedged("the comparison says nothing")

    def _alarms(self) -> int:
        with self._runtime.db.reading() as session:
            counted = select(func.count()).select_from(Reconciliation).where(Reconciliation.unexplained > 0)
            return session.scalar(counted) or 0

    def _comparisons(self, box_id: uuid.UUID) -> int:
        with self._runtime.db.reading() as session:
            counted = select(func.count()).select_from(Reconciliation).where(Reconciliation.mailbox_id == box_id)
            return session.scalar(counted) or 0
