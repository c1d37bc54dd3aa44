"""The zip for the Chrome Web Store: small, whole, asking for no more than it needs, and talking to nobody else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.settings import Settings
from tests.extension.chrome import OUR_ID, ROOT
from tests.web.pages import ON_SQLITE
from tools.extension.openapi import description
from tools.extension.pack import LARGEST_BYTES, pack

# Namespaces and words of libraries that are never asked for: no call goes there.
NAMES_ONLY = {"www.w3.org", "rapport.example.com", "accounts.google.com", "mail.google.com", "localhost", "127.0.0.1"}


@pytest.fixture
def manifest(built: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    return found


def scripts(built: Path) -> dict[str, str]:
    found = {path.name: path.read_text(encoding="utf-8") for path in built.rglob("*.js")}
    assert len(found) >= 3
    return found


def test_the_zip_is_small_and_the_same_each_time(built: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = pack(built, tmp_path / "one"), pack(built, tmp_path / "two")
    assert one.read_bytes() == two.read_bytes()
    size = one.stat().st_size
    assert size < LARGEST_BYTES
    with zipfile.ZipFile(one) as archive:
        assert archive.testzip() is None
        assert "manifest.json" in archive.namelist()
        assert [name for name in archive.namelist() if name.endswith((".map", ".ts", ".tsx"))] == []


def test_it_asks_for_these_permissions_and_no_other(manifest: dict[str, Any]) -> None:
    assert manifest["manifest_version"] == 3
    assert manifest["permissions"] == ["sidePanel", "storage", "identity", "scripting"]
    assert manifest["host_permissions"] == ["https://mail.google.com/*"]
    assert manifest["optional_host_permissions"] == ["https://*/*", "http://localhost/*", "http://127.0.0.1/*"]
    scripts = manifest["content_scripts"]
    assert [one["matches"] for one in scripts] == [["https://mail.google.com/*"]] * 2
    assert [one.get("world") for one in scripts] == [None, "MAIN"]
    for name in ("optional_permissions", "externally_connectable", "web_accessible_resources", "sandbox"):
        assert name not in manifest


def test_nothing_but_its_own_files_may_run(manifest: dict[str, Any], built: Path) -> None:
    rules = dict(rule.split(" ", 1) for rule in manifest["content_security_policy"]["extension_pages"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert "unsafe" not in manifest["content_security_policy"]["extension_pages"]
    for name, text in scripts(built).items():
        assert not re.search(r"\beval\(|new Function\(|importScripts\(|\bimport\(\s*[^)\s]", text), name
        assert not re.search(r"\.src\s*=\s*[\"'`]http", text), name
    html = (built / "sidepanel.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=\"/)", html) == []


def test_no_address_of_others_stands_in_it(built: Path) -> None:
    texts = scripts(built) | {path.name: path.read_text(encoding="utf-8") for path in built.rglob("*.css")}
    hosts = {host for text in texts.values() for host in re.findall(r"(?:https?|wss?)://([\w-]+(?:\.[\w-]+)*)", text)}
    assert hosts - NAMES_ONLY == set()


def test_tokens_and_calls_live_in_the_worker_alone(built: Path) -> None:
    found = scripts(built)
    # It names XMLHttpRequest to look on; of the extension it can reach nothing.
    watcher = found.pop("traffic.js")
    assert not re.search(r"\bfetch\(|new XMLHttpRequest|\bchrome\.|runtime|refresh_token", watcher)
    for name, text in found.items():
        if name != "background.js":
            assert not re.search(r"\bfetch\(|XMLHttpRequest|refresh_token|\.launchWebAuthFlow", text), name


def test_its_id_is_the_one_that_a_server_of_development_lets_in(manifest: dict[str, Any]) -> None:
    digest = hashlib.sha256(base64.b64decode(manifest["key"])).hexdigest()[:32]
    assert "".join(chr(ord("a") + int(one, 16)) for one in digest) == OUR_ID
    assert Settings.from_env({}).extension_ids == (OUR_ID,)
    assert OUR_ID in (ROOT / "docs" / "extension.md").read_text(encoding="utf-8")


def test_it_brings_icons_of_the_sizes_that_it_says(manifest: dict[str, Any], built: Path) -> None:
    assert set(manifest["icons"]) == {"16", "32", "48", "128"}
    for size, path in manifest["icons"].items():
        content = (built / path).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert struct.unpack(">II", content[16:24]) == (int(size), int(size))


@ON_SQLITE
def test_its_types_are_those_of_the_api(app: Flask, tmp_path: Path) -> None:
    source, made = tmp_path / "openapi.json", tmp_path / "schema.d.ts"
    source.write_text(description(app), encoding="utf-8")
    command = ["node_modules/.bin/openapi-typescript", str(source), "--output", str(made)]
    subprocess.run(command, cwd=ROOT / "extension", check=True, capture_output=True, timeout=60)
    kept = ROOT / "extension" / "src" / "api" / "schema.d.ts"
    assert made.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), "make extension-types"


def test_the_privacy_text_names_all_that_is_stored() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "extension" / "src").rglob("*.ts")))
    constants = dict(re.findall(r"^const ([A-Z]+) = '([a-z]+)';$", sources, re.MULTILINE))
    touched = re.findall(r"storage\.(?:local|session)\.(?:get|set|remove)\(\W*([A-Z]+)", sources)
    stored = {constants[one] for one in touched}
    text = (ROOT / "docs" / "extension-privacy.md").read_text(encoding="utf-8")
    assert stored == {"device", "misses", "access", "me", "left"}
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == stored
