"""Mail is read while Google fails and processes are killed; then mailbox and store must be the same.

    python -m tests.chaos.mail_reading --seeds 1-50 --messages 2000

One line for each seed, then the sum. Exit 1 when anything is missing, doubled or wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server import logs
from tests.chaos.play import Play, Seed, Wedged
from tests.chaos.reckoning import Reckoning, reckon
from tests.chaos.stage import Stage

MESSAGES = 2_000
_LOG_LINES, _LONGEST_LINE = 8, 1_500


@dataclass(kw_only=True)
class Outcome:
    """`hours` went by on the clock of the processes, `took_s` on the wall."""

    seed: Seed
    reckoning: Reckoning = field(default_factory=Reckoning)
    broken: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    took_s: float = 0
    processor_s: float = 0
    hours: float = 0

    @property
    def is_well(self) -> bool:
        return self.reckoning.is_well and not self.broken

    def line(self) -> str:
        there, deaths = self.reckoning, self.deaths
        database = "PostgreSQL" if self.seed.is_on_postgres else "SQLite"
        killed = f"{deaths['workers killed']} workers ({deaths['of these at work']} at work)"
        return (
            f"seed {self.seed.number:>3} {database:<10} {there.mails:,} mails, {there.linked:,} entries,"
            f" missing {len(there.missing)}, doubled {len(there.doubled)},"
            f" wrong {len(there.wrong) + len(there.leaked) + len(self.broken)};"
            f" killed {killed}, {deaths['web servers killed']} web; {sum(self.faults.values())} faults,"
            f" {deaths['pushes answered 204']} pushes, {self.calls:,} calls;"
            f" {self.hours:.1f} h in {self.took_s:.0f} s, {self.processor_s:.1f} s of processor"
        )

    def complaint(self) -> str:
        """All that is wrong, and how to see it again."""
        again = f"python -m tests.chaos.mail_reading --seeds {self.seed.number} --messages {self.seed.messages}"
        lines = [self.line(), *self.reckoning.lines(), *(f"broken: {one}" for one in self.broken)]
        lines += [f"{name}: {number}" for name, number in sorted((self.faults + self.deaths).items())]
        return "\n".join([*lines, f"Again: {again}"])


def play(stage: Stage, seed: Seed) -> Outcome:
    """One seed, from an empty database to the comparison. Never raises for what it finds."""
    found = Outcome(seed=seed)
    began, began_at, calls = time.monotonic(), stage.clock.now(), stage.traffic.calls
    processor_s = time.process_time() + stage.crew.processor_s
    scene = stage.open(postgres=seed.is_on_postgres, bob_has_text=seed.bob_has_text)
    one = Play(stage, scene, seed)
    try:
        one.run()
        found.reckoning = reckon(scene, one.truth)
    except Wedged as error:
        found.broken.append(str(error))
    found.broken += one.broken
    found.faults, found.deaths = one.faults, Counter(stage.crew.counts)
    found.broken += [f"{name}: {number}" for name, number in found.deaths.items() if "raised" in name]
    if not found.is_well:
        found.broken.append("the log ends with\n" + "\n".join(_last_lines(stage.log)))
    stage.leave()
    found.calls = stage.traffic.calls - calls
    found.processor_s = time.process_time() + stage.crew.processor_s - processor_s
    found.took_s = time.monotonic() - began
    found.hours = (stage.clock.now() - began_at).total_seconds() / 3600
    return found


def _last_lines(log: Path) -> list[str]:
    """Of what went wrong in the processes; not Google's own library telling of the answers that we asked for."""
    lines = log.read_text(errors="replace").splitlines()
    kept = [line for line in lines if '"level": "info"' not in line and "Encountered 403" not in line]
    return [line if len(line) <= _LONGEST_LINE else f"… {line[-_LONGEST_LINE:]}" for line in kept[-_LOG_LINES:]]


def summary(outcomes: Sequence[Outcome]) -> str:
    def total(number: object) -> int:
        return sum(number(one) for one in outcomes)  # type: ignore[operator]

    return (
        f"{len(outcomes)} runs, {total(lambda one: one.reckoning.mails):,} mails,"
        f" missing {total(lambda one: len(one.reckoning.missing))},"
        f" doubled {total(lambda one: len(one.reckoning.doubled))},"
        f" kills {total(lambda one: one.deaths['workers killed'] + one.deaths['web servers killed'])},"
        f" faults {total(lambda one: sum(one.faults.values()))}"
    )


def numbers(text: str) -> list[int]:
    """ "1-3 7" gives 1, 2, 3 and 7."""
    found: list[int] = []
    for word in text.replace(",", " ").split():
        first, _, last = word.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", default="1-50", help='such as "1-50" or "7 8"')
    parser.add_argument("--messages", type=int, default=MESSAGES)
    given = parser.parse_args(arguments)
    outcomes: list[Outcome] = []
    with Stage() as stage, stage.log.open("a") as log:
        logs.configure(stream=log)
        for number in numbers(given.seeds):
            outcomes.append(play(stage, Seed(number=number, messages=given.messages)))
            one = outcomes[-1]
            print(one.line() if one.is_well else one.complaint(), flush=True)  # noqa: T201
    print(summary(outcomes))  # noqa: T201
    return 0 if all(one.is_well for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
