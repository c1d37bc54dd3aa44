"""Reading and writing of sizes as the reference does it: fractions are cut where it cuts them, and nowhere else."""

from __future__ import annotations

import math
import re

_WHOLE = re.compile(r"\s*([+-]?\d+)")
_REAL = re.compile(r"\s*([+-]?\d*\.?\d+)")
_UNIT = re.compile(r"[\d.,]*(\D*)$")
_BORDER = re.compile(r"(?:^| )(\d+)")
_PLACE_OF_SIDE = {
    2: {"top": 0, "right": 1, "bottom": 0, "left": 1},
    3: {"top": 0, "right": 1, "bottom": 2, "left": 1},
    4: {"top": 0, "right": 1, "bottom": 2, "left": 3},
}


def number(value: float) -> str:
    """12.0 is written 12."""
    return str(int(value)) if value == int(value) else repr(float(value))


def whole(size: str) -> int:
    """The whole number at the start: 12 of 12.7px; 0 when there is none."""
    match = _WHOLE.match(size)
    return int(match[1]) if match else 0


def real(size: str) -> float:
    match = _REAL.match(size)
    return float(match[1]) if match else 0.0


def measure(size: str) -> tuple[float, str]:
    """(33.33, "%") of 33.33%; pixels are whole, and what has no unit is pixels."""
    match = _UNIT.search(size)
    unit = (match[1] if match else "") or "px"
    return (real(size) if unit == "%" else float(whole(size))), unit


def side_of(shorthand: str, side: str) -> int:
    """The pixels of one side of a padding such as "10px 25px"."""
    sizes = shorthand.split()[:4]
    if len(sizes) not in _PLACE_OF_SIDE:
        return whole(shorthand)
    return whole(sizes[_PLACE_OF_SIDE[len(sizes)][side]])


def width_of_border(border: str) -> int:
    match = _BORDER.search(border)
    return int(match[1]) if match else 0


def rounded(value: float) -> int:
    """To the nearest whole pixel, halves up."""
    return math.floor(value + 0.5)


def percent(size: float, room: float) -> float:
    """How much of the room; nothing where there is no room."""
    return size / room * 100 if room else 0.0
