"""What every Tingtong command has in common: help with an example, --config, --version, -v, exit codes.

Exit codes: 0 done, 1 failed with one clear line on stderr, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version


class Failed(Exception):
    """The command cannot do it; the text is one line that names the thing and the remedy."""


def version_text(prog: str) -> str:
    """Return `prog 0.1.0`."""
    try:
        return f"{prog} {version('tingtong')}"
    except PackageNotFoundError:
        return f"{prog} (not installed)"


def make_parser(prog: str, description: str, example: str) -> argparse.ArgumentParser:
    """Return a parser with --version and an example at the end of its help."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description=description,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version_text(prog))
    return parser


def add_common(parser: argparse.ArgumentParser, default_config: str | None = None) -> None:
    """Add --config and -v."""
    parser.add_argument("--config", metavar="FILE", default=default_config, help="settings file (TOML)")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more in the log")


def run_command(prog: str, work: Callable[[], None]) -> int:
    """Do the work; turn Failed into one line on stderr and exit code 1, Ctrl-C into 0."""
    try:
        work()
    except Failed as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader, `head` perhaps, has enough; what is still buffered goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 0
    return 0
