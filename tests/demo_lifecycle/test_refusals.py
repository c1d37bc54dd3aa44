"""What `rapport demo` refuses, in words and with exit code 1."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.demo_lifecycle.conftest import free_pair, run_demo


def test_a_taken_port_is_refused(folder: Path):
    port = free_pair()
    with socket.create_server(("127.0.0.1", port + 1)):
        result = run_demo("--port", str(port), "--data", folder / "demo")
    assert result.returncode == 1
    assert f"Port {port + 1} on this machine is taken." in result.stderr
    assert "Traceback" not in result.stderr


def test_a_path_too_long_for_a_socket_is_refused_before_anything_is_made(folder: Path):
    long = folder / ("x" * 90)
    result = run_demo("--port", str(free_pair()), "--data", long)
    assert result.returncode == 1
    assert "is too long" in result.stderr
    assert not long.exists()


def test_a_folder_of_something_else_is_neither_used_nor_emptied(folder: Path):
    (folder / "thesis.txt").write_text("ten years of work")
    for options in ((), ("--reset",)):
        result = run_demo("--port", str(free_pair()), "--data", folder, *options)
        assert result.returncode == 1
        assert "does not look like a demo's folder" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_a_reset_empties_a_demos_folder_and_one_that_is_not_there(folder: Path):
    data_dir = folder / "demo"
    assert run_demo("--data", data_dir, "--reset").returncode == 0
    (data_dir / "logs").mkdir(parents=True)
    (data_dir / "demo-keys").write_text("a b\n")
    result = run_demo("--data", data_dir, "--reset")
    assert (result.returncode, result.stdout) == (0, "The demo is empty again.\n")
    assert not data_dir.exists()


def test_a_data_path_that_is_a_file_is_refused(folder: Path):
    (folder / "file").write_text("")
    result = run_demo("--port", str(free_pair()), "--data", folder / "file")
    assert result.returncode == 1
    assert "cannot be used" in result.stderr
    assert "Traceback" not in result.stderr
