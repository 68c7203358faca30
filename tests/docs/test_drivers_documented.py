"""Every driver has its page, its row in the table, and says how far it is proved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devices import registry
from devices.spec import DriverSpec

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "devices" / "README.md"
ROW = re.compile(
    r"^\| \[(?P<name>[a-z0-9-]+)\]\((?P<page>[^)]+)\) \| (?P<kind>\S+) \| (?P<level>\w+) \|", re.M
)
OURS = [registry.find(name) for name in registry.DRIVERS]
by_name = pytest.mark.parametrize("spec", OURS, ids=lambda spec: spec.name)


def page(spec: DriverSpec) -> str:
    return (ROOT / spec.doc).read_text("utf-8")


@by_name
def test_a_driver_has_a_page_that_names_it_and_its_level(spec: DriverSpec) -> None:
    text = page(spec)

    assert f"`{spec.name}`" in text or f"# {spec.name}" in text
    assert re.search(rf"\*\*(Level: )?{spec.level}\b", text, re.IGNORECASE), (
        f"{spec.doc} does not say {spec.level}"
    )


@by_name
def test_every_setting_of_a_driver_is_on_its_page(spec: DriverSpec) -> None:
    text = page(spec)

    missing = [key for key in spec.settings.model_fields if not re.search(rf"\b{key}\b", text)]

    assert missing == []


@by_name
def test_a_driver_says_where_its_level_comes_from(spec: DriverSpec) -> None:
    assert spec.source, f"{spec.name}: set `source` in its SPEC"


def test_the_table_names_every_driver_as_it_declares_itself() -> None:
    rows = {row["name"]: (row["kind"], row["level"]) for row in ROW.finditer(TABLE.read_text("utf-8"))}

    assert rows == {spec.name: (spec.kind, spec.level) for spec in OURS}


def test_every_page_in_the_table_is_there() -> None:
    pages = [row["page"] for row in ROW.finditer(TABLE.read_text("utf-8"))]

    assert [page for page in pages if not (TABLE.parent / page).exists()] == []


def test_nobody_claims_gold_without_naming_the_machine_and_its_firmware() -> None:
    gold = [spec for spec in OURS if spec.level == "gold"]

    assert [spec.name for spec in gold if "firmware" not in page(spec).lower()] == []
