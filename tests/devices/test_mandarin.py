"""A sentence is read as people read it: letters, digits one by one, window numbers counted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs.mandarin import DIGITS, LETTERS, cardinal, english_call, to_english, to_pinyin

SYLLABLES = re.compile(r"([a-zü]+[1-5]|,)( ([a-zü]+[1-5]|,))*")


@pytest.mark.parametrize(
    "text, pinyin",
    [
        ("请A001号到3号窗口办理", "qing3 ei1 ling2 ling2 yi1 hao4 , dao4 san1 hao4 chuang1 kou3 ban4 li3"),
        ("请B120号到12号窗口", "qing3 bi4 yi1 er4 ling2 hao4 , dao4 shi2 er4 hao4 chuang1 kou3"),
        ("前方等待2人", "qian2 fang1 deng3 dai4 liang3 ren2"),
        ("重新取号", "chong2 xin1 qu3 hao4"),
        ("银行行业", "yin2 hang2 hang2 ye4"),
        ("请稍候，办理。", "qing3 shao1 hou4 , ban4 li3"),
    ],
)
def test_a_halls_sentence_is_read_as_a_person_reads_it(text: str, pinyin: str) -> None:
    assert to_pinyin(text) == pinyin


@pytest.mark.parametrize(
    "value, said",
    [
        (0, "ling2"), (2, "er4"), (10, "shi2"), (12, "shi2 er4"), (20, "er4 shi2"), (62, "liu4 shi2 er4"),
        (100, "yi1 bai3"), (105, "yi1 bai3 ling2 wu3"), (110, "yi1 bai3 yi1 shi2"),
        (1001, "yi1 qian1 ling2 yi1"), (1010, "yi1 qian1 ling2 yi1 shi2"),
        (9999, "jiu3 qian1 jiu3 bai3 jiu3 shi2 jiu3"),
    ],
)  # fmt: skip
def test_a_number_is_counted_as_the_chinese_count(value: int, said: str) -> None:
    assert " ".join(cardinal(value)) == said


@given(st.text("ABCDEFGHJKLMNPQRSTUWXYZ", min_size=1, max_size=2), st.integers(0, 9999), st.integers(1, 99))
@settings(max_examples=100, deadline=None)
def test_every_digit_of_a_ticket_is_heard_in_order(letters: str, number: int, window: int) -> None:
    digits = f"{number:03d}"
    heard = to_pinyin(f"请{letters}{digits}号到{window}号窗口办理").split(" hao4 , dao4 ")

    assert heard[0].split()[-len(digits) :] == [DIGITS[int(digit)] for digit in digits]
    assert " ".join(LETTERS[letter] for letter in letters) in heard[0]
    assert heard[1] == " ".join([*cardinal(window), "hao4 chuang1 kou3 ban4 li3"])


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_the_voice_gets_nothing_but_syllables_and_pauses(text: str) -> None:
    pinyin = to_pinyin(text)

    assert not pinyin or SYLLABLES.fullmatch(pinyin), pinyin


def test_no_letter_sounds_like_a_digit_or_another_letter() -> None:
    assert len(set(LETTERS.values())) == 26
    assert not set(LETTERS.values()) & set(DIGITS)


@pytest.mark.parametrize(
    "text, english",
    [
        ("请A001号到3号窗口办理", "Ticket A 0 0 1, please go to window 3"),
        ("请B012到12号窗口", "Ticket B 0 1 2, please go to window 12"),
        ("Ticket A001, please go to window 3", "Ticket A 0 0 1, please go to window 3"),
        ("Welcome", "Welcome"),
    ],
)
def test_an_english_voice_gets_english(text: str, english: str) -> None:
    assert to_english(text) == english


def test_an_english_call_spells_the_ticket() -> None:
    assert english_call("A001", "3") == "Ticket A 0 0 1, please go to window 3"
