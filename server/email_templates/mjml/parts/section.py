"""mj-section and mj-wrapper: a row over the width of the mail, with its background for Outlook drawn in VML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from server.email_templates.mjml.parts.part import (
    END,
    IF_OUTLOOK,
    LAYOUT_TABLE,
    Part,
    Place,
    Values,
    for_outlook,
    kind,
    outlook,
    tag,
)
from server.email_templates.mjml.parts.sizes import number, whole

_PERCENT = re.compile(r"(\d+)(?:\.\d+)?%")
_UPRIGHT = ("top", "bottom")


@kind("mj-section")
class Section(Part):
    DEFAULTS: ClassVar[Mapping[str, str]] = {
        "background-repeat": "repeat",
        "background-size": "auto",
        "background-position": "top center",
        "direction": "ltr",
        "padding": "20px 0",
        "text-align": "center",
        "text-padding": "4px 4px 4px 0",
    }

    def place_of_children(self) -> Place:
        return replace(
            self.place,
            width=f"{self.inner_width}px",
            gap=self.get("gap"),
            gutter=self.get("gutter"),
            direction=self.get("direction"),
        )

    @property
    def _is_full_width(self) -> bool:
        return self.get("full-width") == "full-width"

    @property
    def _gap(self) -> str | None:
        return None if self.place.is_first else self.place.gap

    def draw(self) -> str:
        row = self._row()
        if not self._is_full_width:
            return self._outlook_before() + (self._in_vml(row) if self.get("background-url") else row) + _AFTER
        inner = self._outlook_before() + row + _AFTER
        table = tag(
            "table",
            {
                "align": "center",
                "class": self.get("css-class"),
                "background": self.get("background-url"),
                **LAYOUT_TABLE,
            },
            {**self._background(), "width": "100%"},
        )
        cell = self._in_vml(inner) if self.get("background-url") else inner
        return f"{table}<tbody><tr><td>{cell}</td></tr></tbody></table>"

    def _background(self) -> Values:
        colour = self.get("background-color")
        if not self.get("background-url"):
            return {"background": colour, "background-color": colour}
        position = " ".join(self._position())
        image = f"url('{self.text('background-url')}') {position} / {self.text('background-size')}"
        return {
            "background": " ".join(part for part in (colour, image, self.get("background-repeat")) if part),
            "background-position": position,
            **self.some("background-repeat", "background-size"),
        }

    def _position(self) -> tuple[str, str]:
        """Across and down; the two may be written in either order."""
        words = self.text("background-position").split(" ")
        across, down = "center", "top"
        if len(words) == 1:
            across, down = ("center", words[0]) if words[0] in _UPRIGHT else (words[0], "center")
        elif len(words) == 2:
            swapped = words[0] in _UPRIGHT or (words[0] == "center" and words[1] in ("left", "right"))
            across, down = (words[1], words[0]) if swapped else (words[0], words[1])
        return self.get("background-position-x") or across, self.get("background-position-y") or down

    def _outlook_before(self) -> str:
        table = tag(
            "table",
            {
                "align": "center",
                **LAYOUT_TABLE,
                "class": for_outlook(self.get("css-class")),
                "width": str(whole(self.place.width)),
                "bgcolor": None if self.place.gap else self.get("background-color") or None,
            },
            {"width": self.place.width, "padding-top": self._gap},
        )
        return f'{IF_OUTLOOK}{table}<tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;">{END}'

    def _row(self) -> str:
        """The visible row: a box as wide as the mail, with a table in it."""
        full, image, radius = self._is_full_width, self.get("background-url"), self.get("border-radius")
        background = {} if full else self._background()
        box = tag(
            "div",
            {"class": None if full else self.get("css-class")},
            {
                **background,
                "margin": "0px auto",
                "max-width": self.place.width,
                "border-radius": radius,
                "overflow": "hidden" if radius else None,
                "margin-top": self._gap,
            },
        )
        table = tag(
            "table",
            {"align": "center", "background": None if full else image, **LAYOUT_TABLE},
            {**background, "width": "100%", "border-collapse": "separate" if radius else None},
        )
        borders = ("border", "border-bottom", "border-left", "border-right", "border-top", "border-radius")
        cell = tag(
            "td",
            None,
            {
                **self.some(*borders, "direction"),
                "font-size": "0px",
                **self.some("padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align"),
            },
        )
        inside = outlook('<table role="presentation" border="0" cellpadding="0" cellspacing="0">') + self._cells()
        drawn = f"{table}<tbody><tr>{cell}{inside}{outlook('</table>')}</td></tr></tbody></table>"
        if image:
            drawn = f'<div style="line-height:0;font-size:0;">{drawn}</div>'
        return f"{box}{drawn}</div>"

    def _cells(self) -> str:
        return outlook("<tr>") + self.draw_children(self._cell) + outlook("</tr>")

    def _cell(self, part: Part) -> str:
        cell = tag(
            "td",
            {"align": part.get("align"), "class": for_outlook(part.get("css-class"))},
            part.outlook_cell() if isinstance(part, Columned) else {},
        )
        return outlook(cell) + part.draw() + outlook("</td>")

    def _in_vml(self, inside: str) -> str:
        size, repeat = self.text("background-size"), self.get("background-repeat")
        across, down = (
            _vml_place(one, is_x, repeat == "repeat") for one, is_x in zip(self._position(), (True, False), strict=True)
        )
        origin = position = f"{across}, {down}"
        kind_of_fill = "frame" if repeat == "no-repeat" else "tile"
        sizes: Values = {}
        if size in ("cover", "contain"):
            sizes = {"size": "1,1", "aspect": "atleast" if size == "cover" else "atmost"}
        elif size == "auto":
            # Outlook cannot use an image's own size with a frame.
            kind_of_fill, origin, position = "tile", "0.5, 0", "0.5, 0"
        elif len(size.split(" ")) == 1:
            sizes = {"size": size, "aspect": "atmost"}
        else:
            sizes = {"size": ",".join(size.split(" "))}
        box = tag(
            "v:rect",
            {"xmlns:v": "urn:schemas-microsoft-com:vml", "fill": "true", "stroke": "false"},
            {"mso-width-percent": "1000"} if self._is_full_width else {"width": self.place.width},
        )
        fill = tag(
            "v:fill",
            {
                "origin": origin,
                "position": position,
                "src": self.get("background-url"),
                "color": self.get("background-color"),
                "type": kind_of_fill,
                **sizes,
            },
        )
        text_box = '<v:textbox style="mso-fit-shape-to-text:true" inset="0,0,0,0">'
        return outlook(f"{box}{fill[:-1]} />{text_box}") + inside + outlook("</v:textbox></v:rect>")


_AFTER = outlook("</td></tr></table>")


class Columned(Part):
    """A part that stands beside others in a section and tells Outlook how wide it is."""

    def outlook_cell(self) -> Values:
        raise NotImplementedError

    def width_in_pixels(self) -> str:
        raise NotImplementedError


@kind("mj-wrapper")
class Wrapper(Section):
    def _cells(self) -> str:
        return self.draw_children(self._cell)

    def _cell(self, part: Part) -> str:
        cell = tag(
            "td",
            {
                "align": part.get("align"),
                "class": for_outlook(part.get("css-class")),
                "width": self.place.width,
            },
        )
        return outlook(f"<tr>{cell}") + part.draw() + outlook("</td></tr>")


_WORDS_ACROSS = {"left": "0%", "center": "50%", "right": "100%"}
_WORDS_DOWN = {"top": "0%", "center": "50%", "bottom": "100%"}


def _vml_place(position: str, is_across: bool, repeats: bool) -> str:
    """VML counts from the middle when the image stands once, from the corner when it repeats."""
    words, otherwise = (_WORDS_ACROSS, "50%") if is_across else (_WORDS_DOWN, "0%")
    position = words.get(position, position)
    match = _PERCENT.fullmatch(position) or _PERCENT.fullmatch(otherwise)
    assert match
    share = int(match[1]) / 100
    return number(share if repeats else (-50 + share * 100) / 100)
