"""The published list: each attack with its id, how it is tried, and what Rapport answers. Written to docs/attacks.md.

`python -m tests.attacks.listed` writes the page; a test fails while it says anything else than the tests saw.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import lxml.html

from server.adapters.outbound_address import AddressRefused, check_address
from server.audit.models import AuditEntry
from server.audit.queries import json_line
from server.auth.oauth_attempts import safe_return_path
from server.email_templates.compile import compile_template
from server.email_templates.message import MessageRefused
from server.email_templates.models import Kind
from server.email_templates.problems import RenderRefused, TemplateInvalid
from server.email_templates.render import render
from server.email_templates.source import problem_of_slug
from server.messages.safe_html import safe_html
from tests.attacks import payloads
from tests.email_templates.mails import FIELDS, compiled, source, words
from tests.email_templates.test_attacks import LINKS, values
from tests.email_templates.test_bounds import TOO_LARGE, TOO_MUCH
from tests.email_templates.test_message import built
from tests.email_templates.test_refusals import HOSTILE
from tests.email_templates.ways_out import ESCAPES

PAGE = Path(__file__).parents[2] / "docs" / "attacks.md"
_HARMLESS = {"href", "src", "alt", "title", "width", "height", "style", "rel", "target", "border", "align"}


class CameThroughError(Exception):
    """An attack had its way."""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """`tries` is what stands in the list. `answer()` runs it: the refusal, or what is left; else CameThroughError."""

    id: str
    tries: str
    answer: Callable[[], str]


def _refused(act: Callable[[], object], *errors: type[Exception]) -> str:
    try:
        got = act()
    except errors as refusal:
        problems = getattr(refusal, "problems", None)
        return f"{problems[0].message} {problems[0].cure}".strip() if problems else str(refusal)
    raise CameThroughError(repr(got)[:200])


def _template(mjml: str) -> str:
    return _refused(lambda: compile_template(source(mjml), FIELDS), TemplateInvalid)


def _link(url: str) -> str:
    template = compiled(words('<p><a href="{{ url }}">x</a></p>'))
    return _refused(lambda: render(template, {**values(), "url": url}), RenderRefused)


def _mail(html: str) -> str:
    left = safe_html(html)
    for element in lxml.html.fragments_fromstring(f"<div>{left}</div>")[0].iter():
        attributes = dict(element.attrib)
        style = attributes.get("style", "").lower()
        is_fine = (
            element.tag in ("div", "p", "a", "img", "table", "tbody", "tr", "td", "span", "b", "br")
            and attributes.keys() <= _HARMLESS
            and attributes.get("href", "https:").startswith(("http:", "https:", "mailto:"))
            and attributes.get("src", "https:").startswith(("http:", "https:", "data:image/png"))
            and not any(
                word in style for word in ("url", "position", "expression", "behavior", "binding", "transform", "-")
            )
            and (element.tag != "a" or attributes.get("target") == "_blank")
        )
        if not is_fine:
            raise CameThroughError(left)
    return f"left of it: {left}" if left else "nothing is left of it"


def _formula(value: str) -> str:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    words_of = {"user_name": value, "role": "tam", "deed": "x", "outcome": "done", "ip": "127.0.0.1", "request_id": "x"}
    line = json_line(AuditEntry(id=uuid.UUID(int=7), at=now, user_id=None, record={value: value}, **words_of))
    if "\n" in line or "\r" in line or not line.startswith('{"id"') or json.loads(line)["user_name"] != value:
        raise CameThroughError(line)
    return "a text in quotes, on its one line of JSON"


def _header(value: str) -> str:
    said = {
        _refused(lambda: built(sender=(value, "grace@gitlab.example")), MessageRefused),
        _refused(lambda: built(to=(value, "ada@northwind.example")), MessageRefused),
        _refused(lambda: built(headers={"Reply-To": value}), MessageRefused),
    }
    return " / ".join(sorted(said))


def _redirect(path: str) -> str:
    if safe_return_path(path) != "/":
        raise CameThroughError(path)
    return "goes to / of this server"


def _file_name(name: str) -> str:
    problem = problem_of_slug(name, Kind.TEMPLATE)
    if not problem:
        raise CameThroughError(name)
    return problem


def _address(url: str) -> str:
    return _refused(lambda: check_address(url), AddressRefused)


def _numbered(letter: str, tried: Sequence[str], answer: Callable[[str], str], first: int = 1) -> Iterator[Attack]:
    for number, one in enumerate(tried, first):
        yield Attack(id=f"{letter}{number}", tries=one, answer=lambda one=one: answer(one))  # type: ignore[misc]


_HELD_AS = {
    **{f"as text: {one}": words(f"<p>fine</p>\n<p>{one}</p>") for one in ESCAPES},
    **{f"a template with {name}": mjml for name, mjml in HOSTILE.items()},
    **{f"too much: {name}": mjml for name, (mjml, *_) in TOO_MUCH.items()},
    **{f"grows in the layout: {name}": mjml for name, mjml in TOO_LARGE.items()},
}
FILES = payloads.FILES_OF_THE_SERVER
FAMILIES: dict[str, tuple[str, list[Attack]]] = {
    "Templates": (
        "Whoever may edit templates tries to leave them, or to keep the server busy. Refused when it is saved.",
        list(_numbered("T", list(_HELD_AS), lambda name: _template(_HELD_AS[name]))),
    ),
    "Links in templates": (
        "A value of a record stands where an address is expected. The email is not made.",
        list(_numbered("L", LINKS, _link)),
    ),
    "HTML mail": (
        "A stranger writes us. What is left is shown in a frame that runs no script and loads nothing.",
        list(_numbered("M", payloads.HTML_MAIL, _mail)),
    ),
    "Formulas": (
        "A name that a spreadsheet would run. Rapport writes no CSV; its one export is JSON lines.",
        list(_numbered("C", payloads.FORMULAS, _formula)),
    ),
    "Headers": (
        "A name of a sender or of a recipient, or a header's value, that brings lines of its own. No message is made.",
        list(_numbered("H", payloads.HEADERS, _header)),
    ),
    "Redirects": (
        "Where to go after signing in, from the address of the sign-in page.",
        list(_numbered("P", payloads.REDIRECTS, _redirect)),
    ),
    "Names of template files": (
        "A template's name becomes a file by `rapport templates pull`. Refused by every way in.",
        list(_numbered("N", payloads.FILE_NAMES, _file_name)),
    ),
    "Files of the server": (
        "Paths out of the folder that is served.",
        list(_numbered("F", FILES, lambda _path: "404, a page in words")),
    ),
    "Calls of the server (SSRF)": (
        "Addresses in the document of a sign-in provider, later of a webhook: what `check_address` answers.",
        list(_numbered("S", payloads.ADDRESSES, _address)),
    ),
}


def page() -> str:
    lines = [
        "# Attacks that the tests run",
        "The list is data of `tests/attacks` and of the tests it gathers;",
        "`python -m tests.attacks.listed` writes it here,",
        "and `tests/attacks/test_listed.py` fails when one comes through, or when this page says something else.",
    ]
    for title, (about, attacks) in FAMILIES.items():
        lines += ["", f"## {title}", about, "", "| id | tries | answer |", "|---|---|---|"]
        lines += [f"| {one.id} | {_cell(one.tries)} | {_words(one.answer())} |" for one in attacks]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    shown = shown if len(shown) <= 160 else f"{shown[:120]}… ({len(shown)} letters)"
    return f"`` {shown} ``".replace("|", "\\|") if shown else "(nothing)"


def _words(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    shown = shown if len(shown) <= 240 else f"{shown[:200]}…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("`", "'")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
