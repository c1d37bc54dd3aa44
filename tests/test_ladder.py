"""The ladder of the design is held by import-linter, and the check itself can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINT = Path(sys.executable).with_name("lint-imports")


def lint(config: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--config", str(config), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_server_keeps_to_the_ladder() -> None:
    found = lint(ROOT / ".importlinter", ROOT)
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]


@pytest.fixture
def little_server(tmp_path: Path) -> Path:
    """A package of two features under the same kind of contract."""
    for folder in ("accounts", "contacts"):
        (tmp_path / "little" / folder).mkdir(parents=True)
        (tmp_path / "little" / folder / "__init__.py").touch()
    (tmp_path / "little" / "__init__.py").touch()
    (tmp_path / "little" / "accounts" / "queries.py").touch()
    (tmp_path / "little" / "contacts" / "queries.py").write_text("from little.accounts import queries\n")
    (tmp_path / "ladder").write_text(
        "[importlinter]\nroot_package = little\ninclude_external_packages = true\n"
        "[importlinter:contract:ladder]\nname = Ladder\ntype = layers\ncontainers = little\nexhaustive = true\n"
        "layers =\n    contacts\n    accounts\n"
        "[importlinter:contract:deeds]\nname = Deeds\ntype = forbidden\nallow_indirect_imports = true\n"
        "source_modules = little.*.queries\nforbidden_modules = flask\n"
    )
    return tmp_path


def test_a_right_ladder_is_kept(little_server: Path) -> None:
    assert lint(little_server / "ladder", little_server).returncode == 0


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("accounts/queries.py", "from little.contacts import queries\n", "accounts is not allowed to import"),
        ("accounts/queries.py", "def late():\n    from little.contacts import queries\n", "not allowed to import"),
        ("contacts/queries.py", "import flask\n", "little.contacts.queries is not allowed to import flask"),
        ("sync.py", "", "sync"),
    ],
    ids=["upward import", "late upward import", "flask in queries", "folder that is not in the ladder"],
)
def test_a_wrong_import_breaks_the_build_and_is_named(little_server: Path, path: str, text: str, said: str) -> None:
    (little_server / "little" / path).write_text(text)
    found = lint(little_server / "ladder", little_server)
    assert found.returncode == 1
    assert said in found.stdout
