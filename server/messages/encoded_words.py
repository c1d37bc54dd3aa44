"""Header text: encoded words (RFC 2047), as the standard has them and as mailers write them."""

from __future__ import annotations

import base64
import binascii
import re
from itertools import groupby

from server.messages.charsets import decode

_WORD = re.compile(r"=\?([\w.:*+-]{1,60})\?([BbQq])\?([^?\r\n]*(?:\?(?!=))*)\?=")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_words(value: str) -> str:
    """`value` with its encoded words decoded; letters split over two words are put together. Never raises."""
    value = _with_bytes_read(value)
    if "=?" not in value:
        return value
    pieces: list[str] = []
    words: list[tuple[str, bytes]] = []
    end = 0
    for match in _WORD.finditer(value):
        between = value[end : match.start()]
        if between.strip() or not words:
            pieces += (_join(words), between)
            words = []
        words.append((match[1].split("*")[0].lower(), _content(match[2], match[3])))
        end = match.end()
    return "".join((*pieces, _join(words), value[end:]))


def _join(words: list[tuple[str, bytes]]) -> str:
    """A multi-byte letter may begin in one word and end in the next, so bytes of one charset are decoded together."""
    runs = groupby(words, key=lambda word: word[0])
    return "".join(decode(b"".join(content for _, content in run), charset) for charset, run in runs)


def _content(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "Qq":
        return binascii.a2b_qp(data.replace(b"_", b" "), header=False)
    data = _NOT_BASE64.sub(b"", data)
    if len(data) % 4 == 1:
        data = data[:-1]
    return base64.b64decode(data + b"=" * (-len(data) % 4))


def _with_bytes_read(value: str) -> str:
    """Python's own parsers hand out raw bytes of a header as lone surrogates; they are bytes of some charset."""
    if not any("\ud800" <= letter <= "\udfff" for letter in value):
        return value
    try:
        return decode(value.encode("utf-8", "surrogateescape"), None)
    except UnicodeEncodeError:
        return value
