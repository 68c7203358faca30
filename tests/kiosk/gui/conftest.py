"""Fixtures: one stage for each size of window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.kiosk.gui.stage import Stage


@pytest.fixture
def open_stage() -> Iterator[Callable[[tuple[int, int]], Stage]]:
    """Open a kiosk of a size; closed at the end of the test."""
    opened: list[Stage] = []

    def make(size: tuple[int, int]) -> Stage:
        opened.append(Stage(size))
        return opened[-1]

    yield make
    for stage in opened:
        stage.close()


@pytest.fixture
def stage(open_stage: Callable[[tuple[int, int]], Stage]) -> Stage:
    return open_stage((1080, 1920))
