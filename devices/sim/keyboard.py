"""Simulated input devices: a scanner that types, and a USB keypad.  They say what the kernel would say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from devices.codecs import input_event, wedge_text
from devices.codecs.input_event import DROPPED, EV_KEY, EV_SYN, InputCodec, InputEvent
from devices.sim.base import Action
from devices.sim.pace import PacedOutput

# Written out once more so that a wrong table of the driver is not copied here unseen.
KEYPAD = {
    **{str(digit): code for digit, code in enumerate((82, 79, 80, 81, 75, 76, 77, 71, 72, 73))},
    "+": 78,
    "-": 74,
    "*": 55,
    "/": 98,
    ".": 83,
    "enter": 96,
}


@dataclass
class SimKeyboard:
    """What both share.  Sans-I/O; see devices.sim.base.  `key_s` is the time from one key to the next."""

    key_s: float = 0.004

    def __post_init__(self) -> None:
        self._output = PacedOutput(None)
        self._free_s = 0.0

    def _type(self, keys: list[tuple[int, int]], now_s: float) -> None:
        at_s = max(now_s, self._free_s)
        for code, value in keys:
            group = (InputEvent(EV_KEY, code, value), InputEvent(EV_SYN, input_event.SYN_REPORT, 0))
            self._output.put(b"".join(input_event.encode(event, at_s) for event in group), at_s)
            at_s += self.key_s
        self._free_s = at_s

    def _lose(self, now_s: float) -> None:
        """Say that the kernel had to drop some."""
        self._output.put(input_event.encode(DROPPED, now_s), now_s)

    def receive(self, data: bytes, now_s: float) -> None:
        """Take nothing: an input device only speaks."""

    def poll(self, now_s: float) -> bytes:
        """Return what was typed by now."""
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when the next key is."""
        return self._output.next_due_s()

    def explain(self, direction: str, data: bytes) -> str:
        """Count the keys of one chunk; which they are is masked."""
        keys = [event for event in InputCodec().feed(data) if event.type == EV_KEY and event.value == 1]
        return f"{len(keys)} keys" if keys else f"{len(data)} bytes without a key"

    def mask_hex(self, direction: str, data: bytes) -> str:
        """Show no byte: what is typed may be personal."""
        return " ".join(["··"] * len(data))

    def damage(self, data: bytes) -> bytes:
        """Return `data` without its first record, as when the kernel's queue was full."""
        return input_event.encode(DROPPED, 0.0) + data[input_event.SIZE :] if data else data


@dataclass
class SimWedge(SimKeyboard):
    """A scanner that types."""

    kind: str = field(default="scanner", init=False)
    driver: str = field(default="scanner-wedge", init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.scans = 0

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [
            Action("scan", "扫码 / hold a code under it", {"text": "what the code says"}),
            Action("lose", "丢键 / lose what is being typed"),
        ]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action == "lose":
            self._lose(now_s)
        elif action != "scan":
            raise ValueError(f"a scanner cannot {action!r}")
        elif not params.get("text"):
            raise ValueError("text must not be empty")
        else:
            self._type(list(wedge_text.keystrokes(str(params["text"]))), now_s)
            self.scans += 1

    def state(self) -> dict[str, Any]:
        """Return what is seen: how many codes, never what they say."""
        return {"scans": self.scans}


@dataclass
class SimKeypad(SimKeyboard):
    """A USB number block."""

    kind: str = field(default="call-pad", init=False)
    driver: str = field(default="buttons-evdev", init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pressed = 0

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("press", "按键 / press a key", {"key": "|".join(KEYPAD)})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action != "press":
            raise ValueError(f"a keypad cannot {action!r}")
        key = str(params.get("key", ""))
        if key not in KEYPAD:
            raise ValueError(f"key is one of {', '.join(KEYPAD)}")
        self._type([(KEYPAD[key], input_event.PRESSED), (KEYPAD[key], input_event.RELEASED)], now_s)
        self.pressed += 1

    def state(self) -> dict[str, Any]:
        """Return what is seen."""
        return {"pressed": self.pressed}
