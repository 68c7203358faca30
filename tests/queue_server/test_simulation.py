"""The simulator: the same seed gives the same day, and nobody gets lost in one."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.__main__ import main
from queue_server.adapters.hall_file import load_hall
from queue_server.domain.estimate import Estimate
from queue_server.domain.hall import Hall
from queue_server.simulation.contest import BOUND, POLICIES, Task, hall_under, relaxed, run_task, run_tasks
from queue_server.simulation.demand import Demand, load_demand, pauses_of, visits_of
from queue_server.simulation.measures import accuracy_of, mean_with_error, percentile, utilisation, waits_of
from queue_server.simulation.virtual_day import DayLog, Journey
from tests.queue_server.serving import ROOT

DEMO = ROOT / "config" / "demo"
FINAL = {"done", "cancelled", "expired"}


@pytest.fixture(scope="module")
def hall() -> Hall:
    return load_hall(DEMO / "hall.toml")


@pytest.fixture(scope="module")
def demand() -> Demand:
    return load_demand(DEMO / "demand.toml")


@pytest.fixture(scope="module")
def quiet(demand: Demand) -> Demand:
    """A tenth of the people, more of them missing their call and with priority."""
    factor = {day: times / 10 for day, times in demand.weekday_factor.items()}
    return demand.model_copy(update={"weekday_factor": factor, "no_show_rate": 0.3, "green_share": 0.3})


def facts(log: DayLog) -> list[tuple[int, float | None, float | None, bool]]:
    return [(one.visit.n, one.issued_s, one.called_s, one.done) for one in log.journeys]


@pytest.mark.parametrize("policy", [*POLICIES, BOUND])
def test_every_ticket_of_a_day_ends_in_a_final_state(hall: Hall, quiet: Demand, policy: str) -> None:
    log = run_task(Task(hall, quiet, "monday", policy, 3))
    issued = [one for one in log.journeys if one.issued_s is not None]

    assert set(log.finals) <= FINAL
    assert sum(log.finals.values()) == len(issued)
    assert len(issued) + sum(log.turned_away.values()) == len(log.journeys)
    assert log.finals["done"] == sum(one.done for one in log.journeys)
    assert log.finals["expired"] == sum(one.visit.misses_call and not one.visit.comes_back for one in issued)


def test_the_same_seed_gives_the_same_day_and_another_seed_another(hall: Hall, quiet: Demand) -> None:
    day, again, other = (run_task(Task(hall, quiet, "friday", "ours", seed)) for seed in (11, 11, 12))

    assert facts(day) == facts(again)
    assert day.whys == again.whys
    assert facts(day) != facts(other)


def test_other_processes_come_to_the_same_days(hall: Hall, quiet: Demand) -> None:
    tasks = [Task(hall, quiet, "tuesday", policy, 5) for policy in ("ours", "fifo")]

    assert [facts(log) for log in run_tasks(tasks)] == [facts(run_task(task)) for task in tasks]


def test_every_policy_meets_the_same_people(hall: Hall, demand: Demand) -> None:
    busier = demand.model_copy(update={"weekday_factor": {"mon": 0.5}, "green_share": 0.3})
    days = [run_task(Task(hall, busier, "monday", policy, 8)) for policy in POLICIES]

    assert all([one.visit for one in day.journeys] == [one.visit for one in days[0].journeys] for day in days)
    assert len({str(facts(day)) for day in days}) > 1


def test_a_service_lasts_as_long_as_its_visit_and_windows_serve_one_at_a_time(
    hall: Hall, quiet: Demand
) -> None:
    log = run_task(Task(hall, quiet, "monday", "ours", 4))
    served = sum(one.visit.service_s + quiet.walk_s for one in log.journeys if one.done)
    missed = sum(quiet.no_show_wait_s for one in log.journeys if one.called_s and one.visit.misses_call)

    assert sum(log.busy_s.values()) == pytest.approx(served + missed)
    assert all(share < 1.2 for share in utilisation(log).values())


def test_a_whole_monday_of_the_demo_hall_is_served_by_the_evening(hall: Hall, demand: Demand) -> None:
    log = run_task(Task(hall, demand, "monday", "ours", 7))

    assert 1_150 < len(log.journeys) < 1_420
    assert sum(log.turned_away.values()) < 0.03 * len(log.journeys)
    assert log.ended_s < 19 * 3600
    assert {"longest-wait", "head-start"} <= set(log.whys)
    assert waits_of(log, green=True).mean < waits_of(log, green=False).mean


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_arrivals_come_in_order_within_the_hours_of_the_file(seed: int) -> None:
    demand = load_demand(DEMO / "demand.toml")
    visits = visits_of(demand, "wednesday", seed)
    times = [one.at_s for one in visits]
    longest = {service: max(row[2] for row in rows) * 60 for service, rows in demand.matters.items()}

    assert times == sorted(times)
    assert times[0] >= _seconds(demand.half_hour_weights[0][0])
    assert times[-1] < _seconds(demand.half_hour_weights[-1][0]) + 1800
    assert all(60 <= one.service_s <= longest[one.service_id] for one in visits)
    assert {one.priority for one in visits} <= {None, *demand.green}
    assert visits == visits_of(demand, "wednesday", seed)
    assert pauses_of(demand, ["1"], seed) == pauses_of(demand, ["1"], seed)


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60


def test_where_all_skills_are_pooled_windows_that_share_a_service_do_the_same(hall: Hall) -> None:
    pooled = relaxed(hall)

    for service in hall.services:
        before = {window.id for window in hall.windows_of[service]}
        groups = {tuple(sorted(pooled.windows[window].skills)) for window in before}
        assert len(groups) == 1
        assert before <= {window.id for window in pooled.windows_of[service]}
    assert list(pooled.windows) == list(hall.windows)


def test_a_policy_changes_only_the_order(hall: Hall) -> None:
    under = hall_under(replace(hall, always_open=True), "fifo")

    assert under.policy.order.value == "fifo"
    assert not under.always_open
    assert hall_under(hall, "ours").policy == hall.policy


def test_accuracy_is_told_of_all_and_of_those_who_had_to_wait(quiet: Demand) -> None:
    visit = visits_of(quiet, "monday", 1)[0]
    told = Estimate(60, 120, 180)
    days = [
        DayLog([Journey(visit, 0.0, wait_s, told=told) for wait_s in (0.0, 30.0, 60.0, 120.0, 600.0)], {}, {})
    ]
    everybody, waited = (accuracy_of(days, queued=queued) for queued in (False, True))

    assert (everybody.people, waited.people) == (5, 4)
    assert (everybody.inside, waited.inside) == (0.4, 0.5)
    assert (waited.below, waited.above) == (0.25, 0.25)
    assert waited.error == pytest.approx((0.2 + 0.3) / 2)
    assert waited.strict == 0.8
    assert waited.bias_min == pytest.approx((90 + 60 + 0 - 480) / 4 / 60)
    assert accuracy_of(days, green=visit.priority is None).people == 0


def test_percentiles_and_intervals_are_those_of_the_books() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0, 5.0], 50) == 3
    assert percentile([0.0, 10.0], 95) == pytest.approx(9.5)
    mean, error = mean_with_error([1.0, 2.0, 3.0, 4.0, 5.0, float("nan")])
    assert mean == 3
    assert error == pytest.approx(1.966, abs=0.01)


def test_the_command_prints_the_day_and_the_comparison(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    small = tmp_path / "demand.toml"
    text = (DEMO / "demand.toml").read_text(encoding="utf-8")
    small.write_text(text.replace("mon = 1.18", "mon = 0.05"), encoding="utf-8")
    config = tmp_path / "server.toml"
    config.write_text("", encoding="utf-8")
    common = [
        "simulate",
        "--config",
        str(config),
        "--hall",
        str(DEMO / "hall.toml"),
        "--demand",
        str(small),
        "--seed",
        "2",
    ]

    assert main([*common, "--speed", "max"]) == 0
    one_day = capsys.readouterr().out
    assert main([*common, "--seeds", "2"]) == 0
    many = capsys.readouterr().out

    assert "Waits by service" in one_day
    assert all("normal, had to wait" in printed and "inside%" in printed for printed in (one_day, many))
    assert all(f"normal {policy}" in one_day for policy in POLICIES)
    assert "ours - fifo" in many
    assert "±" in many


@pytest.mark.parametrize("wrong", [["--speed", "fast"], ["--seeds", "0"], ["--day", "sunday"]])
def test_wrong_options_are_exit_code_two(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["simulate", *wrong])
    assert caught.value.code == 2
