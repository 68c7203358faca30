"""A simulated SAM_V identity-card reader: empty → placed → found → selected → read, until the card is lifted.

Delays are of the usual order (find 40 ms, select 80 ms, read 650 ms; not from a source) and knobs.  It has
the real one's habits: a card that was read is not found again, and a read without select fails.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from devices.codecs import id_text, samv, samv_content
from devices.contracts import persons
from devices.sim.base import Action, NotPossible
from devices.sim.id_reader_cards import KINDS, make_card
from devices.sim.pace import PacedOutput

State = Literal["empty", "placed", "found", "selected", "read"]
_PHOTO = bytes(range(256)) * 4  # stands for a WLT photo, which nobody here can decode
_GAP_S = 0.1  # between two bytes of one request; not from a source
_COMMANDS = {
    samv.RESET: "reset",
    samv.STATUS: "status?",
    samv.FIND: "find",
    samv.SELECT: "select",
    samv.READ_TEXT_PHOTO: "read text and photo",
    samv.NEWEST_ADDRESS: "read newest address",
    samv.SAM_NUMBER: "SAM number?",
    samv.MAX_RF: "longest radio frame",
    **{command: f"speed {baud}" for baud, command in samv.SET_BAUD.items()},
}
_SAM_NUMBER = struct.pack("<HHIII", 5, 3, 20990101, 123456, 1234567890)  # a module of a day to come


@dataclass
class SimIdReader:
    """Sans-I/O; see devices.sim.base.  `baud` None takes the wire time away.

    `finds_again` is the habit of a reader that finds a card which was read and still lies there.
    """

    find_s: float = 0.04
    select_s: float = 0.08
    read_s: float = 0.65
    status_s: float = 0.01
    baud: int | None = 115200
    finds_again: bool = False
    kind: str = field(default="id-reader", init=False)
    driver: str = field(default="idreader-samv", init=False)

    def __post_init__(self) -> None:
        self._codec = samv.SamvCodec()
        self._output = PacedOutput(self.baud)
        self._card: id_text.CardText | None = None
        self._state: State = "empty"
        self._newest_address = ""
        self._sam = samv.OK
        self._fail_next: int | None = None
        self._busy_until_s = 0.0
        self._heard_s = 0.0
        self._placed = 0
        self._reads = 0

    # --- the wire -----------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent; a damaged request is answered with 10, as a real reader does."""
        if now_s - self._heard_s > _GAP_S:
            self._codec.reset()  # a request that stopped half-way is over
        self._heard_s = now_s
        damaged = self._codec.bad_checksums
        frames = self._codec.feed(data)
        if self._codec.bad_checksums > damaged:
            self._reply(samv.reply(samv.HOST_CHECKSUM), self.status_s, now_s)
        for frame in frames:
            answer, delay_s = self._obey(frame.body)
            self._reply(answer, delay_s, now_s)
            self._output.baud = self.baud  # another speed begins after the answer

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def _reply(self, answer: bytes, delay_s: float, now_s: float) -> None:
        self._busy_until_s = max(self._busy_until_s, now_s) + delay_s  # one thing at a time, in order
        self._output.put(answer, self._busy_until_s)

    def _obey(self, body: bytes) -> tuple[bytes, float]:
        """Return (the reply frame, how long it takes)."""
        doers: dict[bytes, Callable[[], tuple[bytes, float]]] = {
            samv.RESET: lambda: (samv.reply(samv.OK), self.status_s),
            samv.STATUS: lambda: (samv.reply(self._sam), self.status_s),
            samv.FIND: self._find,
            samv.SELECT: self._select,
            samv.READ_TEXT_PHOTO: self._read,
            samv.NEWEST_ADDRESS: self._read_address,
            samv.SAM_NUMBER: lambda: (samv.reply(samv.OK, _SAM_NUMBER), self.status_s),
            samv.MAX_RF: lambda: (samv.reply(samv.OK), self.status_s),
            **{command: partial(self._set_baud, baud) for baud, command in samv.SET_BAUD.items()},
        }
        doer = doers.get(body[:2])
        return doer() if doer is not None else (samv.reply(0x21), self.status_s)

    def _find(self) -> tuple[bytes, float]:
        if self._sam != samv.OK:
            return samv.reply(self._sam), self.find_s
        if self._state == "empty" or (self._state == "read" and not self.finds_again):
            return samv.reply(samv.NO_NEW_CARD), self.find_s
        self._state = "found"
        return samv.reply(samv.FOUND, bytes(4)), self.find_s

    def _select(self) -> tuple[bytes, float]:
        if self._state != "found":
            return samv.reply(0x81), self.select_s
        self._state = "selected"
        return samv.reply(samv.OK, bytes(8)), self.select_s

    def _read(self) -> tuple[bytes, float]:
        card, failure = self._card, self._fail_next
        if card is None or self._state != "selected" or failure is not None:
            self._fail_next = None
            self._state = "empty" if card is None else "placed"
            return samv.reply(failure or 0x41), self.read_s
        self._state = "read"
        self._reads += 1
        text = id_text.encode(card)
        sizes = len(text).to_bytes(2, "big") + len(_PHOTO).to_bytes(2, "big")
        return samv.reply(samv.OK, sizes + text + _PHOTO), self.read_s

    def _read_address(self) -> tuple[bytes, float]:
        """Answer 91 when the chip has none; the card must be found and selected anew after it."""
        if self._card is None or self._state != "selected":
            return samv.reply(0x41), self.read_s
        self._state = "placed"
        if not self._newest_address:
            return samv.reply(samv.ITEM_MISSING), self.read_s
        text = self._newest_address.encode("utf-16-le")
        filling = " ".encode("utf-16-le") * ((samv_content.ADDRESS_BYTES - len(text)) // 2)
        return samv.reply(samv.OK, text + filling), self.read_s

    def _set_baud(self, baud: int) -> tuple[bytes, float]:
        """Answer at the old speed and go on at the new one.  [from memory, protocols 1.3]"""
        if self.baud is not None:
            self.baud = baud
        return samv.reply(samv.OK), self.status_s

    # --- knobs --------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return the knobs."""
        kinds = "|".join(KINDS)
        fields = f"{{kind: {kinds}, name, id_number, birth, newest_address, …}}; what is missing is made up"
        return [
            Action("place-card", "放卡 / place a card", {"card": fields}),
            Action("lift-card", "取走卡 / lift the card"),
            Action("fail-next", "下次读卡失败 / fail the next read", {"sw": "31|32|33|41|47 (hex)"}),
            Action("sam", "安全模块状态 / security module", {"sw": "90 (well)|60|66 (hex)"}),
        ]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action == "place-card":
            self._place(params.get("card") or {})
        elif action == "lift-card":
            if self._card is None:
                raise NotPossible("no card lies on the reader")
            self._card, self._state = None, "empty"
        elif action == "fail-next":
            self._fail_next = _status_word(params, (0x31, 0x32, 0x33, 0x41, 0x47))
        elif action == "sam":
            self._sam = _status_word(params, (samv.OK, 0x60, 0x66))
        else:
            raise ValueError(f"an ID reader cannot {action!r}")

    def _place(self, wanted: object) -> None:
        if self._card is not None:
            raise NotPossible("a card lies on the reader already; lift it first")
        if not isinstance(wanted, dict):
            raise ValueError("card is a table of fields")
        fields = dict(wanted)
        newest_address = str(fields.pop("newest_address", "") or "")
        if len(newest_address.encode("utf-16-le")) > samv_content.ADDRESS_BYTES:
            raise ValueError(f"newest_address holds {samv_content.ADDRESS_BYTES // 2} characters")
        card = make_card(fields, self._placed + 1)
        id_text.encode(card)  # ValueError when a field does not fit on such a card
        self._placed += 1
        self._card, self._state, self._newest_address = card, "placed", newest_address

    def state(self) -> dict[str, Any]:
        """Return what is seen; the person on the card is masked."""
        card = self._card
        seen = None
        if card is not None:
            seen = {
                "kind": card.kind,
                "name": persons.masked_name(card.name),
                "id_number": persons.masked_number(card.id_number),
            }
        sam = f"{self._sam:02X}"
        return {"state": self._state, "card": seen, "reads": self._reads, "sam": sam, "baud": self.baud}

    # --- for the lab's list -------------------------------------------------------------------------

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk; the person on the card is masked."""
        frames = samv.SamvCodec().feed(data)
        if not frames:
            return f"part of a frame, {len(data)} bytes"
        return "; ".join(_explained(direction, frame) for frame in frames)

    def mask_hex(self, direction: str, data: bytes) -> str:
        """Return the bytes as hex, without what was read from a card."""
        short = 24  # every frame but the answer to a read is shorter
        if direction == "rx" or len(data) <= short:
            return data.hex(" ")
        head = data[:10].hex(" ") if data.startswith(samv.PREAMBLE) else ""
        return f"{head} … {len(data)} bytes, masked".strip()

    def damage(self, data: bytes) -> bytes:
        """Return `data` with its last byte (of a whole frame: the checksum) wrong."""
        return data[:-1] + bytes((data[-1] ^ 0x55,)) if data else data


def _status_word(params: dict[str, Any], allowed: tuple[int, ...]) -> int:
    try:
        sw3 = int(str(params.get("sw")), 16)
    except ValueError:
        sw3 = -1
    if sw3 not in allowed:
        raise ValueError(f"sw is one of {', '.join(f'{one:02X}' for one in allowed)}")
    return sw3


def _explained(direction: str, frame: samv.SamvFrame) -> str:
    if direction == "rx":
        return _COMMANDS.get(frame.body[:2], f"command {frame.body[:2].hex(' ')}")
    sw3 = frame.sw3
    if sw3 not in (samv.OK, samv.FOUND):
        return "too short" if sw3 is None else f"{sw3:02X} {samv.meaning_of(sw3).text}"
    if len(frame.body) <= 7 + id_text.TEXT_BYTES:
        return f"{sw3:02X} " + ("card found" if sw3 == samv.FOUND else "done")
    try:
        card = id_text.decode(frame.body[7 : 7 + id_text.TEXT_BYTES])
    except ValueError:
        return f"{sw3:02X} unreadable text"
    number, name = persons.masked_number(card.id_number), persons.masked_name(card.name)
    return f"{sw3:02X} {card.kind} card of {name} {number}, and a photo"
