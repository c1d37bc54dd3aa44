"""Licences: their names as SPDX spells them, which ones we take, and who is taken in spite of theirs."""

from __future__ import annotations

import re

ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
        "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "OLDAP-2.8", "PSF-2.0", "PostgreSQL",
        "Python-2.0", "Unicode-3.0", "Unlicense", "Zlib",
    }
)  # fmt: skip

_LIBRARY = "a library, used unmodified through its interface, in files of its own that can be replaced"
# Name of the package: its licence, and why we take it all the same.
EXCEPTIONS = {
    "psycopg": ("LGPL-3.0-only", _LIBRARY),
    "psycopg-binary": ("LGPL-3.0-only", _LIBRARY),
    "libkeyutils": ("LGPL-2.1-or-later", f"{_LIBRARY}; psycopg-binary's"),
    "libcrypt": ("LGPL-2.1-or-later", f"{_LIBRARY}; glibc's, in psycopg-binary"),
    "python-dateutil": ("Dual License", "Apache-2.0 or BSD-3-Clause, as its LICENSE says; needed by holidays"),
    "libsasl2": ("BSD-Attribution-HPND-disclaimer", "BSD with a line of thanks, which nobody has to show in a program"),
}

# What packages call their licence, where it is not SPDX's name for it.
_ALIASES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD License": "BSD",
    "BSD-0-Clause": "0BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_COPYLEFT = re.compile(r"\b[AL]?GPL|General Public License", re.IGNORECASE)
_WORDS = re.compile(r"\(|\)|\bAND\b|\bOR\b")


def spdx(said: str) -> str:
    """The expression with each licence by SPDX's name; what is not known stays as it is said."""
    if said in _ALIASES:
        return _ALIASES[said]
    return " ".join(_ALIASES.get(part, part) for part in _parts(said)).replace("( ", "(").replace(" )", ")")


def refusal(package: str, licence: str | None) -> str | None:
    """Why this package may not be distributed, or None when it may."""
    if not licence:
        return f"{package} says nothing of its licence"
    if package in EXCEPTIONS and EXCEPTIONS[package][0] == licence:
        return None
    try:
        if _Expression(_parts(licence)).is_allowed():
            return None
    except ValueError:
        return f"{package} has a licence that cannot be read: {licence}"
    kind = "a copyleft licence" if _COPYLEFT.search(licence) else "a licence that is not on the list"
    return f"{package} has {kind}: {licence}"


def _parts(expression: str) -> list[str]:
    found, at = [], 0
    for word in _WORDS.finditer(expression):
        found += [expression[at : word.start()].strip(), word.group()]
        at = word.end()
    return [part for part in [*found, expression[at:].strip()] if part]


class _Expression:
    """`A OR B AND (C OR D)`; AND binds more than OR. Raises ValueError for what is no expression."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts

    def is_allowed(self) -> bool:
        allowed = self._any()
        if self._parts:
            raise ValueError(self._parts[0])
        return allowed

    def _any(self) -> bool:
        allowed = self._all()
        while self._take("OR"):
            allowed = self._all() or allowed
        return allowed

    def _all(self) -> bool:
        allowed = self._one()
        while self._take("AND"):
            allowed = self._one() and allowed
        return allowed

    def _one(self) -> bool:
        if self._take("("):
            allowed = self._any()
            if not self._take(")"):
                raise ValueError("(")
            return allowed
        if not self._parts or self._parts[0] in ("AND", "OR", ")"):
            raise ValueError("a licence is missing")
        return self._parts.pop(0) in ALLOWED

    def _take(self, word: str) -> bool:
        if self._parts and self._parts[0] == word:
            self._parts.pop(0)
            return True
        return False
