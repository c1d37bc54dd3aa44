"""The command `rapport`, run as a process as a person would: words and exit codes, never a traceback."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.cli import cli

COMMANDS = [
    (), ("users",), ("users", "add"), ("users", "end"), ("users", "list"), ("users", "unbind"),
    ("audit",), ("audit", "export"), ("personal-data",), ("personal-data", "show"), ("personal-data", "export"),
    ("personal-data", "erase"), ("mailboxes",), ("mailboxes", "reseal"),
    ("templates",), ("templates", "check"), ("templates", "load"), ("templates", "diff"), ("templates", "pull"),
    ("templates", "push"), ("templates", "render"), ("import",), ("import", "accounts"), ("import", "contacts"),
    ("demo",), ("sandbox",), ("web",), ("worker",), ("clock",), ("db",), ("db", "upgrade"), ("db", "draft"),
    ("playbooks",), ("playbooks", "check"), ("playbooks", "schema"), ("playbooks", "load"), ("playbooks", "diff"),
    ("playbooks", "pull"), ("playbooks", "push"), ("playbooks", "rehearse"),
    ("measures",), ("measures", "import"), ("triggers",), ("triggers", "load"), ("rehearse",),
    ("keys",), ("keys", "new"), ("mail",), ("mail", "import"), ("mail", "address"), ("match",), ("inbound",),
]  # fmt: skip
Rapport = Callable[..., subprocess.CompletedProcess[str]]


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "RAPPORT_DATA_DIR": str(folder / "data"), **more}


@pytest.fixture
def rapport(tmp_path: Path) -> Rapport:
    def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=environment(tmp_path, **more)
        )

    return run


def test_the_list_of_commands_above_is_whole():
    from click import Context, Group

    def walk(group: Group, path: tuple[str, ...]):
        for name in group.list_commands(Context(group)):
            command = group.get_command(Context(group), name)
            yield (*path, name)
            if isinstance(command, Group):
                yield from walk(command, (*path, name))

    assert sorted([(), *walk(cli, ())]) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_needs_neither_settings_nor_a_database(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("RAPPORT_ENV", "nonsense")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"], prog_name="rapport")
    assert ended.value.code == 0
    assert f"Usage: rapport {' '.join(command)}".rstrip() in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_all_problems_of_the_settings_are_said_at_once(rapport: Rapport):
    result = rapport("clock", RAPPORT_ENV="production", SECRET_KEY="short", DATABASE_URL="mysql://root@x/y")
    assert result.returncode == 1
    assert "Rapport cannot start:" in result.stderr
    for word in ("SECRET_KEY", "TOKEN_KEYS", "DATABASE_URL", "REDIS_URL", "RAPPORT_BASE_URL"):
        assert f"  - {word}" in result.stderr
    assert "Traceback" not in result.stderr


POSTGRES = "postgresql://someone:hunter2@127.0.0.1:1/rapport"


@pytest.mark.parametrize(
    ("command", "url"),
    [
        ("clock", POSTGRES), ("web", POSTGRES), ("db upgrade", POSTGRES),
        ("web", "sqlite:////proc/rapport.sqlite3"), ("clock", "sqlite:////tmp"),
    ],
)  # fmt: skip
def test_a_database_that_cannot_be_opened_is_said_in_words(rapport: Rapport, command: str, url: str):
    result = rapport(*command.split(), DATABASE_URL=url)
    assert result.returncode == 1
    assert "DATABASE_URL" in result.stderr
    assert "hunter2" not in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


def test_a_data_folder_that_cannot_be_made_is_said_in_words(rapport: Rapport, tmp_path: Path):
    (tmp_path / "data").write_text("a file")
    result = rapport("clock")
    assert result.returncode == 1
    assert "RAPPORT_DATA_DIR" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_is_no_database_is_said_in_words(rapport: Rapport, tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rapport.sqlite3").write_text("once upon a time " * 100)
    result = rapport("clock")
    assert result.returncode == 1
    assert "file is not a database" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:1/0", ""])
def test_a_worker_without_its_queue_says_so(rapport: Rapport, url: str):
    result = rapport("worker", REDIS_URL=url)
    assert result.returncode == 1
    assert "No Valkey or Redis answers at" in result.stderr
    assert "REDIS_URL" in result.stderr
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.stderr


def test_commands_run_on_an_empty_sqlite_file_which_makes_its_own_tables(rapport: Rapport, tmp_path: Path):
    added = rapport("users", "add", "Ada@Example.com", "--name", "Ada", "--role", "admin")
    assert (added.returncode, added.stdout) == (0, "ada@example.com may sign in as admin.\n"), added.stderr
    connection = sqlite3.connect(tmp_path / "data" / "rapport.sqlite3")
    assert connection.execute('SELECT email FROM "user"').fetchall() == [("ada@example.com",)]
    connection.close()
    file = tmp_path / "accounts.csv"
    file.write_text("Account ID,Account Name\n001000000000001,Acme\n")
    imported = rapport("import", "accounts", file)
    assert (imported.returncode, imported.stdout) == (0, "1 rows with accounts imported:\n  1 new\n")


def test_an_upgrade_makes_an_empty_file_a_database(rapport: Rapport):
    result = rapport("db", "upgrade")
    assert result.returncode == 0
    assert result.stdout.startswith("The database is at revision ")
    assert "None" not in result.stdout


def test_the_templates_of_this_checkout_are_fine(rapport: Rapport):
    result = rapport("templates", "check")
    assert result.returncode == 0, result.stderr
    assert all(line.endswith(": fine") for line in result.stdout.splitlines())


def test_a_new_key_is_a_key_and_needs_no_settings(rapport: Rapport):
    result = rapport("keys", "new", RAPPORT_ENV="nonsense")
    assert result.returncode == 0
    assert len(result.stdout.strip()) == 44


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def answers(port: int) -> bool:
    try:
        return get(port, "/healthz") == 200
    except OSError:
        return False


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status
    finally:
        connection.close()


def started(tmp_path: Path, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
    with (tmp_path / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "server", *arguments],
            stdout=log, stderr=log, env=environment(tmp_path, **more), start_new_session=True,
        )  # fmt: skip


def test_ctrl_c_gives_no_traceback(tmp_path: Path):
    process = started(tmp_path, "clock")
    wait_for(lambda: b"clock_started" in (tmp_path / "log").read_bytes() or process.poll() is not None)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 0
    assert b"Traceback" not in (tmp_path / "log").read_bytes()


def test_ctrl_c_during_an_import_writes_nothing_and_gives_no_traceback(tmp_path: Path):
    file = tmp_path / "accounts.csv"
    with file.open("w") as rows:
        rows.write("Account ID,Account Name\n")
        rows.writelines(f"001{number:012d},Account {number}\n" for number in range(250_000))
    process = started(tmp_path, "import", "accounts", str(file))
    wait_for(lambda: b"Checking: 10 %" in (tmp_path / "log").read_bytes() or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 1
    log = (tmp_path / "log").read_bytes()
    assert b"Aborted!" in log
    assert b"Traceback" not in log
    connection = sqlite3.connect(tmp_path / "data" / "rapport.sqlite3")
    assert connection.execute("SELECT count(*) FROM account").fetchone() == (0,)
    connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_web_replaces_its_workers_and_answers_a_running_request_before_it_ends(tmp_path: Path):
    port = free_port()
    process = started(tmp_path, "web", "--workers", "1", "--max-requests", "5", RAPPORT_BIND=f"127.0.0.1:{port}")
    wait_for(lambda: answers(port) or process.poll() is not None)
    assert [get(port, "/healthz") for _ in range(12)] == [200] * 12
    wait_for(lambda: (tmp_path / "log").read_text().count("Booting worker") >= 2)
    wait_for(lambda: answers(port))
    # A request that is still on its way when the signal comes: it holds a thread of the worker.
    with socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert get(port, "/healthz") == 200  # by then the other connection has been accepted, too
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Handling signal: term" in (tmp_path / "log").read_text())
        slow.sendall(b"Connection: close\r\n\r\n")
        assert slow.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert process.wait(20) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_an_end_right_after_the_start_of_the_web_is_not_missed_by_its_workers(tmp_path: Path):
    process = started(tmp_path, "web", "--workers", "6", RAPPORT_BIND=f"127.0.0.1:{free_port()}")
    wait_for(lambda: "Booting worker" in (tmp_path / "log").read_text() or process.poll() is not None)
    process.terminate()
    assert process.wait(120) == 0
    assert "SIGKILL" not in (tmp_path / "log").read_text(), "gunicorn kills those that missed it, after 15 s"


def test_an_address_of_the_web_that_is_none_is_said_in_words(rapport: Rapport):
    result = rapport("web", RAPPORT_BIND="127.0.0.1:nonsense")
    assert result.returncode == 1
    assert "RAPPORT_BIND" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_port_of_the_web_ends_it_with_words(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = started(tmp_path, "web", RAPPORT_BIND=f"127.0.0.1:{taken.getsockname()[1]}")
        assert process.wait(60) == 1
    assert "in use" in (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()
