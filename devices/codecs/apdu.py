"""Commands and answers of ISO 7816-4 smart cards, as scripts without I/O.

A script yields the next command and is sent the card's answer; it returns what was read.  Whoever owns the
card runs it, so the same script works on a reader, in a test and against a simulated card::

    CLA | INS | P1 | P2 | [Lc | DATA…] | [Le]        answer: DATA… | SW1 | SW2

Source: protocols sections 2.1 and 2.2 (two or more sources for every status word here).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from devices.errors import DeviceFault, ProtocolError

Result = TypeVar("Result")
Script = Generator[bytes, bytes, Result]

OK = 0x9000
NOT_FOUND = 0x6A82
GET_UID = bytes.fromhex("FFCA000000")  # answered by the reader, not by the card (PC/SC part 3)
PLACE_AGAIN = "place-again"
OTHER_CARD = "other-card"
CALL_STAFF = "call-staff"
_PARTS = 16  # of one answer; a card that always has more would hold the caller for ever


class Meaning(NamedTuple):
    """What a status word says: stable `code`, the sentence in English and Chinese, and the advice."""

    code: str
    text: str
    zh: str
    advice: str


STATUS_WORDS: dict[int, Meaning] = {
    0x6700: Meaning(
        "wrong-length", "the card takes no command of this length", "卡片不接受该长度的指令", OTHER_CARD
    ),
    0x6982: Meaning(
        "security-status", "the card does not give this without a key", "卡片未授权读取该内容", OTHER_CARD
    ),
    0x6983: Meaning("pin-blocked", "the card's PIN is blocked", "卡片密码已锁定", CALL_STAFF),
    NOT_FOUND: Meaning(
        "file-not-found", "the card does not have this application", "卡片没有此应用", OTHER_CARD
    ),
    0x6A83: Meaning("record-not-found", "the card does not have this record", "卡片没有此记录", OTHER_CARD),
    0x6D00: Meaning("unknown-command", "the card does not know this command", "卡片不支持此指令", OTHER_CARD),
}


def meaning_of(sw: int) -> Meaning:
    """Return what a status word means; an unlisted one is told with its number in the code."""
    if sw & 0xFFF0 == 0x63C0:
        left = sw & 0xF
        return Meaning(
            "pin-wrong", f"the PIN was wrong, {left} tries left", f"密码错误，还可再试 {left} 次", CALL_STAFF
        )
    unknown = Meaning(f"sw-{sw:04x}", f"the card answered {sw:04X}", f"卡片返回 {sw:04X}", PLACE_AGAIN)
    return STATUS_WORDS.get(sw, unknown)


def fault(sw: int) -> DeviceFault:
    """Return the fault that a status word stands for."""
    meaning = meaning_of(sw)
    return DeviceFault(meaning.code, meaning.text, advice=meaning.advice)


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; `data` is kept out of tracebacks."""

    sw: int
    data: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        """Whether the card did what was asked."""
        return self.sw == OK


def split(raw: bytes) -> Answer:
    """Return an answer's data and status word.  Raises ProtocolError when it is too short for one."""
    if len(raw) < 2:
        raise ProtocolError(f"a card's answer has a status word of 2 bytes, this one has {len(raw)} bytes")
    return Answer(int.from_bytes(raw[-2:], "big"), raw[:-2])


def select(p1: int, data: bytes) -> bytes:
    """Return SELECT: `p1` 04 by name, 00 or 02 by two-byte file number."""
    return bytes((0x00, 0xA4, p1, 0x00, len(data))) + data


def read_record(p1: int, p2: int, expected: int) -> bytes:
    """Return READ RECORD for at most `expected` bytes (1-256)."""
    return bytes((0x00, 0xB2, p1, p2, expected & 0xFF))


def get_response(count: int) -> bytes:
    """Return GET RESPONSE for the `count` bytes (0: 256) that a 61xx promised."""
    return bytes((0x00, 0xC0, 0x00, 0x00, count))


def send(command: bytes) -> Script[Answer]:
    """Send one command; fetch what 61xx promises, and ask again with the length that 6Cxx names.

    Raises ProtocolError when the card promises more for ever.
    """
    answer = split((yield command))
    if answer.sw >> 8 == 0x6C:
        right = bytes((answer.sw & 0xFF,))
        answer = split((yield (command[:-1] if len(command) > 4 else command) + right))
    data = answer.data
    for _ in range(_PARTS):
        if answer.sw >> 8 != 0x61:
            return Answer(answer.sw, data)
        answer = split((yield get_response(answer.sw & 0xFF)))
        data += answer.data
    raise ProtocolError("the card always promises more data")


def uid() -> Script[bytes]:
    """Return a contactless card's serial number, empty when the card or reader gives none."""
    answer = yield from send(GET_UID)
    return answer.data if answer.ok else b""
