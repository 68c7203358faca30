"""Logging to stderr: JSON lines for journald, short lines for a person at a terminal.

Extra fields go in with `log.info("…", extra={"device": "pad1"})`.  No name, ID number or phone ever does.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

TRAFFIC = 5
"""Level of raw bytes on a wire: off by default, card bodies masked by whoever logs them."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: `at, level, logger, message`, extra fields, `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _extras(record)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class ShortLines(logging.Formatter):
    """`09:41:07 WARNING queue_server.relay: message key=value`, local time."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback under it if there is one."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        extras = "".join(f" {key}={value}" for key, value in _extras(record).items())
        text = f"{at} {record.levelname} {record.name}: {record.getMessage()}{extras}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def setup(level: int | str = "INFO", json: bool | None = None, stream: TextIO | None = None) -> None:
    """Send all logging to stderr.  `json` None: JSON lines unless stderr is a terminal."""
    out = stream if stream is not None else sys.stderr
    logging.addLevelName(TRAFFIC, "TRAFFIC")
    handler = logging.StreamHandler(out)
    as_json = not out.isatty() if json is None else json
    handler.setFormatter(JsonLines() if as_json else ShortLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper() if isinstance(level, str) else level)
