"""The mail of one seed: letters of many kinds, each with what must become of it, written before anything is read.

A letter may lie in two mailboxes, or twice in one: it is still one mail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from random import Random

from tests.cast import ALICE, BOB

COMPANIES = ("helios", "nordwind", "kestrel", "ostrava", "lumen", "tamarind")
COLLEAGUES = ("carla@rapport.example", "dev@rapport.example", "sales@rapport.example")
EXCLUDED_ADDRESS = "counsel@kanzlei.example"
EXCLUDED_DOMAIN = "clinic.example"
_INBOX = ("INBOX", "UNREAD")


class Fate(StrEnum):
    LINKED = "linked"
    WAITING = "waiting"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One letter in one mailbox, as it lies there."""

    mailbox: str
    raw: bytes
    labels: tuple[str, ...] = _INBOX


@dataclass(frozen=True, kw_only=True)
class Letter:
    """`fate` is what becomes of it where no label of Gmail's hides it; `companies`: the accounts that it belongs to.

    `mark` stands in its text, often in its subject, and in no other letter. `has_text` is False where its text need
    not be found.
    """

    number: int
    kind: str
    fate: Fate
    mark: str
    at: datetime
    copies: tuple[Copy, ...]
    companies: frozenset[str] = frozenset()
    has_text: bool = True


@dataclass(kw_only=True)
class _Thread:
    """A conversation with one company, in the mailboxes of `owners`."""

    subject: str
    company: str
    contact: str
    owners: tuple[str, ...]
    ids: list[str] = field(default_factory=list)


def contact(company: str, number: int) -> str:
    return f"person{number}@{company}.example"


