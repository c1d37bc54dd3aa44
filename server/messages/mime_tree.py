"""The parts of a mail. The standard library's parser recurses with the nesting and raises on some bytes; this does not.

Bounds: 50 levels, 1,000 parts, 1 MB of headers for each part. What lies beyond a bound stays one undivided part.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from server.messages.charsets import decode
from server.messages.headers import Headers, header_lines, parameters

DEEPEST = 50
MOST_PARTS = 1_000
LONGEST_HEADERS = 1_000_000
_TYPE = re.compile(r"[\w!#$&^.+-]{1,100}/[\w!#$&^.+-]{1,100}")
_LOOKS_LIKE_BOUNDARY = re.compile(rb"[\r\n\s]{0,20}--([^\s]{1,200})[ \t]{0,20}\r?\n[A-Za-z-]{2,40}:")
_WHOLE_BASE64 = re.compile(rb"[A-Za-z0-9+/]*+={0,2}")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/= \t\r\n\x0b\x0c\0]")
_WHITE = b" \t\r\n\x0b\x0c\0"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part; `body` holds its bytes as they came, and is empty where `parts` hold what is inside."""

    headers: Headers
    content_type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    body: bytes
    parts: tuple[Part, ...]

    @property
    def encoding(self) -> str:
        return self.headers.first("content-transfer-encoding").split(";")[0].strip(" \"'").lower()

    def content(self, most: int | None = None) -> bytes:
        """The body without its transfer encoding, of the first `most` bytes as they came.

        Damaged encodings give what can be read of them.
        """
        body = self.body if most is None else self.body[:most]
        if self.encoding == "base64":
            return from_base64(body)
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(body)
        if self.encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
            return _from_uuencode(body)
        return body

    def size(self) -> int:
        """Bytes of the content; for base64 counted without decoding it."""
        if self.encoding == "base64":
            return len(self.body.translate(None, _WHITE + b"=")) * 3 // 4
        return len(self.content())


@dataclass(kw_only=True)
class Growth:
    """How much of the bounds a tree has used. `is_cut` tells that something was left undivided."""

    parts: int = 0
    is_cut: bool = False


def header_pairs(raw: bytes, start: int, end: int) -> tuple[list[tuple[str, str]], int]:
    """The header lines of `raw[start:end]` as text, and where the body begins.

    Bytes above 127 are of the charset that the same headers declare, if they are not UTF-8.
    """
    found, length = header_lines(raw[start : min(end, start + LONGEST_HEADERS)])
    charset = None
    if any(not value.isascii() for _, value in found):
        declared = next((value for name, value in found if name.lower() == b"content-type"), b"")
        charset = parameters(declared.decode("latin-1"))[1].get("charset")
    return [(name.decode("latin-1"), _header_text(value, charset)) for name, value in found], start + length


def _header_text(value: bytes, charset: str | None) -> str:
    if value.isascii():
        return value.decode("ascii")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return decode(value, charset)


def read_tree(raw: bytes, growth: Growth) -> Part:
    return _part(raw, 0, len(raw), growth, 0, "text/plain")


def _part(raw: bytes, start: int, end: int, growth: Growth, depth: int, default_type: str) -> Part:
    growth.parts += 1
    pairs, body_start = header_pairs(raw, start, end)
    headers = Headers(pairs)
    content_type, values = parameters(headers.first("content-type"))
    if not _TYPE.fullmatch(content_type):
        content_type = "text/html" if content_type == "html" else default_type
    disposition, more = parameters(headers.first("content-disposition"))
    parts: tuple[Part, ...] = ()
    if content_type.startswith("multipart/"):
        parts = _children(raw, body_start, end, growth, depth, content_type, values.get("boundary", ""))
        if not parts:
            content_type = "text/plain"
    elif content_type in ("message/rfc822", "message/global"):
        parts = _inner_mail(raw, body_start, end, growth, depth, headers)
    return Part(
        headers=headers,
        content_type=content_type,
        parameters=values,
        disposition=disposition,
        filename=more.get("filename") or values.get("name", ""),
        body=b"" if parts and content_type.startswith("multipart/") else raw[body_start:end],
        parts=parts,
    )


def _inner_mail(raw: bytes, start: int, end: int, growth: Growth, depth: int, headers: Headers) -> tuple[Part, ...]:
    if _is_full(growth, depth):
        return ()
    encoding = headers.first("content-transfer-encoding").lower()
    if encoding in ("base64", "quoted-printable"):  # forbidden there, and done all the same
        raw = from_base64(raw[start:end]) if encoding == "base64" else binascii.a2b_qp(raw[start:end])
        start, end = 0, len(raw)
    while start < end and raw[start : start + 1] in (b"\r", b"\n"):
        start += 1
    return (_part(raw, start, end, growth, depth + 1, "text/plain"),)


def _children(
    raw: bytes, start: int, end: int, growth: Growth, depth: int, content_type: str, boundary: str
) -> tuple[Part, ...]:
    if _is_full(growth, depth):
        return ()
    default_type = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    spans = _spans(raw, start, end, boundary.encode("utf-8", "replace").rstrip())
    if not spans:
        guess = _LOOKS_LIKE_BOUNDARY.match(raw, start, end)
        spans = _spans(raw, start, end, guess[1]) if guess else []
    children = []
    for begin, finish in spans:
        if _is_full(growth, depth):
            break
        children.append(_part(raw, begin, finish, growth, depth + 1, default_type))
    return tuple(children)


def _is_full(growth: Growth, depth: int) -> bool:
    full = depth >= DEEPEST or growth.parts >= MOST_PARTS
    growth.is_cut = growth.is_cut or full
    return full


def _spans(raw: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
    """Where the parts between the boundaries lie. The line end before a boundary belongs to the boundary."""
    if not boundary:
        return []
    line = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]{0,100}+(?=\r?\n|\Z)")
    found: list[tuple[int, int]] = []
    begin: int | None = None
    # From the line end of the last header on, so that a boundary that comes first has one, too.
    for match in line.finditer(raw, max(start - 1, 0), end):
        if begin is not None:
            finish = match.start() - (raw[match.start() - 1 : match.start()] == b"\r")
            found.append((begin, max(finish, begin)))
        if match[1] is not None or len(found) > MOST_PARTS:
            return found
        begin = raw.find(b"\n", match.end(), end) + 1 or end
    if begin is not None and begin < end:
        found.append((begin, end))
    return found


def from_base64(body: bytes) -> bytes:
    """What can be read: lines that are no base64 (a footer that a list put behind it) end it."""
    joined = body.translate(None, _WHITE)
    if len(joined) % 4 == 0 and _WHOLE_BASE64.fullmatch(joined):
        return base64.b64decode(joined)
    odd = _NOT_BASE64.search(body)
    if odd is not None:
        line_start = body.rfind(b"\n", 0, odd.start()) + 1
        before = body[:line_start]
        body = before if before.strip() else _NOT_BASE64.sub(b"", body)
    done: list[bytes] = []
    for run in re.findall(rb"[A-Za-z0-9+/]+", body.translate(None, _WHITE)):
        usable = run[:-1] if len(run) % 4 == 1 else run  # a run may end in padding, or lack it
        done.append(base64.b64decode(usable + b"=" * (-len(usable) % 4)))
    return b"".join(done)


def _from_uuencode(body: bytes) -> bytes:
    done: list[bytes] = []
    for line in body.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            done.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(done)
