"""One process at a time: a lock on a file that the kernel gives back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Taken(Exception):
    """Somebody else holds the lock; the text is what the holder wrote down for us, perhaps nothing."""


class FileLock:
    """Held from construction until `release` or the end of the process."""

    def __init__(self, path: Path, note: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            said = os.read(self._fd, 500).decode(errors="replace").strip()
            os.close(self._fd)
            raise Taken(said) from error
        os.ftruncate(self._fd, 0)
        os.write(self._fd, note.encode())

    def release(self) -> None:
        """Let others in; safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
