"""What is installed is the file that was locked, from wherever the installer looks: no address is fixed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tools.supply_chain.locks import ROOT, npm_lock, python_lock

NOT_OURS = {"node_modules", ".venv", ".git", "var"}


def files_named(name: str) -> list[Path]:
    found = []
    for folder, below, files in os.walk(ROOT):
        below[:] = [one for one in below if one not in NOT_OURS]
        found += [Path(folder) / name] if name in files else []
    return sorted(found)


PYTHON_LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
NPM_LOCKS = files_named("package-lock.json")
HASH = "--hash=sha256:" + "0" * 64


def test_there_are_locks_to_look_at() -> None:
    assert {path.name for path in PYTHON_LOCKS} == {"build.txt", "dev.txt", "runtime.txt"}
    assert len(NPM_LOCKS) >= 5
    assert [path.parent for path in NPM_LOCKS] == [path.parent for path in files_named("package.json")]


@pytest.mark.parametrize("path", PYTHON_LOCKS, ids=lambda path: path.name)
def test_every_line_is_an_exact_version_with_hashes_and_names_no_host(path: Path) -> None:
    assert len(python_lock(path)) > 0
    assert "//" not in path.read_text(encoding="utf-8")


def test_what_the_server_runs_with_is_what_tests_run_with() -> None:
    known = {(pin.name, pin.version): pin for pin in python_lock(ROOT / "requirements" / "dev.txt")}
    for lock in ("runtime.txt", "build.txt"):
        for pin in python_lock(ROOT / "requirements" / lock):
            assert (pin.name, pin.version) in known
            assert set(pin.hashes) == set(known[pin.name, pin.version].hashes), pin.name


@pytest.mark.parametrize(
    "line",
    [
        "flask==3.1.3",
        "flask>=3.1 \\\n    " + HASH,
        "flask @ https://example.com/flask.whl \\\n    " + HASH,
        "--index-url https://example.com/simple",
        "--extra-index-url https://example.com/simple",
        "-e .",
        "-r other.txt",
        "flask==3.1.3 \\\n    --hash=md5:" + "0" * 32,
        "flask==3.1.3 \\\n    " + HASH[:-1],
    ],
)
def test_a_line_that_is_less_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    path.write_text(f"# a comment\n{line}\n")
    with pytest.raises(ValueError, match="not an exact version with hashes"):
        python_lock(path)


@pytest.mark.parametrize("path", NPM_LOCKS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_every_npm_package_has_its_integrity_and_no_address(path: Path) -> None:
    packages = npm_lock(path)
    assert len(packages) > 0
    without = [place for place, said in packages.items() if not re.match(r"sha512-", said.get("integrity", ""))]
    assert without == []
    assert [place for place, said in packages.items() if "resolved" in said or "link" in said] == []


@pytest.mark.parametrize("path", files_named("package.json"), ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_npm_packages_are_asked_for_by_their_exact_version(path: Path) -> None:
    said = json.loads(path.read_text(encoding="utf-8"))
    asked = {**said.get("dependencies", {}), **said.get("devDependencies", {})}
    assert asked
    assert {
        name: version for name, version in asked.items() if not re.fullmatch(r"\d+\.\d+\.\d+[\w.-]*", version)
    } == {}


def test_nothing_runs_when_browser_packages_are_installed() -> None:
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text(encoding="utf-8").splitlines()
