"""Simulated smart cards: what stands on them, and how they answer commands.  Sans-I/O.

A card has the habits of real ones as knobs: it may hold its answer back until it is fetched (61xx), insist on
the exact length (6Cxx), know its records by tag or by number only, or not know its application by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from devices.codecs import apdu, ssc, tlv, tunion
from devices.contracts import persons
from devices.sim.id_reader_cards import make_card

KINDS = ("social-security", "t-union", "staff-card", "unknown")
Records = Literal["both", "tag", "number"]
_REFUSED_LENGTH, _UNKNOWN_INS = 0x6700, 0x6D00
_NO_RECORD, _WRONG_P2 = 0x6A83, 0x6A86
_FIELDS = frozenset(
    {"kind", "name", "id_number", "birth", "sex", "nation", "issued", "expires", "number", "uid"}
)
_EF05 = (ssc.VERSION, ssc.ISSUED, ssc.EXPIRES, ssc.CARD_NUMBER)
_EF06 = (ssc.ID_NUMBER, ssc.PERSON_NAME, ssc.SEX, ssc.NATION, ssc.BIRTH_PLACE, ssc.BIRTH)


@dataclass
class VirtualCard:
    """A card: `applications` name -> answer to SELECT, `values` record -> value, `uid` empty for none."""

    kind: str = "unknown"
    applications: dict[bytes, bytes] = field(default_factory=dict)
    values: dict[ssc.Record, bytes] = field(default_factory=dict)
    uid: bytes = b""
    records: Records = "both"
    fetched: bool = False
    exact: bool = False

    def __post_init__(self) -> None:
        self._file = 0
        self._waiting = b""

    def power_up(self) -> None:
        """Start afresh: nothing is selected."""
        self._file, self._waiting = 0, b""

    def answer(self, command: bytes) -> bytes:
        """Return the answer to one command, with its status word."""
        if command == apdu.GET_UID:
            return self.uid + _sw(apdu.OK) if self.uid else _sw(0x6A81)
        if len(command) < 5 or command[0] != 0:
            return _sw(_UNKNOWN_INS)
        doers = {0xA4: self._select, 0xB2: self._read_record, 0xC0: self._get_response}
        doer = doers.get(command[1])
        return doer(command) if doer is not None else _sw(_UNKNOWN_INS)

    def _select(self, command: bytes) -> bytes:
        name = command[5 : 5 + command[4]]
        if len(name) != command[4]:
            return _sw(_REFUSED_LENGTH)
        if command[2] == 0x04 and name in self.applications:
            return self._give(self.applications[name])
        file = int.from_bytes(name, "big")
        if command[2] != 0x04 and file in {record.file for record in self.values}:
            self._file = file
            return _sw(apdu.OK)
        return _sw(apdu.NOT_FOUND)

    def _read_record(self, command: bytes) -> bytes:
        how = command[3]
        ways = {"tag": (ssc.BY_TAG,), "number": (ssc.BY_NUMBER,), "both": (ssc.BY_TAG, ssc.BY_NUMBER)}
        if how not in ways[self.records]:
            return _sw(_WRONG_P2)
        for record, value in self.values.items():
            place = record.tag if how == ssc.BY_TAG else record.number
            if record.file == self._file and place == command[2]:
                return self._give(tlv.encode(record.tag, value), command[4])
        return _sw(_NO_RECORD)

    def _give(self, data: bytes, wanted: int | None = None) -> bytes:
        if self.exact and wanted is not None and wanted != len(data):
            return _sw(0x6C00 | len(data))
        if self.fetched and data:
            self._waiting = data
            return _sw(0x6100 | len(data))
        return data + _sw(apdu.OK)

    def _get_response(self, command: bytes) -> bytes:
        data, self._waiting = self._waiting, b""
        return data + _sw(apdu.OK) if data else _sw(0x6985)


def make_smart_card(wanted: dict[str, Any], place: int) -> VirtualCard:
    """Return the card that was asked for; what is not said is made up.

    Raises ValueError for an unknown field, a wrong number, or a date that is none.
    """
    if unknown := sorted(set(wanted) - _FIELDS):
        raise ValueError(f"a card has no field {', '.join(unknown)}; there are: {', '.join(sorted(_FIELDS))}")
    said = {name: str(value).strip() for name, value in wanted.items() if value not in (None, "")}
    kind = said.get("kind", "social-security")
    uid = bytes.fromhex(said.get("uid", f"04A1B2{place % 256:02X}"))
    if kind == "social-security":
        return _social_security(said, place)
    if kind == "t-union":
        return _t_union(said, place)
    if kind in ("staff-card", "unknown"):
        return VirtualCard(kind, uid=uid if kind == "staff-card" else b"")
    raise ValueError(f"kind is one of {', '.join(KINDS)}")


def _social_security(said: dict[str, str], place: int) -> VirtualCard:
    same = ("name", "id_number", "birth", "sex", "nation")
    person = make_card({name: said[name] for name in same if name in said}, place)
    name = person.name.encode("gb18030")
    if len(name) > ssc.PERSON_NAME.size:
        raise ValueError(f"the field name holds {ssc.PERSON_NAME.size} bytes")
    values = {
        ssc.VERSION: b"3.00",
        ssc.ISSUED: _cn(said.get("issued", "2020-01-01")),
        ssc.EXPIRES: _cn(said.get("expires", "2040-01-01")),
        ssc.CARD_NUMBER: f"A{place % 10**8:08d}".encode(),
        ssc.ID_NUMBER: person.id_number.encode(),
        ssc.PERSON_NAME: name.ljust(ssc.PERSON_NAME.size, b"\0"),
        ssc.SEX: person.sex.encode(),
        ssc.NATION: bytes.fromhex(person.nation),
        ssc.BIRTH_PLACE: bytes.fromhex(person.id_number[:6]),
        ssc.BIRTH: bytes.fromhex(f"{person.birth:%Y%m%d}"),
    }
    return VirtualCard("social-security", {ssc.NAME: b""}, values)


def _t_union(said: dict[str, str], place: int) -> VirtualCard:
    number = said.get("number", f"310499{place % 10**13:013d}")
    if len(number) != 19 or not number.isdigit():
        raise ValueError("number is the 19 digits of a T-Union card")
    block = bytes.fromhex("01011000FFFFFFFF0201" + "0" + number + "2019080620401231" + "0000")
    fci = tlv.encode(0x6F, tlv.encode(0x84, tunion.AIDS[0]) + tlv.encode(0xA5, tlv.encode(0x9F0C, block)))
    return VirtualCard("t-union", {tunion.AIDS[0]: fci})


def masked(card: VirtualCard) -> dict[str, str]:
    """Return what the lab shows of a card; the person is masked."""
    shown = {"kind": card.kind}
    if ssc.ID_NUMBER in card.values:
        name = card.values[ssc.PERSON_NAME].rstrip(b"\0").decode("gb18030")
        shown["name"] = persons.masked_name(name)
        shown["id_number"] = persons.masked_number(card.values[ssc.ID_NUMBER].decode())
    return shown


def _cn(text: str) -> bytes:
    try:
        return bytes.fromhex(f"{date.fromisoformat(text):%Y%m%d}")
    except ValueError:
        raise ValueError("a date is such as 2040-01-31") from None


def _sw(word: int) -> bytes:
    return word.to_bytes(2, "big")
