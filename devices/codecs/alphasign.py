"""Packets of the Alpha Sign protocol (AlphaSign, BetaBrite), and the TEXT file in them::

    NUL x5 | SOH | type Z | address 00 | STX | command, data | ETX | sum | EOT

`sum` is the 16-bit sum of STX to ETX in four hex digits.  Write TEXT is `A label ESC position mode text`,
read TEXT `B label`; a sign answers a read with type 0 and its own write.  Text is printable ASCII only here.
Source: protocols section 4.2 (the maker's manual and alphasignpy); the answer to a read: alphasignpy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NUL, SOH, STX, ETX, EOT, ESC = b"\0", b"\x01", b"\x02", b"\x03", b"\x04", b"\x1b"
ANY_TYPE, ANSWER = "Z", "0"
HOLD, ROTATE = "b", "a"
FILL = "&"

MOST = 2048  # bytes of a packet from SOH to EOT
_PACKET = re.compile(rb"\x01([!-~])([0-9A-F?]{2})(\x02([^\x01-\x04]*)\x03)([0-9A-F]{4})\x04", re.DOTALL)
_TEXT = re.compile(rb"A([!-~])\x1b([ -~])([a-z])([ -~]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AlphaPacket:
    """One packet; `body` is the command letter and its data, without the control bytes around."""

    body: bytes
    kind: str = ANY_TYPE
    address: str = "00"


@dataclass(frozen=True, slots=True)
class TextFile:
    """What a sign shows: `mode` b holds still, a rotates; `position` & fills the sign."""

    text: str
    label: str = "A"
    mode: str = HOLD
    position: str = FILL

    def write(self) -> bytes:
        """Return the body of a write.  Raises ValueError unless the text is printable ASCII."""
        if not all(" " <= char <= "~" for char in self.text):
            raise ValueError("a sign's text is printable ASCII")
        return f"A{self.label}\x1b{self.position}{self.mode}{self.text}".encode("ascii")


def read(label: str) -> bytes:
    """Return the body that asks for a TEXT file."""
    return b"B" + label.encode("ascii")


def text_file(body: bytes) -> TextFile | None:
    """Return the TEXT file in the body of a write; None when it is none."""
    found = _TEXT.fullmatch(body)
    if found is None:
        return None
    label, position, mode, text = (part.decode("ascii") for part in found.groups())
    return TextFile(text, label, mode, position)


def encode(packet: AlphaPacket, nuls: int = 5) -> bytes:
    """Return the bytes of a packet; a sign sets its speed by the NULs and sends 20 itself."""
    summed = STX + packet.body + ETX
    head = NUL * nuls + SOH + packet.kind.encode("ascii") + packet.address.encode("ascii")
    return head + summed + f"{sum(summed) & 0xFFFF:04X}".encode("ascii") + EOT


class AlphaCodec:
    """Turns a byte stream into packets.  Does no I/O; holds less than one packet.

    `discarded` counts bytes that were no part of a good packet, NULs aside; `bad_checksums` counts whole
    packets with a wrong sum.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self.discarded = 0
        self.bad_checksums = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their packet."""
        return len(self._buffer)

    def reset(self) -> None:
        """Forget a packet that was begun: its end will not come any more."""
        self._drop(self._buffer)
        self._buffer = b""

    def feed(self, data: bytes) -> list[AlphaPacket]:
        """Take bytes as they arrived, in any chunking; return the packets completed."""
        self._buffer += data
        packets = []
        while EOT in self._buffer:
            end = self._buffer.index(EOT) + 1
            start = max(0, self._buffer.rfind(SOH, 0, end))
            self._drop(self._buffer[:start])
            packet = self._packet(self._buffer[start:end])
            if packet is None:
                self._drop(self._buffer[start:end])
            else:
                packets.append(packet)
            self._buffer = self._buffer[end:]
        self._keep()
        return packets

    def _packet(self, whole: bytes) -> AlphaPacket | None:
        found = _PACKET.fullmatch(whole)
        if found is None:
            return None
        kind, address, summed, body, told = found.groups()
        if sum(summed) & 0xFFFF != int(told, 16):
            self.bad_checksums += 1
            return None
        return AlphaPacket(body, kind.decode("ascii"), address.decode("ascii"))

    def _keep(self) -> None:
        """Drop what cannot become a packet any more."""
        start = self._buffer.rfind(SOH)
        kept = self._buffer[start:] if start >= 0 else b""
        kept = kept if len(kept) <= MOST else b""
        self._drop(self._buffer[: len(self._buffer) - len(kept)])
        self._buffer = kept

    def _drop(self, data: bytes) -> None:
        self.discarded += len(data) - data.count(NUL)
