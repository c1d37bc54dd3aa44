"""Address headers, as the standard has them and as mailers write them. One pass, no recursion into the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from server.messages.clean import one_line
from server.messages.encoded_words import decode_words
from server.messages.model import Person

MOST_PEOPLE = 5_000
LONGEST_ADDRESS = 320
_LONGEST_NAME = 500
_ENCODED = re.compile(r"=\?[^?\s]{1,60}\?[BbQq]\?[^?]*+\?=")
_TOKEN = re.compile(
    rf"(?P<word>{_ENCODED.pattern})"
    r"|(?P<quoted>\"(?>(?:[^\"\\]|\\.){0,300})\")|(?P<angle><[^<>]*+>)"
    r"|(?P<mark>[,;:()])|(?P<text>[^,;:()<>\"=]++|.)",
    re.S,
)
_BETWEEN = re.compile(r"[\s<>()\[\],;:\"\\]+")
_IP_LITERAL = re.compile(r"([^\s@<>\"]{1,64})@(\[[0-9A-Fa-f:.IPv]{3,50}\])")
_QUOTED_LOCAL = re.compile(r"\s*(\"(?>(?:[^\"\\]|\\.){1,64})\"@[^\s@<>\",;]{1,255})\s*")
_EDGE = "'’‘`*"


def read_people(values: Iterable[str]) -> tuple[Person, ...]:
    """Everybody whom these header values name, once each. Who has no usable address is left out."""
    found: dict[str, Person] = {}
    for value in values:
        for person in _people(value):
            known = found.get(person.email.lower())
            if known is None or (person.name and not known.name):
                found[person.email.lower()] = person
            if len(found) >= MOST_PEOPLE:
                return tuple(found.values())
    return tuple(found.values())


def addresses_in(text: str) -> Iterator[str]:
    """Whatever looks like an email address in `text`. Works word by word, so its time grows with the text only."""
    for literal in _IP_LITERAL.finditer(text[:LONGEST_ADDRESS]):
        yield literal[0]
    for word in _BETWEEN.split(text):
        local, at, domain = word.partition("@")
        local, domain = local.strip(_EDGE), domain.strip(_EDGE).rstrip(".")
        usable = at and local and domain and "@" not in domain and not domain.startswith((".", "-"))
        if usable and ".." not in domain and len(word) <= LONGEST_ADDRESS:
            yield one_line(f"{local}@{domain}", LONGEST_ADDRESS)


class _Entry:
    """What stands between two commas."""

    def __init__(self) -> None:
        self.name: list[str] = []
        self.names_address = False
        self.angle: str | None = None
        self.comment: list[str] = []

    def add(self, text: str) -> None:
        self.name.append(text)
        self.names_address = self.names_address or "@" in text

    def people(self) -> Iterator[Person]:
        text = "".join(self.name)
        if self.angle is not None:
            found = _in_angles(self.angle)
            name = _name(text) or _name("".join(self.comment))
            yield from (Person(name="" if name.lower() == one.lower() else name, email=one) for one in found)
            return
        text = _ENCODED.sub(" ", text)  # a name; an address in it is nobody's, and anybody could write it there
        quoted = _QUOTED_LOCAL.fullmatch(text)
        found = [quoted[1]] if quoted else list(addresses_in(text))
        name = _name("".join(self.comment)) if len(found) == 1 else ""
        yield from (Person(name=name, email=one) for one in found)


def _in_angles(inside: str) -> list[str]:
    quoted = _QUOTED_LOCAL.fullmatch(inside)
    if quoted:
        return [quoted[1]]
    if "=?" in inside:
        inside = decode_words(inside)
    return list(dict.fromkeys(addresses_in(inside)))


def _name(text: str) -> str:
    name = one_line(decode_words(text), _LONGEST_NAME).strip(' ,"')
    return name[1:-1].strip() if name[:1] == name[-1:] == "'" else name


def _people(value: str) -> Iterator[Person]:
    if value.count("(") != value.count(")"):  # an open one would swallow the addresses behind it
        value = value.replace("(", " ").replace(")", " ")
    entry = _Entry()
    depth = 0
    for match in _TOKEN.finditer(value):
        piece = match[0]
        if depth or piece == "(":
            depth += {"(": 1, ")": -1}.get(piece, 0)
            if depth and piece != "(":
                entry.comment.append(piece)
        elif _ends_entry(match, entry):
            yield from entry.people()
            entry = _Entry()
            entry.angle = piece[1:-1] if match["angle"] else None
        else:
            _add(match, entry)
    yield from entry.people()


def _ends_entry(match: re.Match[str], entry: _Entry) -> bool:
    if match["angle"] is not None:
        return entry.angle is not None  # <a@x> <b@x>
    if match[0] == ",":  # not in: Smith, John <john@x>, a name without its quotes
        return entry.angle is not None or entry.names_address
    return match[0] == ";"


def _add(match: re.Match[str], entry: _Entry) -> None:
    if match["angle"] is not None:
        entry.angle = match[0][1:-1]
    elif match[0] == ":":
        if entry.angle is None and not entry.names_address:
            entry.name = []  # the name of a group
    elif match["quoted"] is not None:
        entry.add(_unquoted(match))
    elif entry.angle is None:
        entry.add(match[0])


def _unquoted(match: re.Match[str]) -> str:
    """The text in quotes; with its quotes where it is the local part of an address."""
    if match.string[match.end() : match.end() + 1] == "@":
        return match[0]
    return re.sub(r"\\(.)", r"\1", match[0][1:-1], flags=re.S)
