"""mj-navbar: links side by side, which a narrow screen can fold behind a menu sign."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import ClassVar

from server.email_templates.mjml.parts.part import (
    END_NOT,
    FONTS,
    NOT_WORD,
    SIDES,
    Part,
    for_outlook,
    kind,
    outlook,
    tag,
)

_PADDINGS = ("padding-top", "padding-left", "padding-right", "padding-bottom")
_LABEL = ("color", "font-size", "font-family", "text-transform", "text-decoration", "line-height", "padding", *SIDES)


@kind("mj-navbar")
class Navbar(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "align": "center",
        "ico-align": "center",
        "ico-open": "\N{TRIGRAM FOR HEAVEN}",
        "ico-close": "\N{CIRCLED TIMES}",
        "ico-color": "#000000",
        "ico-font-size": "30px",
        "ico-font-family": FONTS,
        "ico-text-transform": "uppercase",
        "ico-padding": "10px",
        "ico-text-decoration": "none",
        "ico-line-height": "30px",
    }

    def draw(self) -> str:
        self.mail.sheets_of_kinds["mj-navbar"] = _SHEET % self.mail.below_breakpoint
        menu = self._menu() if self.get("hamburger") == "hamburger" else ""
        table = tag(
            "table",
            {
                "role": "presentation",
                "border": "0",
                "cellpadding": "0",
                "cellspacing": "0",
                "align": self.get("align"),
            },
        )
        links = self.draw_children(given={"base-url": self.get("base-url")})
        return f'{menu}<div class="mj-inline-links">{outlook(f"{table}<tr>")}{links}{outlook("</tr></table>")}</div>'

    def _menu(self) -> str:
        """A check box that nobody sees: its label shows and hides the links, without a script."""
        name = self.mail.new_id()
        box = (
            f'<input type="checkbox" id="{name}" class="mj-menu-checkbox" '
            'style="display:none !important; max-height:0; visibility:hidden;">'
        )
        trigger = tag(
            "div",
            {"class": "mj-menu-trigger"},
            {"display": "none", "max-height": "0px", "max-width": "0px", "font-size": "0px", "overflow": "hidden"},
        )
        label = tag(
            "label",
            {"for": name, "class": "mj-menu-label", "align": self.get("ico-align")},
            {
                "display": "block",
                "cursor": "pointer",
                "mso-hide": "all",
                "-moz-user-select": "none",
                "user-select": "none",
                **{one: self.get(f"ico-{one}") for one in _LABEL},
            },
        )
        signs = (
            f'<span class="mj-menu-icon-open" style="mso-hide:all;">{html.escape(self.text("ico-open"))}</span>'
            '<span class="mj-menu-icon-close" style="display:none;mso-hide:all;">'
            f"{html.escape(self.text('ico-close'))}</span>"
        )
        return f"{NOT_WORD}{box}{END_NOT}{trigger}{label}{signs}</label></div>"


@kind("mj-navbar-link")
class NavbarLink(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "color": "#000000",
        "font-family": FONTS,
        "font-size": "13px",
        "font-weight": "normal",
        "line-height": "22px",
        "padding": "15px 10px",
        "target": "_blank",
        "text-decoration": "none",
        "text-transform": "uppercase",
    }

    def draw(self) -> str:
        paddings = self.some("padding", *_PADDINGS)
        cell = tag("td", {"class": for_outlook(self.get("css-class"))}, paddings)
        link = tag(
            "a",
            {
                "class": f"mj-link {self.text('css-class')}".strip(),
                "href": self.text("base-url") + self.text("href") or None,
                **self.some("rel", "target", "name"),
            },
            {
                "display": "inline-block",
                **self.some("color", "font-family", "font-size", "font-style", "font-weight"),
                **self.some("letter-spacing", "line-height", "text-decoration", "text-transform"),
                **paddings,
            },
        )
        return f"{outlook(cell)}{link}{self.content}</a>{outlook('</td>')}"


_SHEET = """
noinput.mj-menu-checkbox { display:block!important; max-height:none!important; visibility:visible!important; }
@media only screen and (max-width:%s) {
.mj-menu-checkbox[type="checkbox"] ~ .mj-inline-links { display:none!important; }
.mj-menu-checkbox[type="checkbox"]:checked ~ .mj-inline-links,
.mj-menu-checkbox[type="checkbox"] ~ .mj-menu-trigger { \
display:block!important; max-width:none!important; max-height:none!important; font-size:inherit!important; }
.mj-menu-checkbox[type="checkbox"] ~ .mj-inline-links > a { display:block!important; }
.mj-menu-checkbox[type="checkbox"]:checked ~ .mj-menu-trigger .mj-menu-icon-close { display:block!important; }
.mj-menu-checkbox[type="checkbox"]:checked ~ .mj-menu-trigger .mj-menu-icon-open { display:none!important; }
}"""
