"""mj-social: links to networks, each with its icon. Some networks share the link instead of opening it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from server.email_templates.mjml.parts.part import (
    FONTS,
    LAYOUT_TABLE,
    SIDES,
    Part,
    Values,
    kind,
    outlook,
    tag,
)
from server.email_templates.mjml.parts.sizes import whole

_ICONS = "https://www.mailjet.com/images/theme/v1/icons/ico-social/"
_HERE = "[[URL]]"
_PASSED_ON = (
    *("border", "border-radius", "color", "font-family", "font-size", "font-weight", "font-style"),
    *("icon-size", "icon-height", "icon-padding", "text-padding", "line-height", "text-decoration"),
)


@dataclass(frozen=True, kw_only=True)
class Network:
    """`share` is the address that shares a link, with [[URL]] where the link goes."""

    colour: str
    icon: str
    share: str = _HERE


_TWEET = "https://twitter.com/intent/tweet?url=[[URL]]"
NETWORKS = {
    "facebook": Network(
        colour="#3b5998", icon="facebook", share="https://www.facebook.com/sharer/sharer.php?u=[[URL]]"
    ),
    "twitter": Network(colour="#55acee", icon="twitter", share=_TWEET),
    "x": Network(colour="#000000", icon="twitter-x", share=_TWEET),
    "google": Network(colour="#dc4e41", icon="google-plus", share="https://plus.google.com/share?url=[[URL]]"),
    "pinterest": Network(
        colour="#bd081c",
        icon="pinterest",
        share="https://pinterest.com/pin/create/button/?url=[[URL]]&media=&description=",
    ),
    "linkedin": Network(
        colour="#0077b5",
        icon="linkedin",
        share="https://www.linkedin.com/shareArticle?mini=true&url=[[URL]]&title=&summary=&source=",
    ),
    "instagram": Network(colour="#3f729b", icon="instagram"),
    "web": Network(colour="#4BADE9", icon="web"),
    "snapchat": Network(colour="#FFFA54", icon="snapchat"),
    "youtube": Network(colour="#EB3323", icon="youtube"),
    "tumblr": Network(
        colour="#344356", icon="tumblr", share="https://www.tumblr.com/widgets/share/tool?canonicalUrl=[[URL]]"
    ),
    "github": Network(colour="#000000", icon="github"),
    "xing": Network(colour="#296366", icon="xing", share="https://www.xing.com/app/user?op=share&url=[[URL]]"),
    "vimeo": Network(colour="#53B4E7", icon="vimeo"),
    "medium": Network(colour="#000000", icon="medium"),
    "soundcloud": Network(colour="#EF7F31", icon="soundcloud"),
    "dribbble": Network(colour="#D95988", icon="dribbble"),
}


@kind("mj-social")
class Social(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "align": "center",
        "border-radius": "3px",
        "color": "#333333",
        "font-family": FONTS,
        "font-size": "13px",
        "icon-size": "20px",
        "line-height": "22px",
        "mode": "horizontal",
        "padding": "10px 25px",
        "text-decoration": "none",
    }

    def draw(self) -> str:
        given: Values = {**self.some(*_PASSED_ON), "padding": self.get("inner-padding")}
        given = {name: value for name, value in given.items() if value}
        if self.get("mode") != "horizontal":
            table = tag("table", LAYOUT_TABLE, {"margin": "0px"})
            return f"{table}<tbody>{self.draw_children(given=given)}</tbody></table>"
        table = tag("table", {"align": self.get("align"), **LAYOUT_TABLE})
        return outlook(f"{table}<tr>") + self.draw_children(self._cell, given) + outlook("</tr></table>")

    def _cell(self, part: Part) -> str:
        table = tag("table", {"align": self.get("align"), **LAYOUT_TABLE}, {"float": "none", "display": "inline-table"})
        return f"{outlook('<td>')}{table}<tbody>{part.draw()}</tbody></table>{outlook('</td>')}"


@kind("mj-social-element")
class SocialElement(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "alt": "",
        "align": "left",
        "icon-position": "left",
        "color": "#000",
        "border": "0",
        "border-radius": "3px",
        "font-family": FONTS,
        "font-size": "13px",
        "line-height": "1",
        "padding": "4px",
        "text-padding": "4px 4px 4px 0",
        "target": "_blank",
        "text-decoration": "none",
        "vertical-align": "middle",
    }

    def draw(self) -> str:
        parts = [self._icon(), self._words()]
        inside = "".join(parts if self.get("icon-position") == "left" else reversed(parts))
        return f"{tag('tr', {'class': self.get('css-class')})}{inside}</tr>"

    @property
    def _network(self) -> Network | None:
        return NETWORKS.get(self.text("name").removesuffix("-noshare"))

    def _link(self, styles: Values | None = None) -> tuple[str, str]:
        """Opening and closing tag around the icon or the words."""
        href = self.get("href")
        if not href:
            return ("", "") if styles is None else (tag("span", None, styles), "</span>")
        if self._network and not self.text("name").endswith("-noshare"):
            href = self._network.share.replace(_HERE, href)
        return tag("a", {"href": href, **self.some("rel", "target")}, styles), "</a>"

    def _icon(self) -> str:
        network, size = self._network, self.get("icon-size")
        colour = self.get("background-color") or (network.colour if network else None)
        source = self.get("src") or (f"{_ICONS}{network.icon}.png" if network else None)
        cell = tag("td", None, self.some("padding", *SIDES, "vertical-align"))
        table = tag(
            "table",
            LAYOUT_TABLE,
            {"background": colour, "border-radius": self.get("border-radius"), "width": size},
        )
        inner = tag(
            "td",
            None,
            {
                "padding": self.get("icon-padding"),
                "font-size": "0",
                "height": self.get("icon-height") or size,
                "vertical-align": "middle",
                "width": size,
            },
        )
        image = tag(
            "img",
            {
                **self.some("alt", "title"),
                "src": source,
                "width": str(whole(size or "")),
                **self.some("sizes", "srcset"),
            },
            {**self.some("border", "border-radius"), "display": "block"},
        )
        opened, closed = self._link()
        return f"{cell}{table}<tbody><tr>{inner}{opened}{image}{closed}</td></tr></tbody></table></td>"

    def _words(self) -> str:
        if not self.content:
            return ""
        cell = tag(
            "td",
            None,
            {"vertical-align": "middle", "padding": self.get("text-padding"), "text-align": self.get("align")},
        )
        font = ("font-size", "font-weight", "font-style", "font-family", "line-height", "text-decoration")
        opened, closed = self._link(self.some("color", *font))
        return f"{cell}{opened}{self.content}{closed}</td>"
