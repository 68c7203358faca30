"""Figures as files: CSV for any program, XLSX for a spreadsheet.  What looks like a formula is text."""

from __future__ import annotations

import csv
import io

from queue_server.contracts.statistics import StatisticsRow

Cell = str | int | float | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (CSV injection)."""


def table_of(rows: list[StatisticsRow]) -> tuple[list[str], list[list[Cell]]]:
    """Return the column names and the cells; columns that no row has are left out."""
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for one in flat for name in one)) or ["key", "name"]
    return names, [[one.get(name) for name in names] for one in flat]


def _flat(row: StatisticsRow) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for name, value in row.model_dump(exclude_none=True).items():
        if name == "pauses":
            cells[name] = "; ".join(f"{pause['reason']} {pause['seconds']}" for pause in value)
        elif isinstance(value, dict):
            prefix = "" if name == "levels" else f"{name}_"
            cells |= {f"{prefix}{inner}": number for inner, number in value.items()}
        else:
            cells[name] = value
    return cells


def csv_of(rows: list[StatisticsRow]) -> bytes:
    """Return UTF-8 with a byte order mark, so that spreadsheets show Chinese."""
    names, cells = table_of(rows)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([[_harmless(cell) for cell in row] for row in cells])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def xlsx_of(rows: list[StatisticsRow], title: str) -> bytes:
    """Return a workbook of one sheet; every text is written as text, never as a formula or a link."""
    import xlsxwriter  # 12 MB that a hall needs only when somebody wants a spreadsheet

    names, cells = table_of(rows)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(title)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, book.add_format({"bold": True}))
    for line, row in enumerate(cells, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, column, cell)
            elif cell is not None:
                sheet.write_number(line, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofit()
    book.close()
    return out.getvalue()
