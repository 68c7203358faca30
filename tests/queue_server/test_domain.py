from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.persons import masked_name
from queue_server.domain.errors import CATALOGUE, NotAllowed, QueueError, Refused
from queue_server.domain.evaluation import LEVELS, OPTION_RANGES, check_options, level_name
from queue_server.domain.hall import Hall
from queue_server.domain.numbering import number_of
from queue_server.domain.people import is_valid_id
from queue_server.domain.ticket import FINAL, TRANSITIONS, Action, State, Ticket
from tests.queue_server.halls import MONDAY, OTHER_RESIDENT, RESIDENT, small_hall

_CODES = """
    service-unknown service-closed quota-exhausted ticket-already-waiting too-many-tickets id-required
    id-invalid blacklisted appointment-not-found appointment-early appointment-late window-not-signed-in
    window-paused window-busy not-allowed nobody-waiting lease-unknown idempotency-mismatch unauthenticated
    forbidden locked-out rate-limited validation not-found server-busy
"""
CODES_OF_THE_INTERFACE = _CODES.split()


def ticket(service: str = "A", n: int = 1, *, waits_s: int = 0, **more: object) -> Ticket:
    place = 10_000_000 - waits_s
    return Ticket(f"t{service}{n}", f"{service}{n:03d}", n, service, "d", place, MONDAY, "k", **more)  # type: ignore[arg-type]


def test_states_without_a_way_out_are_the_final_ones() -> None:
    assert {State.DONE, State.CANCELLED, State.EXPIRED} == FINAL


@given(st.sampled_from(State), st.sampled_from(Action))
def test_a_step_that_is_not_in_the_table_is_refused_with_state_and_action(
    state: State, action: Action
) -> None:
    one = ticket(state=state)
    if (state, action) in TRANSITIONS:
        assert one.after(action).state is TRANSITIONS[state, action]
    else:
        with pytest.raises(NotAllowed) as caught:
            one.after(action)
        assert caught.value.values["state"] == state.value
        assert caught.value.values["action"] == action.value


@pytest.mark.parametrize("code", CODES_OF_THE_INTERFACE)
def test_every_code_of_the_interface_has_a_sentence_in_both_languages(code: str) -> None:
    zh, en = QueueError(code).detail("zh"), QueueError(code).detail("en")

    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
    assert en.isascii()


@pytest.mark.parametrize("n, number", [(1, "A001"), (999, "A999"), (1000, "A1000")])
def test_a_number_has_three_digits_until_they_do_not_suffice(hall: Hall, n: int, number: str) -> None:
    assert number_of(hall.services["A"], n) == number


@pytest.mark.parametrize(
    "name, shown",
    [
        ("张三", "张*"),
        ("张三丰", "张*"),
        ("欧阳修", "欧阳*"),
        ("欧阳", "欧*"),
        ("阿不都·热合曼", "阿*"),
        ("Anna Karenina", "A***"),
        ("王", "*"),
        ("  ", ""),
    ],
)
def test_a_mask_shows_the_family_name_only(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize("number", [RESIDENT, OTHER_RESIDENT])
def test_a_right_check_digit_is_accepted(number: str) -> None:
    assert is_valid_id("resident", number)


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, by: int) -> None:
    wrong = RESIDENT[:place] + str((int(RESIDENT[place]) + by) % 10) + RESIDENT[place + 1 :]

    assert not is_valid_id("resident", wrong)


@pytest.mark.parametrize(
    "number", ["", "1" * 17, "11010519490230002X", "１１０１０５１９４９１２３１００２X"]
)
def test_what_is_no_resident_number_is_refused(number: str) -> None:
    assert not is_valid_id("resident", number)


@pytest.mark.parametrize(
    "local_minutes, is_open",
    [(8 * 60 + 44, False), (8 * 60 + 45, True), (11 * 60 + 44, True), (11 * 60 + 45, False)],
)
def test_tickets_begin_before_the_doors_open_and_end_before_they_close(
    local_minutes: int, is_open: bool
) -> None:
    at = datetime(2026, 11, 22, 16, 0, tzinfo=UTC) + timedelta(minutes=local_minutes)

    assert small_hall(always_open=False).is_issuing(at) is is_open


def test_no_tickets_on_sunday_unless_always_open() -> None:
    sunday = MONDAY - timedelta(days=1)

    assert not small_hall(always_open=False).is_issuing(sunday)
    assert small_hall(always_open=True).is_issuing(sunday)


def test_the_business_day_is_the_halls_local_date() -> None:
    assert small_hall().business_day(datetime(2026, 11, 23, 17, 0, tzinfo=UTC)) == "2026-11-24"


def test_five_is_very_satisfied_and_each_level_takes_its_own_options() -> None:
    assert level_name(5) == "very-satisfied"
    for digit, (low, high) in OPTION_RANGES.items():
        check_options(LEVELS[digit - 1], (str(low), str(high)))
        with pytest.raises(QueueError):
            check_options(LEVELS[digit - 1], (str(high + 1),))


def test_no_sentence_of_the_catalogue_fails_without_its_values() -> None:
    for code in CATALOGUE:
        assert Refused(code).detail("zh")
