"""A department's tile and the services behind it name that department's own matters, nobody else's."""

from __future__ import annotations

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Department, Hall, Service
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import start
from kiosk.i18n.catalog import load
from kiosk.presenters.intake import present
from kiosk.presenters.views import Tile, TilesView

RELIEF = Service(
    "N",
    "民政与救助",
    "Civil affairs and relief",
    ("D09", "D14"),
    matters=("高龄津贴发放", "残疾人证新办", "最低生活保障"),
    matters_of={"D09": ("高龄津贴发放", "最低生活保障"), "D14": ("残疾人证新办",)},
)


def hall_of(*services: Service) -> Hall:
    departments = tuple(
        Department(code, name, name, english)
        for code, name, english in (("D09", "民政局", "Civil affairs"), ("D14", "残联", "Disabled persons"))
    )
    return Hall("厅", "Hall", departments=departments, services=services)


def tiles(hall: Hall, *events: w.Event) -> tuple[Tile, ...]:
    state = start(portrait=True)
    for event in (w.HallLoaded(hall), *events):
        state, _ = advance(state, event)
    body = present(state, load(state.language), "QK01").body
    assert isinstance(body, TilesView)
    return body.tiles


def test_a_department_tile_names_its_own_matters_only() -> None:
    assert [tile.subtitle for tile in tiles(hall_of(RELIEF))] == [
        "高龄津贴发放\n最低生活保障",
        "残疾人证新办",
    ]


@pytest.mark.parametrize(
    ("code", "subtitle"), [("D09", "高龄津贴发放 · 最低生活保障"), ("D14", "残疾人证新办")]
)
def test_a_service_behind_a_department_names_the_matters_of_that_department(code: str, subtitle: str) -> None:
    other = Service("Q", "咨询", "Information", ("D09", "D14"))
    chosen = tiles(hall_of(RELIEF, other), w.DepartmentChosen("r1", code))

    assert [tile.subtitle for tile in chosen if tile.key == "N"] == [subtitle]


def test_matters_without_an_owner_are_everybodys_as_an_older_server_says_them() -> None:
    old = Service("N", "民政与救助", "Relief", ("D09", "D14"), matters=("最低生活保障",))

    assert old.matters_for("D14") == ("最低生活保障",)
    assert RELIEF.matters_for("D99") == ()


def test_a_closed_service_says_when_it_opens_in_the_language_of_the_screen() -> None:
    closed = Service(
        "N",
        "民政与救助",
        "Relief",
        ("D09",),
        open=False,
        closed_reason="休息时段,12:45起取号",
        closed_reason_en="A break. Tickets from 12:45.",
    )
    hall = hall_of(closed, Service("Q", "咨询", "Information", ("D09",)))
    chosen = tiles(hall, w.DepartmentChosen("r1", "D09"))
    english = tiles(hall, w.LanguageChosen("en"), w.DepartmentChosen("r1", "D09"))

    assert (chosen[0].enabled, chosen[0].subtitle) == (False, "休息时段,12:45起取号")
    assert english[0].subtitle == "A break. Tickets from 12:45."
