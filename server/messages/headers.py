"""The header lines of a mail or of one of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from server.messages.charsets import decode
from server.messages.clean import one_line
from server.messages.encoded_words import decode_words

MOST_LINES = 5_000
LONGEST_VALUE = 256_000
_LONGEST_PARAMETERS = 20_000
_NAME = re.compile(rb"([!-9;-~]{1,200}+)[ \t]*:")
_FOLD = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_PARAMETER = re.compile(
    r";\s*+([\w!#$%&'*+.^`|~-]{1,100}+)\s*+=\s*+(?:\"((?>(?:[^\"\\]|\\.){0,2000}))\"|([^;]*+))", re.S
)
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?")


class Headers:
    """Names without case; values unfolded, not decoded. A header may stand there several times."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            unfolded = _FOLD.sub(" ", str(value)[:LONGEST_VALUE]).strip()
            self._values.setdefault(str(name).strip().lower(), []).append(unfolded)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def first(self, name: str) -> str:
        """The first value that is not empty, as it stands; "" without one."""
        return next((value for value in self._values.get(name, ()) if value), "")

    def every(self, name: str) -> list[str]:
        return list(self._values.get(name, ()))

    def text(self, name: str, longest: int = 2_000) -> str:
        """The first value, decoded, as one clean line."""
        return one_line(decode_words(self.first(name)), longest)


def header_lines(block: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    """Names and values of a block that begins with headers, and where the body begins.

    A line that is no header ends the block, unless a header follows at once: some gateways leave such lines behind.
    """
    found: list[tuple[bytes, list[bytes]]] = []
    at = 0
    while at < len(block) and len(found) < MOST_LINES:
        end = block.find(b"\n", at)
        end = len(block) if end < 0 else end + 1
        line = block[at:end]
        if not line.strip(b"\r\n"):
            at = end
            break
        name = _NAME.match(line)
        if line[:1] in (b" ", b"\t") and found:
            found[-1][1].append(line)
        elif name is not None:
            found.append((name[1], [line[name.end() :]]))
        elif not _NAME.match(block, end):
            break
        at = end
    return [(name, b"".join(lines)) for name, lines in found], at


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset="x"` as its first word in lower case and its parameters, RFC 2231 and RFC 2047 decoded."""
    value = value[:_LONGEST_PARAMETERS]
    word = value.split(";", 1)[0].strip().lower()
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        content = match[3].strip(' \t\r\n"') if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        section = _SECTION.fullmatch(match[1].lower())
        if section is not None and (section[2] or section[3]):
            sections.setdefault(section[1], {})[int(section[2] or 0)] = (content, bool(section[3]))
        else:
            plain.setdefault(match[1].lower(), one_line(decode_words(content), 1_000))
    for name, parts in sections.items():
        plain[name] = one_line(_joined(parts), 1_000)
    return word, plain


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231: `name*0*=utf-8''a%20; name*1=b` in the order of the numbers, as one text."""
    ordered = [parts[number] for number in sorted(parts)]
    charset = ""
    if ordered[0][1] and ordered[0][0].count("'") >= 2:
        charset, _, rest = ordered[0][0].split("'", 2)
        ordered[0] = (rest, True)
    data = b"".join(
        unquote_to_bytes(content) if escaped else content.encode("utf-8", "replace") for content, escaped in ordered
    )
    return decode(data, charset)
