"""A small hall for tests: three services, three windows, open on Mondays 9-12 unless always open."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from queue_server.domain.hall import CallRules, Department, Hall, Hours, Limits, Service, Window, Zone

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten in the morning at the hall."""
RESIDENT = "11010519491231002X"
OTHER_RESIDENT = "110105194912310038"


def small_hall(
    *, always_open: bool = True, calling: CallRules | None = None, limits: Limits | None = None
) -> Hall:
    zones = {
        "Z1": Zone("Z1", "一区", "Zone one", "1F", "AZ1"),
        "Z2": Zone("Z2", "二区", "Zone two", "2F", "AZ2"),
    }
    services = {
        "A": Service("A", "A", "企业开办", "Start-up", "Z1", ("D1",)),
        "B": Service("B", "B", "不动产", "Real estate", "Z2", ("D1",), id_required=True),
        "C": Service("C", "C", "咨询", "Information", "Z1", ("D1",), start=501),
    }
    windows = {
        "1": Window("1", "1号窗口", "Z1", {"A": 1, "C": 2}),
        "2": Window("2", "2号窗口", "Z1", {"C": 1, "A": 2}),
        "3": Window("3", "3号窗口", "Z2", {"B": 1}),
    }
    return Hall(
        site="test",
        name="测试大厅",
        en="Test hall",
        timezone=ZoneInfo("Asia/Shanghai"),
        zones=zones,
        departments={"D1": Department("D1", "审批局", "审批", "Approval")},
        services=services,
        windows=windows,
        hours=Hours(weekdays=((time(9), time(12)),), issue_open_before_min=15, issue_close_before_min=15),
        limits=limits or Limits(),
        calling=calling or CallRules(),
        priorities=frozenset({"ELDER"}),
        always_open=always_open,
        public_url="http://hall.example",
    )
