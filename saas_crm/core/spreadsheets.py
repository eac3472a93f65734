"""Files for spreadsheets: CSV and XLSX, written row by row into a file that has no name and vanishes when closed.

Whoever opens one must not run what a customer typed: in CSV a text that a spreadsheet would take for a formula is
defused by an apostrophe; in XLSX texts are texts by their type. CSV has a byte order mark, without which Excel takes
UTF-8 for something else. Who exported and when stands in the last line of a CSV (readers of the first line are not
disturbed by it) and on a sheet of its own in XLSX, and in that file's properties.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any, Literal

import xlsxwriter

from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _

Format = Literal["xlsx", "csv"]
MIME = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}
MOST = 500_000  # rows; a sheet of Excel has room for 1,048,576
LONGEST = 32_000  # characters; a cell of Excel has room for 32,767
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
Cell = str | int | Decimal | date | datetime | None
"""A value of a row; moments are in the reader's time zone and bear none."""


@dataclass(frozen=True, slots=True)
class Column:
    """What stands above a column, and how wide it is in characters."""

    label: str
    width: int = 18


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: its title, who made it, and further lines by their labels."""

    title: str
    author: str
    lines: Callable[[int], Mapping[str, str]]
    """Given the number of rows, returns what is said of the file."""


def write(
    kind: Format, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], about: About
) -> tuple[IO[bytes], int]:
    """Return the file, at its beginning, and the number of its rows; raises InvalidInput for more than MOST."""
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        count = (_write_xlsx if kind == "xlsx" else _write_csv)(file, columns, rows, about)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, count


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    if text[:1].isalnum():
        return text
    begins = text.lstrip(" \t\r\n\v\f\u00a0\u3000'\"")
    return f"'{text}" if begins.startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n") else text


def _write_csv(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Cell]], about: About) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([defused(column.label) for column in columns])
    count = 0
    for count, row in enumerate(rows, 1):
        _check(count)
        writer.writerow([_in_csv(value) for value in row])
    said = " · ".join(f"{label}: {value}" for label, value in about.lines(count).items() if value)
    writer.writerows([[], [defused(said)]])
    text.flush()
    text.detach()
    return count


def _in_csv(value: Cell) -> str | int:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return value if isinstance(value, int) else f"{value:f}" if isinstance(value, Decimal) else value.isoformat()


def _write_xlsx(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Cell]], about: About) -> int:
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = {
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        date: book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
        Decimal: book.add_format({"num_format": "#,##0.00"}),
    }
    sheet = book.add_worksheet(_sheet_name(about.title))
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.label, head)
    count = 0
    for count, row in enumerate(rows, 1):
        _check(count)
        for place, value in enumerate(row):
            _put(sheet, count, place, value, formats)
    if columns:
        sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
    _tell(book, about, count, head)
    book.close()
    return count


def _put(sheet: Any, line: int, place: int, value: Cell, formats: Mapping[type, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(line, place, value[:LONGEST])
    elif isinstance(value, datetime | date):
        sheet.write_datetime(line, place, value, formats[type(value)])
    else:
        sheet.write_number(line, place, float(value), formats.get(type(value)))


def _tell(book: Any, about: About, count: int, head: Any) -> None:
    """Put a second sheet with what is said of the file, and the same into its properties."""
    said = about.lines(count)
    sheet = book.add_worksheet(_sheet_name(_("About this file")))
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 80)
    for place, (label, value) in enumerate(said.items()):
        sheet.write_string(place, 0, label, head)
        sheet.write_string(place, 1, value[:LONGEST])
    comments = "\n".join(f"{label}: {value}" for label, value in said.items() if value)
    book.set_properties({"title": about.title[:200], "author": about.author[:200], "comments": comments[:200]})


def _sheet_name(text: str) -> str:
    return "".join(" " if char in "[]:*?/\\'" else char for char in text)[:31].strip() or "1"


def _check(count: int) -> None:
    if count > MOST:
        raise InvalidInput({"": _("These are too many rows for one file. Choose filters that leave fewer.")})
