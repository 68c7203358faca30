"""`device-agent run | list | check-config | acl | doctor | trace | replay | sim`."""

from __future__ import annotations

import argparse
import asyncio
import io
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from devices.agent import listing, tracing
from devices.agent.access import acl_block
from devices.agent.advice import lang_of
from devices.agent.app import Agent, BadDevice, check_device, check_duty
from devices.agent.doctor import examine_all
from devices.agent.settings import AgentSettings
from devices.errors import DeviceError
from devices.runtime import logs
from devices.runtime.cli import Failed, add_common, make_parser, run_command
from devices.runtime.toml_settings import SettingsError, load

PROG = "device-agent"
LONGEST_TRACE_S = 3600  # it is kept in memory until it ends
DEFAULT_CONFIG = "/etc/tingtong/agent.toml"


def _settings(arguments: argparse.Namespace) -> AgentSettings:
    try:
        settings = load(arguments.config, AgentSettings)
        for device in settings.device:
            check_device(device)
        if settings.mqtt is not None:
            settings.mqtt.tls_context()
    except (SettingsError, BadDevice) as error:
        raise Failed(str(error)) from error
    return settings


def _run(arguments: argparse.Namespace) -> None:
    settings = _settings(arguments)
    logs.setup("debug" if arguments.verbose else settings.log_level)
    logging.getLogger("aiomqtt").setLevel(logging.WARNING)
    try:
        asyncio.run(_until_signal(Agent(settings)))
    except (BadDevice, FileExistsError, PermissionError) as error:
        raise Failed(str(error)) from error


async def _until_signal(agent: Agent) -> None:
    """Run the agent; SIGTERM and SIGINT end it in order."""
    loop = asyncio.get_running_loop()
    work = asyncio.ensure_future(agent.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("agent: stopped")


def _check_config(arguments: argparse.Namespace) -> None:
    settings = _settings(arguments)
    try:
        check_duty(settings.device)
    except BadDevice as error:
        raise Failed(str(error)) from error
    print(f"{arguments.config}: good, {len(settings.device)} machines")


def _acl(arguments: argparse.Namespace) -> None:
    print(acl_block(_settings(arguments)), end="")


def _list(arguments: argparse.Namespace) -> None:
    print(listing.as_json() if arguments.json else "\n".join(listing.as_text()))


def _doctor(arguments: argparse.Namespace) -> None:
    settings = _settings(arguments)
    lang = arguments.lang or lang_of(dict(os.environ))
    findings = asyncio.run(
        examine_all(settings.device, lang, test_page=arguments.test_page, broker=settings.mqtt)
    )
    for finding in findings:
        print(finding.text, *(f"      {line}" for line in finding.more), sep="\n")
    bad = sum(not finding.well for finding in findings)
    if bad:
        raise Failed(f"{bad} of {len(findings)} machines need a look, see above")


def _trace(arguments: argparse.Namespace) -> None:
    settings = _settings(arguments)
    device = next((one for one in settings.device if one.id == arguments.device), None)
    if device is None:
        known = ", ".join(one.id for one in settings.device) or "none"
        raise Failed(f"no machine is called {arguments.device!r} in {arguments.config}; there are: {known}")
    path = Path(arguments.out or f"{device.id}.jsonl")
    text = io.StringIO()
    try:
        entries = asyncio.run(tracing.record(device, arguments.seconds, text))
        path.write_text(text.getvalue(), "utf-8")
    except OSError as error:
        raise Failed(f"{path}: cannot be written ({error.strerror}); give another file with --out") from error
    except (tracing.NoTranscript, DeviceError) as error:
        raise Failed(f"{device.id}: {error}") from error
    print(f"{path}: {entries} entries; personal data is left out, but look before you send it to anybody")


def _replay(arguments: argparse.Namespace) -> None:
    try:
        played = asyncio.run(tracing.replay(Path(arguments.file)))
    except tracing.NoTranscript as error:
        raise Failed(str(error)) from error
    print("\n".join(played.lines))
    if not played.same:
        raise Failed(f"{arguments.file}: the driver does not do what it did when this was recorded")


def _sim(arguments: argparse.Namespace) -> None:
    # Simulators are not imported by production code: they are another program.
    os.execv(sys.executable, [sys.executable, "-m", "devices.sim", *arguments.rest])  # noqa: S606 - our own module


def _parser() -> argparse.ArgumentParser:
    parser = make_parser(
        PROG,
        "Owns the machines of one terminal or one cabinet.",
        f"{PROG} run --config config/agent.example.toml",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, work, about in (
        ("run", _run, "run the machines"),
        ("acl", _acl, "print this agent's block of the broker's access list"),
        ("check-config", _check_config, "say whether the settings are good"),
        ("doctor", _doctor, "try each machine and say what is wrong and what to do"),
    ):
        command: Any = commands.add_parser(
            name, help=about, epilog=f"example: {PROG} {name} --config agent.toml"
        )
        add_common(command, os.environ.get("TINGTONG_CONFIG", DEFAULT_CONFIG))
        command.set_defaults(work=work)
        if name == "doctor":
            command.add_argument("--lang", choices=("zh", "en"), help="default: the terminal's language")
            command.add_argument("--test-page", action="store_true", help="let ticket printers print one")
    _add_looks(commands)
    sim = commands.add_parser(
        "sim", help="run simulated machines (see `device-agent sim --help`)", add_help=False
    )
    sim.add_argument("rest", nargs=argparse.REMAINDER)
    sim.set_defaults(work=_sim)
    return parser


def _seconds(text: str) -> float:
    """Read how long to record.  Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_TRACE_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write seconds, 1 to {LONGEST_TRACE_S}")
    return seconds


def _add_looks(commands: Any) -> None:
    """Add the commands that show drivers and what passes on a wire."""
    drivers = commands.add_parser(
        "list",
        help="show every driver: settings, how far it is proved",
        epilog=f"example: {PROG} list --json",
    )
    drivers.add_argument("--json", action="store_true", help="for programs")
    drivers.set_defaults(work=_list)
    trace = commands.add_parser(
        "trace",
        help="record what passes between a machine and its driver, personal data left out",
        epilog=f"example: {PROG} trace led-3 --for 30 --out led-3.jsonl   (the agent must not run)",
    )
    add_common(trace, os.environ.get("TINGTONG_CONFIG", DEFAULT_CONFIG))
    trace.add_argument("device", metavar="DEVICE", help="a machine's id in the settings")
    trace.add_argument(
        "--for", dest="seconds", type=_seconds, default=10.0, metavar="SECONDS", help="default: 10"
    )
    trace.add_argument("--out", metavar="FILE", help="default: DEVICE.jsonl")
    trace.set_defaults(work=_trace)
    replay = commands.add_parser(
        "replay",
        help="play a transcript against today's driver, without the machine",
        epilog=f"example: {PROG} replay led-3.jsonl",
    )
    replay.add_argument("file", metavar="FILE")
    replay.set_defaults(work=_replay)


def main() -> int:
    """Run one command and return its exit code."""
    arguments, rest = _parser().parse_known_args()
    if arguments.command == "sim":
        arguments.rest = [*arguments.rest, *rest]
    elif rest:
        _parser().error(f"unknown arguments: {' '.join(rest)}")
    return run_command(PROG, lambda: arguments.work(arguments))


if __name__ == "__main__":
    sys.exit(main())
