"""Mail from files: a Google Takeout, folders, one .eml; run twice, in halves, and with broken ones among them."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.db import Database
from server.errors import Invalid
from server.mail.cli import import_command, mail
from server.mail.gmail_labels import label_ids
from server.mail.holders import first_of
from server.mail.import_mail import ImportTally, MailImport
from server.mail.mbox import LONGEST_MAIL, Found, mails_in_mbox
from server.mail.models import ExclusionKind, MailCopy, MailExclusion, MailParticipant
from server.messages.read import read_mail
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB, Book
from tests.conftest import StandingClock
from tests.mail.letters import Desk
from tests.mail.raw_letters import entries, messages, raw_letter, stored

AT = datetime(2026, 11, 2, 8, 15, 42, tzinfo=UTC)


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk.open(db)


def importing(db: Database, *, level: str = Level.SUBJECT, since: timedelta | None = None) -> MailImport:
    with db.reading() as session:
        owner = first_of(session, [ALICE])
    assert owner is not None
    return MailImport(db=db, clock=StandingClock(), holder=owner, level=level, since=since)


def run(db: Database, path: Path, *, is_trial: bool = False, **options: object) -> ImportTally:
    return importing(db, **options).run(path, told=lambda _: None, is_trial=is_trial)  # type: ignore[arg-type]


def mbox(*mails: bytes, date: str = "Mon Nov 02 08:15:42 +0000 2026") -> bytes:
    """As Google Takeout writes it."""
    return b"".join(
        f"From {1781234567890000000 + number}@xxx {date}\n".encode() + raw.replace(b"\nFrom ", b"\n>From ") + b"\n"
        for number, raw in enumerate(mails)
    )


def takeout(number: int, *, labels: str = "Inbox,Opened", thread: int | None = None, **words: object) -> bytes:
    head = f"X-GM-THRID: {thread or 1781234567890000000 + number}\nX-Gmail-Labels: {labels}\n".encode()
    return head + raw_letter(**{"at": AT + timedelta(minutes=number), "subject": f"No. {number}", **words})  # type: ignore[arg-type]


def split(raw: bytes) -> list[Found]:
    return list(mails_in_mbox(io.BytesIO(raw), name="all.mbox"))


def test_a_takeout_is_sorted_into_logged_waiting_and_excluded_by_named_rules(desk: Desk, tmp_path: Path):
    path = tmp_path / "All mail.mbox"
    path.write_bytes(
        mbox(
            takeout(1),
            takeout(2, labels="Sent", sender=ALICE, to="tom@helios.example"),
            takeout(3, sender="nora@quist.example"),
            takeout(4, labels="Spam"),
            takeout(5, labels="=?UTF-8?Q?Entw=C3=BCrfe?=", sender=ALICE, to="tom@helios.example"),
            takeout(6, labels="Corbeille,Ouvert"),
            takeout(7, sender=BOB),
            b"no header at all\n\x00\x01\n",
        )
    )
    tally = run(desk.db, path)
    assert (tally.read, tally.logged, tally.waiting, tally.known) == (8, 2, 1, 0)
    assert dict(tally.excluded) == {"spam": 1, "draft": 1, "trash": 1, "internal_only": 1}
    [(place, reason)] = tally.unreadable
    assert (place, "does not begin with the headers" in reason) == ("All mail.mbox, mail 8", True)
    assert [(one.subject, one.direction) for one in entries(desk.db)] == [("No. 1", "in"), ("No. 2", "out")]
    assert len(messages(desk.db)) == 3


def test_a_second_run_changes_nothing(desk: Desk, tmp_path: Path):
    path = tmp_path / "a.mbox"
    nameless = takeout(3, message_id="").replace(b"\nDate: ", b"\nX-No-Date: ")
    path.write_bytes(mbox(takeout(1), takeout(2, sender="nora@quist.example"), nameless))
    assert run(desk.db, path).logged == 2
    before = stored(desk.db)
    again = run(desk.db, path)
    assert (again.read, again.known, again.logged, again.waiting) == (3, 3, 0, 0)
    assert stored(desk.db) == before


def test_an_interrupted_run_is_simply_run_again(desk: Desk, tmp_path: Path):
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(*(takeout(number) for number in range(6))))

    class Stopped(Exception):
        pass

    def stop_in_the_middle(fraction: float) -> None:
        if fraction > 0.45:
            raise Stopped

    with pytest.raises(Stopped):
        importing(desk.db).run(path, told=stop_in_the_middle)
    assert 0 < len(messages(desk.db)) < 6
    tally = run(desk.db, path)
    assert tally.known + tally.logged == 6
    assert len(messages(desk.db)) == len(entries(desk.db)) == 6


def test_a_trial_says_the_same_and_stores_nothing(desk: Desk, tmp_path: Path):
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(takeout(1), takeout(2, labels="Spam"), takeout(3, sender="nora@quist.example"), b"x"))
    before = stored(desk.db)
    foretold = run(desk.db, path, is_trial=True)
    assert stored(desk.db) == before
    assert foretold == run(desk.db, path)
    assert run(desk.db, path, is_trial=True).known == 2


def test_a_folder_is_read_with_all_folders_in_it(desk: Desk, tmp_path: Path):
    (tmp_path / "2025" / "deep").mkdir(parents=True)
    (tmp_path / "b.eml").write_bytes(raw_letter(at=AT, subject="b"))
    (tmp_path / "2025" / "a.EML").write_bytes(raw_letter(at=AT, subject="a").replace(b"\n", b"\r\n"))
    (tmp_path / "2025" / "deep" / "c.mbox").write_bytes(mbox(takeout(1), takeout(2)))
    (tmp_path / "2025" / "bad.eml").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("From here on")
    tally = run(desk.db, tmp_path)
    assert (tally.read, tally.logged) == (5, 4)
    assert tally.unreadable == [(str(Path("2025", "bad.eml")), "The file is empty.")]
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match=r"no \.eml or \.mbox"):
        run(desk.db, tmp_path / "empty")


def test_older_mail_is_left_out_when_days_are_given(desk: Desk, tmp_path: Path):
    path = tmp_path / "a.mbox"
    now = StandingClock().now()
    path.write_bytes(mbox(takeout(1, at=now - timedelta(days=9)), takeout(2, at=now - timedelta(days=11)), date=""))
    tally = run(desk.db, path, since=timedelta(days=10))
    assert (tally.logged, dict(tally.excluded)) == (1, {"before_window": 1})


@pytest.mark.peer_case(47)
def test_case_47_what_gmail_brought_is_known_in_the_file_and_the_other_way_round(desk: Desk, tmp_path: Path):
    raws = [takeout(number, message_id=f"{number}@helios.example") for number in (1, 2)]
    desk.receive(read_mail(raws[0]))
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(*raws))
    tally = run(desk.db, path)
    assert (tally.known, tally.logged) == (1, 1)
    desk.receive(read_mail(raws[1]))
    assert [one.rfc_message_id for one in messages(desk.db)] == ["1@helios.example", "2@helios.example"]
    assert len(entries(desk.db)) == 2


@pytest.mark.peer_case(51)
def test_case_51_mails_of_one_gmail_thread_are_one_conversation_also_with_gmail_itself(desk: Desk, tmp_path: Path):
    thread = 0x18C0FFEE18C0FFEE
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(takeout(1, thread=thread), takeout(2, thread=thread)))
    run(desk.db, path)
    desk.receive(read_mail(takeout(3)), thread="18c0ffee18c0ffee")
    assert len({one.thread_key for one in entries(desk.db)}) == 1


def test_labels_that_are_left_out_are_left_out_of_files_by_their_names(desk: Desk, tmp_path: Path):
    with desk.db.transaction() as session:
        session.add(
            MailExclusion(
                kind=ExclusionKind.LABEL, value="Label_7", label="Privé", mailbox_id=desk.boxes[ALICE],
                by_person_id=desk.book.alice, created_at=AT,
            )
        )  # fmt: skip
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(takeout(1, labels="=?utf-8?Q?Inbox,PRIV=C3=89?="), takeout(2)))
    assert dict(run(desk.db, path).excluded) == {"excluded_label": 1}


def test_the_level_that_was_asked_for_is_kept_with_the_copy(desk: Desk, tmp_path: Path):
    path = tmp_path / "a.eml"
    path.write_bytes(raw_letter(at=AT))
    run(desk.db, path, level=Level.METADATA)
    with desk.db.reading() as session:
        assert session.scalars(select(MailCopy.level)).all() == [Level.METADATA]
    assert entries(desk.db)[0].level == Level.METADATA


@pytest.mark.peer_case(25)
def test_case_25_mail_without_usable_addresses_stops_no_import(desk: Desk, tmp_path: Path):
    path = tmp_path / "a.mbox"
    empty = [takeout(number, to=to) for number, to in enumerate(("undisclosed-recipients:;", "Team: ;", "nobody"))]
    path.write_bytes(mbox(*(raw.replace(b"\nTo: ", b"\nTo: <<>>, ") for raw in empty), takeout(9)))
    assert run(desk.db, path).logged == 4
    with desk.db.reading() as session:
        assert "nobody" not in set(session.scalars(select(MailParticipant.email)))


def test_in_an_mbox_a_mail_begins_at_a_from_line_behind_an_empty_line_and_nowhere_else():
    text = "Dear Alice,\n\nFrom now on we pay more.\nFrom the start.\n\nFrom: is a word\n\n>From me\n>>From you\n"
    first, second = raw_letter(at=AT, text=text), raw_letter(at=AT, subject="Second")
    found = split(mbox(first, second))
    assert [one.raw for one in found] == [
        first.replace(b">>From you", b">From you").replace(b"\n>From me", b"\nFrom me"),
        second,
    ]
    assert [one.place for one in found] == ["all.mbox, mail 1", "all.mbox, mail 2"]
    assert [one.received_at for one in found] == [AT, AT]


def test_separators_of_other_programs_are_understood():
    lines = {
        b"From - Mon Nov  2 08:15:42 2026": AT,
        b"From priya@helios.example Mon Nov  2 08:15:42 2026": AT,
        b"From MAILER-DAEMON Mon Nov  2 09:15:42 2026 +0100": AT + timedelta(hours=1),
        b"From x Mon Nov  2 09:15:42 CET 2026": AT + timedelta(hours=1),
        b"From x@xxx Mon Nov 02 09:15:42 +0100 2026": AT,
        b"From x@xxx Mon Nov 31 09:15:42 +0100 2026": None,
        b"From someone at some time": None,
    }
    raw = b"".join(line + b"\r\nFrom: a@b.example\r\n\r\nHello\r\n\r\n" for line in lines)
    found = split(raw)
    assert [one.received_at for one in found] == list(lines.values())
    assert {one.raw for one in found} == {b"From: a@b.example\r\n\r\nHello\r\n"}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=200).map(lambda body: body.replace(b"\nFrom ", b"\n>From ")), max_size=6))
def test_any_mails_written_as_an_mbox_come_back_in_order(bodies: list[bytes]):
    mails = [b"Subject: x\n\n" + body.replace(b"\r", b"") + b"\n" for body in bodies]
    found = split(mbox(*mails))
    assert [one.raw.replace(b">From ", b"From ") for one in found] == [
        one.replace(b">From ", b"From ") for one in mails
    ]
    whole = mbox(*mails)
    assert [one.read for one in found][-1:] == ([len(whole)] if mails else [])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | st.text("From: >\n\r 2026abNov:", max_size=300).map(str.encode))
def test_whatever_the_bytes_of_an_mbox_are_no_byte_is_given_twice(raw: bytes):
    found = split(raw)
    assert sum(len(one.raw) for one in found) <= len(raw)
    assert [one.read for one in found] == sorted(one.read for one in found)


class Endless(io.RawIOBase):
    """An mbox of many mails, made while it is read."""

    def __init__(self, mails: int) -> None:
        self._lines = self._made(mails)

    def _made(self, mails: int) -> Iterator[bytes]:
        for number in range(mails):
            yield f"From {number}@xxx Mon Nov 02 08:15:42 +0000 2026\nSubject: {number}\n\n".encode()
            for _ in range(1000):
                yield b"x" * 76 + b"\n"
            yield b"\n"

    def readline(self, _size: int | None = -1) -> bytes:
        return next(self._lines, b"")


@pytest.mark.parametrize("mails", [20, 400])
def test_the_memory_is_that_of_one_mail_however_many_there_are(mails: int):
    tracemalloc.start()
    count = sum(1 for _ in mails_in_mbox(Endless(mails), name="x"))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == mails
    assert peak < 2**20  # each mail is 77 kB; all 400 are 31 MB


def test_a_file_that_is_one_endless_mail_is_cut():
    class Zeros(io.RawIOBase):
        left = LONGEST_MAIL + 2**22

        def readline(self, size: int | None = -1) -> bytes:
            self.left -= size or 0
            return b"\0" * (size or 0) if self.left > 0 else b""

    [found] = mails_in_mbox(Zeros(), name="x")  # type: ignore[arg-type]
    assert len(found.raw) <= LONGEST_MAIL + 2**16


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (("Inbox", "Opened", "Important"), {"INBOX"}), (("Posteingang", "Gesendet"), {"INBOX", "SENT"}),
        (("Messages envoyés",), {"SENT"}), (("Brouillons",), {"DRAFT"}), (("Enviados",), {"SENT"}),
        (("Papelera",), {"TRASH"}), (("Posta inviata", "Cestino"), {"SENT", "TRASH"}), (("Concepten",), {"DRAFT"}),
        (("Lixeira", "Rascunhos"), {"TRASH", "DRAFT"}), (("送信済み", "ゴミ箱"), {"SENT", "TRASH"}),
        (("迷惑メール", "下書き"), {"SPAM", "DRAFT"}), (("Chat",), {"CHAT"}), (("CORBEILLE",), {"TRASH"}),
        (("Customers/Sent", "Project"), set()),
    ],
)  # fmt: skip
def test_labels_are_understood_in_the_language_of_the_export(names: tuple[str, ...], ids: set[str]):
    assert label_ids(names, {}) == ids


def invoke(runtime: Runtime, *arguments: str | Path) -> Result:
    return CliRunner().invoke(import_command, [str(one) for one in arguments], obj=runtime)


def test_the_command_tells_what_became_of_each_and_ends_with_1_if_some_is_no_mail(
    runtime: Runtime, book: Book, tmp_path: Path
):
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(takeout(1), takeout(2, labels="Spam"), takeout(3, sender="nora@quist.example"), b"\x00"))
    done = invoke(runtime, path, "--for", ALICE)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "4 mails read. They are:",
        "  1 logged",
        "  1 waiting for a person",
        "  0 known already",
        "  1 excluded",
        "    1 spam: Gmail calls it spam",
        "  1 unreadable",
        "    a.mbox, mail 4: The file does not begin with the headers of an email (From, To, Date).",
    ]
    assert "Read: 100 %" in done.stderr
    path.write_bytes(mbox(takeout(1)))
    assert invoke(runtime, path, "--for", ALICE, "--dry-run").stdout.splitlines()[:4] == [
        "1 mails read. This was a dry run: nothing was stored. The import would leave them as:",
        "  0 logged",
        "  0 waiting for a person",
        "  1 known already",
    ]
    assert invoke(runtime, path, "--for", ALICE).exit_code == 0


def test_the_command_says_in_words_what_is_missing(runtime: Runtime, book: Book, tmp_path: Path):
    assert invoke(runtime, tmp_path / "none.mbox", "--for", ALICE).exit_code == 2
    (tmp_path / "a.eml").write_bytes(raw_letter(at=AT))
    assert "There is no user eve@x.example" in str(
        invoke(runtime, tmp_path / "a.eml", "--for", "eve@x.example").exception
    )
    assert invoke(runtime, tmp_path / "a.eml", "--for", ALICE, "--level", "nothing").exit_code == 2
    asked = CliRunner().invoke(mail, ["address", ALICE], obj=runtime)
    assert "RAPPORT_INBOUND_DOMAIN" in str(asked.exception)


def test_the_command_prints_and_renews_a_secret_address(runtime: Runtime, book: Book, tmp_path: Path):
    ready = replace(runtime, settings=replace(runtime.settings, inbound_domain="in.rapport.example"))
    first, same, new = (
        CliRunner().invoke(mail, ["address", ALICE, *more], obj=ready).stdout for more in ([], [], ["--new"])
    )
    assert first == same != new
    assert first.startswith("log+")
    assert first.endswith("@in.rapport.example\n")
