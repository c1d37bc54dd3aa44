"""How fast mail is linked: `python -m tools.bench.link_speed [--small] [--rounds N] [--statements]`.

The same mail against books of 1,000, 100,000 and 1,000,000 contacts, on SQLite and on PostgreSQL, each a database of
its own. A round is 40 mails in the mix of a real mailbox under one reading of the rules, one transaction for each mail
as the reader does it; the books take turns with each mail, so that what else the machine does hits all alike. Between
them contacts are looked up by their address, by the bare driver: what one question to an index costs.

Times are milliseconds for one mail: the mean of a round, the median of the rounds. How much they grow is the median of
what each round says of the largest book against the smallest. Each answer is compared with the one it must be. CPU is
that of this process, which is all of SQLite and nothing of PostgreSQL. PostgreSQL waits for its disk, as in production.
Reading mails (MIME) is no part of it. Tables go to stderr, one JSON object to stdout. `--statements` adds what is asked
of the database; `--small` is a quick try with few contacts.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, event

from server.mail.decide import Decision, decide
from server.mail.rules import Rules, load_rules
from server.mail.store import take_in
from tools.bench.linking_letters import ROUND, Letter, Shape, Writer
from tools.bench.linking_postgres import DurablePostgres
from tools.bench.linking_world import NOW, Book, open_books

SIZES = (1_000, 100_000, 1_000_000)
SMALL = (1_000, 10_000)
LIMIT = 1.5
LIMITED = {"decide": "deciding", "whole": "deciding and storing"}
WHATS = ("lookups", "decide", "store", "whole", "cpu")
HEADS = ("lookup ms", "decide ms", "store ms", "whole ms", "CPU ms", "mails/s")
PHASES = ("decide", "store")
SEED = 20261123
LOOKUP = (
    "SELECT contact.id, contact.account_id FROM contact_address "
    "JOIN contact ON contact.id = contact_address.contact_id WHERE contact_address.email_norm = {}"
)


@dataclass(kw_only=True)
class Round:
    """Milliseconds. The lists have one value for each mail; `rules_ms` is what reading the rules took, once."""

    rules: Rules
    rules_ms: float
    lookups: list[float] = field(default_factory=list)
    decide: list[float] = field(default_factory=list)
    store: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)

    def of(self, what: str) -> float:
        """Of one mail, with its share of reading the rules. Lookups are all alike, mails are not."""
        if what == "lookups":
            return statistics.median(self.lookups)
        share = self.rules_ms / ROUND if what in ("whole", "cpu") else 0.0
        return float(statistics.mean(getattr(self, what)) + share)

    def of_shape(self, shape: Shape) -> float:
        return statistics.mean(ms for ms, one in zip(self.whole, self.shapes, strict=True) if one is shape)


@dataclass(kw_only=True)
class Place:
    """One book in one database, what is to be linked there, and what was measured."""

    kind: str
    book: Book
    letters: list[list[Letter]]
    addresses: list[list[str]]
    rounds: list[Round] = field(default_factory=list)
    phase: str = ""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="few contacts")
    parser.add_argument("--rounds", type=int, default=10, help=f"of {ROUND} mails each")
    parser.add_argument("--statements", action="store_true", help="print what is asked of the database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder, running_postgres() as postgres:
        places = []
        for contacts in SMALL if options.small else SIZES:
            began = time.perf_counter()
            postgres.make_database(f"book_{contacts}")
            urls = {"sqlite": f"sqlite:///{folder}/{contacts}.sqlite3", "postgresql": postgres.url(f"book_{contacts}")}
            for kind, book in zip(urls, open_books(urls.values(), contacts), strict=True):
                places.append(furnish(kind, book, options.rounds))
            print(f"{contacts:,} contacts: made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        try:
            measure(places, options.rounds)
        finally:
            for place in places:
                place.book.db.dispose()
    result = {kind: told([place for place in places if place.kind == kind]) for kind in ("sqlite", "postgresql")}
    print_tables(result)
    if options.statements:
        print_statements(places)
    print(json.dumps({"rounds": options.rounds, "mails_in_a_round": ROUND, "limit": LIMIT, **result}, indent=2))


@contextlib.contextmanager
def running_postgres() -> Iterator[DurablePostgres]:
    server = DurablePostgres()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def furnish(kind: str, book: Book, rounds: int) -> Place:
    writer = Writer(book=book, seed=SEED)
    letters = writer.rounds(rounds + 1)
    return Place(kind=kind, book=book, letters=letters, addresses=[writer.addresses(ROUND) for _ in letters])


def measure(places: Sequence[Place], rounds: int) -> None:
    """The first round warms up and is not timed: in it the statements are counted."""
    with contextlib.ExitStack() as stack:
        for place in places:
            stack.enter_context(counted(place))
        one_round(places, 0)
    # What was made beforehand is not looked through by the collector while the clock runs.
    gc.collect()
    gc.freeze()
    for number in range(1, rounds + 1):
        for place, found in zip(places, one_round(places, number), strict=True):
            place.rounds.append(found)


def one_round(places: Sequence[Place], number: int) -> list[Round]:
    """The places take turns with each mail, and with who is first: a burst of other work hits all."""
    rounds = [begin_round(place) for place in places]
    together = list(zip(places, rounds, strict=True))
    for turn in range(ROUND):
        first = turn % len(places)
        for place, found in (*together[first:], *together[:first]):
            found.lookups.append(bare_lookup(place, place.addresses[number][turn]))
            link(place, place.letters[number][turn], found)
    return rounds


def begin_round(place: Place) -> Round:
    began = time.perf_counter()
    with place.book.db.transaction() as session:
        rules = load_rules(session)
    return Round(rules=rules, rules_ms=(time.perf_counter() - began) * 1000)


def link(place: Place, letter: Letter, found: Round) -> None:
    began, began_cpu = time.perf_counter(), time.process_time()
    with place.book.db.transaction() as session:
        session.connection()
        place.phase = "decide"
        connected = time.perf_counter()
        decision = decide(session, letter.incoming, found.rules)
        decided = time.perf_counter()
        place.phase = "store"
        take_in(session, letter.incoming, decision, salt=found.rules.salt, now=NOW)
        stored = time.perf_counter()
    ended, ended_cpu = time.perf_counter(), time.process_time()
    place.phase = ""
    demand_the_right_answer(place, letter, decision)
    found.shapes.append(letter.shape)
    found.decide.append((decided - connected) * 1000)
    found.store.append((stored - decided) * 1000)
    found.whole.append((ended - began) * 1000)
    found.cpu.append((ended_cpu - began_cpu) * 1000)


def demand_the_right_answer(place: Place, letter: Letter, decision: Decision) -> None:
    """Speed says nothing of a program that links wrongly."""
    links = [(link.account, link.rule) for link in decision.links]
    wanted = [(letter.account, letter.rule)] if letter.account else []
    if links != wanted:
        raise SystemExit(f"{place.kind}, {place.book.contacts} contacts, {letter.shape}: {links}, and not {wanted}.")


def bare_lookup(place: Place, address: str) -> float:
    """By the driver alone, in a transaction that is open: nothing but the question and its answer."""
    with place.book.db.reading() as session:
        raw: Any = session.connection().connection.driver_connection
        statement = LOOKUP.format("?" if place.book.db.is_sqlite else "%s")
        began = time.perf_counter()
        rows = raw.execute(statement, (address,)).fetchall()
        ended = time.perf_counter()
    if len(rows) != 1:
        raise SystemExit(f"{place.kind}: {len(rows)} contacts have the address of one.")
    return (ended - began) * 1000


@contextlib.contextmanager
def counted(place: Place) -> Iterator[None]:
    """Note what is asked of the database meanwhile; a statement with many rows counts once."""

    def note(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        place.asked[place.phase, in_short(statement)] += 1

    event.listen(place.book.db.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(place.book.db.engine, "before_cursor_execute", note)


def in_short(statement: str) -> str:
    """Without columns, casts and numbers of parameters: "SELECT FROM mail_copy WHERE ..."."""
    words = re.sub(r"%\(\w+\)s(::[A-Z]+( WITH TIME ZONE)?)?", "?", re.sub(r"\s+", " ", statement))
    words = re.sub(r"IN \(\?(, \?)*\)", "IN (…)", words)
    words = re.sub(r"^SELECT .*? FROM ", "SELECT FROM ", words)
    return re.sub(r"^INSERT INTO (\S+) .*", r"INSERT INTO \1", words)


def told(places: Sequence[Place]) -> dict[str, Any]:
    """The places of one kind of database, from the smallest book to the largest."""
    return {
        "books": [
            {
                "contacts": place.book.contacts,
                "mails_per_s": round(1000 / median_of(place, "whole")),
                **{f"{what}_ms": round(median_of(place, what), 4) for what in WHATS},
            }
            for place in places
        ],
        "grows": {what: growth(places, partial(Round.of, what=what)) for what in WHATS},
        "grows_by_shape": {shape: growth(places, partial(Round.of_shape, shape=shape)) for shape in Shape},
        "statements_for_a_mail": {phase: round(asked_for_a_mail(places[0], phase), 1) for phase in PHASES},
    }


def median_of(place: Place, what: str) -> float:
    return statistics.median(one.of(what) for one in place.rounds)


def growth(places: Sequence[Place], value: Callable[[Round], float]) -> dict[str, float]:
    """How many times the largest book's value is the smallest's: the median of the rounds, and their quartiles."""
    rounds = zip(places[0].rounds, places[-1].rounds, strict=True)
    low, middle, high = statistics.quantiles((value(last) / value(first) for first, last in rounds), n=4)
    return {"times": round(middle, 2), "from": round(low, 2), "to": round(high, 2)}


def asked_for_a_mail(place: Place, phase: str) -> float:
    return sum(times for (when, _), times in place.asked.items() if when == phase) / ROUND


def print_tables(result: dict[str, Any]) -> None:
    for kind, found in result.items():
        print(f"\n{kind:<14}" + "".join(f"{head:>14}" for head in HEADS), file=sys.stderr)
        for book in found["books"]:
            times = "".join(f"{book[f'{what}_ms']:>14.3f}" for what in WHATS)
            print(f"{book['contacts']:>14,}{times}{book['mails_per_s']:>14}", file=sys.stderr)
        for what in LIMITED:
            print(f"  {verdict(found['grows'][what])} {LIMITED[what]} {spoken(found['grows'][what])}", file=sys.stderr)
        print(f"         a bare lookup {spoken(found['grows']['lookups'])}", file=sys.stderr)
        shape, worst = max(found["grows_by_shape"].items(), key=lambda pair: pair[1]["times"])
        print(f"         what grows most, by {shape}, {spoken(worst)}", file=sys.stderr)
        asked = found["statements_for_a_mail"]
        print(f"         statements for a mail: decide {asked['decide']}, store {asked['store']}", file=sys.stderr)


def verdict(grown: dict[str, float]) -> str:
    return "holds " if grown["times"] < LIMIT else "OVER  "


def spoken(grown: dict[str, float]) -> str:
    return f"grows {grown['times']:.2f} times (half of the rounds: {grown['from']:.2f} to {grown['to']:.2f})"


def print_statements(places: Sequence[Place]) -> None:
    """Of the smallest book: how often each is asked for one mail of the mix. They are the same in all."""
    for place in {place.kind: place for place in reversed(places)}.values():
        print(f"\n{place.kind}: statements for a mail", file=sys.stderr)
        for (phase, statement), times in sorted(place.asked.items(), key=lambda pair: (pair[0][0], -pair[1])):
            print(f"  {times / ROUND:>6.2f} {phase:<8} {statement}", file=sys.stderr)


if __name__ == "__main__":
    main()
