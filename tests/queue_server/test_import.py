"""`queue-server import`: tables as offices save them; all rows or none; nobody named who should not be."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.__main__ import main
from queue_server.adapters import audit_sqlite
from queue_server.bootstrap.import_table import Columns, TableProblem, read_table
from tests.queue_server.halls import OTHER_RESIDENT, RESIDENT
from tests.queue_server.serving import demo_file

COLUMNS = Columns(needed={"a": ("甲",)}, others={"b": ("乙",), "c": ()})
FUTURE = "2099-12-31"
CELL = st.text(st.characters(codec="gb18030", exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=8)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TINGTONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])


def take_in(folder: Path, what: str, text: str, *more: str, encoding: str = "utf-8") -> int:
    file = folder / "table.csv"
    file.write_bytes(text.encode(encoding))
    return main(["import", what, str(file), *more, "--config", str(demo_file(folder / "state"))])


def kept(folder: Path, sql: str) -> list[tuple[object, ...]]:
    path = folder / "state" / "hall.db"
    if not path.exists():
        return []
    with sqlite3.connect(path) as db:
        return db.execute(sql).fetchall()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL), max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_every_way_an_office_saves_a_table_gives_the_same_rows(
    rows: list[tuple[str, str]], encoding: str, mark: str, end: str, chinese: bool
) -> None:
    chinese |= encoding == "gb18030"  # a few GB18030 words alone are good UTF-8 as well; a heading is not
    quoted = [mark.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    heading = mark.join(("甲", "乙") if chinese else ("A", "b"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(end.join([heading, *quoted, ""]).encode(encoding))
        found = read_table(path, COLUMNS)

    assert [(row.cells["a"], row.cells["b"]) for row in found] == rows
    assert [row.line for row in found] == list(range(2, 2 + len(rows)))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\xff" * 50, "is no text"),
        (b"b,c\n1,2\n", "the column a is missing; there are: a, b, c"),
        (b"a,a\n1,2\n", "the column a stands there twice"),
        (b"a,11010519491231002X\n1,2\n", "the heading of column 2 is not known"),
        (b'a\n"open\n', "save the table as CSV again"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(tmp_path: Path, raw: bytes, told: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(raw)

    with pytest.raises(TableProblem) as caught:
        read_table(path, COLUMNS)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert RESIDENT not in str(caught.value)


STAFF = "用户名,姓名,角色,窗口\nwang,王一,窗口人员,3\nli,李二,supervisor,\n\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_staff_are_added_with_passwords_that_are_told_once_and_kept_hashed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    assert take_in(tmp_path, "users", STAFF, encoding=encoding) == 0

    told = dict(line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t" in line)
    people = kept(tmp_path, "SELECT username, role, display_name, window, password_hash FROM user")
    assert [row[:4] for row in sorted(people)] == [
        ("li", "supervisor", "李二", None),
        ("wang", "operator", "王一", "3"),
    ]
    for name, *_, hashed in people:
        assert PasswordHasher().verify(str(hashed), told[str(name)])
    assert all(re.fullmatch(r"([a-z2-9]{4}-){2}[a-z2-9]{4}", one) for one in told.values())
    assert len(set(told.values())) == 2
    assert audit_sqlite.verify(tmp_path / "state" / "hall.db")[0] is None


def test_who_is_there_already_keeps_the_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take_in(tmp_path, "users", STAFF) == 0
    before = kept(tmp_path, "SELECT * FROM user WHERE username = 'wang'")
    capsys.readouterr()
    assert take_in(tmp_path, "users", "username,role\nwang,admin\nzhao,auditor\n") == 0

    assert kept(tmp_path, "SELECT * FROM user WHERE username = 'wang'") == before
    assert len(kept(tmp_path, "SELECT 1 FROM user")) == 3
    assert "wang\tis there already, unchanged" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("wang,王一,operator,3", "the username of line 2 stands here again"),
        ("zhao,赵,king,", "the role is not known"),
        ("zhao,赵,operator,999", "the hall has no such window"),
        (",赵,operator,", "the username may have"),
        ("a b,赵,operator,", "the username may have"),
        (f"zhao,{'赵' * 65},operator,", "the display_name may have 64"),
    ],
)
def test_one_wrong_row_keeps_the_whole_table_out_and_is_named_by_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, told: str
) -> None:
    assert take_in(tmp_path, "users", f"{STAFF.strip()}\n{row}\n") == 1

    said = capsys.readouterr()
    assert f"table.csv:4: {told}" in said.out
    assert "1 of 3 rows are wrong; nothing was imported" in said.err
    assert kept(tmp_path, "SELECT username FROM user") == []


BARRED = f"证件号码,截止日期,原因\n{RESIDENT},{FUTURE},爽约\n{OTHER_RESIDENT},{FUTURE.replace('-', '/')},\n"


def test_a_blacklist_is_kept_by_hash_and_names_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert take_in(tmp_path, "blacklist", BARRED, encoding="gb18030") == 0

    rows = kept(tmp_path, "SELECT person, until, reason FROM blacklist ORDER BY reason")
    assert [row[1:] for row in rows] == [(FUTURE, ""), (FUTURE, "爽约")]
    assert all(len(str(row[0])) == 64 for row in rows)
    said, stored = capfd.readouterr(), (tmp_path / "state" / "hall.db").read_bytes()
    assert RESIDENT not in said.out + said.err
    assert RESIDENT.encode() not in stored


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f"{RESIDENT[:-1]}1,{FUTURE},", "the number of the document is not possible"),
        (f"1.10105E+17,{FUTURE},", "the number of the document is not possible"),
        (f"{RESIDENT},2020-01-01,", "2020-01-01 is over"),
        (f"{RESIDENT},soon,", "the last day is not a date"),
        (f"{RESIDENT},{FUTURE},{'x' * 81}", "the reason may have 80"),
    ],
)
def test_a_wrong_row_of_a_blacklist_is_told_without_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, told: str
) -> None:
    assert take_in(tmp_path, "blacklist", f"{BARRED}{row}\n") == 1

    said = capsys.readouterr()
    assert f"table.csv:4: {told}" in said.out
    assert RESIDENT[:-1] not in said.out + said.err
    assert kept(tmp_path, "SELECT * FROM blacklist") == []


@pytest.mark.parametrize(("what", "text"), [("users", STAFF), ("blacklist", BARRED)])
def test_a_dry_run_reports_each_row_and_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, text: str
) -> None:
    assert take_in(tmp_path, what, text, "--dry-run") == 0

    said = capsys.readouterr().out
    assert said.count("line ") == 2
    assert "nothing was done" in said
    assert RESIDENT not in said
    assert not (tmp_path / "state" / "hall.db").exists()
