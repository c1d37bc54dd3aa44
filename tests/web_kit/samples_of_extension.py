"""Sample contexts of the page that tells how the Gmail extension does."""

from types import SimpleNamespace as O
from typing import Any

import samples


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "extension": ("panel/extension.html", extension()),
        "extension-empty": ("panel/extension.html", extension(parts=[], people=[])),
    }


def extension(**changes: Any) -> dict[str, Any]:
    parts = [
        _part("recipients in the new form", 1_204_331, 3),
        _part("w" * 40, 12, 1),
        _part("signature", 1, 1),
    ]
    people = [
        O(name="Maya Ortiz", words="Gmail extension in Chrome on macOS", seen=samples.moment("4 min ago")),
        O(
            name="Maximiliane-Alexandra von Hohenstein-Wittgenstein-Sayn",
            words="Gmail extension in an unknown browser",
            seen=samples.moment("12 Nov 2026"),
        ),
    ]
    return samples.base(active="extension") | {"parts": parts, "people": people} | changes


def _part(name: str, count: int, versions: int) -> O:
    by = [
        O(
            version=f"10.2.{number}.12345",
            table=samples.moment("12 Nov 2026"),
            count=count // versions,
            seen=samples.moment(f"{number + 1} h ago"),
        )
        for number in range(versions)
    ]
    return O(name=name, count=count, seen=by[0].seen, by=by)
