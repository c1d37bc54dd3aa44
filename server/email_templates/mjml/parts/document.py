"""The whole document: mj-head, the body, and what the parts asked the head for."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from lxml import etree
from lxml.etree import _Element

from server.email_templates.mjml.parts import accordion, carousel, column, content, hero, navbar, section, social
from server.email_templates.mjml.parts.part import (
    END,
    END_NOT,
    IF_OUTLOOK,
    NOT_WORD,
    Mail,
    Part,
    Place,
    tag,
)

DRAWN_BY = (accordion, carousel, column, content, hero, navbar, section, social)
_NOT_IN_CSS = re.compile(r"[();{}]")


@dataclass(frozen=True, kw_only=True)
class Font:
    """`is_used` when a text names it: texts are not seen here. A style that we write is looked for here."""

    href: str
    is_used: bool


def to_html(mjml: str) -> str:
    """What layout.write() wrote, laid out. Raises ValueError for what it cannot have written."""
    try:
        root = etree.fromstring(mjml, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well formed: {error}") from error
    body = root.find("mj-body")
    if root.tag != "mjml" or body is None:
        raise ValueError("there is no mj-body")
    head = root.find("mj-head")
    mail = Mail(
        title=_last_text(head, "mj-title"),
        preview=_last_text(head, "mj-preview"),
        language=root.get("lang") or "und",
        direction=root.get("dir") or "auto",
    )
    fonts: dict[str, Font] = {}
    styles: list[str] = []
    for entry in [] if head is None else head:
        if entry.tag == "mj-breakpoint":
            mail.breakpoint = entry.get("width") or mail.breakpoint
        elif entry.tag == "mj-font":
            used = entry.get("used") is not None
            fonts[str(entry.get("name"))] = Font(href=str(entry.get("href")), is_used=used)
        elif entry.tag == "mj-style":
            styles.append((entry.text or "").strip())
        elif entry.tag == "mj-all":
            mail.for_all.update({str(name): str(value) for name, value in entry.items()})
    drawn = Body(body, mail, Place(width="")).draw()
    written = _document(mail, drawn, fonts, styles, root.get("owa") == "desktop")
    return written.replace(f"{END}{IF_OUTLOOK}", "")


def _last_text(head: _Element | None, name: str) -> str:
    found = [] if head is None else head.findall(name)
    return (found[-1].text or "").strip() if found else ""


class Body(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {"width": "600px"}

    def draw(self) -> str:
        colour = {"word-spacing": "normal", **self.some("background-color")}
        body = tag("body", {"id": self.get("id"), "class": self.get("css-class")}, colour)
        box = tag(
            "div",
            {
                "aria-label": None,
                "aria-roledescription": "email",
                "role": "article",
                "lang": self.mail.language,
                "dir": self.mail.direction,
            },
            colour,
        )
        if self.mail.title:
            # The title is escaped already.
            box = f'<div aria-label="{self.mail.title}"{box[4:]}'
        return f"{body}{self._preview()}{box}{self.draw_children(place=Place(width=self.text('width')))}</div></body>"

    def _preview(self) -> str:
        if not self.mail.preview:
            return ""
        hidden = tag(
            "div",
            None,
            {
                "display": "none",
                "font-size": "1px",
                "color": "#ffffff",
                "line-height": "1px",
                "max-height": "0px",
                "max-width": "0px",
                "opacity": "0",
                "overflow": "hidden",
            },
        )
        return f"{hidden}{self.mail.preview}</div>"


def _document(mail: Mail, body: str, fonts: dict[str, Font], styles: list[str], owa: bool) -> str:
    root = tag(
        "html",
        {
            "lang": mail.language,
            "dir": mail.direction,
            "xmlns": "http://www.w3.org/1999/xhtml",
            "xmlns:v": "urn:schemas-microsoft-com:vml",
            "xmlns:o": "urn:schemas-microsoft-com:office:office",
        },
    )
    head = [
        _START % mail.title,
        _fonts(body, fonts),
        _widths(mail, owa),
        _sheet([*mail.sheets_of_parts, *mail.sheets_of_kinds.values()]),
        _sheet(styles),
    ]
    return f"<!doctype html>{root}<head>{''.join(head)}</head>{body}</html>"


def _sheet(rules: list[str]) -> str:
    joined = "\n".join(rules)
    return f'<style type="text/css">{joined}</style>' if rules else ""


def _fonts(body: str, fonts: dict[str, Font]) -> str:
    """Only what a style names is fetched."""
    asked = families_asked(body)
    used = [font.href for name, font in fonts.items() if font.is_used or html.escape(name).lower() in asked]
    if not used:
        return ""
    links = "".join(tag("link", {"href": href, "rel": "stylesheet", "type": "text/css"}) for href in used)
    imports = _sheet([f"@import url({_NOT_IN_CSS.sub(lambda one: quote(one[0], safe=''), href)});" for href in used])
    return f"{NOT_WORD}{links}{imports}{END_NOT}"


def families_asked(markup: str) -> str:
    """What follows "font-family:" between two quotes, in lower case. One walk serves all fonts."""
    return '"'.join(part.partition("font-family:")[2] for part in markup.lower().split('"')[1:-1])


def _widths(mail: Mail, owa: bool) -> str:
    """Columns stand side by side above the breakpoint, in Thunderbird too, and on request in Outlook on the web."""
    if not mail.widths:
        return ""
    groups: dict[str, list[str]] = {}
    for name, declarations in mail.widths.items():
        groups.setdefault(declarations, []).append(name)

    def rules(before: str) -> str:
        return "\n".join(
            f"{', '.join(f'{before}.{name}' for name in names)} {{ {declarations} }}"
            for declarations, names in groups.items()
        )

    wide = f"(min-width:{mail.breakpoint})"
    written = _sheet([f"@media only screen and {wide} {{\n{rules('')}\n}}"])
    written += f'<style media="screen and {wide}">{rules(".moz-text-html ")}</style>'
    return written + (_sheet([rules("[owa] ")]) if owa else "")


_START = """<title>%s</title>\
<!--[if !mso]><!--><meta http-equiv="X-UA-Compatible" content="IE=edge"><!--<![endif]-->\
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\
<meta name="viewport" content="width=device-width, initial-scale=1">\
<style type="text/css">
#outlook a { padding:0; }
body { margin:0;padding:0;-webkit-text-size-adjust:100%%;-ms-text-size-adjust:100%%; }
table, td { border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt; }
img { border:0;height:auto;line-height:100%%; outline:none;text-decoration:none;-ms-interpolation-mode:bicubic; }
p { display:block;margin:13px 0; }
</style>\
<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch>\
</o:OfficeDocumentSettings></xml></noscript><![endif]-->\
<!--[if lte mso 11]><style type="text/css">.mj-outlook-group-fix { width:100%% !important; }</style><![endif]-->"""
