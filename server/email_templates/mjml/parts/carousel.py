"""mj-carousel: pictures one at a time, turned by radio buttons and a style sheet; Outlook shows the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from server.email_templates.mjml.parts.part import (
    END,
    END_NOT,
    IF_WORD,
    LAYOUT_TABLE,
    NOT_WORD,
    Part,
    Place,
    for_outlook,
    kind,
    tag,
)
from server.email_templates.mjml.parts.sizes import whole


@kind("mj-carousel")
class Carousel(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "align": "center",
        "border-radius": "6px",
        "icon-width": "44px",
        "left-icon": "https://i.imgur.com/xTh3hln.png",
        "right-icon": "https://i.imgur.com/os7o9kz.png",
        "thumbnails": "visible",
        "tb-border": "2px solid transparent",
        "tb-border-radius": "6px",
        "tb-hover-border-color": "#fead0d",
        "tb-selected-border-color": "#ccc",
    }

    def draw(self) -> str:
        name = self.mail.new_id()
        length = len(self.children)
        if length:
            self.mail.sheets_of_parts.append(_Sheet(self, name, length).written())
        box = tag(
            "div",
            {"class": f"mj-carousel-content mj-carousel-{name}-content"},
            {
                "display": "table",
                "width": "100%",
                "table-layout": "fixed",
                "text-align": "center",
                "font-size": "0px",
            },
        )
        return (
            f'{NOT_WORD}<div class="mj-carousel">{self._radios(name)}{box}{self._thumbnails(name)}{self._main(name)}'
            f"</div></div>{END_NOT}{self._first_for_word()}"
        )

    def place_of_children(self) -> Place:
        return replace(self.place, thumbnails=self.get("thumbnails"))

    def _images(self) -> list[CarouselImage]:
        place, given = self.place_of_children(), self.some("border-radius")
        return [
            CarouselImage(child, self.mail, replace(place, index=index, siblings=len(self.children)), given)
            for index, child in enumerate(self.children)
        ]

    def _radios(self, name: str) -> str:
        return "".join(image.radio(name) for image in self._images())

    def _thumbnails(self, name: str) -> str:
        if self.get("thumbnails") not in ("visible", "supported"):
            return ""
        # Where no width is given the reference divides by a width that it does not know, and writes what comes out.
        width = self.get("tb-width") or "110px"
        place = self.place_of_children()
        given = {**self.some("tb-border", "tb-border-radius"), "tb-width": width}
        return "".join(
            CarouselImage(child, self.mail, replace(place, index=index), given).thumbnail(name)
            for index, child in enumerate(self.children)
        )

    def _main(self, name: str) -> str:
        table = tag(
            "table",
            {**LAYOUT_TABLE, "width": "100%", "class": "mj-carousel-main"},
            {"caption-side": "top", "display": "table-caption", "table-layout": "fixed", "width": "100%"},
        )
        images = "".join(image.draw() for image in self._images())
        return (
            f"{table}<tbody><tr>{self._turn(name, 'previous', 'left-icon')}"
            f'<td style="padding:0px;"><div class="mj-carousel-images">{images}</div></td>'
            f"{self._turn(name, 'next', 'right-icon')}</tr></tbody></table>"
        )

    def _turn(self, name: str, direction: str, icon: str) -> str:
        cell = tag(
            "td",
            {"class": f"mj-carousel-{name}-icons-cell"},
            {"font-size": "0px", "display": "none", "mso-hide": "all", "padding": "0px"},
        )
        box = tag("div", {"class": f"mj-carousel-{direction}-icons"}, {"display": "none", "mso-hide": "all"})
        width = self.text("icon-width")
        image = tag(
            "img",
            {"src": self.get(icon), "alt": direction, "width": str(whole(width))},
            {"display": "block", "width": width, "height": "auto"},
        )
        labels = "".join(
            f'<label for="mj-carousel-{name}-radio-{place}" class="mj-carousel-{direction} '
            f'mj-carousel-{direction}-{place}">{image}</label>'
            for place in range(1, len(self.children) + 1)
        )
        return f"{cell}{box}{labels}</div></td>"

    def _first_for_word(self) -> str:
        return f"{IF_WORD}{self._images()[0].draw()}{END}" if self.children else ""


@kind("mj-carousel-image")
class CarouselImage(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {"alt": "", "target": "_blank"}

    @property
    def _number(self) -> int:
        return self.place.index + 1

    def draw(self) -> str:
        classes = f"mj-carousel-image mj-carousel-image-{self._number} {self.text('css-class')}"
        box = tag(
            "div",
            {"class": classes.strip()},
            {} if self.place.is_first else {"display": "none", "mso-hide": "all"},
        )
        image = tag(
            "img",
            {**self.some("title", "src", "alt"), "width": str(whole(self.place.width)), "border": "0"},
            {
                "border-radius": self.get("border-radius"),
                "display": "block",
                "width": self.place.width,
                "max-width": "100%",
                "height": "auto",
            },
        )
        if self.get("href"):
            image = f"{tag('a', {**self.some('href', 'rel'), 'target': '_blank'})}{image}</a>"
        return f"{box}{image}</div>"

    def radio(self, name: str) -> str:
        return tag(
            "input",
            {
                "class": f"mj-carousel-radio mj-carousel-{name}-radio mj-carousel-{name}-radio-{self._number}",
                "checked": "checked" if self.place.is_first else None,
                "type": "radio",
                "name": f"mj-carousel-radio-{name}",
                "id": f"mj-carousel-{name}-radio-{self._number}",
            },
            {"display": "none", "mso-hide": "all"},
        )

    def thumbnail(self, name: str) -> str:
        own = for_outlook(self.get("css-class"), "thumbnail")
        classes = (
            f"mj-carousel-thumbnail mj-carousel-{name}-thumbnail mj-carousel-{name}-thumbnail-{self._number} {own}"
        )
        supported = (self.get("thumbnails") or self.place.thumbnails) == "supported"
        link = tag(
            "a",
            {"href": f"#{self._number}", "target": self.get("target"), "class": classes.strip()},
            {
                "border": self.get("tb-border"),
                "border-radius": self.get("tb-border-radius"),
                "display": "none" if supported else "inline-block",
                "overflow": "hidden",
                "width": self.get("tb-width"),
            },
        )
        image = tag(
            "img",
            {
                "src": self.get("thumbnails-src") or self.get("src"),
                "alt": self.get("alt"),
                "width": str(whole(self.text("tb-width"))),
            },
            {"display": "block", "width": "100%", "height": "auto"},
        )
        return f'{link}<label for="mj-carousel-{name}-radio-{self._number}">{image}</label></a>'


class _Sheet:
    """The rules of one carousel: which picture each radio button shows, and what its neighbours are."""

    def __init__(self, carousel: Carousel, name: str, length: int) -> None:
        self._carousel, self._own, self._length = carousel, f"mj-carousel-{name}", length

    def written(self) -> str:
        get, own = self._carousel.text, self._own
        every = range(self._length)
        checked = [f".{own}-radio-{one + 1}:checked {'+ * ' * (self._length - one - 1)}" for one in every]
        any_checked = [f".{own}-radio:checked {'+ * ' * one}" for one in every]
        content = "+ .mj-carousel-content"
        after = [f"{checked[one]}{content} .mj-carousel-next-{(one + 1) % self._length + 1}" for one in every]
        before = [f"{checked[one]}{content} .mj-carousel-previous-{(one - 1) % self._length + 1}" for one in every]
        hovered = [f"{'+ * ' * (self._length - one - 1)}+ .mj-carousel-main .mj-carousel-image" for one in every]
        rules = [
            (".mj-carousel", "-webkit-user-select:none; -moz-user-select:none; user-select:none;"),
            (f".{own}-icons-cell", f"display:table-cell !important; width:{get('icon-width')} !important;"),
            (".mj-carousel-radio, .mj-carousel-next, .mj-carousel-previous", "display:none !important;"),
            (".mj-carousel-thumbnail, .mj-carousel-next, .mj-carousel-previous", "touch-action:manipulation;"),
            (", ".join(f"{one}{content} .mj-carousel-image" for one in any_checked), "display:none !important;"),
            (
                ", ".join(f"{checked[one]}{content} .mj-carousel-image-{one + 1}" for one in every),
                "display:block !important;",
            ),
            (
                ", ".join([".mj-carousel-previous-icons", ".mj-carousel-next-icons", *after, *before]),
                "display:block !important;",
            ),
            (
                ", ".join(f"{checked[one]}{content} .{own}-thumbnail-{one + 1}" for one in every),
                f"border-color:{get('tb-selected-border-color')} !important;",
            ),
            (", ".join(f"{one}{content} .{own}-thumbnail" for one in checked), "display:inline-block !important;"),
            (".mj-carousel-image img + div, .mj-carousel-thumbnail img + div", "display:none !important;"),
            (", ".join(f".{own}-thumbnail:hover {one}" for one in hovered), "display:none !important;"),
            (".mj-carousel-thumbnail:hover", f"border-color:{get('tb-hover-border-color')} !important;"),
            (
                ", ".join(f".{own}-thumbnail-{one + 1}:hover {hovered[one]}-{one + 1}" for one in every),
                "display:block !important;",
            ),
            (".mj-carousel noinput", "display:block !important;"),
            (".mj-carousel noinput .mj-carousel-image-1", "display:block !important;"),
            (
                ".mj-carousel noinput .mj-carousel-arrows, .mj-carousel noinput .mj-carousel-thumbnails",
                "display:none !important;",
            ),
            ("[owa] .mj-carousel-thumbnail", "display:none !important;"),
        ]
        yahoo = (
            f".{own}-icons-cell, .mj-carousel-previous-icons, .mj-carousel-next-icons {{ display:none !important; }}"
            f" {checked[0].rstrip()} {content} .{own}-thumbnail-1 {{ border-color:transparent; }}"
        )
        return "\n".join([*(f"{one} {{ {body} }}" for one, body in rules), f"@media screen yahoo {{ {yahoo} }}"])
