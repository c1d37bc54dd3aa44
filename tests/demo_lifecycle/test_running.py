"""`rapport demo` with real processes and real signals."""

from __future__ import annotations

import os
import pty
import signal
import sqlite3
from pathlib import Path

import redis

from server.supervise import valkey
from tests.demo_lifecycle.conftest import StartDemo, command_of, descendants, run_demo, wait_for


def listeners(pids: set[int]) -> set[str]:
    """The addresses in /proc/net/tcp* on which one of these processes listens, as Linux writes them: ip:port in hex."""
    inodes = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            target = str(entry.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[9] in inodes and cells[3] in ("0A", "07"):
                found.add(cells[1])
    return found


def users_in(data_dir: Path) -> int:
    connection = sqlite3.connect(data_dir / "rapport.sqlite3")
    (number,) = connection.execute('SELECT count(*) FROM "user"').fetchone()
    connection.close()
    return int(number)


def queue_of(data_dir: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(valkey.socket_of(data_dir)))


def test_it_says_where_to_go_listens_here_only_and_ends_in_order_on_ctrl_c(start_demo: StartDemo):
    demo = start_demo().until_ready()
    assert f"http://127.0.0.1:{demo.port}\n" in demo.output
    assert f"http://127.0.0.1:{demo.port + 1}\n" in demo.output
    assert "Sign in as alice@rapport.example" in demo.output
    assert "the worker is ready" in demo.output
    assert "Loaded a sample book of business: 12 accounts" in demo.output
    local = {f"0100007F:{port:04X}" for port in (demo.port, demo.port + 1, demo.port + 2)}
    assert listeners(demo.tree | {demo.process.pid}) == local
    # A guard, gunicorn and its two workers: the first one may answer before the second is forked.
    wait_for(
        lambda: sum("server web" in command_of(pid) for pid in descendants(demo.process.pid)) == 4, what="both workers"
    )
    demo.tree = descendants(demo.process.pid)
    demo.process.send_signal(signal.SIGINT)
    assert demo.ended() == 0
    assert "Traceback" not in demo.output
    ends = [line for line in demo.output.splitlines() if line.startswith(("Ending", "Ended"))]
    assert ends[:3] == [
        "Ending the worker, the clock, the web and the inbound mail …", "Ending the sandbox …",
        "Ending the embedded valkey …",
    ]  # fmt: skip
    assert "ready to exit" in demo.log("valkey")


def test_data_stays_after_a_clean_end_and_after_a_kill_of_the_supervisor(start_demo: StartDemo):
    demo = start_demo().until_ready()
    users = users_in(demo.data_dir)
    queue = queue_of(demo.data_dir)
    queue.set("kept", "1")
    queue.close()
    refused = run_demo("--data", demo.data_dir)
    assert refused.returncode == 1
    assert "A demo is already running with the data in" in refused.stderr
    assert "already running" in run_demo("--data", demo.data_dir, "--reset").stderr
    # Ctrl-C in a terminal reaches the whole foreground group.
    os.killpg(demo.process.pid, signal.SIGINT)
    assert demo.ended() == 0

    again = start_demo(port=demo.port).until_ready()
    assert "Found the data of last time." in again.output
    queue = queue_of(again.data_dir)
    assert queue.get("kept") == b"1"
    queue.rpush("rq:queue:not-ours", "x")
    queue.close()
    again.process.kill()
    assert again.ended() == -signal.SIGKILL

    valkey.socket_of(again.data_dir).touch()  # as after a kill of Valkey itself
    third = start_demo(port=demo.port).until_ready()
    queue = queue_of(third.data_dir)
    assert queue.lrange("rq:queue:not-ours", 0, -1) == [b"x"]
    queue.close()
    assert users_in(third.data_dir) == users > 0

    third.process.kill()
    third.process.wait()
    at_once = start_demo(port=demo.port).until_ready()  # waits for the ports and the Valkey of the one before
    wait_for(lambda: not third.left(), what="the parts of the killed one end")
    at_once.process.terminate()
    assert at_once.ended() == 0


def test_a_part_that_is_killed_ends_all_and_its_log_is_shown(start_demo: StartDemo):
    demo = start_demo().until_ready()
    os.kill(demo.pid_of("-m server worker"), signal.SIGKILL)
    assert demo.ended() == 1
    assert "The worker has ended by itself." in demo.output
    assert "worker_started" in demo.output.partition("Its log says:")[2]
    assert "Traceback" not in demo.output


def test_a_terminal_that_closes_ends_it(start_demo: StartDemo):
    ours, theirs = pty.openpty()
    demo = start_demo(terminal=theirs)
    os.close(theirs)
    told = b""
    while b"Ctrl-C ends everything" not in told:
        told += os.read(ours, 4096)
    demo.tree = descendants(demo.process.pid)
    # The shell passes the SIGHUP of its terminal on; by then nothing can be written there.
    os.close(ours)
    demo.process.send_signal(signal.SIGHUP)
    assert demo.ended() == 0


def test_an_end_while_it_starts_ends_what_has_started(start_demo: StartDemo):
    demo = start_demo()
    wait_for(lambda: "Starting the worker" in demo.output or demo.has_ended(), what="the worker starts")
    demo.tree = descendants(demo.process.pid)
    demo.process.send_signal(signal.SIGINT)
    assert demo.ended() == 0
    assert "Ended while starting." in demo.output
    assert "Ready in" not in demo.output
