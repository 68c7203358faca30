"""A small hall for every kiosk test."""

from __future__ import annotations

from kiosk.flows.hall import Department, Hall, Package, Service


def small_hall() -> Hall:
    """Two departments: D06 offers two services, D04 one; R is closed and U asks for a card.

    The package WORK can be had, BUILD not, since R is closed; SHOP asks for a card.
    """
    departments = (
        Department("D04", "区不动产登记中心", "不动产", "Real-estate registration", "home-city-outline"),
        Department(
            "D06", "区人力资源和社会保障局", "人社局", "Human resources and social security", "shield-account"
        ),
        Department("D17", "区住房和城乡建设局", "住建局", "Housing and construction", "crane"),
        Department("D28", "区烟草专卖局", "烟草局", "Tobacco monopoly", "no-such-icon"),
    )
    services = (
        Service(
            "B",
            "不动产登记(一窗受理)",
            "Real-estate registration",
            ("D04",),
            "不动产区",
            "Real estate",
            "1F",
            ("8", "9", "10"),
            waiting=12,
            wait_low_s=600,
            wait_high_s=1300,
            matters=("二手房转移登记", "抵押权登记"),
        ),
        Service("J", "社会保险", "Social insurance", ("D06",), "社保区", "Insurance", "2F", ("30",)),
        Service("M", "就业与人才", "Employment and talent", ("D06",), waiting=3),
        Service("R", "工程建设", "Construction projects", ("D17",), open=False, closed_reason="午休"),
        Service("U", "综合许可", "General licences", ("D28",), id_required=True),
    )
    return Hall(
        "示范区政务服务中心",
        "Demonstration District Centre",
        "进一道门 办所有事",
        True,
        "",
        departments,
        services,
        packages=(
            Package("WORK", "就业一件事", "Starting a job", ("M", "J")),
            Package("BUILD", "建房一件事", "Building a house", ("R", "J")),
            Package("SHOP", "开店一件事", "Opening a shop", ("J", "U")),
        ),
    )
