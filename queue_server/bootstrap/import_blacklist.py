"""`queue-server import blacklist`: people another system kept from tickets; nothing of them is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from queue_server.application.blacklist import add_to_blacklist
from queue_server.application.ports import Tx
from queue_server.bootstrap.blacklist_command import ID_TYPES, MAX_REASON
from queue_server.bootstrap.import_table import Columns, Row
from queue_server.domain.people import clean_id, is_valid_id

COLUMNS = Columns(
    needed={
        "id_number": ("证件号码", "身份证号", "身份证号码", "证件号"),
        "until": ("截止日期", "到期日", "截止"),
    },
    others={"id_type": ("证件类型",), "reason": ("原因", "事由", "备注")},
)
TYPES = {one: one for one in ID_TYPES} | {
    "": "resident",
    "居民身份证": "resident",
    "身份证": "resident",
    "港澳台居民居住证": "hmt",
    "外国人永久居留身份证": "foreigner",
    "社会保障卡": "social-security",
    "社保卡": "social-security",
    "护照": "passport",
    "其他": "other",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that may be taken in; `id_number` is personal and is never shown."""

    line: int
    id_type: str
    id_number: str
    until: date
    reason: str

    def __repr__(self) -> str:
        return f"Entry(line={self.line})"


def entries_of(rows: Sequence[Row], today: str) -> tuple[list[Entry], dict[int, str]]:
    """Return the entries, and what is wrong by line; a later row for a person replaces an earlier one."""
    entries: list[Entry] = []
    problems: dict[int, str] = {}
    for row in rows:
        try:
            entries.append(_entry(row, today))
        except ValueError as error:
            problems[row.line] = str(error)
    return entries, problems


def _entry(row: Row, today: str) -> Entry:
    id_type = TYPES.get(row.cells.get("id_type", "").lower())
    if id_type is None:
        raise ValueError(f"the type of document is not known; there are: {', '.join(ID_TYPES)}")
    number = clean_id(row.cells["id_number"])
    if not is_valid_id(id_type, number):
        raise ValueError(
            "the number of the document is not possible; spreadsheets round it: format it as text"
        )
    reason = row.cells.get("reason", "")
    if len(reason) > MAX_REASON:
        raise ValueError(f"the reason may have {MAX_REASON} letters at most")
    until = _day(row.cells["until"])
    if until.isoformat() < today:
        raise ValueError(f"{until.isoformat()} is over")
    return Entry(row.line, id_type, number, until, reason)


def _day(text: str) -> date:
    """Return a day as spreadsheets write it: 2027-02-28, 2027/2/28, 2027.2.28, 2027年2月28日."""
    for mark in "/.年月":
        text = text.replace(mark, "-")
    parts = text.removesuffix("日").split("-")
    try:
        year, month, day = (int(part) for part in parts)
        return date(year, month, day)
    except ValueError:
        raise ValueError("the last day is not a date; write it as 2027-02-28") from None


def add_entries(tx: Tx, entries: Sequence[Entry], added_by: str) -> int:
    """Add everybody; return how many persons it is.  Raises QueueError, and then nothing is added."""
    kept = {
        add_to_blacklist(tx, one.id_type, one.id_number, one.until, one.reason, added_by).person
        for one in entries
    }
    tx.note(f"entries={len(kept)}", action="blacklist-imported")
    return len(kept)
