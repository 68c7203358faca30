from __future__ import annotations

import pytest

from queue_server.domain.hall import Hall
from tests.queue_server.halls import small_hall


@pytest.fixture
def hall() -> Hall:
    return small_hall()
