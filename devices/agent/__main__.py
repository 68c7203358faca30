"""`device-agent run | list | check-config | acl | doctor | sim`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from typing import Any

from devices import registry
from devices.agent.access import acl_block
from devices.agent.app import Agent, BadDevice, check_device
from devices.agent.doctor import examine
from devices.agent.settings import AgentSettings
from devices.runtime import logs
from devices.runtime.cli import Failed, add_common, make_parser, run_command
from devices.runtime.toml_settings import SettingsError, load

PROG = "device-agent"
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
    print(f"{arguments.config}: good, {len(settings.device)} machines")


def _acl(arguments: argparse.Namespace) -> None:
    print(acl_block(_settings(arguments)), end="")


def _list(_arguments: argparse.Namespace) -> None:
    for name in registry.names():
        spec = registry.find(name)
        print(f"{name:24} {spec.kind:10} {spec.doc}")
        for key, field in spec.settings.model_fields.items():
            default = (
                "required"
                if field.is_required()
                else f"default {field.get_default(call_default_factory=True)!r}"
            )
            print(f"    {key:22} {default}; {field.description or ''}")


def _doctor(arguments: argparse.Namespace) -> None:
    settings = _settings(arguments)
    findings = [asyncio.run(examine(device)) for device in settings.device]
    for finding in findings:
        print(finding.text)
    bad = sum(not finding.well for finding in findings)
    if bad:
        raise Failed(f"{bad} of {len(findings)} machines need a look, see above")


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
    listing = commands.add_parser("list", help="show every driver with its settings")
    listing.set_defaults(work=_list)
    sim = commands.add_parser(
        "sim", help="run simulated machines (see `device-agent sim --help`)", add_help=False
    )
    sim.add_argument("rest", nargs=argparse.REMAINDER)
    sim.set_defaults(work=_sim)
    return parser


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
