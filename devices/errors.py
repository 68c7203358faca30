"""What can go wrong with a machine; the type says what to do about it.

::

    DeviceError
    ├── TransportError        the wire is gone: reconnect with back-off
    │   └── WireClosed        the other end hung up
    ├── WireTimeout           no byte came in time: ask again, then report
    ├── ProtocolError         bytes came that the manual does not allow: count, resynchronise, report after N
    └── DeviceFault(code)     the machine answered and refuses: the caller's business, do not retry blindly

`code` is stable; the text is for people and never holds personal data.
"""

from __future__ import annotations


class DeviceError(Exception):
    """The root.  `code` is stable."""

    code = "device-error"


class TransportError(DeviceError):
    """The wire is gone; the session reconnects."""

    code = "wire-lost"


class WireClosed(TransportError):
    """The other end hung up or was unplugged."""

    code = "wire-closed"


class WireTimeout(DeviceError):
    """Nothing came in the time that was given."""

    code = "no-answer"


class ProtocolError(DeviceError):
    """A whole frame came that makes no sense here."""

    code = "protocol-error"


class DeviceFault(DeviceError):
    """The machine answered: it cannot.  `advice` is `place-again`, `call-staff` or empty."""

    code = "device-fault"

    def __init__(self, code: str, text: str, *, advice: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.advice = advice
