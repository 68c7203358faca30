"""`queue-server simulate`: a day of the hall under its own or another policy."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path

from queue_server.adapters.hall_file import load_hall
from queue_server.settings import ServerSettings
from queue_server.simulation.contest import BOUND, POLICIES, Task, run_task, run_tasks
from queue_server.simulation.demand import WEEKDAYS, load_demand
from queue_server.simulation.report import comparison, day_report, seeds_report

HELP = "live through a day in virtual time and compare calling policies"
EXAMPLE = "simulate --hall config/demo/hall.toml --day monday --seed 7"
DEMAND = "demand.toml"


def arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--day", choices=WEEKDAYS, default="monday")
    parser.add_argument("--seed", type=int, default=7, help="the same seed, the same people")
    parser.add_argument("--seeds", type=_positive, help="so many days from --seed on, with 95 %% intervals")
    parser.add_argument("--policy", choices=POLICIES, help="this policy alone (default: compare all)")
    parser.add_argument("--speed", type=_speed, default=0.0, help="max (default) or 60x: an hour in a minute")
    parser.add_argument("--hall", type=Path, help="the hall's file (default: that of the settings)")
    parser.add_argument("--demand", type=Path, help=f"default: {DEMAND} beside the hall's file")


def run(settings: ServerSettings, given: Namespace) -> None:
    """Run and print.  Raises SettingsError."""
    hall_file = given.hall or settings.hall
    hall = load_hall(hall_file)
    demand = load_demand(given.demand or hall_file.parent / DEMAND)
    policies = [given.policy] if given.policy else [*POLICIES, BOUND]
    seeds = [given.seed + n for n in range(given.seeds or 1)]
    tasks = [Task(hall, demand, given.day, policy, seed) for policy in policies for seed in seeds]
    if given.seeds:
        logs = run_tasks(tasks)
        days = {name: logs[n * len(seeds) : (n + 1) * len(seeds)] for n, name in enumerate(policies)}
        print(f"{given.day}, seeds {seeds[0]}-{seeds[-1]}\n")
        print(seeds_report(days))
        return
    first, *others = tasks
    began = time.perf_counter()
    log = run_task(first, _pace(given.speed))
    took = time.perf_counter() - began
    print(f"{given.day}, seed {given.seed}, policy {first.policy}: simulated in {took:.1f} s\n")
    print(day_report(hall, log))
    if others:
        print("\n" + comparison({first.policy: log} | {task.policy: run_task(task) for task in others}))


def _pace(speed: float) -> Callable[[float], None]:
    """Return what waits until the day's next event is due; at speed 0 nothing is waited for."""
    began: list[tuple[float, float]] = []

    def pace(at_s: float) -> None:
        if not speed:
            return
        if not began:
            began.append((time.monotonic(), at_s))
        due = began[0][0] + (at_s - began[0][1]) / speed
        time.sleep(max(0.0, due - time.monotonic()))
        print(f"\r{int(at_s) // 3600:02d}:{int(at_s) % 3600 // 60:02d}", end="", file=sys.stderr, flush=True)

    return pace


def _speed(text: str) -> float:
    if text == "max":
        return 0.0
    number = text.removesuffix("x")
    if not number.isdecimal() or int(number) == 0:
        raise ArgumentTypeError(f"{text!r}: max or a whole number and x, like 60x")
    return float(number)


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise ArgumentTypeError(f"{text!r}: a whole number from 1 to 1000")
    return int(text)
