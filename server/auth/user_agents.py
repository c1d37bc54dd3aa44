"""Which browser on which system, in words, from a User-Agent header. What it says is a claim and decides nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The first that fits: most browsers also claim to be those below them.
_BROWSERS = (
    ("Edg|EdgA|EdgiOS", "Edge"),
    ("OPR|OPT|Opera", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox|FxiOS", "Firefox"),
    ("HeadlessChrome|Chromium|Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python-requests", "a Python program"),
)
_SYSTEMS = (
    ("iPad", "iPad", True),
    ("iPhone|iPod", "iPhone", True),
    ("Android", "Android", True),
    ("CrOS", "ChromeOS", False),
    ("Windows", "Windows", False),
    ("Macintosh|Mac OS X", "macOS", False),
    ("Linux|X11", "Linux", False),
)


@dataclass(frozen=True, kw_only=True)
class Browser:
    """`words` such as "Firefox on Windows"; `is_handheld` for a phone or a tablet."""

    words: str
    is_handheld: bool


def browser_of(user_agent: str) -> Browser:
    """Never fails: what is not known is called so."""
    browser = next((name for pattern, name in _BROWSERS if re.search(rf"\b(?:{pattern})/", user_agent)), None)
    system = next(
        ((name, handheld) for pattern, name, handheld in _SYSTEMS if re.search(rf"\b(?:{pattern})\b", user_agent)), None
    )
    if system is None:
        return Browser(words=browser or "An unknown browser", is_handheld=False)
    return Browser(words=f"{browser or 'An unknown browser'} on {system[0]}", is_handheld=system[1])
