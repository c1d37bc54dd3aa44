"""`rapport match`: what would become of a mail, as JSON, with nothing stored and never a traceback."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.db import Database, make_engine
from server.mail.explain import Answer, explain
from server.mail.holders import first_of
from server.mail.ingest import Arrival, Intake, mails_in, source_of
from server.mail.models import ExclusionKind, LinkRule, MailExclusion, Route
from server.mail.words import excluded_words, waiting_words, why
from server.messages.read import read_mail
from server.timeline.models import Level
from tests.cast import ALICE, BOB, DANA
from tests.mail.letters import Desk
from tests.mail.listening import ready_file
from tests.mail.raw_letters import raw_letter, stored
from tests.test_cli import environment

AT = datetime(2026, 11, 20, 8, 15, 42, tzinfo=UTC)


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk.open(db)


def ask(desk: Desk, raw: bytes, *, whose: str | None = None) -> Answer:
    with desk.db.reading() as session:
        owner = first_of(session, [whose]) if whose else None
        return explain(session, raw, for_holder=owner, now=desk.now)


def test_a_linked_mail_is_told_with_its_rule_its_sentence_and_its_people(desk: Desk):
    told, code = ask(desk, raw_letter(at=AT, message_id="x@helios.example"))
    assert code == 0
    assert told == {
        "outcome": "linked",
        "reason": "",
        "why": "It belongs to Helios Energy",
        "for": "Alice Moreau",
        "links": [
            {
                "account": "Helios Energy",
                "rule": "contact_address",
                "why": "Priya Nair’s address priya@helios.example is that of a contact of Helios Energy.",
                "address": "priya@helios.example",
                "contact": "Priya Nair",
                "candidates_lost": [],
            }
        ],
        "ties": {},
        "parties": [
            {"part": "from", "email": "priya@helios.example", "ours": False},
            {"part": "to", "email": ALICE, "ours": True},
        ],
        "level": "subject",
        "rule_version": 0,
        "kind": "personal",
        "kind_reason": told["kind_reason"],
        "message_id": "x@helios.example",
        "sent_at": "2026-11-20T08:15:42+00:00",
        "subject": "Renewal",
        "same_as": None,
    }


def test_a_mail_that_waits_or_is_excluded_is_told_with_the_reason(desk: Desk):
    told, code = ask(desk, raw_letter(sender="nora@quist.example", at=AT))
    assert (code, told["outcome"], told["reason"]) == (1, "waiting", "nobody_known")
    assert told["why"] == waiting_words("nobody_known")
    told, code = ask(desk, raw_letter(sender=BOB, at=AT))
    assert (code, told["outcome"], told["reason"]) == (1, "excluded", "internal_only")
    assert told["why"] == "Only colleagues are in it"
    told, code = ask(desk, b"X-Gmail-Labels: Spam\n" + raw_letter(at=AT))
    assert (code, told["reason"]) == (1, "spam")


def test_a_tie_names_the_accounts_to_choose_from(desk: Desk):
    other = desk.account("Helios Batteries")
    desk.contact(other, "Priya Nair", "priya@helios.example")
    told, code = ask(desk, raw_letter(at=AT))
    assert (code, told["reason"]) == (1, "tie")
    assert {one["account"] for one in told["ties"]["priya@helios.example"]} == {"Helios Energy", "Helios Batteries"}


def test_the_rules_of_the_mailbox_it_is_for_are_those_that_count(desk: Desk):
    with desk.db.transaction() as session:
        session.add(
            MailExclusion(
                kind=ExclusionKind.ADDRESS, value="priya@helios.example", label="Priya", mailbox_id=desk.boxes[BOB],
                by_person_id=desk.book.bob, created_at=AT,
            )
        )  # fmt: skip
    raw = raw_letter(to=f"{ALICE}, {BOB}", at=AT)
    assert ask(desk, raw)[1] == 0
    told, code = ask(desk, raw, whose=BOB)
    assert (code, told["for"], told["reason"]) == (1, "Bob Lindqvist", "excluded_pair")


def test_a_mail_without_anybody_of_ours_is_decided_without_a_mailbox_and_says_so(desk: Desk):
    told, code = ask(desk, raw_letter(to="someone@quist.example", at=AT))
    assert (code, told["for"], "--for" in told["note"]) == (0, None, True)
    told, _ = ask(desk, raw_letter(to="someone@quist.example", at=AT), whose=DANA)
    assert (told["for"], "note" in told) == ("Dana Petrov", False)


def test_a_known_mail_is_named_and_one_that_was_taken_off_stays_off(desk: Desk):
    raw = raw_letter(at=AT)
    message_id = desk.receive(read_mail(raw))
    assert ask(desk, raw)[0]["same_as"] == {"mail": str(message_id), "state": "linked"}
    assert ask(desk, raw_letter(at=AT, subject="Another"))[0]["same_as"] is None


def test_what_is_no_mail_is_told_with_the_cure(desk: Desk):
    for raw in (b"", b"\n\n", b"\x7fELF\x02\x01\x01" + bytes(range(256)), b"just words", "Grüße".encode("utf-16")):
        told, code = ask(desk, raw)
        assert (code, told["outcome"]) == (2, "unreadable")
        assert told["reason"]
        assert told["cure"]


def test_it_decides_as_the_import_does_and_stores_nothing(desk: Desk):
    letters = [
        raw_letter(at=AT), raw_letter(sender="x@helios.example", at=AT), raw_letter(sender="nora@quist.example", at=AT),
        raw_letter(sender=ALICE, to="tom@helios.example", at=AT), raw_letter(sender=ALICE, to=BOB, at=AT),
        raw_letter(at=AT, headers={"List-Id": "<news.quist.example>"}, sender="news@quist.example"),
    ]  # fmt: skip
    before = stored(desk.db)
    told = [ask(desk, raw)[0] for raw in letters]
    assert stored(desk.db) == before
    with desk.db.reading() as session:
        owner = first_of(session, [ALICE])
    assert owner is not None
    for raw, one in zip(letters, told, strict=True):
        arrival = Arrival(holder=owner, route=Route.IMPORT, source=source_of(raw), level=Level.SUBJECT, received_at=AT)
        [done] = Intake(desk.db, Now()).take(mails_in(raw, read_mail(raw), arrival))
        assert (str(done.outcome), done.reason) == (one["outcome"], one["reason"])


class Now:
    def now(self) -> datetime:
        return AT


@pytest.fixture(scope="module")
def asked(
    empty_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[bytes], tuple[dict[str, Any], int]]]:
    """The inner function of the command, on a database that is opened once for thousands of inputs."""
    path = ready_file(empty_sqlite_file, tmp_path_factory.mktemp("match") / "match.sqlite3")
    db = Database(make_engine(f"sqlite:///{path}"))
    desk = Desk.open(db)
    desk.receive(read_mail(raw_letter(at=AT)))
    yield lambda raw: ask(desk, raw)
    db.dispose()


def is_an_answer(answer: Answer) -> None:
    told, code = answer
    assert code == {"linked": 0, "waiting": 1, "excluded": 1, "unreadable": 2}[told["outcome"]]
    written = json.dumps(told, ensure_ascii=False).encode()  # no half surrogate pair
    assert b"\\u0000" not in written
    assert code == 0 or told["reason"]


SHAPES = sorted((Path(__file__).parent.parent / "messages" / "shapes").glob("*.eml"))
HEADERS = st.sampled_from(
    ["From", "To", "Cc", "Bcc", "Date", "Subject", "Message-ID", "References", "In-Reply-To", "Reply-To", "Sender",
     "X-GM-THRID", "X-Gmail-Labels", "Auto-Submitted", "List-Id", "Content-Type", "X-Rapport-Id", "X-Failed-Recipients"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [ALICE, "priya@helios.example", "Priya <priya@helios.example>", "a@b, c@d;", "<x@y>",
         "undisclosed-recipients:;", "multipart/mixed; boundary=a", "message/rfc822", "text/calendar; method=REQUEST",
         "=?utf-8?b?4pyT?=", "\ud800",
         "Fri, 20 Nov 2026 08:15:42 +0000", "99999999999999999999", "log+aaaaaaaaaaaaaaaaaaaaaaaaaa@in.rapport.example"]
    ),
)  # fmt: skip


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=2000))
def test_any_bytes_get_an_answer(asked: Callable[[bytes], Answer], raw: bytes):
    is_an_answer(asked(raw))


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.tuples(HEADERS, VALUES), max_size=12), body=st.binary(max_size=300))
def test_any_headers_get_an_answer(asked: Callable[[bytes], Answer], lines: list[tuple[str, str]], body: bytes):
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    is_an_answer(asked(head.encode("utf-8", "surrogatepass") + b"\r\n" + body))


@pytest.mark.parametrize("seed", range(4))
def test_mutated_mails_get_an_answer(asked: Callable[[bytes], Answer], seed: int):
    random = Random(seed)
    files = [path.read_bytes() for path in SHAPES] or [raw_letter(at=AT)]
    for _ in range(250):
        raw = bytearray(random.choice(files)[:20_000])
        for _ in range(random.randint(1, 12)):
            at = random.randrange(len(raw) + 1)
            change = random.choice(["cut", "byte", "double", "insert"])
            if change == "cut":
                del raw[at : at + random.randint(1, 200)]
            elif change == "byte" and at < len(raw):
                raw[at] = random.randrange(256)
            elif change == "double":
                raw[at:at] = raw[at : at + random.randint(1, 500)]
            else:
                raw[at:at] = random.choice([b"\n", b"\r", b"\0", b"\xff\xfe", b"From: ", b"@", b"<", b'"', b"\n--"])
        is_an_answer(asked(bytes(raw)))


class Rapport:
    """The command as a process, on an SQLite file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.database = folder / "data" / "rapport.sqlite3"

    def __call__(self, *arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "server", "match", *map(str, arguments)], input=given, capture_output=True,
            env=environment(self._folder), timeout=120, check=False,
        )  # fmt: skip


