"""A vendor's library with every bad habit, for test_agent_isolated.py; lives in another process only."""

from __future__ import annotations

import ctypes
import os
import sys
import threading


class Unkind(Exception):
    """Cannot be unpickled: it wants two arguments."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")


class Library:
    def __init__(self, name: str = "lib") -> None:
        if name == "missing":
            raise FileNotFoundError("libvendor.so")
        self.name = name

    def read(self, number: int) -> str:
        return f"{self.name} {number}"

    def pid(self) -> int:
        return os.getpid()

    def print_and_read(self) -> int:
        os.write(1, b"vendor banner\n")
        print("more of it", file=sys.stdout, flush=True)
        return 7

    def hang(self) -> None:
        threading.Event().wait()

    def hang_with_the_lock_held(self) -> None:
        ctypes.PyDLL(None).pause()  # holds the interpreter: no thread of this process runs any more

    def crash(self) -> None:
        os.abort()

    def refuse(self) -> None:
        raise LookupError("no card")

    def refuse_unkindly(self) -> None:
        raise Unkind(31, "bad card")

    def answer_nonsense(self) -> object:
        return threading.Lock()