class Mailbag:
    """Makes letters. The same seed makes the same ones, but for the time at which they are sent."""

    def __init__(self, seed: int, *, with_text: bool) -> None:
        """`with_text`: every mailbox lets read texts, so copies may be known by their text alone."""
        self._random = Random(seed)
        self._seed = seed
        self._number = 0
        self._threads: list[_Thread] = []
        self._scanned_at: set[datetime] = set()
        kinds: list[tuple[int, Callable[[datetime], Letter]]] = [
            (40, self._of_customer),
            (5, self._of_two_customers),
            (13, self._of_stranger),
            (11, self._internal),
            (12, self._newsletter),
            (3, self._draft),
            (3, self._spam),
            (3, self._excluded),
            (3, self._with_a_repeated_id),
            (3, self._without_an_id),
            (2, self._twice_in_one_mailbox),
            (1, self._with_a_broken_body),
            (1, self._no_mail_at_all),
        ]
        if with_text:
            kinds.append((2, self._with_an_id_rewritten_on_the_way))
        self._weights = [weight for weight, _ in kinds]
        self._kinds = [make for _, make in kinds]

    def letters(self, many: int, at: Callable[[int], datetime]) -> Iterator[Letter]:
        """`many` copies' worth of letters, at the times that `at` gives them by their number, oldest first."""
        copies = 0
        while copies < many:
            self._number += 1
            [make] = self._random.choices(self._kinds, self._weights)
            letter = make(at(copies))
            copies += len(letter.copies)
            yield letter

    def older_than_the_window(self, at: datetime) -> Letter:
        self._number += 1
        raw = self._raw(sender=contact("helios", 1), to=ALICE, subject=self._subject("old"), at=at)
        return self._letter("old", Fate.NEVER, at, (Copy(mailbox=ALICE, raw=raw),))

    def sent_of(self, draft: Letter) -> Letter:
        """What a draft becomes: another message, with the same text."""
        self._number += 1
        at = draft.at + timedelta(seconds=1)
        [copy] = draft.copies
        raw = copy.raw.replace(draft.mark.encode(), self._mark.encode())
        sent = Copy(mailbox=copy.mailbox, raw=raw, labels=("SENT",))
        return self._letter("draft_sent", Fate.LINKED, at, (sent,), companies={COMPANIES[0]})

    # The kinds

    def _of_customer(self, at: datetime) -> Letter:
        thread = self._thread()
        colleague = self._random.random() < 0.15
        person = f"somebody{self._number}@{thread.company}.example" if colleague else thread.contact
        owner = self._random.choice(thread.owners)
        is_sent = self._random.random() < 0.35
        sender, to = (owner, person) if is_sent else (person, owner)
        cc = ", ".join(one for one in thread.owners if one != owner)
        message_id = f"t{self._seed}.{self._number}@{thread.company}.example"
        # By the thread alone a stranger would be linked, too: here everybody is of the company.
        raw = self._raw(
            sender=sender,
            to=to,
            cc=cc,
            subject=thread.subject,
            at=at,
            message_id=message_id,
            references=thread.ids[-3:],
        )
        thread.ids.append(message_id)
        copies = tuple(
            Copy(mailbox=one, raw=raw, labels=("SENT",) if is_sent and one == owner else _INBOX)
            for one in thread.owners
        )
        return self._letter("customer", Fate.LINKED, at, copies, companies={thread.company})

    def _of_two_customers(self, at: datetime) -> Letter:
        first, second = self._random.sample(COMPANIES, 2)
        owner = self._owner()
        raw = self._raw(
            sender=contact(first, 1), to=owner, cc=contact(second, 2), subject=self._subject("Together"), at=at
        )
        return self._letter("two", Fate.LINKED, at, (Copy(mailbox=owner, raw=raw),), companies={first, second})

    def _of_stranger(self, at: datetime) -> Letter:
        owners = self._owners()
        raw = self._raw(
            sender=f"stranger{self._number}@unknown{self._number % 40}.example", to=", ".join(owners),
            subject=self._subject("Hello"), at=at,
        )  # fmt: skip
        copies = tuple(Copy(mailbox=one, raw=raw) for one in owners)
        return self._letter("stranger", Fate.WAITING, at, copies, has_text=False)

    def _internal(self, at: datetime) -> Letter:
        return self._never("internal", at, sender=self._random.choice(COLLEAGUES))

    def _newsletter(self, at: datetime) -> Letter:
        return self._never(
            "newsletter", at, sender=f"news@letters{self._number % 30}.example",
            more="List-Id: News <news.letters.example>\r\nList-Unsubscribe: <mailto:off@letters.example>\r\n"
            "Precedence: bulk\r\n",
        )  # fmt: skip

    def _excluded(self, at: datetime) -> Letter:
        sender = self._random.choice((EXCLUDED_ADDRESS, f"nurse{self._number}@ward.{EXCLUDED_DOMAIN}"))
        return self._never("excluded", at, sender=sender, cc=contact(self._company(), 1))

    def _spam(self, at: datetime) -> Letter:
        """What Gmail takes for spam; its owner may take it out."""
        company, owner = self._company(), self._owner()
        raw = self._raw(sender=contact(company, 3), to=owner, subject=self._subject("Prize"), at=at)
        copies = (Copy(mailbox=owner, raw=raw, labels=("SPAM",)),)
        return self._letter("spam", Fate.LINKED, at, copies, companies={company})

    def _draft(self, at: datetime) -> Letter:
        owner = self._owner()
        raw = self._raw(sender=owner, to=contact(COMPANIES[0], 1), subject=self._subject("Draft"), at=at)
        return self._letter("draft", Fate.NEVER, at, (Copy(mailbox=owner, raw=raw, labels=("DRAFT",)),))

    def _never(self, kind: str, at: datetime, *, sender: str, cc: str = "", more: str = "") -> Letter:
        owner = self._owner()
        raw = self._raw(sender=sender, to=owner, cc=cc, subject=self._subject(kind), at=at, more=more)
        return self._letter(kind, Fate.NEVER, at, (Copy(mailbox=owner, raw=raw),))

    def _with_a_repeated_id(self, at: datetime) -> Letter:
        """A device that gives all its mails one Message-ID, but no two of them in one second."""
        company, owner = self._company(), self._owner()
        raw = self._raw(
            sender=contact(company, 2),
            to=owner,
            subject=self._subject("Scan"),
            at=self._second_of_its_own(at),
            message_id="scanner@1.example",
        )
        return self._letter("repeated_id", Fate.LINKED, at, (Copy(mailbox=owner, raw=raw),), companies={company})

    def _second_of_its_own(self, at: datetime) -> datetime:
        second = at.replace(microsecond=0)
        while second in self._scanned_at:
            second -= timedelta(seconds=1)
        self._scanned_at.add(second)
        return second

    def _without_an_id(self, at: datetime) -> Letter:
        company, owners = self._company(), self._owners()
        raw = self._raw(
            sender=contact(company, 2), to=", ".join(owners), subject=self._subject("Form"), at=at, message_id=None
        )
        copies = tuple(Copy(mailbox=one, raw=raw) for one in owners)
        return self._letter("without_id", Fate.LINKED, at, copies, companies={company})

    def _with_an_id_rewritten_on_the_way(self, at: datetime) -> Letter:
        company, mark = self._company(), self._mark
        copies = tuple(
            Copy(
                mailbox=one,
                raw=self._raw(
                    sender=contact(company, 1), to=f"{ALICE}, {BOB}", subject=f"Gateway {mark}", at=at,
                    message_id=f"{place}.{self._number}@gateway.example",
                ),
            )
            for place, one in enumerate((ALICE, BOB))
        )  # fmt: skip
        return self._letter("rewritten_id", Fate.LINKED, at, copies, companies={company})

    def _twice_in_one_mailbox(self, at: datetime) -> Letter:
        company, owner = self._company(), self._owner()
        raw = self._raw(sender=contact(company, 3), to=owner, subject=self._subject("Twice"), at=at)
        copies = (Copy(mailbox=owner, raw=raw), Copy(mailbox=owner, raw=raw))
        return self._letter("twice", Fate.LINKED, at, copies, companies={company})

    def _with_a_broken_body(self, at: datetime) -> Letter:
        """Headers that can be read, and after them bytes that nobody can."""
        company, owner = self._company(), self._owner()
        head = self._raw(
            sender=contact(company, 1), to=owner, subject=self._subject("Broken"), at=at,
            more="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"\xff\xfe\r\n",
        ).split(b"\r\n\r\n")[0]  # fmt: skip
        raw = head + b"\r\n\r\n" + self._random.randbytes(300)
        copies = (Copy(mailbox=owner, raw=raw),)
        return self._letter("broken_body", Fate.LINKED, at, copies, companies={company}, has_text=False)

    def _no_mail_at_all(self, at: datetime) -> Letter:
        raw = b"\xff\x00\x80 " + self._random.randbytes(200).replace(b":", b";")
        copies = (Copy(mailbox=self._owner(), raw=raw),)
        return self._letter("no_mail", Fate.WAITING, at, copies, has_text=False)

    # What they are made of

    @property
    def _mark(self) -> str:
        return f"M{self._seed}x{self._number}M"

    def _subject(self, word: str) -> str:
        return f"{word} {self._mark}"

    def _company(self) -> str:
        return self._random.choice(COMPANIES)

    def _owner(self) -> str:
        return ALICE if self._random.random() < 0.6 else BOB

    def _owners(self) -> tuple[str, ...]:
        return (ALICE, BOB) if self._random.random() < 0.25 else (self._owner(),)

    def _thread(self) -> _Thread:
        if self._threads and self._random.random() < 0.6:
            return self._random.choice(self._threads[-60:])
        company = self._company()
        made = _Thread(
            subject=f"Plan {self._seed}/{self._number}",
            company=company,
            contact=contact(company, self._random.randint(1, 4)),
            owners=self._owners(),
        )
        self._threads.append(made)
        return made

    def _raw(
        self,
        *,
        sender: str,
        to: str,
        subject: str,
        at: datetime,
        cc: str = "",
        message_id: str | None = "",
        references: list[str] | None = None,
        more: str = "",
    ) -> bytes:
        """`message_id` "" makes one, None leaves it out."""
        named = f"m{self._seed}.{self._number}@mail.example" if message_id == "" else message_id
        lines = [
            f"From: Somebody <{sender}>",
            f"To: {to}",
            *([f"Cc: {cc}"] if cc else []),
            f"Subject: {'Re: ' if references else ''}{subject}",
            f"Date: {format_datetime(at)}",
            *([f"Message-ID: <{named}>"] if named else []),
            *(["References: " + " ".join(f"<{one}>" for one in references)] if references else []),
        ]
        head = "\r\n".join(lines) + f"\r\n{more}\r\n"
        return head.encode("utf-8", "surrogateescape") + f"What {self._mark} says.\r\n".encode()

    def _letter(
        self,
        kind: str,
        fate: Fate,
        at: datetime,
        copies: tuple[Copy, ...],
        *,
        companies: set[str] | None = None,
        has_text: bool = True,
    ) -> Letter:
        return Letter(
            number=self._number, kind=kind, fate=fate, mark=self._mark, at=at, copies=copies,
            companies=frozenset(companies or ()), has_text=has_text and fate is Fate.LINKED,
        )  # fmt: skip
