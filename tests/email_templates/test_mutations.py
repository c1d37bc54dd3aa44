"""Twenty thousand broken templates: each is refused with a line or becomes HTML; nothing crashes, hangs or reads.

The documents are the same in every run: a number names one (`document(4711)`).
"""

from __future__ import annotations

import ctypes
import os
import random
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from server.email_templates.compile import CompiledTemplate, compile_template
from server.email_templates.mjml.guarded import CHILD, Compiler, CompilerFailed
from server.email_templates.problems import MissingValue, RenderRefused, TemplateInvalid
from server.email_templates.render import render
from server.email_templates.source import parse_source
from tests.email_templates.broken_mails import FRONT, SEEDS, include, mutated
from tests.email_templates.mails import FIELDS, shipped_emails, source, whole
from tests.email_templates.test_attacks import values

CHUNKS, DOCUMENTS = 40, 500
LONGEST_SECONDS = 2.0
SECRET = "canary-in-the-coal-mine"
SHIPPED = [one.file_text for one in shipped_emails(Path(__file__).parents[2] / "email_templates")]


# What this process opens, by Python's own audit; what any process opens of the canaries, by the kernel.

_opened: list[str] = []
_listening: list[bool] = []
_LOUD = frozenset({"open", "socket.connect", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})
_LATE_IMPORTS = (".py", ".pyc", ".so")


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _listening and event in _LOUD and not str(args[0]).endswith(_LATE_IMPORTS):
        _opened.append(f"{event} {args[0]!r}")


sys.addaudithook(_audit)  # it stays for the life of the process, and does nothing unless somebody listens


@contextmanager
def listening() -> Iterator[list[str]]:
    """What this process opens, connects to or starts meanwhile. A compiler that crashed would be started again."""
    _opened.clear()
    _listening.append(True)
    try:
        yield _opened
    finally:
        _listening.clear()


class Watch:
    """The kernel tells (inotify) when a file of this folder is opened, by whatever process and in whatever language."""

    _OPEN, _NONBLOCK = 0x20, 0o4000

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(self._NONBLOCK)
        assert self._fd >= 0
        assert libc.inotify_add_watch(self._fd, os.fsencode(folder), self._OPEN) >= 0

    def opened(self) -> set[str]:
        try:
            data = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return set()
        names, place = set(), 0
        while place < len(data):
            length = struct.unpack_from("iIII", data, place)[3]
            names.add(data[place + 16 : place + 16 + length].rstrip(b"\0").decode())
            place += 16 + length
        return names

    def close(self) -> None:
        os.close(self._fd)


@pytest.fixture
def canaries(tmp_path: Path) -> Path:
    for name in ("secret.mjml", "secret.html", "secret.css"):
        (tmp_path / name).write_text(f"<mjml><mj-body><mj-text>{SECRET}</mj-text></mj-body></mjml>")
    return tmp_path


@pytest.fixture
def watch(canaries: Path) -> Iterator[Watch]:
    watch = Watch(canaries)
    yield watch
    watch.close()


FOLDER, NEAR = "/FOLDER-OF-THE-CANARIES", "NEAR-THE-CANARIES"  # so that a number names one document for ever
INCLUDED = (
    *(f"{FOLDER}/secret.mjml", f"{FOLDER}/secret.css", f"file://{FOLDER}/secret.html"),
    *(f"{NEAR}/secret.mjml", f"blocks/../{NEAR}/secret.mjml", "/etc/passwd", "../../../../etc/passwd"),
    *("/proc/self/environ", "https://localhost:1/x.mjml"),
)


def document(number: int, folder: Path) -> tuple[str, bool]:
    """A broken template, and whether it is a whole file with its YAML."""
    text, whole_file = _broken(random.Random(f"templates/{number}"), number)
    return text.replace(FOLDER, str(folder)).replace(NEAR, os.path.relpath(folder)), whole_file


def _broken(rng: random.Random, number: int) -> tuple[str, bool]:
    if number % 10 == 0:
        return mutated(rng, rng.choice(SHIPPED)), True
    mjml = rng.choice(SEEDS)
    if number % 5 == 1:
        at = rng.choice([place for place, char in enumerate(mjml) if char == "<"])
        mjml = mjml[:at] + include(rng, INCLUDED) + mjml[at:]
        return (mjml if rng.random() < 0.7 else mutated(rng, mjml)), False
    if number % 5 == 2:
        return mutated(rng, FRONT + mjml), True
    return mutated(rng, mjml), False


