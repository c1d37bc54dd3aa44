"""Whose code is distributed, and under which licence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.supply_chain.browser_packages import browser_packages, extension_packages
from tools.supply_chain.component import Component
from tools.supply_chain.licences import EXCEPTIONS, refusal, spdx
from tools.supply_chain.locks import ROOT, python_lock
from tools.supply_chain.python_packages import RUNTIME_LOCK, runtime_packages

HERE = Path(__file__).parent


def names(file: str) -> list[str]:
    return (HERE / file).read_text(encoding="utf-8").split()


def whole(packages: list[Component]) -> Iterator[tuple[str, str | None]]:
    """Names and licences of the packages and of what their wheels hold."""
    for package in packages:
        yield package.name, package.licence
        for inner in package.holds:
            yield inner.name, inner.licence


def test_every_python_package_of_the_server_may_be_distributed() -> None:
    found = [refusal(name, licence) for name, licence in whole(runtime_packages())]
    assert len(found) > 100
    assert [said for said in found if said] == []


def test_every_package_in_the_browsers_files_may_be_distributed() -> None:
    # What others bundled before us says no licence of its own: that of the bundle counts, and it is looked at below.
    found = [refusal(package.name, package.licence) for package in browser_packages()]
    assert len(found) > 20
    assert [said for said in found if said] == []


def test_every_package_in_the_extension_may_be_distributed_and_its_licence_goes_with_it() -> None:
    found = {package.name: package for package in extension_packages()}
    assert sorted(found) == ["@fontsource-variable/inter", "@wxt-dev/browser", "preact", "wxt"]
    said = [refusal(package.name, package.licence) for package in found.values()]
    assert [one for one in said if one] == []
    texts = (ROOT / "var" / "extension" / "chrome-mv3" / "licences.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in texts
    for package in found.values():
        assert f"{package.name} {package.version}\n" in texts


def test_what_others_bundled_brings_no_copyleft_licence() -> None:
    texts = {
        package.name: "\n".join(
            file.read_text(encoding="utf-8", errors="replace")
            for file in sorted((ROOT / "node_modules" / package.name).glob("*LICENSE*"))
        )
        for package in browser_packages()
        if package.holds
    }
    assert set(texts) == {"@alpinejs/csp", "swagger-ui-dist"}
    assert "MIT" in texts["swagger-ui-dist"]
    assert [name for name, text in texts.items() if "GENERAL PUBLIC LICENSE" in text.upper()] == []


def test_nobody_adds_a_python_package_to_the_server_unnoticed() -> None:
    assert sorted({pin.name for pin in python_lock(RUNTIME_LOCK)}) == names("runtime_packages.txt")


def test_nobody_adds_a_package_to_the_browsers_files_unnoticed() -> None:
    assert sorted(package.name for package in browser_packages()) == names("browser_packages.txt")


def test_every_exception_is_still_needed() -> None:
    found = dict(whole(runtime_packages()))
    assert {name: found.get(name) for name in EXCEPTIONS} == {name: said for name, (said, _) in EXCEPTIONS.items()}


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("GPL-3.0-or-later", "newcomer has a copyleft licence: GPL-3.0-or-later"),
        ("AGPL-3.0-only", "newcomer has a copyleft licence: AGPL-3.0-only"),
        ("LGPL-3.0-only", "newcomer has a copyleft licence: LGPL-3.0-only"),
        ("GNU General Public License v2 (GPLv2)", "newcomer has a licence that cannot be read: GNU"),
        ("MIT AND GPL-2.0-only", "newcomer has a copyleft licence"),
        ("(MIT OR Apache-2.0) AND LGPL-2.1-only", "newcomer has a copyleft licence"),
        ("BUSL-1.1", "newcomer has a licence that is not on the list: BUSL-1.1"),
        ("SSPL-1.0", "newcomer has a licence that is not on the list: SSPL-1.0"),
        ("MIT OR", "newcomer has a licence that cannot be read"),
        ("(MIT", "newcomer has a licence that cannot be read"),
        ("", "newcomer says nothing of its licence"),
        (None, "newcomer says nothing of its licence"),
    ],
)
def test_what_is_not_on_the_list_is_refused_by_name(licence: str | None, said: str) -> None:
    assert (refusal("newcomer", licence) or "").startswith(said)


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Apache-2.0 OR GPL-2.0-only", "(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception"],
)
def test_one_of_several_to_choose_from_is_enough(licence: str) -> None:
    assert refusal("newcomer", licence) is None


def test_an_exception_is_for_one_package_and_one_licence() -> None:
    assert refusal("psycopg", "LGPL-3.0-only") is None
    assert refusal("psycopg", "GPL-3.0-only") is not None
    assert refusal("psycopg2", "LGPL-3.0-only") is not None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Apache 2.0", "Apache-2.0"),
        ("BSD-0-Clause", "0BSD"),
        ("BSD 3-Clause OR Apache-2.0", "BSD-3-Clause OR Apache-2.0"),
        ("(MIT OR Apache 2.0) AND Unicode-3.0", "(MIT OR Apache-2.0) AND Unicode-3.0"),
        ("Something New", "Something New"),
    ],
)
def test_licences_are_named_as_spdx_does(said: str, name: str) -> None:
    assert spdx(said) == name
