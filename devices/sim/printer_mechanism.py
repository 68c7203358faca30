"""The part of a printer that moves paper: a queue of strips, a speed, and what stops it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.sim.printer_page import Feed, Knife, Strip, text_of

DOTS_PER_MM = 8  # 203 dpi
CUT_S = 0.15
HEAD_TO_KNIFE = 80  # dots of blank paper that every ticket starts with


@dataclass
class Ticket:
    """Paper in a citizen's reach.  `whole` is False when printing was interrupted on the way."""

    strips: list[Strip]
    at_s: float
    taken: bool = False
    whole: bool = True
    picture: str = ""
    """Drawn when somebody looks."""

    @property
    def text(self) -> str:
        """What stands on it."""
        return text_of(self.strips)


@dataclass
class Mechanism:
    """Prints what is queued, in order.  An answer queued behind a strip is given when that is printed."""

    speed_mm_s: float
    finished: Callable[[Ticket], None]
    answer: Callable[[bytes], None]
    moved: Callable[[float], None]
    queue: deque[Strip | bytes] = field(default_factory=deque)
    strips: list[Strip] = field(default_factory=list)
    """What is on the paper that still hangs in the printer."""
    done_at_s: float | None = None
    queued_dots: int = 0
    _torn: bool = False

    def put(self, what: Strip | bytes, now_s: float) -> None:
        """Queue a strip, or an answer to be given after all before it."""
        self.queue.append(what)
        if not isinstance(what, bytes):
            self.queued_dots += what.dots
        self.go_on(now_s)

    def go_on(self, now_s: float) -> None:
        """Start the next strip if none is being printed."""
        while self.done_at_s is None and self.queue:
            first = self.queue[0]
            if not isinstance(first, bytes):
                self.done_at_s = now_s + self._duration_s(first)
                return
            self.queue.popleft()
            self.answer(first)

    def stop(self) -> None:
        """Halt in the middle; the strip under way is printed again when it goes on."""
        if self.done_at_s is not None or self.strips:
            self._torn = True
        self.done_at_s = None

    def finish_strip(self, now_s: float) -> None:
        """Take the strip under way as printed."""
        strip = self.queue.popleft()
        self.done_at_s = None
        if isinstance(strip, bytes):
            return
        self.queued_dots -= strip.dots
        if isinstance(strip, Knife):
            self._cut(now_s)
        else:
            self.strips.append(strip)
        self.moved(strip.dots / DOTS_PER_MM)

    def lose(self, *, paper: bool) -> None:
        """Forget what is queued; with `paper`, also the half ticket that hangs in the printer."""
        self.queue.clear()
        self.queued_dots = 0
        self.done_at_s = None
        if paper:
            self.strips = []
            self._torn = False

    def _cut(self, now_s: float) -> None:
        printed, self.strips = self.strips, []
        whole, self._torn = not self._torn, False
        if text_of(printed):
            self.finished(Ticket([Feed(HEAD_TO_KNIFE), *printed], now_s, whole=whole))

    def _duration_s(self, strip: Strip) -> float:
        moving_s = strip.dots / DOTS_PER_MM / self.speed_mm_s
        return moving_s + (CUT_S if isinstance(strip, Knife) else 0)
