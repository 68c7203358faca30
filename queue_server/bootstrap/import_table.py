"""Reading a table that somebody saved from a spreadsheet: rows with line numbers, columns by name.

Spreadsheets in Chinese offices save UTF-8 with a mark, UTF-16 ("Unicode text") or GB18030, with commas,
semicolons or tabs.  Headings may be English or Chinese; order and case do not matter.  UTF-8 is tried first:
a few GB18030 words (联通) are good UTF-8 too, but hardly a whole table, and never one with Chinese headings.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MAX_BYTES = 8 * 1024 * 1024
MAX_ROWS = 20_000


class Reader(Protocol):
    """What `csv.reader` returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


class TableProblem(Exception):
    """The file as a whole cannot be read; the text is one line that names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.  `line` is its line in the file; a cell that is not there is empty; cells are stripped."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table must (`needed`) and may (`others`) have: column -> the headings it goes by, lower case."""

    needed: Mapping[str, tuple[str, ...]]
    others: Mapping[str, tuple[str, ...]]

    def named(self, heading: str) -> str | None:
        """Return the column of a heading."""
        clean = heading.strip().lower().replace("-", "_").replace(" ", "_")
        for column, names in {**self.needed, **self.others}.items():
            if clean == column or clean in names:
                return column
        return None


def read_table(path: Path, columns: Columns) -> list[Row]:
    """Return the rows of a file in order, empty ones left out.  Raises TableProblem."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TableProblem(f"{path}: is larger than {MAX_BYTES // 2**20} MiB; split it")
        text = _decoded(path, path.read_bytes())
    except OSError as error:
        raise TableProblem(f"{path}: cannot be read: {error.strerror}") from error
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        return _rows(path, reader, columns)
    except csv.Error as error:
        raise TableProblem(f"{path}:{reader.line_num}: {error}; save the table as CSV again") from error


def _decoded(path: Path, raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableProblem(f"{path}: is no text; save the table as CSV (UTF-8)")


def _rows(path: Path, reader: Reader, columns: Columns) -> list[Row]:
    headings = next(reader, None)
    if headings is None or not any(headings):
        raise TableProblem(f"{path}: is empty; its first line must name the columns: {_known(columns)}")
    names = [columns.named(heading) for heading in headings]
    _require_columns(path, headings, names, columns)
    found = []
    for values in reader:
        cells = {name: value.strip() for name, value in zip(names, values, strict=False) if name}
        if any(cells.values()):
            found.append(Row(reader.line_num, {name: cells.get(name, "") for name in columns.needed} | cells))
        if len(found) > MAX_ROWS:
            raise TableProblem(f"{path}: has more than {MAX_ROWS} rows; split it")
    return found


def _require_columns(path: Path, headings: list[str], names: list[str | None], columns: Columns) -> None:
    """Raise TableProblem; the heading itself is not told: where it is missing, a person stands there."""
    for place, (heading, name) in enumerate(zip(headings, names, strict=True), start=1):
        if name is None and heading.strip():
            raise TableProblem(
                f"{path}:1: the heading of column {place} is not known; there are: {_known(columns)}"
            )
        if name is not None and names.count(name) > 1:
            raise TableProblem(f"{path}:1: the column {name} stands there twice; remove one")
    missing = [name for name in columns.needed if name not in names]
    if missing:
        raise TableProblem(f"{path}:1: the column {missing[0]} is missing; there are: {_known(columns)}")


def _known(columns: Columns) -> str:
    return ", ".join([*columns.needed, *columns.others])
