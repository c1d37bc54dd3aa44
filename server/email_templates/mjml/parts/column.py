"""mj-column and mj-group: how wide they are on wide and narrow screens, and the gutter between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from server.email_templates.mjml.parts.part import (
    LAYOUT_TABLE,
    SIDES,
    Part,
    Place,
    Values,
    cell_of,
    kind,
    outlook,
    tag,
)
from server.email_templates.mjml.parts.section import Columned
from server.email_templates.mjml.parts.sizes import measure, number, percent, real, rounded, whole

_BORDERS = ("border", "border-bottom", "border-left", "border-radius", "border-right", "border-top")


@kind("mj-column")
class Column(Columned):
    DEFAULTS: ClassVar[Mapping[str, str]] = {"direction": "ltr", "vertical-align": "top"}

    def place_of_children(self) -> Place:
        taken = self.sideways + self.border("left", "inner-border") + self.border("right", "inner-border")
        width, unit = measure(self.get("width") or f"{number(real(self.place.width) / self.place.columns)}px")
        if unit == "%":
            width = real(self.place.width) * width / 100
        return replace(self.place, width=f"{number(width - taken)}px")

    def draw(self) -> str:
        classes = [self._class_of_width()]
        if self.place.gutter:
            classes.append(self._class_of_gutter())
        classes += ["mj-outlook-group-fix", self.text("css-class")]
        box = tag(
            "div",
            {"class": " ".join(one for one in classes if one)},
            {
                "font-size": "0px",
                "text-align": "left",
                "direction": self.get("direction"),
                "display": "inline-block",
                "vertical-align": self.get("vertical-align"),
                "width": self._width_when_narrow(),
                "padding": self._padding_when_narrow() if self.place.gutter else None,
            },
        )
        return f"{box}{self._padded() if self._has_padding else self._table()}</div>"

    def outlook_cell(self) -> Values:
        return {
            "vertical-align": self.get("vertical-align"),
            "width": self.width_in_pixels(),
            "padding": self._padding_when_wide("px") if self.place.gutter else None,
        }

    def width_in_pixels(self) -> str:
        width, unit = self._width()
        return f"{rounded(real(self.place.width) * width / 100 if unit == '%' else width)}px"

    @property
    def _has_padding(self) -> bool:
        return any(self.get(name) is not None for name in ("padding", *SIDES))

    def _own_look(self) -> Values:
        return {
            **self.some("background-color", *_BORDERS, "vertical-align"),
            "border-collapse": "separate" if self.get("border-radius") else None,
        }

    def _padded(self) -> str:
        styles = {"border-collapse": "separate"} if self.get("border-radius") else {}
        table = tag("table", {**LAYOUT_TABLE, "width": "100%"}, styles)
        cell = tag("td", None, {**self._own_look(), **self.some("padding", *SIDES)})
        return f"{table}<tbody><tr>{cell}{self._table()}</td></tr></tbody></table>"

    def _table(self) -> str:
        look = self._own_look()
        if self._has_padding:
            look = {name: self.get(f"inner-{name}") for name in ("background-color", *_BORDERS)}
        if self.get("inner-border-radius"):
            look = {**look, "border-collapse": "separate"}
        table = tag("table", {**LAYOUT_TABLE, "width": "100%"}, look)
        return f"{table}<tbody>{self.draw_children(cell_of)}</tbody></table>"

    def _width(self) -> tuple[float, str]:
        return measure(self.get("width") or f"{number(100 / self.place.columns)}%")

    def _width_when_narrow(self) -> str:
        """Columns stack on a narrow screen; those of a group stay side by side."""
        if not self.place.in_group:
            return "100%"
        if self.place.gutter:
            width, unit = self._width_beside_gutter()
            return f"{number(width if unit == '%' else _six_digits(percent(width, whole(self.place.width))))}%"
        own = self.get("width")
        if own is None:
            return f"{100 // self.place.columns}%"
        width, unit = measure(own)
        return own if unit == "%" else f"{number(_six_digits(percent(width, whole(self.place.width))))}%"

    def _class_of_width(self) -> str:
        width, unit = self._width_beside_gutter() if self.place.gutter else self._width()
        width = rounded(width) if unit == "px" else width
        name = f"mj-column-{'per' if unit == '%' else 'px'}-{number(width).replace('.', '-')}"
        size = f"{number(width)}{unit}"
        self.mail.widths[name] = f"width:{size} !important; max-width: {size};"
        if self.place.gutter and not self.place.in_group:
            self.mail.widths[self._class_of_gutter()] = f"padding: {self._padding_when_wide(unit)} !important;"
        return name

    def _class_of_gutter(self) -> str:
        unit = self._width()[1]
        gutter = self._gutter(unit)
        size = number(_six_digits(rounded(gutter) if unit == "px" else gutter)).replace(".", "-")
        place = f"{self.place.siblings}-{self.place.index + 1}-{'per' if unit == '%' else unit}-{size}"
        return f"mj-column-gutter-{place}{'-rtl' if self.place.direction == 'rtl' else ''}"

    def _gutter(self, unit: str) -> float:
        gutter, own_unit = measure(self.place.gutter or "0")
        if unit == "%" and own_unit == "px":
            return percent(gutter, real(self.place.width))
        if unit == "px" and own_unit == "%":
            return real(self.place.width) * gutter / 100
        return gutter

    def _width_beside_gutter(self) -> tuple[float, str]:
        """Each column gives up its share of the gutters; whole pixels are dealt out from the left."""
        width, unit = self._width()
        siblings = self.place.siblings
        left = max(0.0, _six_digits(width - self._gutter(unit) * (siblings - 1) / siblings))
        if unit != "px":
            return left, unit
        extra = max(0, min(siblings, rounded(siblings * (left - math.floor(left)))))
        return math.floor(left) + (1 if self.place.index < extra else 0), unit

    def _padding_when_wide(self, unit: str) -> str:
        """Half of each gutter belongs to the column on either side of it."""
        if self.place.siblings == 1:
            return _padding((0, 0, 0, 0), unit)
        gutter = self._gutter(unit)
        leading = trailing = gutter / 2
        if unit == "px":
            leading, trailing = math.ceil(rounded(gutter) / 2), rounded(gutter) // 2
        first, last = self.place.is_first, self.place.is_last
        if self.place.direction == "rtl":
            return _padding((0, 0 if first else trailing, 0, 0 if last else leading), unit)
        return _padding((0, 0 if last else leading, 0, 0 if first else trailing), unit)

    def _padding_when_narrow(self) -> str:
        if self.place.in_group:
            return self._padding_when_wide(self._width()[1])
        half = self._gutter("%") / 2
        return _padding((0 if self.place.is_first else half, 0, 0 if self.place.is_last else half, 0), "%")


def _six_digits(value: float) -> float:
    return float(f"{value:.6f}")


def _padding(sizes: tuple[float, float, float, float], unit: str) -> str:
    """Top, right, bottom, left."""
    return " ".join(number(rounded(size) if unit == "px" else _six_digits(size)) + unit for size in sizes)


@kind("mj-group")
class Group(Columned):
    DEFAULTS: ClassVar[Mapping[str, str]] = {"direction": "ltr"}

    def place_of_children(self) -> Place:
        padding = self.padding("left") + self.padding("right")
        width, unit = measure(self.get("width") or f"{number(real(self.place.width) / self.place.columns)}px")
        if unit == "%":
            width = real(self.place.width) * width / 100
        return replace(self.place, width=f"{number(width - padding)}px", in_group=True, direction=self.get("direction"))

    def _width(self) -> tuple[float, str]:
        return measure(self.get("width") or f"{number(100 / self.place.columns)}%")

    def width_in_pixels(self) -> str:
        width, unit = self._width()
        return f"{number(real(self.place.width) * width / 100 if unit == '%' else width)}px"

    def outlook_cell(self) -> Values:
        return {"vertical-align": self.get("vertical-align"), "width": self.width_in_pixels()}

    def draw(self) -> str:
        width, unit = self._width()
        name = f"mj-column-{'per' if unit == '%' else 'px'}-{int(width)}"
        size = f"{number(width)}{unit}"
        self.mail.widths[name] = f"width:{size} !important; max-width: {size};"
        colour = self.get("background-color")
        box = tag(
            "div",
            {"class": f"{name} mj-outlook-group-fix {self.text('css-class')}".strip()},
            {
                "font-size": "0",
                "line-height": "0",
                "text-align": "left",
                "display": "inline-block",
                "width": "100%",
                **self.some("direction", "vertical-align", "background-color"),
            },
        )
        table = tag("table", {"bgcolor": None if colour == "none" else colour, **LAYOUT_TABLE})
        return f"{box}{outlook(f'{table}<tr>')}{self.draw_children(_cell_in_group)}{outlook('</tr></table>')}</div>"


def _cell_in_group(part: Part) -> str:
    width = part.width_in_pixels() if isinstance(part, Columned) else part.get("width")
    cell = tag("td", None, {**part.some("align", "vertical-align"), "width": width})
    return outlook(cell) + part.draw() + outlook("</td>")
