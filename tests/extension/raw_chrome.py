"""Chromium over its own pipe: for what Playwright does not show (the side panel) or forbids (prerendering)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Any

from tests.conftest import CHROMIUM_FLAGS
from tests.extension.stand_in_gmail import StandInGmail

_PATIENCE_S = 20.0


class ContextGone(Exception):
    """The page went elsewhere while it was asked."""


@dataclass(kw_only=True)
class Target:
    """A page, or the panel, that can be asked."""

    chrome: RawChrome
    session_id: str

    def run(self, script: str, *, is_deed: bool = False) -> Any:
        """The value of an expression, awaited. `is_deed`: as if the person had clicked."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": is_deed}
        answer = self.chrome.call("Runtime.evaluate", asked, session_id=self.session_id)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str) -> Any:
        """As soon as an expression is true, its value; also where the page goes elsewhere meanwhile."""
        script = (
            "(async () => { for (const end = Date.now() + 15000; Date.now() < end;) {"
            f" const value = await ({condition}); if (value) return value;"
            " await new Promise((resolve) => setTimeout(resolve, 10)); }"
            f" throw new Error('never: ' + {json.dumps(condition)}) }})()"
        )
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self.run(script)
            except ContextGone:
                assert time.monotonic() < end


@dataclass(kw_only=True)
class RawChrome:
    to_chrome: int
    from_chrome: int
    _last_id: int = 0
    _rest: bytes = b""
    _answers: dict[int, dict[str, Any]] = field(default_factory=dict)

    def call(
        self, method: str, params: dict[str, Any] | None = None, *, session_id: str | None = None
    ) -> dict[str, Any]:
        self._last_id += 1
        number = self._last_id
        message = {"id": number, "method": method, "params": params or {}}
        if session_id is not None:
            message["sessionId"] = session_id
        os.write(self.to_chrome, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + _PATIENCE_S
        while number not in self._answers:
            self._read(end)
        answer = self._answers.pop(number)
        if "context" in answer.get("error", {}).get("message", ""):
            raise ContextGone(answer["error"]["message"])
        assert "error" not in answer, (method, answer["error"])
        found: dict[str, Any] = answer["result"]
        return found

    def _read(self, end: float) -> None:
        ready, _, _ = select([self.from_chrome], [], [], max(0.0, end - time.monotonic()))
        assert ready, "Chromium does not answer"
        *whole, self._rest = (self._rest + os.read(self.from_chrome, 1 << 20)).split(b"\0")
        for one in map(json.loads, whole):
            if "id" in one:
                self._answers[one["id"]] = one

    def open(self, url: str) -> Target:
        found = self.call("Target.createTarget", {"url": url})
        target = self._attach(found["targetId"])
        target.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")
        return target

    def show(self, url: str) -> None:
        """A page that nobody asks anything of: Chromium gets no page ready for one that is being asked."""
        self.call("Target.createTarget", {"url": url})

    def find(self, url: str) -> Target:
        """What Chromium itself has opened at this address, as soon as it is there."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            for one in self.call("Target.getTargets", {"filter": [{}]})["targetInfos"]:
                if one["url"] == url and not one["attached"]:
                    return self._attach(one["targetId"])
        raise AssertionError(f"{url} is not open")

    def until_gone(self, url: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while any(one["url"] == url for one in self.call("Target.getTargets", {"filter": [{}]})["targetInfos"]):
            assert time.monotonic() < end, f"{url} stays open"

    def _attach(self, target_id: str) -> Target:
        found = self.call("Target.attachToTarget", {"targetId": target_id, "flatten": True})
        return Target(chrome=self, session_id=found["sessionId"])


@contextmanager
def raw_chrome(folder: Path, extension: Path, gmail: StandInGmail) -> Iterator[RawChrome]:
    rules = f"MAP mail.google.com:443 127.0.0.1:{gmail.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()

    def wire() -> None:
        # Chromium reads from 3 and writes to 4: first out of the way of each other.
        there, back = os.dup(in_read), os.dup(out_write)
        os.dup2(there, 3)
        os.dup2(back, 4)

    process = subprocess.Popen(
        [
            "/usr/bin/chromium",
            *CHROMIUM_FLAGS,
            "--headless=new",
            "--remote-debugging-pipe",
            "--enable-unsafe-extension-debugging",
            f"--user-data-dir={folder / 'raw-profile'}",
            f"--disable-extensions-except={extension}",
            f"--load-extension={extension}",
            f"--host-resolver-rules={rules}",
            f"--ignore-certificate-errors-spki-list={gmail.key_hash}",
            "about:blank",
        ],
        preexec_fn=wire,  # noqa: PLW1509  (no thread of ours holds a lock here)
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(in_read)
    os.close(out_write)
    chrome = RawChrome(to_chrome=in_write, from_chrome=out_read)
    try:
        yield chrome
        chrome.call("Browser.close")
    finally:
        os.close(in_write)
        os.close(out_read)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
