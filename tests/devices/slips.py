"""Slips for the printer's tests."""

from __future__ import annotations

from hypothesis import strategies as st

from devices.contracts.printer import TicketSlip

SLIP = TicketSlip(
    hall="金坛区政务服务中心",
    number="A001",
    service="企业开办",
    zone="商事登记区",
    floor="2楼",
    windows="1–3号窗口",
    ahead=5,
    estimate="约10–20分钟",
    issued_at="2026-11-23 09:12",
    track_url="http://hall.example/t/5f3c9a1be7d24c6a",
    notice="请在休息区等候，留意叫号与大屏信息。过号请到咨询台处理。",
    labels=("补打", "绿色通道"),
    english="Please take a seat and watch the screens for A001.",
)

_words = st.text(max_size=120)
SLIPS = st.builds(
    TicketSlip,
    hall=_words,
    number=st.one_of(st.from_regex(r"[A-Z]{0,2}[0-9]{3,4}", fullmatch=True), st.text(max_size=30)),
    service=_words,
    zone=_words,
    floor=st.text(max_size=20),
    windows=_words,
    ahead=st.integers(-1, 10**9),
    estimate=_words,
    issued_at=st.text(max_size=60),
    track_url=st.one_of(
        st.just(""),
        st.text("abcdefghij0123456789/.", max_size=250).map(lambda tail: f"http://{tail}"),
        _words,
    ),
    notice=st.text(max_size=400),
    labels=st.lists(st.text(max_size=20), max_size=5).map(tuple),
    english=_words,
    language=st.sampled_from(["zh", "en", "xx"]),
    large=st.booleans(),
)
