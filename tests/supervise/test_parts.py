"""Guarded children with real processes: small Python programs in the place of Rapport's parts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.errors import Unavailable
from server.supervise.parts import Part

READY = "print('ready', flush=True)\n"
FOREVER = "import signal, sys, time\n" + READY + "while True: time.sleep(60)\n"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "time.sleep(600)\n"
# A grandchild in a process group of its own, as RQ's work horse is; it ignores the end of its parent.
WITH_HORSE = (
    "import os, time\n"
    "if os.fork() == 0:\n"
    "    os.setpgrp()\n"
    "    print('horse', os.getpid(), flush=True)\n"
    "    time.sleep(600)\n"
    "time.sleep(0.1)\n" + READY + "time.sleep(600)\n"
)


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Part]]:
    parts: list[Part] = []

    def run(program: str, name: str = "the part") -> Part:
        part = Part(
            name=name, command=[sys.executable, "-I", "-S", "-c", program], environment={},
            log_path=tmp_path / f"{name}.log",
        )  # fmt: skip
        parts.append(part)
        part.start()
        part.wait_until(lambda: part.has_logged("ready"), limit_s=20)
        return part

    yield run
    for part in parts:
        part.end_now()
        part.bury()


def pid_of(part: Part) -> int:
    assert part.process is not None
    return part.process.pid


def test_a_part_ends_when_it_is_asked(start: Callable[..., Part]):
    part = start(FOREVER)
    child = child_of(pid_of(part))
    part.stop()
    assert part.has_ended()
    assert not lives(child)


def test_a_part_that_does_not_want_to_end_is_ended_by_force(start: Callable[..., Part]):
    part = start(STUBBORN)
    child = child_of(pid_of(part))
    part.ask_to_end()
    part.end_now()
    part.bury()
    assert not lives(child)


def test_what_a_killed_part_leaves_in_a_group_of_its_own_ends_too(start: Callable[..., Part]):
    part = start(WITH_HORSE)
    horse = int(part.tail().split()[1])
    os.kill(child_of(pid_of(part)), signal.SIGKILL)
    wait_for(part.has_ended)
    assert not lives(horse)


def test_the_child_ends_when_its_guard_is_killed(start: Callable[..., Part]):
    part = start(FOREVER)
    child = child_of(pid_of(part))
    os.kill(pid_of(part), signal.SIGKILL)
    wait_for(lambda: not lives(child))


def test_everything_ends_when_the_supervisor_is_killed(tmp_path: Path):
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom server.supervise.parts import Part\n"
        f"part = Part(name='x', command=[sys.executable, '-c', {WITH_HORSE!r}], environment={{}},\n"
        f"            log_path=Path({str(tmp_path / 'log')!r}))\n"
        "part.start()\ntime.sleep(600)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program])
    log = tmp_path / "log"
    wait_for(lambda: log.exists() and "ready" in log.read_text())
    guard = child_of(supervisor.pid)
    child, horse = child_of(guard), int(log.read_text().split()[1])
    supervisor.kill()
    supervisor.wait()
    wait_for(lambda: not any(lives(pid) for pid in (guard, child, horse)))


def test_a_part_that_ends_at_its_start_shows_the_end_of_its_log(start: Callable[..., Part]):
    with pytest.raises(Unavailable) as error:
        start("print('no such table')")
    assert error.value.detail == "The part ended while it started."
    assert error.value.cure == "Its log says:\nno such table"


def test_a_long_log_is_moved_aside_and_one_old_log_is_kept(start: Callable[..., Part], tmp_path: Path):
    log, old = tmp_path / "the part.log", tmp_path / "the part.log.1"
    old.write_text("older still")
    log.write_bytes(b"x" * (5 * 2**20 + 1))
    start(FOREVER)
    assert log.read_text() == "ready\n"
    assert old.stat().st_size == 5 * 2**20 + 1


def test_a_short_log_is_continued_and_what_an_earlier_start_wrote_is_not_taken_for_ours(
    start: Callable[..., Part], tmp_path: Path
):
    (tmp_path / "the part.log").write_text("ready\nfrom yesterday\n")
    part = start(FOREVER)
    assert part.tail() == "ready"
    assert (tmp_path / "the part.log").read_text() == "ready\nfrom yesterday\nready\n"
