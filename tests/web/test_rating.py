"""The form of levels and options agrees with the queue's rules and the national codes."""

from __future__ import annotations

import pytest

from queue_server.contracts.evaluations import Level
from queue_server.domain.evaluation import check_options, level_name
from queue_server.web.rating import rating_form


def test_the_five_levels_stand_from_best_to_worst() -> None:
    levels = rating_form().levels

    assert [level.level for level in levels] == list(Level)
    assert [level.digit for level in levels] == [5, 4, 3, 2, 1]


def test_the_queue_accepts_every_option_with_its_level() -> None:
    for level in rating_form().levels:
        assert level_name(level.digit) == level.level.value
        check_options(level.level.value, tuple(option.code for option in level.options))


def test_every_option_has_its_own_code_that_begins_with_its_levels_digit() -> None:
    pairs = [(level.digit, option.code) for level in rating_form().levels for option in level.options]

    assert len({code for _, code in pairs}) == len(pairs) == 40
    assert all(code[0] == str(digit) for digit, code in pairs)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_options_of_a_level_read_the_same(language: str) -> None:
    for level in rating_form().levels:
        labels = [getattr(option, language) for option in level.options]
        assert len(set(labels)) == len(labels)
