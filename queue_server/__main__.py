"""`queue-server`: the hall server and its tools.  Exit 0 done, 1 failed with one line, 2 wrong usage."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.runtime import logs
from devices.runtime.cli import version_text
from devices.runtime.toml_settings import SettingsError
from queue_server.bootstrap import (  # noqa: F401 - each adds its own to COMMANDS
    import_command,
    restore_command,
    rights_commands,
)
from queue_server.bootstrap.commands import COMMANDS, Command, Failed
from queue_server.settings import ServerSettings, read_settings
from queue_server.simulation import command as simulate

SYSTEM_CONFIG = Path("/etc/tingtong/server.toml")
COMMANDS["simulate"] = Command(simulate.HELP, simulate.EXAMPLE, simulate.run, simulate.arguments)
EXAMPLE = "example:\n  queue-server serve --config /etc/tingtong/server.toml\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; return the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        settings = read_settings(_config_path(given.config))
        _set_up_logs(settings, given.verbose)
        command: Callable[[ServerSettings, argparse.Namespace], None] = COMMANDS[given.command].run
        command(settings, given)
    except (SettingsError, Failed) as error:
        print(f"queue-server: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: /etc/tingtong/server.toml)"
    )
    shared.add_argument("-v", "--verbose", action="store_true", help="log more")
    parser = argparse.ArgumentParser(
        prog="queue-server",
        description="The queue of a public-service hall.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version_text("queue-server"))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.help,
            description=command.help,
            epilog=f"example:\n  queue-server {command.example}\n",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[shared],
        )
        sub.add_argument("--version", action="version", version=version_text("queue-server"))
        command.arguments(sub)
    return parser


def _config_path(given: Path | None) -> Path | None:
    """Return the file to read; without --config the system's, if it is there."""
    if given is not None:
        return given
    named = os.environ.get("TINGTONG_SERVER_CONFIG")
    if named:
        return Path(named)
    return SYSTEM_CONFIG if SYSTEM_CONFIG.exists() else None


def _set_up_logs(settings: ServerSettings, verbose: bool) -> None:
    as_json = {"json": True, "text": False}.get(settings.log.format)
    logs.setup("debug" if verbose else settings.log.level, json=as_json)
    if not verbose:
        for noisy in ("httpx", "httpcore", "aiomqtt", "mqtt", "asyncio"):
            logging.getLogger(noisy).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
