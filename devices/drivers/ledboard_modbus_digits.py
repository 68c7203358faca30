"""Digit displays of the LED-485 kind on one RS-485 line: 3 to 6 characters each, told apart by unit number.

The number is written to register 0070 as ASCII, two characters in a register; the unit repeats register and
count when it has them.  Source: protocols section 4.1.3; page docs/devices/ledboard-modbus-digits.md.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import modbus
from devices.codecs.modbus import Adu
from devices.errors import DeviceFault, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain, read_until

_BUSY = 6
_LATE = 2048  # bytes of late answers thrown away at once: noise without end must not hold the line


class ModbusDigitsSettings(BaseModel):
    """The `[device.settings]` table of a line of digit displays.  Registers have one or two sources."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    units: tuple[int, ...] = Field(
        default=(1,), min_length=1, description="unit numbers on the line, asked for a sign of life"
    )
    digits: int = Field(default=4, ge=2, le=12, description="characters of one display")
    text_register: int = Field(default=0x70, ge=0, le=0xFFFF, description="where the ASCII text goes")
    probe_register: int = Field(
        default=0x1D, ge=0, le=0xFFFF, description="read for a sign of life; a refusal is one too"
    )
    too_long: str = Field(
        default="digits",
        pattern="^(digits|refuse)$",
        description="a number with too many characters: show its digits only, as call pads do, or refuse",
    )
    reply_timeout_s: float = Field(default=0.3, gt=0, le=5, description="for one answer")
    quiet_s: float = Field(
        default=0.005, ge=0, le=1, description="silence before a question; 3.5 characters are 4 ms at 9600"
    )
    tries: int = Field(default=3, ge=1, le=10, description="how often a silent unit is asked")


class ModbusDigitLine:
    """All displays on one line."""

    def __init__(self, device_id: str, wire: ByteStream, settings: ModbusDigitsSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = modbus.RtuCodec()
        self._unasked = 0  # bytes that came when nothing was asked

    async def probe(self) -> None:
        """Ask the units in turn until one answers.  Raises WireTimeout when none does."""
        for unit in self._settings.units:
            try:
                await self._ask(modbus.read_registers(unit, self._settings.probe_register, 1))
            except WireTimeout:
                continue
            return
        raise WireTimeout(f"{self.device_id}: no display answers; check power, baud rate and unit numbers")

    async def check_unit(self, addr: int) -> None:
        """Ask one unit for a sign of life; see devices.kinds.DigitLine."""
        await self._told(addr, modbus.read_registers(addr, self._settings.probe_register, 1), refusable=True)

    async def show_number(self, addr: int, number: str) -> None:
        """Show a ticket number to the right; empty goes dark.  See devices.kinds.DigitLine."""
        text = self._fitted(number)
        register = self._settings.text_register
        await self._told(addr, modbus.write_registers(addr, register, text or self._blank()))
        if text is None:  # dark now: the number before must not stand there for this one
            raise DeviceFault(
                "board-text-impossible",
                f"{self.device_id}: {number!r} cannot be shown with {self._settings.digits} characters",
            )

    def _blank(self) -> bytes:
        return b" " * (self._settings.digits + self._settings.digits % 2)

    def _fitted(self, number: str) -> bytes | None:
        """Return the characters for a display, or None when they would be another number."""
        settings = self._settings
        text = number.strip()
        if len(text) > settings.digits and settings.too_long == "digits":
            text = "".join(char for char in text if char in "0123456789")
        if len(text) > settings.digits or not all("!" <= char <= "~" for char in text):
            return None
        even = settings.digits + settings.digits % 2
        return text.rjust(settings.digits).ljust(even).encode("ascii")

    async def _told(self, addr: int, question: Adu, *, refusable: bool = False) -> None:
        """Ask; a silent or refusing unit is its own fault and not the line's."""
        try:
            error = await self._ask(question)
        except WireTimeout as silent:
            raise DeviceFault(
                "display-silent", f"{self.device_id}: display {addr} does not answer", advice="call-staff"
            ) from silent
        if error and not refusable:
            word = modbus.ERRORS.get(error, f"error-{error}")
            raise DeviceFault(f"board-{word}", f"{self.device_id}: display {addr} refuses: {word}")

    async def _ask(self, question: Adu) -> int:
        """Return the error number of the answer, 0 for done.  Raises WireTimeout, WireClosed."""
        frame = modbus.encode(question)
        error = 0
        for left in reversed(range(self._settings.tries)):
            await self._be_quiet()
            await self._wire.write(frame)
            try:
                error = await self._answer(question)
            except WireTimeout:
                if not left:
                    raise
                continue
            if error != _BUSY:
                break
        return error

    async def _be_quiet(self) -> None:
        """Let late answers pass and give the line the silence that begins a frame."""
        self._codec.reset()
        self._unasked += await drain(self._wire, _LATE)
        try:
            self._unasked += len(await self._wire.read(self._settings.quiet_s))
        except WireTimeout:
            return
        self._unasked += await drain(self._wire, _LATE)

    async def _answer(self, question: Adu) -> int:
        deadline_s = self._wire.now_s() + self._settings.reply_timeout_s
        while True:
            frames = self._codec.feed(await read_until(self._wire, deadline_s))
            self.discarded_bytes = self._codec.discarded + self._unasked
            for frame in frames:
                if (frame.unit, frame.function) == (question.unit, question.function | modbus.REFUSAL):
                    return frame.data[0] or _BUSY
                if _answers(frame, question):
                    return 0


def _answers(frame: Adu, question: Adu) -> bool:
    """Say whether `frame` is the good answer to `question`: a write repeats register and value or count."""
    if (frame.unit, frame.function) != (question.unit, question.function):
        return False
    return question.function == modbus.READ or frame.data == question.data[:4]


SPEC = DriverSpec(
    name="ledboard-modbus-digits",
    kind="digit-line",
    wire="bytes",
    settings=ModbusDigitsSettings,
    build=ModbusDigitLine,
    doc="docs/devices/ledboard-modbus-digits.md",
    baud=9600,
    level="silver",
    source="two public sources; tried against pymodbus; no display seen yet",
)
