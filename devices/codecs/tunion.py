"""The T-Union transport card (交通联合): its number and dates, which every reader may read.

The number stands in file 15h, which comes with the answer to SELECT as tag 9F0C::

    issuer 8 | type 1 | version 1 | card number 10 (digits, leading 0) | start 4 | expiry 4 (YYYYMMDD)

Source: protocols section 2.2 (two or more sources; one card's real bytes).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from devices.codecs import apdu, tlv
from devices.codecs.apdu import Script

AIDS = tuple(bytes.fromhex(aid) for aid in ("A000000632010105", "A000000632010106"))
GET_BALANCE = bytes.fromhex("805C000204")
READ_FILE_15 = bytes.fromhex("00B095001E")
_LOG_SFI = 0x18
_LOG_BYTES = 23


@dataclass(frozen=True, slots=True)
class TransportCard:
    """What stands in file 15h; a date is None when the card gives none."""

    number: str
    issuer: str
    type: int
    version: int
    start: date | None
    expiry: date | None

    def __repr__(self) -> str:
        """Show no number: it can be linked to journeys."""
        return "TransportCard(…)"


@dataclass(frozen=True, slots=True)
class Journey:
    """One entry of the card's log.  `type` 01/02 is a load, 05/06 a purchase."""

    sequence: int
    amount_fen: int
    type: int
    terminal: str
    day: date | None
    time: str


def find() -> Script[TransportCard | None]:
    """Return the transport card that is there, None for any other card.  Raises ValueError: unusable data."""
    for aid in AIDS:
        answer = yield from apdu.send(apdu.select(0x04, aid))
        if not answer.ok:
            continue
        block = tlv.find(answer.data, 0x6F, 0xA5, 0x9F0C)
        if block is None:
            block = (yield from apdu.send(READ_FILE_15)).data
        return decode(block)
    return None


def decode(block: bytes) -> TransportCard:
    """Return the card in file 15h (28 bytes or more).  Raises ValueError naming the field."""
    if len(block) < 28:
        raise ValueError("the field file-15 is too short")
    number = block[10:20].hex().removeprefix("0")
    if not number.isdigit():
        raise ValueError("the field number is not of digits")
    issuer, kind, version = block[:8].hex(), block[8], block[9]
    return TransportCard(number, issuer, kind, version, _date(block[20:24]), _date(block[24:28]))


def balance_fen(data: bytes) -> int:
    """Return a purse's balance in fen from the answer to GET_BALANCE.  Raises ValueError."""
    if len(data) != 4:
        raise ValueError("a balance has 4 bytes")
    return int.from_bytes(data, "big") & 0x7FFFFFFF


def log_command(number: int) -> bytes:
    """Return READ RECORD for log entry `number` (1 is the newest)."""
    return apdu.read_record(number, _LOG_SFI << 3 | 0x04, _LOG_BYTES)


def decode_journey(data: bytes) -> Journey:
    """Return a log entry.  Raises ValueError when it does not have 23 bytes."""
    if len(data) != _LOG_BYTES:
        raise ValueError(f"a log entry has {_LOG_BYTES} bytes")
    return Journey(
        sequence=int.from_bytes(data[0:2], "big"),
        amount_fen=int.from_bytes(data[5:9], "big"),
        type=data[9],
        terminal=data[10:16].hex(),
        day=_date(data[16:20]),
        time=data[20:23].hex(),
    )


def _date(data: bytes) -> date | None:
    digits = data.hex()
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
