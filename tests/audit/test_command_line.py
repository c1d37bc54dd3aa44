"""Commands on the server leave their line in the log, in the transaction of what they change."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def rapport(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "RAPPORT_ENV": "test", "RAPPORT_DATA_DIR": str(folder)}
    environ |= {name: os.environ[name] for name in ("PYTHONPATH", "PYTHONWARNINGS") if name in os.environ}
    command = [sys.executable, "-m", "server", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ)


def lines(folder: Path) -> list[dict[str, object]]:
    exported = rapport(folder, "audit", "export")
    assert exported.returncode == 0, exported.stderr
    return [json.loads(line) for line in exported.stdout.splitlines()]


def test_a_command_that_changes_something_is_noted_once_with_who_ran_it(tmp_path: Path) -> None:
    for words in (
        ("add", "dana@rapport.example", "--name", "Dana", "--role", "admin"),
        ("end", "dana@rapport.example"),
    ):
        assert rapport(tmp_path, "users", *words).returncode == 0
    assert rapport(tmp_path, "users", "list").returncode == 0
    first, second = lines(tmp_path)
    assert (first["deed"], first["record"]) == ("cli.users.add", {"email": "dana@rapport.example", "role": "admin"})
    assert (second["deed"], second["record"]) == ("cli.users.end", {"email": "dana@rapport.example"})
    assert {(one["user_name"], one["role"], one["outcome"]) for one in (first, second)} == {
        (getpass.getuser(), "command line", "done")
    }
    assert lines(tmp_path) == [first, second], "reading is no deed"


def test_a_command_that_fails_leaves_no_line(tmp_path: Path) -> None:
    assert rapport(tmp_path, "users", "end", "nobody@rapport.example").returncode == 1
    assert lines(tmp_path) == []


@pytest.mark.parametrize("kind", ["accounts"])
def test_an_import_is_one_line_without_what_was_in_it(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "export.csv"
    file.write_text("Account ID,Account Name\n001000000000001,Zebra Works\n001000000000002,Yak Ltd\n")
    assert rapport(tmp_path, "import", kind, str(file)).returncode == 0
    [line] = lines(tmp_path)
    assert line["deed"] == f"cli.import.{kind}"
    assert "Zebra" not in json.dumps(line)


def test_who_looks_at_what_is_held_of_a_person_is_noted_without_the_person(tmp_path: Path) -> None:
    assert rapport(tmp_path, "personal-data", "show", "zebra@helios.example").returncode == 0
    rapport(tmp_path, "personal-data", "export", "zebra@helios.example", "--out", str(tmp_path / "held.zip"))
    rapport(tmp_path, "personal-data", "erase", "zebra@helios.example")
    found = lines(tmp_path)
    assert [one["deed"] for one in found] == [f"cli.personal-data.{verb}" for verb in ("show", "export", "erase")]
    assert "zebra" not in json.dumps(found)
