"""`make docs`: writes the documents drawn from the code.  `--check` only names those that drifted."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import devices.contracts as device_contracts  # noqa: E402
from devices.contracts.base import Message  # noqa: E402
from queue_server.contracts import events  # noqa: E402
from queue_server.domain.errors import CATALOGUE  # noqa: E402
from queue_server.domain.ticket import FINAL, TRANSITIONS, State  # noqa: E402

MADE = "<!-- Drawn from the code by `make docs`; change the code, not this file. -->\n"


def ticket_states() -> str:
    """Return the transition table as a diagram and a table."""
    edges = [(start.value, action.value, end.value) for (start, action), end in TRANSITIONS.items()]
    lines = [
        "# The states of a ticket\n",
        MADE,
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> waiting: issue",
    ]
    lines += [f"    {start} --> {end}: {action}" for start, action, end in edges]
    lines += [f"    {state.value} --> [*]" for state in State if state in FINAL]
    lines += ["```\n", "| from | action | to |", "|---|---|---|"]
    lines += [f"| {start} | {action} | {end} |" for start, action, end in edges]
    return "\n".join(lines) + "\n"


def error_codes() -> str:
    """Return every problem code with its two sentences."""
    lines = ["# Problem codes\n", MADE, "`{…}` is filled in. The code never changes; the sentences may.\n"]
    lines += ["| code | 中文 | English |", "|---|---|---|"]
    lines += [f"| `{code}` | {zh} | {en} |" for code, (zh, en) in sorted(CATALOGUE.items())]
    return "\n".join(lines) + "\n"


def messages() -> str:
    """Return every message that crosses a process, with its fields."""
    for found in pkgutil.iter_modules(device_contracts.__path__):
        importlib.import_module(f"devices.contracts.{found.name}")
    lines = ["# Messages on the buses\n", MADE]
    for one in sorted(_classes(Message), key=lambda one: (one.__module__, one.__name__)):
        summary = (one.__doc__ or "").strip().splitlines()[0]
        where = "stays on its terminal" if one.scope.value == "local" else "site"
        personal = ", personal data" if one.personal_data else ""
        lines += [f"## {one.__name__}\n", f"`{one.__module__}`, {where}{personal}. {summary}\n"]
        lines += ["| field | type | default |", "|---|---|---|"]
        for name, field in one.model_fields.items():
            given = field.annotation
            kind = given.__name__ if isinstance(given, type) else str(given).replace("typing.", "")
            kind = kind.replace("|", "\\|")
            default = "required" if field.is_required() else f"`{_as_written(field.get_default())}`"
            lines.append(f"| {name} | {kind} | {default} |")
        lines.append("")
    return "\n".join(lines)


def _as_written(default: object) -> str:
    """Return a default as it stands in a message: a choice by its value."""
    return repr(default.value if isinstance(default, Enum) else default)


def _classes(base: type[Message]) -> set[type[Message]]:
    below = {one for child in base.__subclasses__() for one in {child, *_classes(child)}}
    return {one for one in below if one.__module__.startswith(("devices.contracts", events.__name__))}


DOCUMENTS = {
    "docs/ticket-states.md": ticket_states,
    "docs/reference/errors.md": error_codes,
    "docs/reference/messages.md": messages,
}


def drifted() -> list[str]:
    """Return the documents that are not what the code says."""
    return [
        name
        for name, draw in DOCUMENTS.items()
        if not (ROOT / name).exists() or (ROOT / name).read_text("utf-8") != draw()
    ]


def main() -> int:
    """Write or check."""
    names = drifted()
    if "--check" in sys.argv[1:]:
        for name in names:
            print(f"{name} has drifted from the code; run `make docs`", file=sys.stderr)
        return 1 if names else 0
    for name in names:
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DOCUMENTS[name](), "utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
