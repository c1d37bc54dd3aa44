"""What a mail says and what hangs on it: its text, its HTML and its attachments, from any nesting of parts."""

from __future__ import annotations

import hashlib
import html as html_words
import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.messages.charsets import decode
from server.messages.clean import block_text, one_line, without_control
from server.messages.mime_tree import Part
from server.messages.model import Attachment
from server.messages.quotes import mark_of, may_quote
from server.messages.to_text import Layout, lay_out, to_text

LONGEST_BODY = 2_000_000  # characters of text, and of HTML
_LONGEST_RAW = 8_000_000  # bytes of one body part that are looked at: base64 and utf-16 take more room than text
MOST_ATTACHMENTS = 500
_META_CHARSET = re.compile(rb"<meta[^>]{1,300}?charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{2,40})", re.I)
_METHOD = re.compile(rb"^METHOD\s{0,5}:\s{0,5}([A-Za-z]{3,20})", re.M)
_NOT_SHOWN = re.compile(r"\bhtml\b|view (this|the) (e-?mail|message) (online|in)|browser", re.I)
_NOT_FOR_PEOPLE = frozenset(("text/x-amp-html", "text/watch-html"))  # the HTML once more, for certain programs
_NAMES = {
    "calendar": "invite.ics",
    "delivery-status": "delivery-report.txt",
    "disposition-notification": "read-receipt.txt",
    "rfc822-headers": "headers.txt",
}
_ENCRYPTED = "This mail is encrypted ({}). Only its recipient's own mail program can read it."
_OPAQUE = "This mail is signed in a form that hides its text (S/MIME). A mail program that knows S/MIME can read it."


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One thing to read: a text, an HTML, or both as alternatives of each other."""

    text: str
    html: str | None


@dataclass(frozen=True, kw_only=True)
class Body:
    """`layout` is that of the HTML, if there is any; `is_layout_text` says that `text` was taken from it.

    `method` is that of a calendar part ("" if it names none), None without one. `attached` is the first attached mail.
    """

    text: str
    html: str | None
    layout: Layout | None
    is_layout_text: bool
    attachments: tuple[Attachment, ...]
    method: str | None
    attached: Part | None
    digest: str
    is_cut: bool


class _Gathering:
    def __init__(self, root: Part) -> None:
        self.attachments: list[Attachment] = []
        self.method: str | None = None
        self.attached: Part | None = None
        self.is_cut = False
        self.sealed = b""
        self._root = root
        self._room = {"text/plain": LONGEST_BODY, "text/html": LONGEST_BODY}

    def pieces(self, part: Part) -> list[Piece]:
        """What `part` has to read; what hangs on it goes into the lists. Recurses as deep as the tree is: 50."""
        if part.parts and part.content_type.startswith("multipart/"):
            return self._of_several(part)
        if part.content_type == "text/calendar":
            self._calendar(part)
            return []
        if part.content_type in _NOT_FOR_PEOPLE:
            return []
        if _is_shown(part) or (part is self._root and part.content_type in self._room):
            return self._of_text(part)
        return self._attach(part)

    def _of_several(self, part: Part) -> list[Piece]:
        if part.content_type == "multipart/encrypted":
            return [self._sealed(part.parts[-1], _ENCRYPTED.format("PGP/MIME"))]
        if part.content_type == "multipart/digest":
            for child in part.parts:
                self._add(child)
            return []
        if part.content_type != "multipart/alternative":
            return [piece for child in part.parts for piece in self.pieces(child)]
        choices = [found for child in part.parts if (found := self.pieces(child))]
        if len(choices) < 2:
            return choices[0] if choices else []
        return [_best_of(choices)]

    def _of_text(self, part: Part) -> list[Piece]:
        raw = part.content(_LONGEST_RAW)
        self.is_cut = self.is_cut or len(part.body) > _LONGEST_RAW
        charset = part.parameters.get("charset")
        if part.content_type == "text/html":
            declared = _META_CHARSET.search(raw, 0, 4_000) if not charset else None
            html = decode(raw, declared[1].decode("ascii", "replace") if declared else charset)
            return [Piece(text="", html=self._bounded(html, "text/html"))]
        text = block_text(self._bounded(decode(raw, charset), "text/plain"))
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
        return [Piece(text=text, html=None)]

    def _bounded(self, text: str, kind: str) -> str:
        room = self._room[kind]
        self.is_cut = self.is_cut or len(text) > room
        self._room[kind] = max(room - len(text), 0)
        return without_control(text[:room].replace("\r\n", "\n").replace("\r", "\n"))

    def _sealed(self, part: Part, words: str) -> Piece:
        self.sealed = self.sealed or part.body  # its text is the same for all; what tells copies apart is this
        self._add(part)
        return Piece(text=words, html=None)

    def _attach(self, part: Part) -> list[Piece]:
        if part.content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            is_signed = part.parameters.get("smime-type", "").lower() == "signed-data"
            return [self._sealed(part, _OPAQUE if is_signed else _ENCRYPTED.format("S/MIME"))]
        if part.parts and self.attached is None:
            self.attached = part.parts[0]
        self._add(part)
        return []

    def _calendar(self, part: Part) -> None:
        method = part.parameters.get("method", "") or _method_inside(part)
        # A calendar file that somebody hung on a letter is an attachment like others; an invitation has a method.
        if part.disposition != "attachment" or method.upper() not in ("", "PUBLISH"):
            self.method = self.method or method.upper()
        if part.filename or part.disposition == "attachment":
            self._add(part)

    def _add(self, part: Part) -> None:
        if len(self.attachments) >= MOST_ATTACHMENTS:
            self.is_cut = True
            return
        name = one_line(part.filename, 255) or _name_of(part)
        self.attachments.append(Attachment(name=name, content_type=part.content_type, size=part.size()))


def read_body(root: Part) -> Body:
    gathering = _Gathering(root)
    pieces = gathering.pieces(root)
    html = _whole_html(pieces)
    text, layout = _text_of(pieces)
    is_layout_text = layout is not None
    if layout is None and html is not None and may_quote(html):
        layout = lay_out(html, mark_of)
    return Body(
        text=text[:LONGEST_BODY],
        html=html,
        layout=layout,
        is_layout_text=is_layout_text,
        attachments=tuple(gathering.attachments),
        method=gathering.method,
        attached=gathering.attached,
        digest=digest_of(gathering.sealed.decode("latin-1") if gathering.sealed else text),
        is_cut=gathering.is_cut or len(text) > LONGEST_BODY,
    )


def _text_of(pieces: Sequence[Piece]) -> tuple[str, Layout | None]:
    """The text to read; with the layout that it was taken from, if it was taken from a single HTML."""
    if len(pieces) == 1 and pieces[0].html is not None and _says_nothing(pieces[0].text, pieces[0].html):
        layout = lay_out(pieces[0].html, mark_of)
        return ("\n".join(layout.lines), layout) if layout.lines else (pieces[0].text, None)
    texts = []
    for piece in pieces:
        if piece.html is not None and _says_nothing(piece.text, piece.html):
            texts.append(to_text(piece.html) or piece.text)
        else:
            texts.append(piece.text)
    return block_text("\n\n".join(one for one in texts if one.strip())), None


def digest_of(text: str) -> str:
    """The same for every copy of a text, however it was wrapped; "" for an empty one."""
    letters = "".join(text.split()).lower()
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest() if letters else ""


def unflowed(text: str, delete_space: bool) -> str:
    """format=flowed (RFC 3676): a line that ends with a space goes on in the next one of the same quote depth."""
    done: list[list[str]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        body = line.lstrip(">")
        depth = len(line) - len(body)
        body = body.removeprefix(" ")
        is_flowed = body.endswith(" ") and body != "-- "
        kept = body[:-1] if is_flowed and delete_space else body
        if open_depth == depth and body != "-- ":
            done[-1].append(kept)
        else:
            done.append([">" * depth + (" " if depth else ""), kept])
        open_depth = depth if is_flowed else None
    joined = ("".join(pieces) for pieces in done)
    return "\n".join(line if line == "-- " else line.rstrip() for line in joined)


def _is_shown(part: Part) -> bool:
    if part.disposition == "attachment" or part.content_type == "text/rfc822-headers":
        return False
    if not part.content_type.startswith("text/"):
        return False
    return not part.filename or (part.disposition == "" and part.content_type in ("text/plain", "text/html"))


def _best_of(choices: Sequence[Sequence[Piece]]) -> Piece:
    """Alternatives say the same: the first with text gives the text, the last with HTML the HTML."""
    texts = ["\n\n".join(piece.text for piece in choice if piece.text.strip()) for choice in choices]
    htmls = [_whole_html(choice) for choice in choices]
    return Piece(
        text=next((text for text in texts if text.strip()), ""),
        html=next((html for html in reversed(htmls) if html is not None and html.strip()), None),
    )


def _whole_html(pieces: Sequence[Piece]) -> str | None:
    """The HTML of all pieces in their order; None if none has any."""
    if all(piece.html is None for piece in pieces):
        return None
    shown = [_as_html(piece) for piece in pieces if piece.html is not None or piece.text.strip()]
    return "\n".join(shown)[:LONGEST_BODY]


def _as_html(piece: Piece) -> str:
    if piece.html is not None:
        return piece.html
    return f'<div style="white-space:pre-wrap">{html_words.escape(piece.text)}</div>'


def _says_nothing(text: str, html: str) -> bool:
    """True for an empty text part, and for one that only tells the reader to look at the HTML."""
    return not text.strip() or (len(text) < 300 and _NOT_SHOWN.search(text) is not None and len(html) > 4 * len(text))


def _method_inside(part: Part) -> str:
    found = _METHOD.search(part.content(20_000))
    return found[1].decode("ascii") if found else ""


def _name_of(part: Part) -> str:
    if part.parts:
        return (part.parts[0].headers.text("subject", 200) or "mail") + ".eml"
    kind = part.content_type.partition("/")[2]
    return _NAMES.get(kind, f"unnamed.{kind[:20]}")
