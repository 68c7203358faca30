"""A machine that says what a test tells it to, for what a well-made simulator would never say."""

from __future__ import annotations

from collections.abc import Callable


class Scripted:
    """Answers each request with what `answer(request)` returns: (delay in s, bytes) pairs."""

    def __init__(self, answer: Callable[[bytes], list[tuple[float, bytes]]]) -> None:
        self.answer = answer
        self.due: list[tuple[float, bytes]] = []
        self.heard: list[bytes] = []

    def receive(self, data: bytes, now_s: float) -> None:
        self.heard.append(data)
        self.due += [(now_s + delay_s, said) for delay_s, said in self.answer(data)]
        self.due.sort(key=lambda one: one[0])

    def poll(self, now_s: float) -> bytes:
        ready = [said for due_s, said in self.due if due_s <= now_s]
        self.due = [one for one in self.due if one[0] > now_s]
        return b"".join(ready)

    def next_due_s(self) -> float | None:
        return self.due[0][0] if self.due else None
