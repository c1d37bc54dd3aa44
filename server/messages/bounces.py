"""Which addresses a delivery report says were not reached, and whether for good."""

from __future__ import annotations

import email
import email.policy
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flufl.bounce import all_failures

from server.messages.addresses import addresses_in
from server.messages.charsets import decode
from server.messages.clean import one_line
from server.messages.encoded_words import decode_words
from server.messages.envelope import ids_in
from server.messages.headers import Headers
from server.messages.mime_tree import Part, header_pairs
from server.messages.model import Bounce

# It logs what its detectors raise, and that may quote the mail: logs hold no addresses and no texts.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

MOST_BOUNCES = 100
_LONGEST_REPORT = 100_000
_LONGEST_DETAIL = 500
_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_NOBODY = re.compile(
    r"user unknown|unknown user|no such (user|mailbox|recipient|address)|(does ?n[o']t|not) exist"
    r"|unrouteable address|no mailbox here|mailbox (unavailable|not found)|address rejected"
    r"|(recipient|user) not found|invalid recipient|account (is )?(disabled|inactive)|unbekannt",
    re.I,
)
_BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n")
_MESSAGE_ID = re.compile(r"^[>\s]{0,20}Message-ID:\s{0,20}(<[^<>\s]{1,998}>)", re.I | re.M)


@dataclass(frozen=True, kw_only=True)
class Report:
    """`failed` and delayed addresses; `is_receipt` when all that the report says is that the mail did arrive."""

    bounces: tuple[Bounce, ...]
    is_receipt: bool


def read_report(raw: bytes, root: Part, text: str, *, may_search_text: bool) -> Report:
    """From the parts that are for machines; without any, and only if `may_search_text`, from the words for people."""
    original = _original_id(root) or _id_in_text(text)
    groups = [group for part in _parts(root) if "delivery-status" in part.content_type for group in _groups(part)]
    actions = {_word(group, "action") for group in groups} - {""}
    bounces = [one for group in groups if (one := _from_group(group, original)) is not None]
    if not bounces and not actions and may_search_text:
        bounces = list(_from_words(raw, root, text, original))
    return Report(bounces=tuple(_once(bounces)), is_receipt=bool(actions) and not bounces)


def _once(bounces: list[Bounce]) -> Iterator[Bounce]:
    first = {bounce.address.lower(): bounce for bounce in reversed(bounces)}
    return islice(reversed(first.values()), MOST_BOUNCES)


def _parts(root: Part) -> Iterator[Part]:
    """All parts of this mail, not those of the mails inside it."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        if part.content_type.startswith("multipart/"):
            waiting += reversed(part.parts)


def _groups(part: Part) -> Iterator[Headers]:
    """Blocks of fields with blank lines between; the first one is about the mail, each other about an address."""
    for block in _BLANK_LINE.split(part.content(_LONGEST_REPORT)):
        pairs, _ = header_pairs(block, 0, len(block))
        if pairs:
            yield Headers(pairs)


def _from_group(group: Headers, original: str | None) -> Bounce | None:
    """None for an address that was reached, and for the group about the mail."""
    if _word(group, "action") not in ("failed", "delayed"):
        return None
    # The address that was written to comes first: the other one may be where its owner had it forwarded to.
    names = ("original-recipient", "final-recipient", "x-actual-recipient")
    written = (group.text(name).partition(";") for name in names)
    addresses = [one for before, mark, after in written for one in addresses_in(after if mark else before)]
    if not addresses:
        return None
    diagnostic = group.text("diagnostic-code", _LONGEST_DETAIL).removeprefix("smtp;").removeprefix("SMTP;").strip()
    status = _status(group.text("status"), diagnostic)
    return Bounce(
        address=addresses[0],
        is_permanent=_word(group, "action") == "failed" and _is_permanent(status, diagnostic),
        status=status,
        detail=diagnostic or group.text("status", _LONGEST_DETAIL),
        original_message_id=original,
    )


def _word(group: Headers, name: str) -> str:
    return group.text(name).lower().split(" ")[0]


def _status(field: str, diagnostic: str) -> str | None:
    """The status field; what the server itself said if the field only says "some error" (5.0.0)."""
    own, said = _CODE.search(field), _CODE.search(diagnostic)
    if own is not None and not own[1].endswith(".0.0"):
        return own[1]
    found = said or own
    return found[1] if found else None


def _is_permanent(status: str | None, detail: str) -> bool:
    """5.x.x, but not 5.7.x: there the mail was refused, not the address. Without a status the words must say it."""
    if status is None:
        return _NOBODY.search(detail) is not None
    return status.startswith("5.") and not status.startswith("5.7.")


def _from_words(raw: bytes, root: Part, text: str, original: str | None) -> Iterator[Bounce]:
    temporary, permanent = _failures(raw)
    permanent |= set(addresses_in(decode_words(root.headers.first("x-failed-recipients"))))
    for address in sorted(permanent | temporary):
        detail = _detail(text, address)
        status = _status("", detail)
        is_permanent = address in permanent and _is_permanent(status, detail)
        yield Bounce(
            address=address,
            is_permanent=is_permanent,
            status=status,
            detail=one_line(detail, _LONGEST_DETAIL),
            original_message_id=original,
        )


def _failures(raw: bytes) -> tuple[set[str], set[str]]:
    """Addresses that flufl.bounce finds, which knows the words of many mail servers: temporary, permanent.

    It reads with the standard library's parser and with regular expressions of its own, so it gets a bounded piece,
    and whatever it raises means that it does not know this report.
    """
    try:
        message = email.message_from_bytes(raw[:_LONGEST_REPORT], policy=email.policy.compat32)
        temporary, permanent = all_failures(message)
    except Exception:
        return set(), set()
    return _clean(temporary), _clean(permanent)


def _clean(found: frozenset[bytes]) -> set[str]:
    return {one for address in found for one in islice(addresses_in(decode(address, None)), 1)}


def _detail(text: str, address: str) -> str:
    """What stands below the address in the words for people, up to the copy of the mail that was sent."""
    at = max(text.lower().find(address.lower()), 0)
    return re.split(r"\n-{3}", text[at : at + 2 * _LONGEST_DETAIL], maxsplit=1)[0].rstrip()


def _original_id(root: Part) -> str | None:
    for part in _parts(root):
        if part.content_type in ("message/rfc822", "message/global") and part.parts:
            value = part.parts[0].headers.first("message-id")
        elif part.content_type in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            value = Headers(header_pairs(content := part.content(_LONGEST_REPORT), 0, len(content))[0]).first(
                "message-id"
            )
        else:
            continue
        if ids_in(value):
            return ids_in(value)[0]
    return None


def _id_in_text(text: str) -> str | None:
    """From the end: the returned mail stands below the words about it."""
    found = _MESSAGE_ID.findall(text[-_LONGEST_REPORT:])
    return ids_in(found[0])[0] if found else None
