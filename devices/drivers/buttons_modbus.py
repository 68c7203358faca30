"""Buttons on a Modbus input module: closing contacts are presses, coils are lamps beside the buttons.

The module is asked for its inputs again and again.  An input counts once it has stood for `debounce_s`; what
is closed when the wire comes up was not pressed now.
Source: protocols section 5.2 (two sources); page docs/devices/buttons-modbus.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.codecs import modbus
from devices.codecs.modbus import Adu, RtuCodec
from devices.errors import DeviceFault, WireTimeout
from devices.kinds import Button, NoDisplay, PadPress, PadRating
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain, read_until

MOST_INPUTS = 64
_LATE = 1024  # bytes of late answers to throw away at once


class ModbusButtonsSettings(BaseModel):
    """The `[device.settings]` table of an input module.  Meanings: `call-next`, `2:recall`, `rate-5`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs: dict[int, Button] = Field(min_length=1, description="number of an input -> meaning")
    lamps: dict[int, int] = Field(default={}, description="pad -> coil that is on while somebody waits")
    unit: int = Field(default=1, ge=1, le=247, description="the module's number on its line")
    first: int = Field(default=0, ge=0, le=65535, description="Modbus address of input 0")
    opens: bool = Field(default=False, description="the buttons open their contact when pressed")
    poll_s: float = Field(default=0.02, ge=0.001, le=1, description="pause between two questions")
    debounce_s: float = Field(default=0.05, ge=0, le=1, description="a shorter pulse is no press")
    reply_s: float = Field(default=0.2, gt=0, le=5, description="how long an answer may take")
    misses: int = Field(
        default=5, ge=1, le=100, description="so many silent polls in a row are a lost module"
    )

    @field_validator("inputs")
    @classmethod
    def _numbers(cls, inputs: dict[int, Button]) -> dict[int, Button]:
        if any(not 0 <= number < MOST_INPUTS for number in inputs):
            raise ValueError(f"an input is 0 to {MOST_INPUTS - 1}")
        return inputs


@dataclass
class _Contact:
    """One input: `pressed` is what counts, `seen` what was read last and since when."""

    pressed: bool
    seen: bool
    since_s: float

    def take(self, value: bool, now_s: float, debounce_s: float) -> bool:
        """Take what was read; say whether it is a press now."""
        if value != self.seen:
            self.seen, self.since_s = value, now_s
        if self.seen == self.pressed or now_s - self.since_s < debounce_s:
            return False
        self.pressed = self.seen
        return self.pressed


class ModbusButtons(NoDisplay):
    """An input module on a wire.  Only `presses` (or `poll`) reads once it runs; it sets the lamps too."""

    def __init__(self, device_id: str, wire: ByteStream, settings: ModbusButtonsSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = RtuCodec()
        self._dropped = 0
        self._count = max(settings.inputs) + 1
        self._contacts: dict[int, _Contact] = {}
        self._wanted: dict[int, bool] = {}
        self._lit: dict[int, bool] = {}
        self._missed = 0
        self._is_known = False

    async def probe(self) -> None:
        """Ask for the inputs the first time; then `presses` alone reads, and notices a lost module."""
        if self._is_known:
            await self._wire.write(b"")
        else:
            await self._inputs()
            self._is_known = True

    async def show_waiting(self, addr: int, waiting: int) -> None:
        """Light the pad's lamp while somebody waits, with the next poll."""
        coil = self._settings.lamps.get(addr)
        if coil is not None:
            self._wanted[coil] = waiting > 0

    async def presses(self) -> AsyncIterator[PadPress | PadRating]:
        """Yield each press once; see devices.kinds.PadLine.  Ends also by WireTimeout and DeviceFault."""
        self._is_known = True
        while True:
            for press in await self.poll():
                yield press
            try:
                self._dropped += len(await self._wire.read(self._settings.poll_s))
            except WireTimeout:
                continue  # the pause is over

    async def poll(self) -> list[PadPress | PadRating]:
        """Ask once; return what was pressed.  Raises WireTimeout after `misses` silent polls, DeviceFault."""
        try:
            levels = await self._inputs()
            await self._light()
        except WireTimeout:
            self._missed += 1
            self._lit.clear()  # it may have lost power
            if self._missed >= self._settings.misses:
                raise
            return []
        self._missed = 0
        now_s = self._wire.now_s()
        return [
            meaning
            for number, meaning in self._settings.inputs.items()
            if self._contact(number, levels[number]).take(levels[number], now_s, self._settings.debounce_s)
        ]

    def _contact(self, number: int, value: bool) -> _Contact:
        return self._contacts.setdefault(number, _Contact(value, value, self._wire.now_s()))

    async def _inputs(self) -> list[bool]:
        answer = await self._ask(modbus.read_inputs(self._settings.unit, self._settings.first, self._count))
        levels = modbus.bits_of(answer, self._count)
        if levels is None:
            raise WireTimeout(f"{self.device_id}: the answer has another number of inputs")
        return [level != self._settings.opens for level in levels]

    async def _light(self) -> None:
        for coil, on in self._wanted.items():
            if self._lit.get(coil) != on:
                await self._ask(modbus.write_coil(self._settings.unit, coil, on))
                self._lit[coil] = on
                return  # one at a time: a press must not wait for all lamps

    async def _ask(self, question: Adu) -> Adu:
        """Return the answer.  Raises WireTimeout, DeviceFault when the module refuses."""
        self._codec.reset()
        self._dropped += await drain(self._wire, _LATE)
        await self._wire.write(modbus.encode(question))
        deadline_s = self._wire.now_s() + self._settings.reply_s
        while True:
            frames = self._codec.feed(await read_until(self._wire, deadline_s))
            self.discarded_bytes = self._codec.discarded + self._dropped
            for frame in reversed(frames):  # the newest, should a late one stand before it
                if (frame.unit, frame.function) == (question.unit, question.function | modbus.REFUSAL):
                    word = modbus.ERRORS.get(frame.data[0], f"error-{frame.data[0]}")
                    raise DeviceFault(f"module-{word}", f"{self.device_id}: the module refuses: {word}")
                if _answers(frame, question):
                    return frame


def _answers(frame: Adu, question: Adu) -> bool:
    if (frame.unit, frame.function) != (question.unit, question.function):
        return False
    return question.function == modbus.READ_INPUTS or frame.data == question.data


SPEC = DriverSpec(
    name="buttons-modbus",
    kind="pad-line",
    wire="bytes",
    settings=ModbusButtonsSettings,
    build=ModbusButtons,
    doc="docs/devices/buttons-modbus.md",
    baud=9600,
    level="silver",
    source="two sources; tried against pymodbus; no module seen yet",
)
