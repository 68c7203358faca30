"""Frames of a SAM_V identity-card module::

    host > reader   AA AA AA 96 69 | LEN hi lo | CMD | PARA | DATA…          | CHK
    reader > host   AA AA AA 96 69 | LEN hi lo | SW1 | SW2 | SW3 | DATA…     | CHK

LEN counts the bytes after it, CHK included; CHK is the xor of LEN and everything up to CHK.
Source: protocols sections 1.2 to 1.4 (three to six independent sources); the card management number and the
baud commands: one source each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from devices.codecs.framing import xor8

PREAMBLE = b"\xaa\xaa\xaa\x96\x69"
MAX_LEN = 2400  # the longest known answer has LEN 2314 (three fingerprints' worth)
_HEAD = len(PREAMBLE) + 2

RESET = b"\x10\xff"
STATUS = b"\x11\xff"
FIND = b"\x20\x01"
SELECT = b"\x20\x02"
READ_TEXT_PHOTO = b"\x30\x01"
READ_WITH_FINGERS = b"\x30\x10"  # known, never asked for
NEWEST_ADDRESS = b"\x30\x03"
CARD_MANAGEMENT_NUMBER = b"\x30\x05"
SAM_NUMBER = b"\x12\xff"
MAX_RF = b"\x61\xff"
SET_BAUD = {
    115200: b"\x60\x00",
    57600: b"\x60\x01",
    38400: b"\x60\x02",
    19200: b"\x60\x03",
    9600: b"\x60\x04",
}

OK = 0x90
FOUND = 0x9F
NO_NEW_CARD = 0x80
ITEM_MISSING = 0x91
HOST_CHECKSUM = 0x10
HOST_LENGTH = 0x11


class Meaning(NamedTuple):
    """What a status word says: a stable `code`, the advice (devices.contracts.card_advice), two sentences."""

    code: str
    text: str
    advice: str
    zh: str = ""


PLACE_AGAIN = "place-again"
CALL_STAFF = "call-staff"

STATUS_WORDS: dict[int, Meaning] = {
    0x10: Meaning(
        "host-checksum", "the reader got a damaged request", CALL_STAFF, "读卡器收到的指令校验错误"
    ),
    0x11: Meaning(
        "host-length", "the reader got a request of the wrong length", CALL_STAFF, "读卡器收到的指令长度错误"
    ),
    0x21: Meaning(
        "unknown-command", "the reader does not know this command", CALL_STAFF, "读卡器不认识该指令"
    ),
    0x23: Meaning("not-allowed", "the reader does not allow this now", CALL_STAFF, "读卡器当前不允许该操作"),
    0x24: Meaning(
        "unknown-error", "the reader has an error without a name", CALL_STAFF, "读卡器报告未知错误"
    ),
    0x31: Meaning(
        "card-rejects-reader", "the card did not accept the reader", PLACE_AGAIN, "证件未通过对读卡器的认证"
    ),
    0x32: Meaning(
        "reader-rejects-card", "the reader did not accept the card", PLACE_AGAIN, "读卡器未通过对证件的认证"
    ),
    0x33: Meaning(
        "verification-failed", "the card's information did not verify", PLACE_AGAIN, "证件信息验证失败"
    ),
    0x37: Meaning("fingerprint-failed", "the fingerprint did not verify", PLACE_AGAIN, "指纹验证失败"),
    0x3F: Meaning(
        "information-length", "the card's information has a wrong length", PLACE_AGAIN, "证件信息长度错误"
    ),
    0x40: Meaning(
        "unknown-card-type",
        "the card is of a type the reader does not know",
        PLACE_AGAIN,
        "无法识别的证件类型",
    ),
    0x41: Meaning("read-failed", "the card could not be read", PLACE_AGAIN, "读证件失败"),
    0x47: Meaning("no-random-number", "the card gave no random number", PLACE_AGAIN, "证件未返回随机数"),
    0x60: Meaning(
        "self-test-failed",
        "the reader's security module failed its self test",
        CALL_STAFF,
        "安全模块自检失败",
    ),
    0x66: Meaning(
        "not-authorised", "the reader's security module is not authorised", CALL_STAFF, "安全模块未经授权"
    ),
    0x80: Meaning("no-new-card", "no new card lies on the reader", PLACE_AGAIN, "没有发现新的证件"),
    0x81: Meaning("select-failed", "the card could not be selected", PLACE_AGAIN, "选取证件失败"),
    0x91: Meaning("item-missing", "the card lacks that item", "", "证件中没有此项内容"),
}


def meaning_of(sw3: int) -> Meaning:
    """Return what a status word means; an unlisted one is a fault with its number in the code."""
    return STATUS_WORDS.get(sw3) or Meaning(
        f"sw-{sw3:02x}", f"the reader answered {sw3:02X}", CALL_STAFF, f"读卡器返回 {sw3:02X}"
    )


@dataclass(frozen=True, slots=True)
class SamvFrame:
    """What is between LEN and CHK: a request's CMD PARA DATA or a reply's SW1 SW2 SW3 DATA."""

    body: bytes

    def __repr__(self) -> str:
        """Show the size only: a reply may hold a person's data."""
        return f"SamvFrame({len(self.body)} bytes)"

    @property
    def sw3(self) -> int | None:
        """The status word's last byte of a reply, None when it is too short for one."""
        return self.body[2] if len(self.body) >= 3 else None


