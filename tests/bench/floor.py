"""What this machine can do at all, measured in the same run as everything else."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from pathlib import Path


def sqlite_commits_per_s(seconds: float = 1.5) -> float:
    """Return WAL + FULL commits of one small row each, one thread, per second."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, at TEXT)")
        count, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            db.execute("INSERT INTO row (at) VALUES ('2026-11-23T09:41:00+08:00')")
            count += 1
        db.close()
        return count / (time.perf_counter() - begun)


def machine() -> dict[str, object]:
    """Return what the reader of a table must know of the machine."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown",
    )
    return {"cpu": model, "cores": os.cpu_count(), "load_1min": round(os.getloadavg()[0], 2)}


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0..1) of all lie; the nearest one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
