"""The supervisor: order of the ends, signals, readiness, free ports, the folder's lock."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.errors import Conflict, Unavailable
from server.supervise import folder, valkey
from server.supervise.run import demand_free_ports, http_answers

# Each child says when it is asked to end, takes its time, and says that it ends; "worker" has a job to finish.
CHILD = """
import signal, sys, time
name, seconds = sys.argv[1], float(sys.argv[2])
def say(what):
    with open(sys.argv[3], "a") as story: story.write(f"{name} {what}\\n")
def end(*_):
    say("asked"); time.sleep(seconds); say("ends"); sys.exit(0)
signal.signal(signal.SIGTERM, end)
say("runs"); print("ready", flush=True)
while True: time.sleep(60)
"""
SUPERVISOR = f"""
import sys
from pathlib import Path
from server.supervise.parts import Part
from server.supervise.run import Supervisor
folder = Path(sys.argv[1])
def part(name, seconds):
    return Part(name=name, command=[sys.executable, "-I", "-S", "-c", {CHILD!r}, name, str(seconds), str(folder / "story")],
                environment={{}}, log_path=folder / name, is_ready=lambda part: part.has_logged("ready"))
with Supervisor(say=lambda text: print(text, flush=True)) as supervisor:
    supervisor.start(part("queue", 0))
    supervisor.start(part("worker", float(sys.argv[2])), part("web", 0))
    supervisor.wait_until_ready()
    print("all run", flush=True)
    supervisor.watch()
"""  # noqa: E501


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def supervised(tmp_path: Path, *, job_s: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path), str(job_s)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "all run\n":
            break
    return process


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=30)
    return process.returncode


def test_the_worker_finishes_its_job_and_the_queue_ends_last(tmp_path: Path):
    process = supervised(tmp_path, job_s=0.5)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # from a parent, at the same time: that is no second wish
    assert finish(process) == 0
    story = (tmp_path / "story").read_text().split("\n")
    assert story.index("web ends") < story.index("worker ends") < story.index("queue asked")
    assert {"worker asked", "web asked", "queue ends"} < set(story)


def test_many_signals_at_once_are_one_wish_and_hold_nothing_up(tmp_path: Path):
    process = supervised(tmp_path, job_s=0.5)
    for _ in range(200):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
    assert finish(process) == 0
    assert "worker ends" in (tmp_path / "story").read_text()


def test_asked_again_later_it_ends_by_force(tmp_path: Path):
    process = supervised(tmp_path, job_s=600)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: "worker asked" in (tmp_path / "story").read_text())
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.2)  # what comes within a second of the first is the same wish
            break
        process.send_signal(signal.SIGINT)
    assert finish(process) == 0
    assert "worker ends" not in (tmp_path / "story").read_text()


def test_a_taken_port_is_refused_and_waited_for_with_patience():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=f"Port {port} on this machine is taken"):
            demand_free_ports((port,))
    demand_free_ports((port,), patience_s=5)


def test_a_probe_asks_no_proxy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/healthz"
        answer = (
            "import socket, sys\nlistener = socket.socket(fileno=int(sys.argv[1]))\n"
            "accepted, _ = listener.accept()\naccepted.recv(1000)\n"
            "accepted.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n')\naccepted.close()\n"
        )
        server = subprocess.Popen([sys.executable, "-c", answer, str(listener.fileno())], pass_fds=[listener.fileno()])
        assert http_answers(url)
        server.wait()
    assert not http_answers(url)


def test_a_folder_is_held_by_one_and_tells_whether_the_last_one_was_killed(tmp_path: Path):
    folder.make(tmp_path / "demo")
    with folder.claimed(tmp_path / "demo") as was_killed:
        assert not was_killed
        with pytest.raises(Conflict, match="already running"), folder.claimed(tmp_path / "demo"):
            pass
    hold = (
        "import os, sys\nfrom pathlib import Path\nfrom server.supervise import folder\n"
        "with folder.claimed(Path(sys.argv[1])): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", hold, str(tmp_path / "demo")], check=False)
    with folder.claimed(tmp_path / "demo") as was_killed:
        assert was_killed
    with folder.claimed(tmp_path / "demo") as was_killed:
        assert not was_killed


def test_the_keys_of_a_folder_stay_and_are_for_its_owner_only(tmp_path: Path):
    folder.make(tmp_path / "demo")
    keys = folder.keys(tmp_path / "demo")
    folder.make(tmp_path / "demo")
    assert folder.keys(tmp_path / "demo") == keys
    assert (tmp_path / "demo" / "demo-keys").stat().st_mode & 0o777 == 0o600
    (tmp_path / "demo" / "demo-keys").write_text("half")
    with pytest.raises(Unavailable, match="damaged"):
        folder.keys(tmp_path / "demo")


def test_a_socket_on_which_nobody_listens_answers_no_at_once(tmp_path: Path):
    began = time.monotonic()
    assert not valkey.answers(tmp_path)
    assert time.monotonic() - began < 1