def compiled_or_refused(text: str, whole_file: bool) -> CompiledTemplate | TemplateInvalid:
    try:
        return compile_template(parse_source(text, "broken") if whole_file else source(text), FIELDS)
    except TemplateInvalid as invalid:
        return invalid


def faults_of(outcome: CompiledTemplate | TemplateInvalid, text: str) -> list[str]:
    if isinstance(outcome, TemplateInvalid):
        lines = text.count("\n") + text.count("\r") + 1
        faults = [f"no line: {problem}" for problem in outcome.problems if not 1 <= problem.line <= lines]
        crashed = ("crashed", "too long", "Panic")
        faults += [
            str(one) for one in outcome.problems if "compiler" in one.message and any(w in one.message for w in crashed)
        ]
        return faults + ([] if outcome.problems and all(one.message for one in outcome.problems) else ["no reason"])
    html = outcome.html_jinja
    faults = (
        [] if re.match("<!doctype html>", html, re.IGNORECASE) and html.rstrip().endswith("</html>") else ["no HTML"]
    )
    if SECRET in html + outcome.text_jinja or "root:" in html:
        faults.append("a file was read")
    with suppress(MissingValue, RenderRefused):
        render(outcome, {**values(), "url": "https://gitlab.com/"})
    return faults


def examined(text: str, whole_file: bool) -> tuple[list[str], bool]:
    began = time.monotonic()
    with listening() as opened:
        try:
            outcome = compiled_or_refused(text, whole_file)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"], False
        seconds = time.monotonic() - began
        faults = faults_of(outcome, text)
    faults += [f"it did: {deed}" for deed in opened]
    if seconds > LONGEST_SECONDS:
        faults.append(f"took {seconds:.1f} s")
    return faults, isinstance(outcome, CompiledTemplate)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_broken_template_is_refused_with_a_line_or_becomes_html(chunk: int, canaries: Path, watch: Watch):
    documents = [document(number, canaries) for number in range(chunk * DOCUMENTS, (chunk + 1) * DOCUMENTS)]
    compile_template(source(whole("")), FIELDS)  # the compiler runs from here on
    faults: list[str] = []
    good = 0
    for number, (text, whole_file) in enumerate(documents, chunk * DOCUMENTS):
        found, was_good = examined(text, whole_file)
        faults += [f"{number}: {fault}"[:300] for fault in found]
        good += was_good
    assert faults == []
    assert watch.opened() == set()
    assert good > DOCUMENTS / 50, "nearly nothing was accepted: the documents have become too broken to find anything"


# That a quiet watch means something.


def test_the_watch_sees_what_another_process_opens(canaries: Path, watch: Watch):
    subprocess.run(["cat", str(canaries / "secret.html")], check=True, stdout=subprocess.DEVNULL)
    assert watch.opened() == {"secret.html"}
    assert watch.opened() == set()


def test_this_process_notices_its_own_opening(canaries: Path):
    with listening() as opened:
        (canaries / "secret.css").read_text()
        subprocess.run(["true"], check=True)
    assert any("secret.css" in deed for deed in opened)
    assert any("subprocess.Popen" in deed for deed in opened)


@pytest.mark.parametrize("path", INCLUDED)
def test_the_compiler_by_itself_opens_no_file_even_if_an_include_reaches_it(path: str, canaries: Path, watch: Watch):
    compiler = Compiler([sys.executable, "-I", str(CHILD)])
    path = path.replace(FOLDER, str(canaries)).replace(NEAR, os.path.relpath(canaries))
    for kind in ("", ' type="html"', ' type="css"'):
        try:
            html = compiler.to_html(f'<mjml><mj-body><mj-include path="{path}"{kind} /></mj-body></mjml>')
        except CompilerFailed:
            html = ""
        assert SECRET not in html
        assert "root:" not in html
    compiler.close()
    assert watch.opened() == set()


def test_the_documents_are_the_same_in_every_run(canaries: Path):
    assert [document(number, canaries) for number in range(50)] == [document(number, canaries) for number in range(50)]
