"""Which links may stand in a template, and how a merge field in a link is made safe."""

from __future__ import annotations

import re
from collections.abc import Mapping

from server.email_templates.mjml.mask import MARKER, Tag

URL_ATTRIBUTES = frozenset(
    [
        "href",
        "src",
        "background",
        "background-url",
        "base-url",
        "thumbnails-src",
        "icon-wrapped-url",
        "icon-unwrapped-url",
        "left-icon",
        "right-icon",
    ]
)
_WEB = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(?P<rest>[/?#]|$)", re.I)
_MAIL = re.compile(r"mailto:[A-Za-z0-9.!#$%&*+/=?^_{|}~-]*(@[A-Za-z0-9.-]+)?(\?.*)?$", re.I)
_TEL = re.compile(r"tel:\+?[0-9().-]+$", re.I)
CURE = "Use a full address such as https://docs.gitlab.com/."


def problem_of_url(value: str, tags: Mapping[str, Tag]) -> str | None:
    """What is wrong with a link (entities resolved, merge fields as markers), or None."""
    if any(tags[name].word for name in MARKER.findall(value) if name in tags):
        return "An {% if %} or {% for %} stands inside a link; put it around the whole link"
    literal, _, after = re.sub(MARKER, "\0", value).partition("\0")
    if re.search(r"[\s<>\"'`\\]|[\x00-\x20\x7f]", literal + after.replace("\0", "")):
        return "A link has a space, a quote or another character that does not belong in one"
    has_field = "\0" in re.sub(MARKER, "\0", value)
    if has_field and not literal:
        return None
    web = _WEB.match(literal)
    if web and (web["rest"] or not has_field):
        return None
    if web:
        return "A merge field stands in the host name of a link"
    if _MAIL.match(literal) or (_TEL.match(literal) and not has_field):
        return None
    return f"{(literal or value)[:60]!r} is not a link that an email may have"
