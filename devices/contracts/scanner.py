"""Codes that a citizen holds under a scanner.  They may be personal: all of it stays on the terminal."""

from __future__ import annotations

from typing import ClassVar

from devices.contracts.base import Message, Scope


class CodeScanned(Message):
    """Event `code-scanned`: the text of one code.  `(device_id, boot, seq)` names one scan for ever.

    `symbology` is `qr`, `code-128` and the like when the scanner says it, else empty.
    """

    scope: ClassVar[Scope] = Scope.LOCAL
    personal_data: ClassVar[bool] = True

    device_id: str
    text: str
    symbology: str = ""
    boot: str
    seq: int

    def __repr__(self) -> str:
        """Show no text: it may be somebody's."""
        return f"CodeScanned(device_id={self.device_id!r}, seq={self.seq}, {len(self.text)} characters)"

    __str__ = __repr__


class StartScan(Message):
    """Command `start-scan`: look for one code now, for scanners that do not look by themselves."""

    scope: ClassVar[Scope] = Scope.LOCAL
