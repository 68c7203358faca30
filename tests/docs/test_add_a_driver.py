"""The how-to is followed to the letter: its blocks become a package, and the contract suite runs over it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-driver.md"
BLOCK = re.compile(r"^```(?:python|toml) (?P<path>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
DRIVER = "light-lx1"

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay the page's files out as an installed package: a folder with its metadata on the path."""
    folder = tmp_path_factory.mktemp("plugin")
    for block in BLOCK.finditer(PAGE.read_text("utf-8")):
        path = folder / block["path"]
        path.parent.mkdir(exist_ok=True)
        path.write_text(block["text"], "utf-8")
    (folder / "tingtong_lx1" / "__init__.py").touch()
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    info = folder / f"tingtong_lx1-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder


def run(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=250
    )


def contract(package: Path) -> subprocess.CompletedProcess[str]:
    return run(
        package, "pytest", "-q", "-p", "no:cacheprovider", "tests/contract/test_drivers.py", "-k", DRIVER
    )


def test_the_new_driver_is_listed_by_its_entry_point(package: Path) -> None:
    listed = run(package, "devices.agent", "list", "--json")

    found = next(one for one in json.loads(listed.stdout) if one["name"] == DRIVER)
    assert (found["kind"], found["level"]) == ("light", "silver")


def test_the_new_drivers_golden_bytes_are_right(package: Path) -> None:
    done = run(
        package, "pytest", "-q", "-p", "no:cacheprovider", str(package / "tingtong_lx1" / "test_lx1.py")
    )

    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_new_driver_passes_the_contract_suite_over_every_bad_line(package: Path) -> None:
    done = contract(package)

    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 50


def test_a_new_driver_that_believes_any_answer_is_caught(package: Path) -> None:
    driver = package / "tingtong_lx1" / "lx1.py"
    good = driver.read_text("utf-8")
    careless = good.replace("while wanted not in self", "while not self")
    assert careless != good
    driver.write_text(careless, "utf-8")
    try:
        done = contract(package)
    finally:
        driver.write_text(good, "utf-8")

    assert done.returncode == 1
    assert "machine.colour" in done.stdout


def test_a_new_driver_without_a_bench_is_caught(package: Path) -> None:
    points = next(package.glob("*.dist-info")) / "entry_points.txt"
    good = points.read_text("utf-8")
    points.write_text(good.split("[tingtong.benches]")[0], "utf-8")
    try:
        done = run(
            package,
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/contract/test_drivers.py",
            "-k",
            "has_a_bench",
        )
    finally:
        points.write_text(good, "utf-8")

    assert done.returncode == 1
    assert DRIVER in done.stdout
