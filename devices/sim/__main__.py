"""`device-agent sim`: simulated machines on real wires, with their control interface."""

from __future__ import annotations

import asyncio
import signal
import sys

from devices.runtime import logs
from devices.runtime.cli import Failed, add_common, make_parser, run_command
from devices.runtime.toml_settings import SettingsError, load
from devices.sim.hall import SimHall
from devices.sim.lab import serve
from devices.sim.settings import SimHallSettings

PROG = "device-agent sim"


async def _run(settings: SimHallSettings) -> None:
    hall = SimHall(settings)
    try:
        await hall.start()
        runner = await serve(hall, settings.port)
    except OSError as error:
        raise Failed(
            f"a port is in use or a place cannot be made: {error}; change `port` or `place`"
        ) from error
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    await done.wait()
    await runner.cleanup()
    await hall.stop()


def main() -> int:
    """Run until stopped."""
    parser = make_parser(
        PROG, "Simulated machines on ptys and TCP ports.", f"{PROG} --config config/demo/sims.toml"
    )
    add_common(parser, "config/demo/sims.toml")
    arguments = parser.parse_args()

    def work() -> None:
        try:
            settings = load(arguments.config, SimHallSettings)
        except SettingsError as error:
            raise Failed(str(error)) from error
        logs.setup("debug" if arguments.verbose else settings.log_level)
        asyncio.run(_run(settings))

    return run_command(PROG, work)


if __name__ == "__main__":
    sys.exit(main())
