"""Takes real-time commands out of a printer's input as it arrives, and explains chunks to people.

::

    10 04 n             DLE EOT: status now
    10 05 n             DLE ENQ: recover
    10 14 01 m t        DLE DC4 1: drawer        10 14 08 + 7: clear buffers
"""

from __future__ import annotations

from collections.abc import Callable

from devices.codecs.escpos_replies import (
    AutoStatus,
    Block,
    Flow,
    PaperStatus,
    ProcessId,
    RealTimeStatus,
    Reply,
    ReplyDemultiplexer,
)
from devices.sim.printer_parser import Command, CommandParser

DLE = 0x10
_LENGTH = {b"\x10\x04": 3, b"\x10\x05": 3, b"\x10\x14\x01": 5, b"\x10\x14\x02": 5, b"\x10\x14\x08": 10}


class RealTimeFilter:
    """Byte by byte: what is a real-time command goes to `obey`, all else to `keep`."""

    def __init__(self, keep: Callable[[bytes], None], obey: Callable[[bytes], None]) -> None:
        self._keep = keep
        self._obey = obey
        self._held = bytearray()

    def feed(self, byte: int) -> None:
        """Take one byte as it came off the line."""
        if not self._held and byte != DLE:
            self._keep(bytes((byte,)))
            return
        self._held.append(byte)
        while self._held:
            length = _length(bytes(self._held))
            if length is None or len(self._held) < length:
                break
            taken = bytes(self._held[: length or 1])
            del self._held[: length or 1]
            (self._obey if length else self._keep)(taken)


def _length(held: bytes) -> int | None:
    """Return how long the command is, 0 when it is none, None when that is still open."""
    for start, length in _LENGTH.items():
        if held.startswith(start):
            return length
        if start.startswith(held):
            return None
    return 0


def explain_bytes(direction: str, data: bytes, codepage: str) -> str:
    """Return a line for people about one chunk; `rx` is what the host sent."""
    if direction == "rx":
        return _explain_commands(data, codepage)
    demultiplexer = ReplyDemultiplexer()
    said = [_explain_reply(reply) for reply in demultiplexer.feed(data)]
    return ", ".join(said) or f"{len(data)} bytes"


def _explain_commands(data: bytes, codepage: str) -> str:
    parser, said = CommandParser(), []
    real_time = RealTimeFilter(parser.put, lambda command: said.append(_explain_real_time(command)))
    for byte in data:
        real_time.feed(byte)
    while (command := parser.take()) is not None:
        said.append(_explain_command(command, codepage))
    if len(parser):
        said.append(f"… {len(parser)} bytes of an unfinished command")
    return " ".join(part for part in said if part)


def _explain_command(command: Command, codepage: str) -> str:
    match command.name:
        case "TEXT":
            return f"“{command.args.decode(codepage, 'replace').strip()}”"
        case "GS (k" if command.args[:3] == b"1P0":
            return f"[QR {command.args[3:].decode('utf-8', 'replace')}]"
        case "GS V":
            return "[cut]"
        case "GS (H":
            return f"[process id {command.args[2:].decode('ascii', 'replace')}]"
        case "GS r":
            return "[GS r: paper?]"
        case _:
            return ""  # sizes, alignment, feeds: the picture shows them


def _explain_real_time(command: bytes) -> str:
    if command[1] == 0x04:
        asked = {1: "printer", 2: "offline cause", 3: "error cause", 4: "paper"}
        return f"[DLE EOT {command[2]}: {asked.get(command[2], 'status')}?]"
    return f"[{command.hex(' ')}]"


def _explain_reply(reply: Reply) -> str:
    match reply:
        case RealTimeStatus(value):
            return f"status {value:02x}"
        case AutoStatus(value):
            return f"automatic status {value.hex(' ')}"
        case PaperStatus():
            return f"GS r answer: paper {'out' if reply.out else 'there'}"
        case ProcessId(job):
            return f"printing finished: process id {job}"
        case Block(kind, body):
            return f"block {kind:02x} {body.decode('ascii', 'replace')}"
        case Flow(go):
            return "XON" if go else "XOFF"
