"""The npm packages whose code is in the pages' files and in the extension: `packages.json`, which the builds write."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tools.supply_chain.component import Component
from tools.supply_chain.licences import spdx
from tools.supply_chain.locks import ROOT, npm_lock

DIST = ROOT / "server" / "web" / "static" / "dist"


class NotBuilt(Exception):
    """What is asked about is not there, or older than the lock file."""


def browser_packages(dist: Path = DIST) -> list[Component]:
    """Raises NotBuilt."""
    return _packages(dist, ROOT / "package-lock.json", how="make assets")


def extension_packages() -> list[Component]:
    """Raises NotBuilt."""
    return _packages(ROOT / "var" / "extension", ROOT / "extension" / "package-lock.json", how="make extension")


def _packages(folder: Path, lock_path: Path, *, how: str) -> list[Component]:
    try:
        built = json.loads((folder / "packages.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotBuilt(f"It is not built: {how}") from None
    locked = npm_lock(lock_path)
    found = []
    for name, said in built.items():
        lock = locked.get(f"node_modules/{name}", {})
        if lock.get("version") != said["version"]:
            raise NotBuilt(f"{name} {said['version']} is built in, {lock.get('version')} is locked: {how}")
        found.append(
            Component(
                name=name,
                version=said["version"],
                licence=spdx(said["license"]) if said["license"] else None,
                purl=_purl(name, said["version"]),
                sha512=_sha512(lock["integrity"]),
                holds=tuple(_embedded(inner, version) for inner, version in said["embeds"].items()),
                needs=tuple(sorted(lock.get("dependencies", {}).keys() & built.keys())),
                is_whole=not said["embeds"],
            )
        )
    return found


def _embedded(name: str, version: str | None) -> Component:
    """Bundled by others; their source map tells the name, no more."""
    return Component(name=name, version=version, licence=None, purl=_purl(name, version))


def _purl(name: str, version: str | None) -> str:
    return f"pkg:npm/{name.replace('@', '%40')}" + (f"@{version}" if version else "")


def _sha512(integrity: str) -> str:
    kind, _, digest = integrity.partition("-")
    if kind != "sha512":
        raise ValueError(f"not a SHA-512: {integrity}")
    return base64.b64decode(digest).hex()
