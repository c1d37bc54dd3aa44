"""The reader: any bytes give rows with line numbers, or one clear error."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.salesforce_csv import Column, ImportUnreadable, Row, SalesforceReport, shown

COLUMNS = (
    Column(field="salesforce_id", header="Account ID", required=True, is_id=True),
    Column(field="name", header="Account Name", required=True),
    Column(field="website", header="Website", longest=40),
)
ID = "001000000000001AAA"


def report(content: str | bytes) -> SalesforceReport:
    return SalesforceReport(io.BytesIO(content.encode() if isinstance(content, str) else content), COLUMNS)


def rows(content: str | bytes) -> list[Row]:
    return list(report(content).rows())


def reason(content: str | bytes) -> str:
    with pytest.raises(ImportUnreadable) as caught:
        rows(content)
    return str(caught.value)


def test_columns_are_found_by_name_in_any_order_and_case():
    [row] = rows(f" account  NAME ,Website,ACCOUNT id\nAcme,acme.com,{ID}\n")
    assert row.values == {"name": "Acme", "website": "acme.com", "salesforce_id": ID}


def test_unknown_columns_are_named_and_ignored():
    read = report("Account ID,Account Name,Shoe Size,\n1,Acme,43,\n")
    assert [row.values["name"] for row in read.rows()] == ["Acme"]
    assert read.unknown_columns == ("Shoe Size",)


def test_a_missing_column_is_named_with_those_that_were_found():
    text = reason("Account ID,Nome\n1,Acme\n")
    assert '"Account Name"' in text
    assert '"Account ID", "Nome"' in text


def test_a_column_given_twice_is_refused():
    assert '"Account Name" is there more than once' in reason("Account ID,Account Name,account name\n1,a,b\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiters_line_ends_and_byte_order_marks_are_understood(delimiter: str, line_end: str, mark: bytes):
    lines = [["Account ID", "Account Name"], [ID, '"Ärger, Söhne; und\tCo"'], ["", ""], ["", ""]]
    content = mark + line_end.join(delimiter.join(line) for line in lines).encode()
    [row] = rows(content)
    assert row.values["name"] == "Ärger, Söhne; und\tCo"


def test_excels_separator_line_is_understood():
    [row] = rows(f"sep=;\r\nAccount ID;Account Name\r\n{ID};Acme\r\n")
    assert (row.line, row.values["name"]) == (3, "Acme")


def test_a_row_has_the_physical_line_where_it_starts():
    content = f'Account ID,Account Name\n{ID},"two\nlines"\n\n{ID},"three\r\nmore\nlines"\n{ID},last\n'
    assert [row.line for row in rows(content)] == [2, 5, 8]


def test_a_header_with_a_line_break_in_it_does_not_shift_the_lines():
    [row] = rows(f'Account ID,Account Name,"Odd\nheader"\n{ID},Acme,x\n')
    assert row.line == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\n\n\r\n", "The file is empty"),
        (b"Account ID,Account Name\n1,ok\n2,M\xfcller\n", "Line 3: Byte 4 (0xFC) is not UTF-8. Export the report"),
        ("Account ID,Account Name\n".encode("utf-16"), "UTF-16"),
        (b"Account ID,Account Name\n1,a\0b\n", "Line 2: There is a NUL byte"),
        (b'Account ID,Account Name\n1,"never closed\n2,b\n', "Line 2: A quote is opened"),
        (b'Account ID,Account Name\n1,a\n2,"b" c\n', "Line 3: A closing quote"),
        (b"Account ID,Account Name\r1,a\r", "carriage return"),
        (b'Account ID,Account Name\n1,"' + b"x\n" * 100_000, "Line 2: A quote is opened"),
        (b"Account ID,Account Name\n1," + b"x" * 5_000_000, "Line 2: The line is too long"),
    ],
)
def test_what_is_no_csv_file_is_told_with_its_line(content: bytes, said: str):
    assert said in reason(content)


def test_an_overlong_field_is_told_even_in_an_unknown_column():
    [row] = rows("Account ID,Account Name,Notes\n1,a," + "x" * 32_001)
    assert row.damage is not None
    assert row.damage[0] == "Notes"
    assert "32,000" in row.damage[2]


def test_a_value_that_is_longer_than_its_column_allows_is_told():
    [row] = rows("Account ID,Account Name,Website\n1,a," + "x" * 41)
    assert row.damage == ("Website", "x" * 41, "is longer than 40 characters")


@pytest.mark.parametrize("line", ["1", "1,a", "1,a,b,c"])
def test_a_row_with_too_few_or_too_many_cells_is_told(line: str):
    [row] = rows(f"Account ID,Account Name,Website\n{line}\n")
    assert row.damage is not None
    assert "cells" in row.damage[2]


def test_the_footer_is_left_out_and_counted():
    read = report(f'Account Name,Account ID\nAcme,{ID}\n\n\n"All accounts"\n"Copyright (c) 2026"\n"Confidential"\n')
    assert len(list(read.rows())) == 1
    assert read.footer_lines == 3
    assert read.footer[0] == "All accounts"


def test_a_footer_padded_with_commas_is_left_out_too():
    read = report(f"Account ID,Account Name\n{ID},Acme\n,\nCopyright (c) 2026,\n")
    assert len(list(read.rows())) == 1
    assert read.footer_lines == 1


@pytest.mark.parametrize("row", [f"{ID},Late", f"{ID},", "oops,Late"])
def test_a_row_below_an_empty_line_or_a_footer_is_never_dropped(row: str):
    read = report(f"Account ID,Account Name\n{ID},Acme\n\n{row}\nThe end\n{row}\n")
    assert len(list(read.rows())) == 3
    assert read.footer_lines == 1


def test_reading_again_gives_the_same():
    read = report(f"Account ID,Account Name\n{ID},Acme\n\nThe end\n")
    assert list(read.rows()) == list(read.rows())
    assert read.footer_lines == 1


def test_a_shown_value_is_short_and_cannot_steer_a_terminal():
    assert shown("a\x1b[2Jb") == "a·[2Jb"
    assert len(shown("x" * 500)) == 60


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_unreadable(content: bytes):
    try:
        rows(content)
        rows(b"Account ID,Account Name\n" + content)
    except ImportUnreadable:
        pass


@given(st.text(alphabet='ab",;\t\r\n\x00 é\u2028', max_size=60))
def test_any_text_below_a_header_is_rows_or_unreadable(text: str):
    try:
        read = rows("Account ID,Account Name\n" + text)
    except ImportUnreadable:
        return
    assert [row.line for row in read] == sorted({row.line for row in read})
