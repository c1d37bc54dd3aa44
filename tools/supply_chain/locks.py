"""Reading our lock files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
_PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+))?")


@dataclass(frozen=True, kw_only=True)
class Pin:
    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]


def python_lock(path: Path) -> list[Pin]:
    """Raises ValueError for a line that is not an exact version with hashes: an address, an option, a range."""
    text = re.sub(r"\\\n\s*", " ", path.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [_pin(line) for line in lines]


def _pin(line: str) -> Pin:
    first, *hashes = line.split(" --hash=sha256:")
    found = _PIN.fullmatch(first.strip())
    if found is None or not hashes or not all(re.fullmatch(r"[0-9a-f]{64}\s*", one) for one in hashes):
        raise ValueError(f"not an exact version with hashes: {line[:120]}")
    return Pin(
        name=found["name"],
        version=found["version"],
        marker=found["marker"],
        hashes=tuple(one.strip() for one in hashes),
    )


def npm_lock(path: Path) -> dict[str, dict[str, Any]]:
    """Place in node_modules: what the lock says of it. Without the project itself."""
    packages: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return {place: said for place, said in packages.items() if place}
