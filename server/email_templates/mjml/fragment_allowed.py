"""What Gmail's compose window keeps of an email: tags, attributes and style properties. The rest is taken out."""

from __future__ import annotations

import re

import nh3

from server.email_templates.mjml.content import TAGS

_MARKER = r"jq\d{5}zx"
_ATTRIBUTES = frozenset(
    [
        *("align", "alt", "aria-hidden", "aria-label", "background", "bgcolor", "border", "cellpadding", "cellspacing"),
        *("color", "colspan", "dir", "face", "height", "href", "lang", "role", "rowspan", "scope", "size", "src"),
        *("start", "style", "summary", "target", "title", "type", "valign", "width"),
    ]
)
_SIDES = ("top", "right", "bottom", "left")
_PROPERTIES = frozenset(
    [
        *("background", "background-color", "background-image", "background-position", "background-repeat"),
        *("background-size", "border", "border-color", "border-style", "border-width", "border-collapse"),
        *("border-spacing", "border-radius", "border-top-left-radius", "border-top-right-radius"),
        *("border-bottom-left-radius", "border-bottom-right-radius", "box-sizing", "caption-side", "clear", "color"),
        *("direction", "display", "empty-cells", "float", "font", "font-family", "font-size", "font-style"),
        *("font-variant", "font-weight", "height", "letter-spacing", "line-height", "list-style"),
        *("list-style-position", "list-style-type", "margin", "max-height", "max-width", "min-height", "min-width"),
        *("opacity", "outline", "overflow", "overflow-wrap", "padding", "table-layout", "text-align"),
        *("text-decoration", "text-decoration-color", "text-decoration-line", "text-decoration-style", "text-indent"),
        *("text-transform", "vertical-align", "visibility", "white-space", "width", "word-break", "word-spacing"),
        "word-wrap",
        *(f"border-{side}{part}" for side in _SIDES for part in ("", "-color", "-style", "-width")),
        *(f"{box}-{side}" for box in ("margin", "padding") for side in _SIDES),
    ]
)
_LINK = re.compile(rf"https?://|mailto:|tel:|{_MARKER}", re.I)
_IMAGE = re.compile(rf"https://|{_MARKER}", re.I)
_DECLARATION = re.compile(r"(?:[^;\"'(]++|\"[^\"]*+\"|'[^']*+'|\((?:[^\"')]++|\"[^\"]*+\"|'[^']*+')*+\))++")
_SUSPECT = re.compile(r"url|image-set|expression|[\\@]", re.I)
_HARMLESS_URL = re.compile(rf"url\(\s*([\"']?)(?:https://|{_MARKER})[^\"'()\\]*\1\s*\)", re.I)
_QUOTED_STYLE = re.compile(r"(?<=\sstyle=\")[^\"]*&quot;[^\"]*")


def is_image_address(address: str) -> bool:
    """True for https and for an address that is a merge field: it gets its own check when it is filled in."""
    return _IMAGE.match(address) is not None


def clean(html_with_markers: str) -> str:
    """The fragment with only what is allowed. Markers between tags must come as comments, else tables lose them."""
    cleaned = _CLEANER.clean(html_with_markers)
    return _QUOTED_STYLE.sub(_with_short_quotes, cleaned)


def _with_short_quotes(match: re.Match[str]) -> str:
    """The cleaner writes font names in double quotes, which cost six characters each inside an attribute."""
    return match[0] if "'" in match[0] else match[0].replace("&quot;", "'")


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return _style(tag, value) or None
    if name == "href":
        return value if _LINK.match(value) else None
    if name in ("src", "background"):
        return value if is_image_address(value) else None
    if name == "role":
        return value if value == "presentation" else None
    return value


def _style(tag: str, value: str) -> str:
    if not _SUSPECT.search(value) and "border-collapse" not in value:
        return value
    return ";".join(one for one in _DECLARATION.findall(value) if not _is_dropped(tag, one))


def _is_dropped(tag: str, declaration: str) -> bool:
    if tag in ("td", "th") and declaration.strip().startswith("border-collapse"):
        return True  # a cell takes it from its table
    return _SUSPECT.search(_HARMLESS_URL.sub("", declaration)) is not None


_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes={"*": _ATTRIBUTES},
    attribute_filter=_attribute,
    clean_content_tags={"script", "style", "title", "head", "noscript", "template", "textarea", "svg", "math"},
    filter_style_properties=_PROPERTIES,
    link_rel=None,
    strip_comments=False,
    url_schemes={"http", "https", "mailto", "tel"},
)
