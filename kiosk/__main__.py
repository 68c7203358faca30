"""`kiosk run --app ticket --config FILE`: one Kivy app on one terminal."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from devices.runtime import logs
from devices.runtime.cli import version_text
from devices.runtime.toml_settings import SettingsError, load
from kiosk.settings import KioskSettings

APPS = ("ticket", "allinone", "identity", "tax")
BUILT = ("ticket",)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(
        prog="kiosk",
        description="One Kivy app on one terminal.",
        epilog="example: kiosk run --app ticket --config config/demo/kiosk.toml",
    )
    top.add_argument("--version", action="version", version=version_text("kiosk"))
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="show one app until stopped",
        epilog="example: kiosk run --app ticket --config config/demo/kiosk.toml",
    )
    check = commands.add_parser(
        "check-config",
        help="read the settings and say whether they can be used",
        epilog="example: kiosk check-config --config /etc/tingtong/kiosk.toml",
    )
    run.add_argument("--app", choices=APPS, required=True, help="which app")
    for command in (run, check):
        command.add_argument("--config", type=Path, metavar="FILE", help="TOML settings (default: built in)")
        command.add_argument("-v", "--verbose", action="store_true", help="log more")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run the command line; 0 done, 1 failed with one line on stderr, 2 wrong usage."""
    wish = parser().parse_args(argv)
    if wish.command == "run" and wish.app not in BUILT:
        return _fail(f"the app {wish.app!r} is not built yet; there is: {', '.join(BUILT)}")
    try:
        settings = load(wish.config, KioskSettings)
        if wish.command == "check-config":
            settings.server.read_token()
            print(f"{wish.config or 'built-in settings'}: ok")
            return 0
    except SettingsError as error:
        return _fail(str(error))
    logs.setup("DEBUG" if wish.verbose else settings.log.level, settings.log.json_lines)
    logging.getLogger("kivy").setLevel(logging.DEBUG if wish.verbose else logging.WARNING)
    for telltale in (
        "httpx",
        "httpcore",
    ):  # addresses hold codes of appointments and tickets, heads the token
        logging.getLogger(telltale).setLevel(logging.WARNING)
    return _run(settings)


def _run(settings: KioskSettings) -> int:
    try:
        from kiosk.bootstrap import StartFailed, run_ticket
    except ImportError as error:
        return _fail(f"{error}: install the kiosk's packages (`make setup`)")
    try:
        run_ticket(settings)
    except (StartFailed, SettingsError) as error:
        return _fail(str(error))
    return 0


def _fail(text: str) -> int:
    print(f"kiosk: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