@pytest.fixture
def rapport(empty_sqlite_file: Path, tmp_path: Path) -> Rapport:
    found = Rapport(tmp_path)
    ready_file(empty_sqlite_file, found.database)
    db = Database(make_engine(f"sqlite:///{found.database}"))
    Desk.open(db)
    db.dispose()
    return found


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_command_answers_with_json_and_its_exit_code_and_leaves_every_byte_as_it_was(
    rapport: Rapport, tmp_path: Path
):
    before = digest(rapport.database)
    (tmp_path / "linked.eml").write_bytes(raw_letter(at=AT, subject="Prüfung"))
    (tmp_path / "waiting.eml").write_bytes(raw_letter(sender="nora@quist.example", at=AT))
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "a folder").mkdir()
    expected = {
        ("linked.eml",): (0, "linked"), ("waiting.eml",): (1, "waiting"), ("empty.eml",): (2, "unreadable"),
        ("no such file.eml",): (2, "unreadable"), ("a folder",): (2, "unreadable"), ("\udcff.eml",): (2, "unreadable"),
        ("linked.eml", "--for", "eve@quist.example"): (1, "undecided"), ("linked.eml", "--for", BOB): (0, "linked"),
    }  # fmt: skip
    for (name, *more), (code, outcome) in expected.items():
        done = rapport(str(tmp_path / name), *more)
        told = json.loads(done.stdout)
        assert (done.returncode, told["outcome"]) == (code, outcome), done.stderr
        assert b"Traceback" not in done.stderr
        assert code == 0 or told["reason"]
    assert "Prüfung".encode() in rapport(tmp_path / "linked.eml").stdout
    assert rapport("-", given=raw_letter(at=AT)).returncode == 0
    assert digest(rapport.database) == before


