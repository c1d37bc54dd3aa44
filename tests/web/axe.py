"""axe-core in a page of the browser: every rule of WCAG 2.2 A and AA and of best practice, in both themes and sizes.

It is read from node_modules and given to the page by the test; no page of ours loads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Swagger UI is not ours to mend: its box is left out, the page around it is not. Emails in frames are left out too.
# A bar that sticks to the bottom covers half of whatever is scrolled under it, wherever one stops.
_LAY_BARS = """isLaid => document.querySelectorAll('.rp-sendbar, .rp-chosen').forEach(
    bar => { bar.style.position = isLaid ? 'static' : ''; })"""
_RUN = """options => axe
    .run({exclude: ['#api-docs']}, {iframes: false, resultTypes: ['violations', 'incomplete'], ...options})
    .then(found => ({
        faults: found.violations.flatMap(rule => rule.nodes.map(
            node => `${rule.id}: ${node.html.slice(0, 160)} | ${node.failureSummary.split('\\n')[1] || ''}`)),
        unsure: found.incomplete.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)}`)),
    }))"""


@dataclass
class Findings:
    """`faults`: what is wrong, with where. `unsure`: what axe leaves to a person's eyes."""

    faults: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def look(self, page: Page, name: str, *, off: Iterable[str] = ()) -> None:
        """Run all rules on the page as it stands. `off`: rules that cannot hold on this page, for a reason there."""
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(_axe())
        # A rule of WCAG 2.2 that axe runs only when it is asked to.
        rules = {"target-size": {"enabled": True}, **{rule: {"enabled": False} for rule in off}}
        options = {"runOnly": {"type": "tag", "values": list(TAGS)}, "rules": rules}
        page.evaluate(_LAY_BARS, True)
        found = page.evaluate(_RUN, json.loads(json.dumps(options)))
        page.evaluate(_LAY_BARS, False)
        self.faults += [f"{name}: {fault}" for fault in found["faults"]]
        self.unsure += [f"{name}: {one}" for one in found["unsure"]]

    def look_in_all_ways(self, page: Page, name: str, *, off: Iterable[str] = ()) -> None:
        """Desk and phone, light and dark. The page is left as a light desk."""
        for size, (width, height) in reversed(SIZES.items()):
            page.set_viewport_size({"width": width, "height": height})
            # An address with a # opens further down, where the top bar covers half of what is scrolled under it.
            page.evaluate("scrollTo(0, 0)")
            for theme in ("dark", "light"):
                page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
                self.look(page, f"{name} ({size}, {theme})", off=off)


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")
