"""Frames of the tax machine's supervisor link, whole numbers big-endian::

    AA 55 | 01 | addr | seq | kind | cmd u16 | len u16 (<= 1024) | payload | crc u16

`crc` is CRC-16/CCITT-FALSE of 01 .. payload.  The payload is a CBOR map; none at all is an empty map.
Source: the hall's own link, docs/devices/taxmachine-link.md; command names are those of XFS4IoT.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from devices.codecs import cbor
from devices.codecs.cbor import Value

START = b"\xaa\x55"
VERSION = 1
MOST_PAYLOAD = 1024
_HEAD = 10  # START .. len
_TAIL = 2

Payload = dict[str, Value]


class Kind(IntEnum):
    """What a frame is."""

    CMD = 0
    RSP = 1
    EVT = 2
    ACK = 3
    NAK = 4


class Refusal(IntEnum):
    """The `reason` of a NAK."""

    CRC = 1
    UNKNOWN_COMMAND = 2
    BUSY = 3
    STATE = 4
    PAYLOAD = 5
    AUTH = 6


class Cmd(IntEnum):
    """Commands and events that this link speaks; the page lists the rest of the numbers."""

    STATUS = 0x0101
    CAPABILITIES = 0x0102
    SYNCHRONIZE_CLOCK = 0x0107
    GET_STORAGE = 0x0701
    START_EXCHANGE = 0x0702
    END_EXCHANGE = 0x0703
    SET_STORAGE = 0x0704
    INVOICE_LOCK = 0x0802
    INVOICE_UNLOCK = 0x0803
    INVOICE_RECONCILE = 0x0804
    JOURNAL_READ = 0x0901
    JOURNAL_ACK = 0x0902
    EVT_STATUS_CHANGED = 0x8101
    EVT_ERROR = 0x8102
    EVT_PAPER_THRESHOLD = 0x8201
    EVT_TONER_THRESHOLD = 0x8202
    EVT_MEDIA_PRESENTED = 0x8203
    EVT_MEDIA_TAKEN = 0x8204
    EVT_MEDIA_AUTO_RETRACTED = 0x8205
    EVT_RETRACT_BIN_THRESHOLD = 0x8206
    EVT_AUXILIARIES = 0x8601
    EVT_STORAGE_THRESHOLD = 0x8701
    EVT_COUNTS_CHANGED = 0x8702
    EVT_STORAGE_ERROR = 0x8703
    EVT_JOURNAL_ENTRY = 0x8901


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.  `cmd` is any u16: one that nobody knows is refused by who gets it, not lost here."""

    addr: int
    seq: int
    kind: Kind
    cmd: int
    payload: Payload = field(default_factory=dict, repr=False)

    @property
    def key(self) -> tuple[int, int, int, int, bytes]:
        """What two copies of one frame have in common."""
        return (self.addr, self.seq, self.kind, self.cmd, cbor.encode(self.payload))


def payload_size(payload: Mapping[str, Value]) -> int:
    """Return how many bytes a payload takes."""
    return len(cbor.encode(dict(payload))) if payload else 0


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame.  Raises ValueError for a payload that is too long."""
    payload = cbor.encode(frame.payload) if frame.payload else b""
    if len(payload) > MOST_PAYLOAD:
        raise ValueError(f"a payload of {len(payload)} bytes; at most {MOST_PAYLOAD}")
    head = bytes((VERSION, frame.addr, frame.seq, frame.kind))
    body = head + frame.cmd.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload
    return START + body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


class LinkCodec:
    """Finds frames in a stream.  Does no I/O; holds less than one frame.

    `damaged` counts whole frames whose crc was wrong.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self.discarded = 0
        self.damaged = 0

    def reset(self) -> None:
        """Forget half a frame."""
        self.discarded += len(self._buffer)
        self._buffer = b""

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they arrived, in any chunking; return the frames completed."""
        self._buffer += data
        found: list[Frame] = []
        while True:
            self._to_start()
            length = self._length()
            if length is None:
                return found
            frame = _frame(self._buffer[:length]) if length else None
            if frame is None:
                self.damaged += bool(length)
                self._drop(1)  # what looked like a start was none, or the frame is broken
            else:
                found.append(frame)
                self._buffer = self._buffer[length:]

    def _to_start(self) -> None:
        start = self._buffer.find(START)
        if start < 0:
            start = len(self._buffer) - self._buffer.endswith(START[:1])
        self._drop(start)

    def _length(self) -> int | None:
        """Return the length of the frame at the beginning, 0 for an impossible one, None: wait for more."""
        head = self._buffer[:_HEAD]
        if (len(head) > 2 and head[2] != VERSION) or (len(head) > 5 and head[5] > Kind.NAK):
            return 0
        if len(head) < _HEAD:
            return None
        length = int.from_bytes(head[8:10], "big")
        if length > MOST_PAYLOAD:
            return 0
        whole = _HEAD + length + _TAIL
        return whole if len(self._buffer) >= whole else None

    def _drop(self, count: int) -> None:
        self.discarded += count
        self._buffer = self._buffer[count:]


def _frame(data: bytes) -> Frame | None:
    """Return the frame that `data` is, or None."""
    body, crc = data[2:-2], int.from_bytes(data[-2:], "big")
    if crc_hqx(body, 0xFFFF) != crc:
        return None
    payload: Value = {}
    if len(body) > 8:
        try:
            payload = cbor.decode(body[8:])
        except ValueError:
            return None
    if not isinstance(payload, dict):
        return None
    return Frame(body[1], body[2], Kind(body[3]), int.from_bytes(body[4:6], "big"), payload)


def explain(data: bytes) -> str:
    """Return what a chunk says, in words; journal entries, which name a taxpayer, are left out."""
    return "; ".join(_explained(frame) for frame in LinkCodec().feed(data))


def _explained(frame: Frame) -> str:
    try:
        name = Cmd(frame.cmd).name
    except ValueError:
        name = f"{frame.cmd:04X}"
    told = {key: value for key, value in frame.payload.items() if key not in ("entries", "taxpayer")}
    return f"{frame.kind.name} {frame.seq} {name} {told or ''}".strip()[:300]
