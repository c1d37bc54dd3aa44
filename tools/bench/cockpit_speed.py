"""How fast the Cockpit opens: `python -m tools.bench.cockpit_speed [--small] [--rounds N] [--sqlite] [--statements]`.

The first page of every view and layout over 10,000 open CTAs (40,000 open tasks) and 100,000 closed ones, on a
PostgreSQL of its own, as a signed-in TAM gets it: session, rights, side bar, rendering. In each round all pages and a
route that does nothing (/healthz) take turns, so that what else the machine does hits all alike. Milliseconds of
server time, as the test client sees it; the ratio is to the empty route of the same run. The table goes to stderr, one
JSON object to stdout. The exit code says whether the p95 of every list of what is open is below the limit.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
from flask.testing import FlaskClient
from sqlalchemy import event

from server.all_models import metadata
from server.app import build_runtime, create_app
from server.auth import sessions
from server.runtime import Runtime
from server.settings import Settings
from tests.postgres import PostgresServer
from tools.bench.cockpit_world import World, fill

LIMIT_MS = 150
# What the limit is for: the first page of a list of what is open. The others are shown beside them.
BEYOND = frozenset({"all closed", "mine closed", "board of all", "calendar of all"})
EMPTY = "/healthz"
PAGES = {
    "mine": "/cockpit?view=mine",
    "all": "/cockpit?view=all",
    "my team's": "/cockpit?view=team",
    "recommended": "/cockpit?view=recommended",
    "all by ARR, by account": "/cockpit?view=all&group=account&sort=arr",
    "all by renewal, by owner": "/cockpit?view=all&group=owner&sort=renewal",
    "all overdue": "/cockpit?view=all&due=overdue",
    "all with a word": "/cockpit?view=all&q=company 12",
    "all closed": "/cockpit?view=all&status=over",
    "mine closed": "/cockpit?view=mine&status=over",
    "board of all": "/cockpit?view=all&layout=board",
    "calendar of all": "/cockpit?view=all&layout=calendar",
    "filters change (a piece)": "/cockpit?view=all&type=risk&fragment=1",
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a tenth of the CTAs")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite; no limit holds there")
    parser.add_argument("--statements", action="store_true", help="what each page asks the database, and how long")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        postgres = None if options.sqlite else PostgresServer()
        try:
            if postgres is not None:
                postgres.start()
            url = postgres.url() if postgres else f"sqlite:///{folder}/cockpit.sqlite3"
            return bench(options, Path(folder), url)
        finally:
            if postgres is not None:
                postgres.stop()


def bench(options: argparse.Namespace, folder: Path, url: str) -> int:
    environ = {"RAPPORT_ENV": "test", "RAPPORT_DATA_DIR": str(folder), "DATABASE_URL": url}
    runtime = build_runtime(Settings.from_env(environ))
    metadata.create_all(runtime.db.engine)
    share = 10 if options.small else 1
    began = time.perf_counter()
    world = fill(runtime.db, open_ctas=10_000 // share, closed_ctas=100_000 // share, now=datetime.now(UTC))
    print(f"made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    client = signed_in(runtime, world)
    if options.statements:
        tell_statements(runtime, client)
    times = measure(client, options.rounds)
    runtime.db.dispose()
    return told(times, is_limited=not options.sqlite)


def signed_in(runtime: Runtime, world: World) -> FlaskClient:
    app = create_app(runtime)
    with runtime.db.transaction() as session:
        token = sessions.open_session(
            session, user_id=world.tam, user_agent="bench", ip=None, now=runtime.clock.now()
        )  # fmt: skip
    client = app.test_client()
    client.set_cookie("rapport_session", token, domain="127.0.0.1")
    return client


def measure(client: FlaskClient, rounds: int) -> Mapping[str, Sequence[float]]:
    """The first two rounds warm up."""
    gc.collect()
    gc.freeze()  # as server.wsgi does
    addresses = {"an empty route": EMPTY, **PAGES}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for number in range(rounds + 2):
        for name, address in addresses.items():
            took = ask(client, address)
            if number >= 2:
                times[name].append(took)
    return times


def ask(client: FlaskClient, address: str) -> float:
    headers = {"HX-Request": "true"} if "fragment" in address else {}
    began = time.perf_counter()
    answer = client.get(address, headers=headers, base_url="http://127.0.0.1:8400")
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    return took


def told(times: Mapping[str, Sequence[float]], *, is_limited: bool) -> int:
    empty = statistics.median(times["an empty route"])
    rows = {
        name: {
            "p50_ms": round(statistics.median(found), 1),
            "p95_ms": round(statistics.quantiles(found, n=20)[-1], 1),
            "ratio": round(statistics.median(found) / empty, 1),
        }
        for name, found in times.items()
    }
    print(f"{'page':28}{'p50 ms':>9}{'p95 ms':>9}{'ratio':>8}", file=sys.stderr)
    for name, row in rows.items():
        print(f"{name:28}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['ratio']:>8}", file=sys.stderr)
    slow = [name for name, row in rows.items() if row["p95_ms"] >= LIMIT_MS]
    print(json.dumps({"limit_p95_ms": LIMIT_MS, "slow": slow, "pages": rows}, indent=2))
    return 1 if set(slow) - BEYOND and is_limited else 0


def tell_statements(runtime: Runtime, client: FlaskClient) -> None:
    """Each statement of each page that takes longer than 5 ms."""
    began = [0.0]
    found: list[tuple[float, str]] = []
    event.listen(
        runtime.db.engine, "before_cursor_execute", lambda *_: began.__setitem__(0, time.perf_counter())
    )  # fmt: skip
    event.listen(
        runtime.db.engine,
        "after_cursor_execute",
        lambda _c, _cursor, text, *_rest: found.append(((time.perf_counter() - began[0]) * 1000, text)),
    )
    for name, address in PAGES.items():
        ask(client, address)
        found.clear()
        ask(client, address)
        print(f"\n{name}: {len(found)} statements, {sum(ms for ms, _ in found):.0f} ms", file=sys.stderr)
        for ms, text in sorted(found, reverse=True)[:4]:
            print(f"  {ms:6.1f} ms  {' '.join(text.split())[:300]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
