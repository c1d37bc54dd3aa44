"""Reads the CSV export of a Salesforce report: bytes in, rows with line numbers out. Knows nothing of accounts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, NamedTuple

from server.errors import Invalid

LONGEST_FIELD = 32_000  # characters; Salesforce's long text areas end at 131,072, and we import none of them
_LONGEST_LINE = 4 * 2**20  # bytes; a file without line ends must not be read into memory whole
_DELIMITERS = ",;\t"
_EXCEL_DELIMITER = re.compile(r"sep=([,;\t])\s*\Z", re.IGNORECASE)
_SHAPE_OF_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\Z")
_FOOTER_KEPT = 5
_EXPORT_AS_UTF8 = 'Export the report again as "Unicode (UTF-8)".'


class ImportUnreadable(Invalid):
    """The file as a whole cannot be read; `line` is the physical line (from 1) where that shows, or None."""

    def __init__(self, detail: str, *, line: int | None = None, cure: str = "") -> None:
        self.line = line
        super().__init__(f"Line {line}: {detail}" if line else detail, cure=cure)


@dataclass(frozen=True, kw_only=True)
class Column:
    """`field` is our word for it, `header` is Salesforce's. `longest` is in characters."""

    field: str
    header: str
    required: bool = False
    is_id: bool = False
    longest: int = 255


class Row(NamedTuple):
    """`line` is where the row starts, from 1. `values` has the columns that the file has, stripped.

    `damage` is (column's header, its value, reason) if the row cannot be read as a whole.
    """

    line: int
    values: dict[str, str]
    damage: tuple[str, str, str] | None


def shown(text: str, limit: int = 60) -> str:
    """A value as it may be shown: shortened to `limit` characters, nothing that steers a terminal."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return short if short.isprintable() else "".join(c if c.isprintable() else "·" for c in short)


class SalesforceReport:
    """A report in a seekable binary file. `rows()` may be called again; each call reads from the start.

    After a full reading `footer` has the first lines that were left out as the report's footer, and
    `footer_lines` their number.
    """

    def __init__(self, file: BinaryIO, columns: Sequence[Column]) -> None:
        if not file.seekable():
            raise ImportUnreadable("This is not a file that can be read twice.", cure="Save it to disk first.")
        self._file = file
        self._columns = columns
        self._size = max(1, file.seek(0, 2))
        self._line = 0
        self.unknown_columns: tuple[str, ...] = ()
        self.footer: list[str] = []
        self.footer_lines = 0

    @property
    def fraction(self) -> float:
        """How much of the file is read, 0 to 1."""
        return min(1.0, self._file.tell() / self._size)

    def rows(self) -> Iterator[Row]:
        """Every row that is not empty and not footer. Raises ImportUnreadable."""
        self._file.seek(0)
        self._line, self.footer, self.footer_lines = 0, [], 0
        records = self._records()
        line, header = next(records, (1, []))
        if not header:
            raise ImportUnreadable("The file is empty.", cure="Export the report again, with its column names.")
        places = self._places(line, header)
        id_place = next((place for place, column in places if column.is_id), 0)
        after_blank = False
        for line, cells in records:
            if not any(cells):
                after_blank = True
            elif after_blank and _is_footer(cells, id_place):
                self._leave_out(cells[0])
            else:
                yield _row(line, cells, places, header)

    def _leave_out(self, text: str) -> None:
        self.footer_lines += 1
        if len(self.footer) < _FOOTER_KEPT:
            self.footer.append(shown(text))

    def _places(self, line: int, header: list[str]) -> list[tuple[int, Column]]:
        by_name = {_folded(column.header): column for column in self._columns}
        names = [_folded(name) for name in header]
        found = ", ".join(f'"{shown(name)}"' for name in header if name)
        missing = [column.header for column in self._columns if column.required and _folded(column.header) not in names]
        if missing:
            wanted = ", ".join(f'"{name}"' for name in missing)
            raise ImportUnreadable(
                f"There is no column {wanted}. The columns found are {found}.",
                line=line, cure="Add it to the report, and export it with its column names in the first line.",
            )  # fmt: skip
        twice = [column.header for name, column in by_name.items() if names.count(name) > 1]
        if twice:
            raise ImportUnreadable(
                f'The column "{twice[0]}" is there more than once. The columns found are {found}.',
                line=line, cure="Leave one of them.",
            )  # fmt: skip
        self.unknown_columns = tuple(shown(name) for name in header if name and _folded(name) not in by_name)
        return [(place, by_name[name]) for place, name in enumerate(names) if name in by_name]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """(line where it starts, stripped cells); first the header, then whatever follows, empty ones too."""
        lines = self._lines()
        first, told = "", None
        for first in lines:
            if (excel := _EXCEL_DELIMITER.match(first)) is not None:
                told = excel.group(1)
            elif first.strip():
                break
        before = self._line - 1
        delimiter = told or self._delimiter(first)
        reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
        start = before + 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _broken(start, error) from None
            yield start, [cell.strip() for cell in cells]
            start = before + reader.line_num + 1

    def _delimiter(self, first: str) -> str:
        """The one that finds most of our columns; a comma when in doubt."""
        wanted = {_folded(column.header) for column in self._columns}

        def found(delimiter: str) -> int:
            try:
                return sum(_folded(cell) in wanted for cell in next(csv.reader([first], delimiter=delimiter), []))
            except csv.Error:
                return 0

        return max(_DELIMITERS, key=found)

    def _lines(self) -> Iterator[str]:
        while raw := self._file.readline(_LONGEST_LINE):
            self._line += 1
            if self._line == 1:
                if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise ImportUnreadable("The file is in UTF-16.", line=1, cure=_EXPORT_AS_UTF8)
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if len(raw) >= _LONGEST_LINE:
                raise ImportUnreadable("The line is too long for a CSV file.", line=self._line)
            if b"\0" in raw:
                raise ImportUnreadable("There is a NUL byte: this is no text file.", line=self._line,
                                       cure=_EXPORT_AS_UTF8)  # fmt: skip
            try:
                yield raw.decode()
            except UnicodeDecodeError as error:
                raise ImportUnreadable(
                    f"Byte {error.start + 1} (0x{raw[error.start]:02X}) is not UTF-8.",
                    line=self._line, cure=_EXPORT_AS_UTF8,
                ) from None  # fmt: skip


def _folded(header: str) -> str:
    return " ".join(header.casefold().split())


def _is_footer(cells: list[str], id_place: int) -> bool:
    """Below an empty line Salesforce writes the report's name, a copyright and more, all in the first column."""
    has_id = id_place < len(cells) and _SHAPE_OF_ID.match(cells[id_place])
    return bool(cells[0]) and not any(cells[1:]) and not has_id


