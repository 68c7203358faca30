"""`make bench`: prints tables with the machine's floor, writes bench-results.json, never fails for slowness.

`python -m tests.bench wires devices http whole live kiosk` runs the named parts; `--quick` shortens `whole`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import devices, floor, http_load, live, pads, whole_queue, wires

QUICK = "--quick"
PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "wires": wires.measure,
    "devices": devices.measure,
    "pads": pads.measure,
    "http": http_load.measure,
    "whole": whole_queue.measure,
    "live": live.measure,
    "kiosk": live.measure_kiosk_start,
}


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as a Markdown table; keys of the first row are its columns."""
    columns = list(rows[0])
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(str(row.get(column, "")) for column in columns) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def show(name: str, found: dict[str, Any]) -> None:
    """Print one part."""
    print(f"\n## {name}\n")
    for key, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            print(table(value), "\n")
        else:
            print(f"{key}: {json.dumps(value, ensure_ascii=False)}")


def main() -> int:
    """Measure and print."""
    named = [name for name in sys.argv[1:] if name != QUICK]
    wanted = named or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"bench: no part is called {unknown[0]!r}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    commits = floor.sqlite_commits_per_s()
    results: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": floor.machine(),
        "floor": {"sqlite_wal_full_commits_per_s_one_thread": round(commits)},
    }
    show("machine and floor", {**results["machine"], **results["floor"]})
    for name in wanted:
        is_short = name == "whole" and QUICK in sys.argv
        results[name] = whole_queue.measure(whole_queue.QUICK) if is_short else PARTS[name]()
        show(name, results[name])
        Path("bench-results.json").write_text(json.dumps(results, ensure_ascii=False, indent=2), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
