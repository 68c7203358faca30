import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.sim.faults import HARMLESS, MANGLERS

deliveries = st.lists(st.binary(min_size=1, max_size=20), max_size=12)


def through(name, seed, parts):
    mangle = MANGLERS[name](seed)
    return [mangle(part) for part in parts]


@pytest.mark.parametrize("name", MANGLERS)
@settings(max_examples=25)
@given(parts=deliveries, seed=st.integers(0, 99))
def test_the_same_seed_does_the_same_damage(name, parts, seed):
    assert through(name, seed, parts) == through(name, seed, parts)


@pytest.mark.parametrize("name", MANGLERS)
def test_a_line_at_rest_is_silent(name):
    assert MANGLERS[name](1)(b"") == []


@pytest.mark.parametrize("name", MANGLERS)
@settings(max_examples=25)
@given(parts=deliveries, seed=st.integers(0, 99))
def test_no_chunk_is_empty(name, parts, seed):
    assert b"" not in [chunk for arrived in through(name, seed, parts) for chunk in arrived]


@pytest.mark.parametrize("name", HARMLESS)
@settings(max_examples=25)
@given(parts=deliveries, seed=st.integers(0, 99))
def test_a_harmless_line_changes_no_byte(name, parts, seed):
    assert [b"".join(arrived) for arrived in through(name, seed, parts)] == parts


BAD = [name for name in MANGLERS if name not in HARMLESS]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_does_some_damage_in_twenty_deliveries(name):
    parts = [bytes(range(10))] * 20

    assert [b"".join(arrived) for arrived in through(name, 3, parts)] != parts


def test_a_glued_line_loses_nothing_but_time():
    arrived = through("glued", 1, [b"a", b"b", b"c", b"d", b"e"])

    assert arrived == [[b"a"], [], [b"bc"], [], [b"de"]]


def test_after_half_a_delivery_there_is_silence():
    arrived = [b"".join(chunks) for chunks in through("half-then-silence", 4, [b"0123456789"] * 10)]

    good = arrived.count(b"0123456789")
    assert arrived == [b"0123456789"] * good + [b"01234"] + [b""] * (9 - good)