def encode(body: bytes) -> bytes:
    """Return the whole frame around `body`.  Raises ValueError when it is empty or too long."""
    if not 1 <= len(body) < MAX_LEN:
        raise ValueError(f"a SAM_V body has 1 to {MAX_LEN - 1} bytes, not {len(body)}")
    checked = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + checked + bytes((xor8(checked),))


def reply(sw3: int, data: bytes = b"") -> bytes:
    """Return a reader's whole reply frame."""
    return encode(bytes((0, 0, sw3)) + data)


class SamvCodec:
    """Turns a byte stream into frames.  Does no I/O; holds less than one frame.

    `discarded` counts bytes that were no part of a good frame, `bad_checksums` damaged frames.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.discarded = 0
        self.bad_checksums = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def reset(self) -> None:
        """Forget a frame that was begun: its end will not come any more."""
        self._drop(len(self._buffer))

    def feed(self, data: bytes) -> list[SamvFrame]:
        """Take bytes as they arrived, in any chunking; return the frames completed."""
        frames: list[SamvFrame] = []
        for start in range(0, len(data), MAX_LEN):  # in parts, so that a flood is never held whole
            self._buffer += data[start : start + MAX_LEN]
            while self._step(frames):
                pass
        return frames

    def _step(self, frames: list[SamvFrame]) -> bool:
        """Take one frame or throw something away; False when more bytes are needed."""
        self._skip_noise()
        if len(self._buffer) < _HEAD:
            return False
        length = int.from_bytes(self._buffer[len(PREAMBLE) : _HEAD], "big")
        if not 2 <= length <= MAX_LEN:
            self._drop(1)
            return True
        end = _HEAD + length
        if len(self._buffer) < end:
            return False
        checked = bytes(self._buffer[len(PREAMBLE) : end])
        if xor8(checked):  # the checksum xors to zero with what it covers
            self.bad_checksums += 1
            self._drop(1)  # a good frame may have begun inside the damaged one
            return True
        frames.append(SamvFrame(checked[2:-1]))
        del self._buffer[:end]
        return True

    def _skip_noise(self) -> None:
        at = self._buffer.find(PREAMBLE)
        if at < 0:
            keep = next((n for n in range(4, 0, -1) if self._buffer.endswith(PREAMBLE[:n])), 0)
            at = len(self._buffer) - keep
        self._drop(at)

    def _drop(self, count: int) -> None:
        self.discarded += count
        del self._buffer[:count]


def explain(direction: str, data: bytes) -> str:
    """Return whole frames in words, for a transcript: a command's bytes, an answer's status; never a card."""
    frames = SamvCodec().feed(data)
    if direction == "tx":
        return "; ".join(f"command {frame.body[:2].hex(' ')}" for frame in frames)
    known = [frame.sw3 for frame in frames if frame.sw3 is not None]
    words = {OK: "done", FOUND: "card found"}
    return "; ".join(f"{sw3:02X} {words.get(sw3) or meaning_of(sw3).text}" for sw3 in known)