def _row(line: int, cells: list[str], places: list[tuple[int, Column]], header: list[str]) -> Row:
    damage = _damage(cells, header)
    if damage is not None and damage[2].startswith("the row has"):
        # With shifted cells no value can be trusted, but the ID may still tell whose row it was.
        return Row(line, {}, damage)
    values = {column.field: cells[place] for place, column in places}
    if damage is None:
        for _place, column in places:
            if len(values[column.field]) > column.longest:
                reason = f"is longer than {column.longest:,} characters"
                return Row(line, values, (column.header, values[column.field], reason))
    return Row(line, values, damage)


def _damage(cells: list[str], header: list[str]) -> tuple[str, str, str] | None:
    if len(cells) != len(header) and (len(cells) < len(header) or any(cells[len(header) :])):
        reason = f"the row has {len(cells)} cells, the header has {len(header)}: a value with a comma needs quotes"
        return header[0], cells[0], reason
    for place, cell in enumerate(cells):
        if len(cell) > LONGEST_FIELD:
            return header[place], cell, f"is longer than {LONGEST_FIELD:,} characters"
    return None


def _broken(line: int, error: csv.Error) -> ImportUnreadable:
    text = str(error)
    if "unexpected end" in text or "field larger" in text:
        return ImportUnreadable(
            "A quote is opened in the row that starts here and never closed.",
            line=line, cure='Close it, and write a quote inside a value as two: "".',
        )  # fmt: skip
    if "new-line" in text:
        return ImportUnreadable("There is a carriage return in the middle of the line.", line=line,
                                cure="Save the file with LF or CRLF line ends.")  # fmt: skip
    return ImportUnreadable(
        "A closing quote is not followed by the end of the value.",
        line=line, cure='Write a quote inside a value as two: "".',
    )  # fmt: skip
