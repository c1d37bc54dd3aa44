"""Bytes to text, for any charset a mail names, misnames or does not name."""

from __future__ import annotations

import codecs
import re

_ALIASES = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_2",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "iso-8859-9": "cp1254",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "x-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
}
# What mailers write when they do not know, or write without looking: read as UTF-8 if it is that, else as windows-1252.
_GUESS = re.compile(
    r"(|us-ascii|ascii|ansi_x3\.4-1968|utf-?8|iso[-_]?8859-?1|latin-?1|windows-1252|cp-?1252|x-unknown"
    r"|unknown(-8bit)?|default|binary|8bit|7bit|none|undefined)"
)
# Only character sets: Python's registry also holds rot13, zip, punycode and the like, which mail has no use for.
_ALLOWED = re.compile(
    r"(utf[-_]?(7|16|16[-_]?[bl]e|32|32[-_]?[bl]e)|iso[-_]?8859[-_]?\d{1,2}|iso[-_]?2022[-_]?(jp|kr)\w{0,6}"
    r"|latin[-_]?\d{1,2}|(windows|cp|ibm)[-_]?\d{3,5}|koi8[-_][rtu]|gb18030|big5([-_]?hkscs)?|hz([-_]gb[-_]2312)?"
    r"|euc[-_]?jp\w{0,9}|johab|mac[-_]\w{3,9}|ptcp154|kz1048|hp[-_]roman8|cp932|cp949)"
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, charset: str | None) -> str:
    """The text, whatever the bytes and whatever the name. Nothing is raised; what cannot be read becomes U+FFFD."""
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return data.decode(codec, "replace").removeprefix("\ufeff")
    codec_name = _codec(charset)
    if codec_name is None:
        return _guess(data)
    if codec_name.startswith(("utf-16", "utf-32")):
        return _wide(data, codec_name)
    return data.decode(codec_name, "replace")


def _codec(charset: str | None) -> str | None:
    """The codec's name; None for a name that says nothing and for one that we do not know."""
    name = (charset or "").strip(" \t\"'").split(" ")[0].lower()
    name = _ALIASES.get(name, name)
    if len(name) > 40 or _GUESS.fullmatch(name) or not _ALLOWED.fullmatch(name):
        return None
    try:
        return codecs.lookup(name.replace("windows-", "cp").replace("windows_", "cp")).name
    except LookupError:
        return None


def _guess(data: bytes) -> str:
    if b"\x1b$" in data and data.isascii():
        return data.decode("iso2022_jp_2", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    as_utf8 = data.decode("utf-8", "replace")
    damaged = as_utf8.count("\ufffd")
    if sum(1 for letter in as_utf8 if letter > "\x7f") - damaged >= damaged:
        return as_utf8
    # windows-1252 has five holes; latin-1 has none, and its control characters are taken out later.
    return "".join(_WINDOWS_1252[byte] for byte in data)


_WINDOWS_1252 = [bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)]


def _wide(data: bytes, codec: str) -> str:
    """UTF-16 and UTF-32. Without a mark the order of the bytes is told by where the zeros of spaces and lines stand."""
    if b"\0" not in data and data.isascii():
        return data.decode("ascii")
    if codec == "utf-16":
        codec = "utf-16-be" if data[0::2].count(0) >= data[1::2].count(0) else "utf-16-le"
    return data.decode(codec, "replace")
