"""The runtime of the running app, and how a page is rendered."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, flash, g, get_flashed_messages, render_template, request
from flask.sessions import SecureCookieSessionInterface
from markupsafe import Markup

from server.runtime import Runtime
from server.web.identity import current_visitor

STATIC_DIST = Path(__file__).parent / "static" / "dist"
_KEY = "rapport_runtime"


@dataclass(frozen=True, kw_only=True)
class Crumb:
    label: str
    href: str | None = None


@dataclass(frozen=True, kw_only=True)
class NavEntry:
    """An entry of the side bar. `badge` counts what waits there; None shows nothing."""

    key: str
    label: str
    href: str
    icon: str
    badge: int | None = None


class FlashCookies(SecureCookieSessionInterface):
    """Flask's own cookie, in which words for the next page travel. Flask would sign it with SHA-1."""

    digest_method = staticmethod(hashlib.sha256)


class _AskedOnce:
    """The side bar's entries, found when a template shows them: pieces of a page have no side bar."""

    def __init__(self, ask: Callable[[], Sequence[NavEntry]]) -> None:
        self._ask = cache(ask)

    def __iter__(self) -> Iterator[NavEntry]:
        return iter(self._ask())


def install(app: Flask, runtime: Runtime, nav: Callable[[], Sequence[NavEntry]]) -> None:
    """Give the app its runtime and its templates the words they share. `nav` is asked once for each full page."""
    app.extensions[_KEY] = runtime
    app.session_interface = FlashCookies()
    app.jinja_env.globals.update(asset=asset, icon=icon, hue=hue)

    @app.context_processor
    def shared() -> dict[str, Any]:
        visitor = current_visitor()
        return {
            "me": visitor,
            "nav": _AskedOnce(nav) if visitor else [],
            "csrf_token": visitor.csrf_token if visitor else "",
            "csp_nonce": csp_nonce(),
            "flashes": [{"tone": each[0], "text": each[1]} for each in get_flashed_messages(with_categories=True)],
            "request_id": g.get("request_id", ""),
        }


def set_badge(key: str, count: int) -> None:
    """A page that has counted what an entry of the side bar counts spares it the question."""
    g.setdefault("badges", {})[key] = count


def badge(key: str) -> int | None:
    found: int | None = g.get("badges", {}).get(key)
    return found


def runtime() -> Runtime:
    found: Runtime = current_app.extensions[_KEY]
    return found


def csp_nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def page(name: str, /, *, active: str = "", crumbs: Sequence[Crumb] = (), **context: Any) -> str:
    """Render the page template `name`. `active` is the key of the side bar's entry."""
    return render_template(name, active=active, crumbs=list(crumbs), **context)


def wants_partial() -> bool:
    """Whether htmx asks for a piece of the page and not the whole."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def tell(text: str, tone: str = "success") -> None:
    """A message for the next page. Tones: success, info, warning, danger."""
    flash(text, tone)


@cache
def _json(name: str) -> Mapping[str, str]:
    path = STATIC_DIST / name
    if not path.exists():
        raise RuntimeError(f"{name} is not built: run `make assets` (npm ci and npm run build).")
    found: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def asset(name: str) -> str:
    """The address of a built file, by its name before hashing."""
    return f"/static/dist/{_json('manifest.json')[name]}"


@lru_cache(maxsize=4_096)
def hue(name: str) -> str:
    """The class of the colour of somebody or something: drawn from the name alone, the same on every page."""
    letters = ("abcdefghijklmnopqrstuvwxyz".find(letter) * 7 + at for at, letter in enumerate(name.lower(), 1))
    return f"rp-hue-{sum(letters) % 8}"


@cache
def icon(name: str, class_: str = "") -> Markup:
    """A Tabler icon as inline SVG, 24 by 24, hidden from screen readers: the words beside it speak."""
    inner = Markup(_json("icons.json")[name])  # noqa: S704  our own build output
    template = Markup(
        '<svg class="icon {}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>'
    )
    return template.format(class_, inner)
