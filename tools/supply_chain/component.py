"""A thing that is distributed: a package, or what somebody else has put into one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Component:
    """`licence` is None when nobody says it. `holds` are the things inside, `needs` the names it depends on.

    `is_whole` is False when there is more inside than we can name.
    """

    name: str
    version: str | None
    licence: str | None
    purl: str | None = None
    sha512: str | None = None
    holds: tuple[Component, ...] = ()
    needs: tuple[str, ...] = ()
    is_whole: bool = True
