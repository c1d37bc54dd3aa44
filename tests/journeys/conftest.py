"""A whole running Rapport, as `make demo` starts it, and a real browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = Path(__file__).parent / "screenshots"
_START_LIMIT_S = 120


@dataclass(frozen=True, kw_only=True)
class Demo:
    url: str
    sandbox_url: str
    data: Path


def _free_pair() -> int:
    """A port with two free ones after it."""
    for _ in range(50):
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                with (
                    socket.create_server(("127.0.0.1", port + 1)),
                    socket.create_server(("127.0.0.1", port + 2)),
                ):
                    return port
            except OSError:
                continue
    raise RuntimeError("no two free ports beside each other")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`rapport demo` on free ports with fresh data; ended by Ctrl-C, which must end it well."""
    # A short path: Valkey's socket stands in it.
    data, port = Path(f"/tmp/rapport-journey-{os.getpid()}"), _free_pair()
    command = [sys.executable, "-m", "server", "demo", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        alarm = threading.Timer(_START_LIMIT_S, process.kill)
        alarm.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C ends everything" in line:
                break
        alarm.cancel()
        assert "Ctrl-C ends everything" in lines[-1], "".join(lines)
        yield Demo(url=f"http://127.0.0.1:{port}", sandbox_url=f"http://127.0.0.1:{port + 1}", data=data)
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
    subprocess.run(["rm", "-rf", str(data)], check=True)


class Watched:
    """What the browser complained about: console errors, failed requests, requests that leave this machine."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", lambda message: self._add(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._add(str(error)))
        page.on("response", lambda answer: self._add(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
        page.on("request", lambda request: self._check_host(request.url))

    def _add(self, text: str) -> None:
        self.complaints.append(text)

    def _check_host(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "about:", "blob:")):
            self._add(f"left this machine: {url}")


@pytest.fixture
def expected_complaints() -> list[str]:
    """What a test provokes on purpose, such as "422"."""
    return []


@pytest.fixture
def page(browser: Browser, expected_complaints: list[str]) -> Iterator[Page]:
    """A new window; at the end of the test nothing may have gone wrong in it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    watched = Watched(opened)
    yield opened
    context.close()
    assert [one for one in watched.complaints if not any(part in one for part in expected_complaints)] == []


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def note(text: str) -> None:
    """A figure that a journey measured, kept beside the pictures."""
    SCREENSHOTS.mkdir(exist_ok=True)
    with (SCREENSHOTS / "figures.txt").open("a", encoding="utf-8") as figures:
        figures.write(f"{text}\n")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All journeys use one running demo, so they stay in one test process.

    The main job begins with nothing connected, so it comes before the others, however these are shuffled.
    """
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("journeys"))
    items.sort(key=lambda item: item.path.name != "test_the_main_job.py")