def test_no_bytes_make_the_command_break(rapport: Rapport, tmp_path: Path):
    random = Random(7)
    inputs = [random.randbytes(random.randint(0, 4000)) for _ in range(8)]
    inputs += [b"From: " + random.randbytes(300) + b"\n\n" + random.randbytes(300) for _ in range(8)]
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2000))
    inputs += [
        b"From: a@b.example\n" + nested, b"From: " + b"(" * 100_000 + b"\n\n",
        b"From: " + b"a@b.example, " * 50_000 + b"\n\n",
        b"Subject: " + b"=?utf-8?q?" * 20_000 + b"\nFrom: x\n\n", b"To: x@y.example\n" * 20_000 + b"\n",
        b"From: a@b.example\nContent-Type: text/html\n\n" + b"<div>" * 100_000, b"From: \xed\xa0\x80@x.example\n\n\x00",
        b"References: " + b"<a@b> " * 50_000 + b"\nFrom: a@b.example\n\n",
    ]  # fmt: skip

    def one(number: int) -> tuple[int, bytes, bytes]:
        path = tmp_path / f"{number}.eml"
        path.write_bytes(inputs[number])
        done = rapport(path)
        return done.returncode, done.stdout, done.stderr

    with ThreadPoolExecutor(2) as threads:
        for code, out, err in threads.map(one, range(len(inputs))):
            assert code in (0, 1, 2), err
            assert b"Traceback" not in err
            assert json.loads(out)["outcome"] in ("linked", "waiting", "excluded", "unreadable")


@pytest.mark.parametrize("rule", LinkRule)
def test_every_rule_has_a_sentence_that_names_the_account(rule: LinkRule):
    for address, contact in (("priya@helios.example", "Priya Nair"), (None, None), ("priya@helios.example", None)):
        sentence = why(rule, address, contact, "Helios Energy")
        assert "Helios Energy" in sentence
        assert sentence.endswith(".")
        assert "None" not in sentence


def test_reasons_have_words():
    assert excluded_words("spam") == "Gmail calls it spam"
    assert excluded_words("a_rule_of_old") == "a_rule_of_old"
    assert "more than one account" in waiting_words("tie")
