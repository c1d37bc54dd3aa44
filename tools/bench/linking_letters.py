"""The mail that is linked: made up in the mix of a real mailbox, each with the answer that it must get."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from server.mail.incoming import Incoming
from server.mail.models import LinkRule, Route
from server.messages.model import Envelope, Mail, MailKind, Person
from tools.bench.linking_world import (
    COLLEAGUES,
    CONTACTS_OF_AN_ACCOUNT,
    NOW,
    Book,
    account_name,
    account_of,
    alternate_address,
    colleague,
    domain,
    primary_address,
)


class Shape(StrEnum):
    """By what a letter is known. An answer comes from a known contact, a colleague's from one whom nobody knows."""

    EXACT = "exact address"
    ALTERNATE = "alternate address"
    NORMALISED = "normalised address"
    ANSWER = "answer in a thread"
    NEWCOMER = "newcomer in a thread"
    DOMAIN = "domain"
    UNKNOWN = "unknown"


# 45 % exact, 5 % alternate, 5 % normalised, 20 % replies, 15 % by domain, 10 % unknown.
MIX = {
    Shape.EXACT: 18, Shape.ALTERNATE: 2, Shape.NORMALISED: 2, Shape.ANSWER: 5, Shape.NEWCOMER: 3, Shape.DOMAIN: 6,
    Shape.UNKNOWN: 4,
}  # fmt: skip
ROUND = sum(MIX.values())
_RULES = {
    Shape.EXACT: LinkRule.CONTACT_ADDRESS, Shape.ALTERNATE: LinkRule.ALTERNATE_ADDRESS,
    Shape.NORMALISED: LinkRule.NORMALISED_ADDRESS, Shape.ANSWER: LinkRule.CONTACT_ADDRESS,
    Shape.NEWCOMER: LinkRule.THREAD, Shape.DOMAIN: LinkRule.DOMAIN,
}  # fmt: skip
_NEW_THREADS, _OPEN_THREADS = 3, 6  # three more in each round of eight replies: a thread has some four mails
_WORDS = (
    "upgrade", "window", "runner", "pipeline", "review", "seats", "token", "mirror", "renewal", "next", "week", "and",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Letter:
    """`account` is where it must be linked, by `rule`; both None when nobody is known."""

    shape: Shape
    incoming: Incoming
    account: str | None
    rule: LinkRule | None


@dataclass(kw_only=True)
class _Thread:
    gmail_id: str
    subject: str
    contact: int
    message_ids: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Writer:
    """Writes to and from the people of one book. By one seed all books get the same mail, but for who is who."""

    book: Book
    seed: int
    threads: list[_Thread] = field(default_factory=list)
    written: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def rounds(self, count: int) -> list[list[Letter]]:
        return [self._round(is_first=number == 0) for number in range(count)]

    def addresses(self, count: int) -> list[str]:
        """Of contacts, for the bare lookup."""
        return [primary_address(self._anybody()) for _ in range(count)]

    def _round(self, *, is_first: bool) -> list[Letter]:
        shapes = [shape for shape, times in MIX.items() for _ in range(times)]
        if not is_first:
            self.dice.shuffle(shapes)
        opened = len(self.threads) + _NEW_THREADS
        letters = [self._letter(shape, may_be_answered=len(self.threads) < opened) for shape in shapes]
        del self.threads[:-_OPEN_THREADS]
        return letters

    def _letter(self, shape: Shape, *, may_be_answered: bool) -> Letter:
        if shape in (Shape.ANSWER, Shape.NEWCOMER):
            thread = self.dice.choice(self.threads)
        else:
            thread = _Thread(gmail_id=self._hex(), subject=self._text(5), contact=self._contact(shape))
        incoming = self._incoming(shape, thread)
        if shape is Shape.EXACT and may_be_answered:
            self.threads.append(thread)
        known = shape is not Shape.UNKNOWN
        return Letter(
            shape=shape,
            incoming=incoming,
            account=account_name(account_of(thread.contact)) if known else None,
            rule=_RULES[shape] if known else None,
        )

    def _contact(self, shape: Shape) -> int:
        number = self._anybody()
        return number | 1 if shape is Shape.ALTERNATE else number

    def _anybody(self) -> int:
        # Not randrange: it throws the dice more often for some books than for others.
        return int(self.dice.random() * self.book.contacts)

    def _incoming(self, shape: Shape, thread: _Thread) -> Incoming:
        self.written += 1
        customers = list(self._customers(shape, thread.contact))
        ours = [colleague(number) for number in self.dice.sample(range(1, COLLEAGUES), self.dice.choice((0, 0, 1, 2)))]
        is_sent = self.dice.random() < 0.5 and shape is not Shape.NEWCOMER
        sender, *others = [colleague(0), *customers] if is_sent else [customers[0], colleague(0), *customers[1:]]
        everybody = [*others, *ours][:4]
        message_id = f"{self._hex()}.{self.written}@mail.example"
        envelope = self._envelope(thread, sender, everybody, message_id)
        thread.message_ids.append(message_id)
        gmail_id = self._hex()
        return Incoming(
            envelope=envelope,
            user_id=self.book.user_id,
            mailbox_id=self.book.mailbox_id,
            level="subject",
            route=Route.GMAIL,
            source=gmail_id,
            gmail_message_id=gmail_id,
            gmail_thread_id=thread.gmail_id,
            labels=frozenset({"SENT"} if is_sent else {"INBOX", "UNREAD"}),
            received_at=envelope.sent_at or NOW,
            # The reader asks for the text of what is linked, and of nothing else.
            mail=None if shape is Shape.UNKNOWN else self._mail(envelope),
        )

    def _customers(self, shape: Shape, contact: int) -> Iterator[str]:
        """One to three; the first is he whom the letter is known by. All are of one account, or of none."""
        first = contact - contact % CONTACTS_OF_AN_ACCOUNT
        step = 2 if shape is Shape.ALTERNATE else 1
        numbers = [contact, *((contact - first + step * k) % CONTACTS_OF_AN_ACCOUNT + first for k in (1, 2))]
        for number in numbers[: self.dice.choice((1, 1, 1, 2, 3))]:
            yield self._customer(shape, number)

    def _customer(self, shape: Shape, contact: int) -> str:
        stranger = f"{self._hex()[:6]}.{self.written}"
        match shape:
            case Shape.ALTERNATE:
                return alternate_address(contact) or primary_address(contact)
            case Shape.NORMALISED:
                return primary_address(contact).replace("@", "+gitlab@")
            case Shape.NEWCOMER | Shape.DOMAIN:
                return f"{stranger}@{domain(account_of(contact))}"
            case Shape.UNKNOWN:
                return f"{stranger}@{'gmail.com' if self.written % 4 == 0 else f'nobody{self._hex()}.example'}"
            case _:
                return primary_address(contact)

    def _envelope(self, thread: _Thread, sender: str, others: Sequence[str], message_id: str) -> Envelope:
        people = [Person(name=email.partition("@")[0].title(), email=email) for email in (sender, *others)]
        return Envelope(
            rfc_message_id=message_id,
            references=tuple(thread.message_ids),
            subject=f"Re: {thread.subject}" if thread.message_ids else thread.subject,
            sent_at=self._at(),
            sender=people[0],
            reply_to=(),
            to=tuple(people[1:2]),
            cc=tuple(people[2:]),
            bcc=(),
            kind=MailKind.PERSONAL,
            kind_reason="",
            outbound_id=None,
            is_test=False,
            gmail_thread_id=None,
            gmail_labels=(),
            delivered_to=(),
            authentication="",
        )

    def _mail(self, envelope: Envelope) -> Mail:
        new, quoted = self._text(150), "> " + self._text(150) if envelope.references else ""
        text = new + quoted
        return Mail(
            envelope=envelope,
            text=text,
            html="".join(f'<p style="font: 14px Arial; margin: 0 0 16px">{text}</p>' for _ in range(3)),
            new_text=new,
            quoted_text=quoted,
            attachments=(),
            bounces=(),
            forwarded=None,
            body_digest=hashlib.sha256("".join(text.lower().split()).encode()).hexdigest(),
            is_cut=False,
        )

    def _at(self) -> datetime:
        return NOW - timedelta(days=30) + timedelta(seconds=60 * self.written)

    def _hex(self) -> str:
        return f"{self.dice.getrandbits(64):016x}"

    def _text(self, words: int) -> str:
        return " ".join(self.dice.choices(_WORDS, k=words))
