"""A few facts that must outlive the agent: which commands were begun, where a journal was read up to.

One JSON file per machine, replaced whole; after a power cut it is the old one or the new one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


class KeptFile:
    """Text by key, oldest first; beyond `most` the oldest are forgotten.  Without a path: until the end only.

    When the disk refuses, `put` raises OSError and the fact is known until the process ends; `failing` stays
    true until a write succeeds.
    """

    def __init__(self, path: Path | None, most: int = 500) -> None:
        self._path = path
        self._most = most
        self._facts: dict[str, str] = {}
        self.failing = False
        if path is not None and path.exists():
            self._facts = _read(path)

    def get(self, key: str) -> str | None:
        """Return what is known under `key`."""
        return self._facts.get(key)

    def items(self) -> list[tuple[str, str]]:
        """Return all that is known, oldest first."""
        return list(self._facts.items())

    def put(self, key: str, fact: str) -> None:
        """Keep `fact`; it is on the disk when this returns."""
        self._facts.pop(key, None)
        self._facts[key] = fact
        while len(self._facts) > self._most:
            del self._facts[next(iter(self._facts))]
        self.failing = self._path is not None
        if self._path is not None:
            self._write(self._path)
        self.failing = False

    def try_again(self) -> None:
        """Write what the disk refused, should it take it now."""
        if self.failing and self._path is not None:
            with contextlib.suppress(OSError):
                self._write(self._path)
                self.failing = False

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(self._facts, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name is on the disk too
        finally:
            os.close(folder)


def _read(path: Path) -> dict[str, str]:
    """Return what a file holds.  One that cannot be read is put aside, and nothing is known."""
    try:
        return {str(key): str(fact) for key, fact in dict(json.loads(path.read_text("utf-8"))).items()}
    except (ValueError, TypeError):
        aside = path.with_suffix(".broken")
        path.replace(aside)
        log.error("%s was damaged and is now %s; what it held is forgotten", path.name, aside.name)
        return {}


def kept_for(state_dir: str | None, device_id: str) -> KeptFile:
    """Return the file of one machine; without `state_dir` nothing outlives the agent."""
    return KeptFile(None if state_dir is None else Path(state_dir) / f"{device_id}.json")
