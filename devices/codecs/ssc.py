"""The social-security card (社保卡, LD/T 32-2015): what it gives without a key, in the files EF05 and EF06.

Each record comes back as one item `tag | length | value`::

    EF05  01 card id   03 version   05 issued   06 expires   07 card number
    EF06  08 social-security (identity) number   09 name   0A sex   0B nation   0D birth

A record is asked for by its tag (P2 00) or its number (P2 04); cards differ, so the first one tries both.
`an` fields are ASCII filled with 00, `cn` fields are digits filled with F, the name is GBK filled with 00.
Source: protocols section 2.1 (five sources; cards without the application's name: one source).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from devices.codecs import apdu
from devices.codecs.apdu import Answer, Script
from devices.contracts import persons

NAME = "sx1.sh.社会保障".encode("gbk")
SELECT_APPLICATION = apdu.select(0x04, NAME)
BY_TAG, BY_NUMBER = 0x00, 0x04
_WAYS_TO_A_FILE = (0x02, 0x00)  # P1 of SELECT; both are seen


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its file, tag, number within the file, and the longest value."""

    file: int
    tag: int
    number: int
    size: int

    def command(self, how: int) -> bytes:
        """Return READ RECORD by tag or by number."""
        place = self.tag if how == BY_TAG else self.number
        return apdu.read_record(place, how, self.size + 2)


VERSION = Record(0xEF05, 0x03, 3, 4)
ISSUED = Record(0xEF05, 0x05, 5, 4)
EXPIRES = Record(0xEF05, 0x06, 6, 4)
CARD_NUMBER = Record(0xEF05, 0x07, 7, 9)
ID_NUMBER = Record(0xEF06, 0x08, 1, 18)
PERSON_NAME = Record(0xEF06, 0x09, 2, 30)
SEX = Record(0xEF06, 0x0A, 3, 1)
NATION = Record(0xEF06, 0x0B, 4, 1)
BIRTH_PLACE = Record(0xEF06, 0x0C, 5, 3)
BIRTH = Record(0xEF06, 0x0D, 6, 4)


@dataclass(frozen=True, slots=True)
class Holder:
    """What the card says of its holder.  `sex` is 0, 1, 2 or 9; the dates are None when the card has none."""

    id_number: str
    name: str
    birth: date
    sex: str = "0"
    nation: str = ""
    issued: date | None = None
    expires: date | None = None

    def __repr__(self) -> str:
        """Name no person: a card may end in a traceback."""
        return "Holder(…)"


def find() -> Script[bool]:
    """Say whether a social-security card is there; its application is selected then."""
    answer = yield from apdu.send(SELECT_APPLICATION)
    if answer.ok:
        return True
    return (
        yield from _select_file(ID_NUMBER.file)
    ).ok  # some cards answer 6A82 and serve the files all the same


def read_holder() -> Script[Holder]:
    """Read a card that `find` found.  Raises DeviceFault: refused, or `card-data` naming the field."""
    selected = yield from _select_file(ID_NUMBER.file)
    if not selected.ok:
        raise apdu.fault(selected.sw)
    how, number = yield from _first_record()
    name = _name((yield from _required(PERSON_NAME, how)))
    sex = _ascii("sex", (yield from _optional(SEX, how)))
    nation = _digits((yield from _optional(NATION, how)))
    birth = _date("birth", (yield from _optional(BIRTH, how)))
    inside = persons.birth_of(number)
    if inside is None or birth not in (None, inside):
        raise ValueError("the field birth is another day than the number says")
    issued = expires = None
    if (yield from _select_file(EXPIRES.file)).ok:
        issued = _date("issued", (yield from _optional(ISSUED, how)))
        expires = _date("expires", (yield from _optional(EXPIRES, how)))
    return Holder(number, name, inside, sex if sex in ("1", "2", "9") else "0", nation, issued, expires)


def _first_record() -> Script[tuple[int, str]]:
    """Read the number in whichever way this card takes; return that way and the number."""
    refused = apdu.NOT_FOUND
    for how in (BY_TAG, BY_NUMBER):
        answer = yield from apdu.send(ID_NUMBER.command(how))
        if answer.ok:
            number = _ascii("number", value_of(ID_NUMBER, answer.data))
            wrong = persons.problem(number)
            if wrong:
                raise ValueError(f"the field number is unusable: {wrong}")
            return how, persons.normalized(number)
        refused = answer.sw
    raise apdu.fault(refused)


def _select_file(file: int) -> Script[Answer]:
    answer = Answer(apdu.NOT_FOUND)
    for p1 in _WAYS_TO_A_FILE:
        answer = yield from apdu.send(apdu.select(p1, file.to_bytes(2, "big")))
        if answer.ok:
            break
    return answer


def _required(record: Record, how: int) -> Script[bytes]:
    answer = yield from apdu.send(record.command(how))
    if not answer.ok:
        raise apdu.fault(answer.sw)
    return value_of(record, answer.data)


def _optional(record: Record, how: int) -> Script[bytes]:
    answer = yield from apdu.send(record.command(how))
    return value_of(record, answer.data) if answer.ok else b""


def value_of(record: Record, data: bytes) -> bytes:
    """Return the value of a record's item.  Raises ValueError when it is another item or cut short."""
    if len(data) < 2 or data[0] != record.tag or not len(data) - 2 >= data[1] <= record.size:
        raise ValueError(f"the field {record.tag:02X} is not the item that was asked for")
    return data[2 : 2 + data[1]]


def _ascii(name: str, value: bytes) -> str:
    text = value.rstrip(b"\0 ")
    if not text.isascii():
        raise ValueError(f"the field {name} is not ASCII")
    return text.decode("ascii")


def _digits(value: bytes) -> str:
    return value.hex().rstrip("f")


def _name(value: bytes) -> str:
    try:
        name = value.rstrip(b"\0\xff ").decode("gb18030").strip()
    except UnicodeDecodeError:
        raise ValueError("the field name is not GBK") from None
    if not name or not name.isprintable():
        raise ValueError("the field name is empty or unprintable")
    return name


def _date(name: str, value: bytes) -> date | None:
    """Return the day; None when the card leaves it empty (all F, or all 0)."""
    digits = _digits(value)
    if not digits.strip("0"):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        raise ValueError(f"the field {name} is not a date") from None
