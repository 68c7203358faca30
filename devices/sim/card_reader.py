"""The card end of vpcd, a virtual smart-card reader that a real pcscd serves: frames and knobs.  Sans-I/O.

Each message is `length u16 big-endian | payload`.  From vpcd: 00 power off, 01 power on, 02 reset, 04 give
the answer to reset, anything else a command for the card.  Source: protocols section 2.4 (pcscd 1.9.9).
"""

from __future__ import annotations

from typing import Any

from devices.codecs import apdu
from devices.sim.base import Action, NotPossible
from devices.sim.smart_card import KINDS, VirtualCard, make_smart_card, masked

ATR = bytes.fromhex("3B6500002063CBA6A0")
_OFF, _ON, _RESET, _GIVE_ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_CONTROLS = {_OFF: "power off", _ON: "power on", _RESET: "reset", _GIVE_ATR: "answer to reset?"}
_WORDS = {0xA4: "SELECT", 0xB2: "READ RECORD", 0xC0: "GET RESPONSE", 0xCA: "GET DATA", 0xB0: "READ BINARY"}


def frame(payload: bytes) -> bytes:
    """Return a message around `payload` (at most 65535 bytes)."""
    return len(payload).to_bytes(2, "big") + payload


def take_frames(buffer: bytearray) -> list[bytes]:
    """Take the whole payloads out of `buffer`; what is left is the beginning of the next one."""
    taken = []
    while len(buffer) >= 2 and len(buffer) >= 2 + (size := int.from_bytes(buffer[:2], "big")):
        taken.append(bytes(buffer[2 : 2 + size]))
        del buffer[: 2 + size]
    return taken


class SimCardReader:
    """One slot.  A host connects it to vpcd while `present`, which is how vpcd knows that a card is in."""

    kind = "card-reader"
    driver = "cardreader-pcsc"

    def __init__(self) -> None:
        self.card: VirtualCard | None = None
        self._buffer = bytearray()
        self._out = b""
        self._inserted = 0
        self._commands = 0

    @property
    def present(self) -> bool:
        """Whether a card is in the slot."""
        return self.card is not None

    def hung_up(self) -> None:
        """Forget a message that was begun on a connection which is over."""
        self._buffer.clear()
        self._out = b""

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from vpcd."""
        self._buffer += data
        for payload in take_frames(self._buffer):
            self._obey(payload)

    def poll(self, now_s: float) -> bytes:
        """Return what the card says."""
        out, self._out = self._out, b""
        return out

    def next_due_s(self) -> float | None:
        """Return None: a card answers at once."""
        return None

    def _obey(self, payload: bytes) -> None:
        card = self.card
        if card is None:
            return
        if payload == _GIVE_ATR:
            self._out += frame(ATR)
        elif payload in (_ON, _RESET):
            card.power_up()
        elif payload not in (_OFF, b""):
            self._commands += 1
            self._out += frame(card.answer(payload))

    def actions(self) -> list[Action]:
        """Return the knobs."""
        fields = f"{{kind: {'|'.join(KINDS)}, name, id_number, birth, expires, number, uid}}"
        return [
            Action("insert", "插卡 / insert a card", {"card": fields}),
            Action("remove", "取卡 / take the card out"),
        ]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action == "insert":
            if self.card is not None:
                raise NotPossible("a card is in the reader already; take it out first")
            wanted = params.get("card") or {}
            if not isinstance(wanted, dict):
                raise ValueError("card is a table of fields")
            self.card = make_smart_card(wanted, self._inserted + 1)
            self._inserted += 1
        elif action == "remove":
            if self.card is None:
                raise NotPossible("no card is in the reader")
            self.card = None
            self.hung_up()
        else:
            raise ValueError(f"a smart-card reader cannot {action!r}")

    def state(self) -> dict[str, Any]:
        """Return what is seen; the person on the card is masked."""
        card = masked(self.card) if self.card is not None else None
        return {"state": "present" if card else "empty", "card": card, "commands": self._commands}

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk; the person on the card is masked."""
        payloads = take_frames(bytearray(data))
        if not payloads:
            return f"part of a message, {len(data)} bytes"
        return "; ".join(_explained(direction, payload) for payload in payloads)

    def mask_hex(self, direction: str, data: bytes) -> str:
        """Return the bytes as hex, without what a card told."""
        short = 2 + len(ATR)  # longer answers may hold a name or a number
        return data.hex(" ") if direction == "rx" or len(data) <= short else f"{len(data)} bytes, masked"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with its last byte (of an answer: the status word) wrong."""
        return data[:-1] + bytes((data[-1] ^ 0x55,)) if data else data


def _explained(direction: str, payload: bytes) -> str:
    if direction == "rx":
        return _CONTROLS.get(payload) or _WORDS.get(int.from_bytes(payload[1:2], "big"), "command")
    if payload == ATR or len(payload) < 2:
        return "answer to reset"
    word = int.from_bytes(payload[-2:], "big")
    return "done" if word == apdu.OK else f"{word:04X} {apdu.meaning_of(word).text}"
