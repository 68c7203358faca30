"""Fixtures of the kiosk tests."""

from __future__ import annotations

import pytest

from kiosk.flows.hall import Hall
from tests.kiosk.small_hall import small_hall


@pytest.fixture
def hall() -> Hall:
    return small_hall()
