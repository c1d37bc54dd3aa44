"""`make sbom`: what is distributed, as CycloneDX 1.6 JSON in var/sbom/.

Written by ourselves: cyclonedx-bom would bring 18 packages, and knows neither which of the installed packages are the
server's nor whose code a bundle holds.
"""

from __future__ import annotations

import json
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from typing import Any

from tools.supply_chain.browser_packages import NotBuilt, browser_packages, extension_packages
from tools.supply_chain.component import Component
from tools.supply_chain.locks import ROOT
from tools.supply_chain.python_packages import NotAsLocked, runtime_packages

OUT = ROOT / "var" / "sbom" / "rapport.cdx.json"


def in_browsers() -> list[Component]:
    """What the pages and the extension hold, each package once. Raises NotBuilt."""
    return list({one.purl: one for one in (*extension_packages(), *browser_packages())}.values())


def bill(python: list[Component], browser: list[Component], now: datetime) -> dict[str, Any]:
    """The bill of materials. The same packages at the same time give the same bill."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = f"pkg:generic/{project['name']}@{project['version']}"
    groups = (python, browser)
    refs = [{one.name: _ref(one, own) for one in group} for group in groups]
    found: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": now.isoformat(timespec="seconds"),
            "component": {
                "type": "application",
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "bom-ref": own,
            },
        },
        "components": [_component(one, own) for group in groups for one in group],
        "dependencies": [
            {"ref": own, "dependsOn": [ref for by_name in refs for ref in by_name.values()]},
            *(
                {"ref": by_name[one.name], "dependsOn": [by_name[name] for name in one.needs]}
                for group, by_name in zip(groups, refs, strict=True)
                for one in group
            ),
        ],
        "compositions": [
            {
                "aggregate": "incomplete",
                "assemblies": [_ref(one, own) for group in groups for one in group if not one.is_whole],
            }
        ],
    }
    found["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(found, sort_keys=True))}"
    return found


def _ref(one: Component, inside: str) -> str:
    """What is inside of another has a name of its own there: two wheels may hold the same crate."""
    plain = one.purl or f"{one.name}@{one.version or '?'}"
    return plain if one.purl and inside.startswith("pkg:generic/") else f"{inside}#{plain}"


def _component(one: Component, inside: str) -> dict[str, Any]:
    ref = _ref(one, inside)
    found: dict[str, Any] = {"type": "library", "name": one.name, "bom-ref": ref}
    if one.version:
        found["version"] = one.version
    if one.licence:
        found["licenses"] = _licences(one.licence)
    if one.purl:
        found["purl"] = one.purl
    if one.sha512:
        found["hashes"] = [{"alg": "SHA-512", "content": one.sha512}]
    if one.holds:
        by_ref = {inner["bom-ref"]: inner for inner in (_component(each, ref) for each in one.holds)}
        found["components"] = list(by_ref.values())
    return found


def _licences(licence: str) -> list[dict[str, Any]]:
    if licence == "BSD":
        return [{"license": {"name": "BSD"}}]  # which of them the package does not say
    if any(word in licence for word in (" OR ", " AND ", " WITH ")):
        return [{"expression": licence}]
    return [{"license": {"id": licence}}]


def main() -> None:
    try:
        python, browser = runtime_packages(), in_browsers()
    except (NotAsLocked, NotBuilt) as error:
        sys.exit(str(error))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(bill(python, browser, datetime.now(UTC)), indent=1, ensure_ascii=False)
    OUT.write_text(f"{text}\n", encoding="utf-8")
    inside = sum(len(one.holds) for one in (*python, *browser))
    print(f"{len(python)} Python packages, {len(browser)} of browsers, {inside} things inside of them: {OUT}")


if __name__ == "__main__":
    main()
