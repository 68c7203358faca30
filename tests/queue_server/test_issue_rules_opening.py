"""Opening hours, breaks, calendar and caps as arithmetic, against the plainest way to compute the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from queue_server.adapters.holidays import ChineseHolidays
from queue_server.domain.calendar import Calendar, Day, DayKind, Span
from queue_server.domain.caps import AFTERNOON, MORNING, Caps
from queue_server.domain.opening import Closed, Hours, Opening, merged

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = Calendar(ChineseHolidays())
OFFICE = Hours(
    weekdays=((time(9), time(12)), (time(13), time(17))),
    saturday=((time(9), time(12)),),
    issue_open_before_min=15,
    issue_close_before_min=15,
    lunch_duty=((time(12), time(13)),),
)

MINUTES = st.integers(0, 1439)


def at_minute(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    pairs = draw(st.lists(st.tuples(MINUTES, st.integers(1, 400)), max_size=4))
    return tuple((at_minute(start), at_minute(min(1440, start + length))) for start, length in pairs)


@st.composite
def rules(draw: st.DrawFn) -> Hours:
    early, late = draw(st.integers(0, 60)), draw(st.integers(0, 60))
    return Hours(draw(spans()), draw(spans()), draw(spans()), early, late, draw(spans()))


DAYS = st.dates(date(2026, 1, 1), date(2027, 3, 31))
KINDS = st.builds(Day, st.sampled_from(DayKind), spans=st.none() | spans())
OVERRIDES = st.dictionaries(DAYS, KINDS, max_size=20)
NOW = st.datetimes(datetime(2026, 1, 2), datetime(2027, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001 - st adds it


def worked_minutes(hours: Hours, kind: Day, day: date, duty: bool) -> set[int]:
    """The plainest way: every minute of the day that somebody works."""
    ordinary = {DayKind.WORKDAY: hours.weekdays, DayKind.WEEKEND: hours.of(day), DayKind.HOLIDAY: ()}
    chosen = ordinary[kind.kind] if kind.spans is None else kind.spans
    if duty and chosen and kind.spans is None:
        chosen += hours.lunch_duty
    found: set[int] = set()
    for start, end in chosen:
        last = end.hour * 60 + end.minute or 1440
        found |= set(range(start.hour * 60 + start.minute, last))
    return found


def issues_at(hours: Hours, work: set[int], minute: int) -> bool:
    """Say it by looking along the minutes: near enough to the start, not too near to the end of a run."""
    for start in (one for one in work if one - 1 not in work):
        end = start
        while end in work:
            end += 1
        if max(0, start - hours.issue_open_before_min) <= minute < end - hours.issue_close_before_min:
            return True
    return False


@settings(max_examples=80, deadline=None)
@given(rules(), OVERRIDES, NOW, st.booleans())
def test_tickets_are_given_out_in_just_the_minutes_a_plain_count_says(
    hours: Hours, overrides: dict[date, Day], now: datetime, duty: bool
) -> None:
    calendar = Calendar(ChineseHolidays(), overrides)
    local = now.astimezone(SHANGHAI)
    work = worked_minutes(hours, calendar.day(local.date()), local.date(), duty)

    opening = Opening(SHANGHAI, calendar, hours, lunch_duty=duty)
    assert opening.is_issuing(now) is issues_at(hours, work, local.hour * 60 + local.minute)


@settings(max_examples=80, deadline=None)
@given(rules(), OVERRIDES, NOW, st.booleans(), st.floats(0, 1, exclude_max=True))
def test_the_next_opening_is_the_first_one(
    hours: Hours, overrides: dict[date, Day], now: datetime, duty: bool, part: float
) -> None:
    opening = Opening(SHANGHAI, Calendar(ChineseHolidays(), overrides), hours, lunch_duty=duty)
    found = opening.next_opening(now)
    assume(found is not None and not opening.is_issuing(now))
    assert found is not None

    assert now < found
    assert opening.is_issuing(found)
    assert not opening.is_issuing(max(now, now + (found - now) * part - timedelta(microseconds=1)))


@settings(max_examples=80, deadline=None)
@given(rules(), OVERRIDES, NOW)
def test_there_is_a_reason_exactly_when_no_tickets_are_given_out(
    hours: Hours, overrides: dict[date, Day], now: datetime
) -> None:
    opening = Opening(SHANGHAI, Calendar(ChineseHolidays(), overrides), hours, lunch_duty=False)

    assert (opening.closed(now) is None) is opening.is_issuing(now)


@given(st.lists(st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] < pair[1]), max_size=6))
def test_merged_spans_cover_the_same_minutes_and_never_touch(pairs: list[tuple[int, int]]) -> None:
    found = merged(pairs)

    covered = {minute for start, end in pairs for minute in range(start, end)}
    assert {minute for start, end in found for minute in range(start, end)} == covered
    assert all(before[1] < after[0] for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("local", "reason"),
    [
        ("2026-11-23T08:44", Closed.BEFORE),
        ("2026-11-23T08:45", None),
        ("2026-11-23T11:44", None),
        ("2026-11-23T11:45", Closed.BREAK),
        ("2026-11-23T12:45", None),
        ("2026-11-23T16:45", Closed.AFTER),
        ("2026-11-21T10:00", None),  # a plain Saturday with hours of its own
        ("2026-11-22T10:00", Closed.DAY_OFF),
        ("2026-10-01T10:00", Closed.HOLIDAY),
        ("2026-10-03T10:00", Closed.HOLIDAY),  # a Saturday within the holiday
        ("2026-10-10T14:00", None),  # a Saturday worked instead: weekday hours
        ("2026-02-14T14:00", None),
    ],
)
def test_the_office_opens_as_its_table_says(local: str, reason: Closed | None) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)

    assert Opening(SHANGHAI, CHINA, OFFICE, lunch_duty=False).closed(now) is reason


def test_lunch_duty_closes_the_gap_and_the_margins_count_at_the_ends_of_the_day() -> None:
    opening = Opening(SHANGHAI, CHINA, OFFICE, lunch_duty=True)

    assert opening.work(date(2026, 11, 23)) == ((540, 1020),)
    assert len(opening.issuing(date(2026, 11, 23))) == 1
    assert opening.work(date(2026, 11, 22)) == ()


def test_a_date_nobody_announced_is_provisional_until_the_hall_says_more() -> None:
    new_year = date(2027, 1, 1)
    said = Calendar(ChineseHolidays(), {new_year: Day(DayKind.HOLIDAY, "元旦")})

    assert CHINA.day(new_year) == Day(DayKind.WORKDAY, provisional=True)
    assert said.day(new_year) == Day(DayKind.HOLIDAY, "元旦")
    assert not CHINA.day(date(2026, 12, 31)).provisional


@given(DAYS, KINDS)
def test_an_override_is_stronger_than_every_announcement(day: date, kind: Day) -> None:
    assert Calendar(ChineseHolidays(), {day: kind}).day(day) == kind


@pytest.mark.parametrize("timezone", ["Asia/Shanghai", "Europe/Berlin"])
def test_hours_are_by_the_clock_on_the_wall_on_days_with_a_changed_clock_too(timezone: str) -> None:
    zone = ZoneInfo(timezone)
    hours = Hours(sunday=((time(9), time(12)),))
    issue = Opening(zone, Calendar(), hours, lunch_duty=False).issuing(date(2026, 3, 29))

    assert [moment.astimezone(zone).time() for moment in issue[0]] == [time(9), time(12)]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(0, 2),
    st.sampled_from([10, 30, 60]),
    st.lists(st.integers(0, 1439), max_size=40),
)
def test_no_half_day_and_no_interval_gets_more_than_its_cap(
    morning: int, afternoon: int, per_interval: int, interval_min: int, minutes: list[int]
) -> None:
    caps = Caps(morning, afternoon, time(12), per_interval, interval_min)
    taken: dict[str, int] = {}
    given_at: list[int] = []
    for minute in minutes:  # any order: clocks jump
        local = datetime(2026, 11, 23, tzinfo=SHANGHAI) + timedelta(minutes=minute)
        if caps.full(local, taken) is None:
            given_at.append(minute)
            for slot in caps.slots(local):
                taken[slot.name] = taken.get(slot.name, 0) + 1

    by_half = [sum(one // 720 == half for one in given_at) for half in (0, 1)]
    for count, cap in zip(by_half, (morning, afternoon), strict=True):
        assert cap == 0 or count <= cap
    for index in {one // interval_min for one in given_at}:
        assert per_interval == 0 or sum(one // interval_min == index for one in given_at) <= per_interval
    if not (morning or afternoon or per_interval):
        assert len(given_at) == len(minutes)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_what_is_left_counts_the_half_days_that_are_not_over(am: int, pm: int, got: int, gone: int) -> None:
    caps, taken = Caps(am, pm), {MORNING: got, AFTERNOON: gone}

    assert caps.left(datetime(2026, 11, 23, 9, tzinfo=SHANGHAI), taken) == max(0, am - got) + max(
        0, pm - gone
    )
    assert caps.left(datetime(2026, 11, 23, 12, tzinfo=SHANGHAI), taken) == max(0, pm - gone)
    assert Caps(am, 0).left(datetime(2026, 11, 23, 9, tzinfo=SHANGHAI), taken) is None


def test_a_span_that_ends_at_midnight_lasts_until_the_end_of_the_day() -> None:
    night = Opening(SHANGHAI, Calendar(), Hours(weekdays=((time(22), time(0)),)), lunch_duty=False)
    late = datetime(2026, 11, 23, 23, 59, 59, tzinfo=SHANGHAI)

    assert night.is_issuing(late)
    assert not night.is_issuing(late + timedelta(seconds=1))
    assert night.next_opening(late) == datetime(2026, 11, 24, 22, tzinfo=SHANGHAI)


def test_hours_of_one_date_replace_the_ordinary_ones_and_their_lunch_duty() -> None:
    eve = Day(DayKind.WORKDAY, "除夕", spans=((time(9), time(11)),))
    opening = Opening(SHANGHAI, Calendar(overrides={date(2026, 11, 23): eve}), OFFICE, lunch_duty=True)

    assert opening.work(date(2026, 11, 23)) == ((540, 660),)
    assert opening.work(date(2026, 11, 24)) == ((540, 1020),)


def test_the_moment_it_opens_is_open_and_the_next_opening_is_a_later_one() -> None:
    opening = Opening(SHANGHAI, CHINA, OFFICE, lunch_duty=False)
    opens = datetime(2026, 11, 23, 8, 45, tzinfo=SHANGHAI)

    assert opening.next_opening(opens - timedelta(microseconds=1)) == opens
    assert opening.is_issuing(opens)
    assert opening.next_opening(opens) == opens.replace(hour=12)


@pytest.mark.parametrize(("minute", "half"), [(719, MORNING), (720, AFTERNOON)])
def test_the_afternoon_begins_with_its_first_minute(minute: int, half: str) -> None:
    local = datetime(2026, 11, 23, tzinfo=SHANGHAI) + timedelta(minutes=minute)

    assert [slot.name for slot in Caps(1, 1).slots(local)] == [half]
