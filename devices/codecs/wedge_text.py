"""Lines typed by a keyboard, as a wedge scanner or a keypad types them (US layout).

A line is told at Enter or Tab.  Keys come in time or not at all: after a pause of more than `gap_s` what was
begun is dropped.  Each key must go down and up again: a line of which the kernel lost a part is dropped too,
for a code with a character missing would look like another code.
Source: protocols section 8 (100 ms) and 5.2; key numbers from linux/input-event-codes.h.
"""

from __future__ import annotations

from collections.abc import Iterator

from devices.codecs.input_event import DROPPED, EV_KEY, PRESSED, RELEASED, InputEvent

SHIFTS = frozenset({42, 54})
CAPS_LOCK = 58
CHORDS = frozenset({29, 56, 97, 100, 125, 126})
"""Ctrl, Alt and Meta: what is typed with one of them is no text."""
ENDS = frozenset({15, 28, 96})
"""Tab, Enter, Enter of the number block."""
_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (55, "*", "*"),
    (98, "/", "/"),
)
PLAIN = {first + place: char for first, plain, _ in _ROWS for place, char in enumerate(plain)}
SHIFTED = {first + place: char for first, _, shifted in _ROWS for place, char in enumerate(shifted)}


class TypedLines:
    """Collects keys to lines.  `dropped` counts keys that became part of none."""

    def __init__(self, gap_s: float, most: int) -> None:
        self._gap_s = gap_s
        self._most = most
        self._line = ""
        self._held: set[int] = set()
        self._caps = False
        self._spoilt = False  # until the line's end or a pause: what comes is the rest of something broken
        self._last_s = float("-inf")
        self.dropped = 0

    def feed(self, event: InputEvent, at_s: float) -> str | None:
        """Take one event that came at `at_s`; return the line that it ends."""
        if event == DROPPED:
            self._spoil()
            self._held.clear()
        if event.type != EV_KEY:
            return None
        if at_s - self._last_s > self._gap_s:
            self._pause()
        self._last_s = at_s
        if event.value == PRESSED:
            return self._press(event.code)
        if event.value == RELEASED:
            self._release(event.code)
        return None

    def _pause(self) -> None:
        begun = bool(self._line)
        self._spoil()
        self._spoilt = begun  # its rest may still come
        self._held.clear()

    def _spoil(self) -> None:
        self.dropped += len(self._line)
        self._line = ""
        self._spoilt = True

    def _press(self, code: int) -> str | None:
        if code in self._held:  # its release was lost, and who knows what else
            self._spoil()
        self._held.add(code)
        if code in ENDS:
            if self._held & (SHIFTS | CHORDS):  # no scanner ends a text so: a release was lost
                self._spoil()
            return self._end()
        if code == CAPS_LOCK:
            self._caps = not self._caps
        char = self._char(code)
        if char and self._held & CHORDS:
            self._spoil()
        elif self._spoilt:
            self.dropped += len(char)
        else:
            self._line += char
            if len(self._line) > self._most:
                self._spoil()
        return None

    def _release(self, code: int) -> None:
        if code in self._held:
            self._held.remove(code)
        elif self._line or code not in ENDS:
            self._spoil()

    def _char(self, code: int) -> str:
        """Return the key's character, empty for a key that types none."""
        shift = bool(self._held & SHIFTS)
        if PLAIN.get(code, "").isalpha():
            shift ^= self._caps
        return (SHIFTED if shift else PLAIN).get(code, "")

    def _end(self) -> str | None:
        line, good = self._line, not self._spoilt
        self._line, self._spoilt = "", False
        return line if good and line else None


def keystrokes(text: str) -> Iterator[tuple[int, int]]:
    """Return (key, value) pairs that type `text` and Enter.  Raises ValueError for what no key types."""
    plain = {char: code for code, char in reversed(PLAIN.items())}
    shifted = {char: code for code, char in reversed(SHIFTED.items())}
    for char in text:
        if char in plain:
            yield from ((plain[char], PRESSED), (plain[char], RELEASED))
        elif char in shifted:
            yield from ((42, PRESSED), (shifted[char], PRESSED), (shifted[char], RELEASED), (42, RELEASED))
        else:
            raise ValueError(f"no key of this keyboard types U+{ord(char):04X}")
    yield from ((28, PRESSED), (28, RELEASED))
