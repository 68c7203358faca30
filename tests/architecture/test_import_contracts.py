"""Each import contract is real: one deliberate violation breaks just that one.

The packages are copied with one line added, and import-linter judges the copy.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("devices", "queue_server", "kiosk")

OTHER_DRIVER = "devices.drivers.padline_ff68"

VIOLATIONS = [
    ("kiosk above queue_server above devices", "devices/errors.py", "import queue_server.contracts.base"),
    ("kiosk knows the server by its contracts only", "kiosk/ports.py", "import queue_server.domain.ticket"),
    (
        "others know devices by contracts, bus and runtime only",
        "queue_server/settings.py",
        "import devices.codecs.framing",
    ),
    ("devices layers", "devices/contracts/base.py", "import devices.errors"),
    ("drivers do not know each other", "devices/drivers/idreader_samv.py", f"import {OTHER_DRIVER}"),
    (
        "sans-I/O: codecs and drivers never touch a wire, a clock or a thread",
        "devices/codecs/framing.py",
        "import threading",
    ),
    ("simulators stay out of production", "devices/session.py", "import devices.sim.base"),
    ("kiosk layers", "kiosk/i18n/catalog.py", "import kiosk.flows.intake"),
    ("Kivy lives in kiosk.ui", "kiosk/runner.py", "import kivy"),
    ("pure kiosk: no I/O, clock, thread or randomness", "kiosk/flows/intake.py", "import random"),
    ("queue_server layers", "queue_server/domain/ticket.py", "import queue_server.application.ports"),
    ("pure domain and use cases", "queue_server/domain/ticket.py", "import sqlite3"),
    ("no cycles between siblings", "queue_server/domain/ticket.py", "import queue_server.application.ports"),
]
VERDICT = re.compile(r"^(?P<name>.+?) (?P<verdict>KEPT|BROKEN)$", re.MULTILINE)


def verdicts(tree: Path) -> dict[str, str]:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", tree / "pyproject.toml"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "200"},
    )
    found = {match["name"].strip(): match["verdict"] for match in VERDICT.finditer(result.stdout)}
    assert found, result.stdout + result.stderr
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        unwanted = shutil.ignore_patterns("__pycache__", "static", "*.ttf")
        shutil.copytree(ROOT / package, folder / package, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_is_kept_and_has_a_violation_here(tree: Path) -> None:
    found = verdicts(tree)

    assert set(found.values()) == {"KEPT"}
    assert set(found) == {name for name, _, _ in VIOLATIONS}


@pytest.mark.parametrize(("contract", "file", "line"), VIOLATIONS, ids=[name for name, _, _ in VIOLATIONS])
def test_a_deliberate_violation_breaks_its_contract(tree: Path, contract: str, file: str, line: str) -> None:
    path = tree / file
    clean = path.read_text("utf-8")
    try:
        path.write_text(f"{clean}\n{line}\n", "utf-8")

        assert verdicts(tree)[contract] == "BROKEN"
    finally:
        path.write_text(clean, "utf-8")
