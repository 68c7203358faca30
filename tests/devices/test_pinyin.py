"""Our reading of pypinyin's dictionaries against pypinyin itself."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

from devices.codecs.pinyin import syllables

IN_A_HALL = (
    "号窗口办理", "前方等待", "请稍候", "重新取号", "银行行业", "女士优先", "旅客", "不一定",
    "不是", "一号", "一起", "一个", "第一号", "你好", "总统府", "社会保险",
    "公积金贷款", "营业执照", "缴纳税款", "出入境管理", "了解", "差不多",
)  # fmt: skip
CHARACTERS = [chr(code) for code in PINYIN_DICT if 0x3400 <= code <= 0x4DBF or 0x4E00 <= code <= 0x9FFF]


def said_by_pypinyin(text: str) -> list[str]:
    said = lazy_pinyin(
        text, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True, v_to_u=False, errors="ignore"
    )
    return [str(syllable) for syllable in said]


def differing(texts: list[str]) -> list[tuple[str, list[str], list[str]]]:
    both = [(text, list(syllables(text)), said_by_pypinyin(text)) for text in texts]
    return [one for one in both if one[1] != one[2]]


@pytest.mark.parametrize("text", IN_A_HALL)
def test_a_halls_words_are_read_as_pypinyin_reads_them(text: str) -> None:
    assert list(syllables(text)) == said_by_pypinyin(text)


def test_words_of_the_dictionary_are_read_as_pypinyin_reads_them() -> None:
    random = Random(11)
    words = random.sample(sorted(PHRASES_DICT), 300)
    with_numbers = random.sample([word for word in PHRASES_DICT if "一" in word or "不" in word], 100)
    pairs = [first + second for first, second in zip(words[:100], words[100:200], strict=True)]

    assert differing([*words, *with_numbers, *pairs]) == []


def test_characters_in_any_order_are_read_as_pypinyin_reads_them() -> None:
    random = Random(12)
    texts = ["".join(random.choices(CHARACTERS, k=random.randint(1, 6))) for _ in range(300)]

    assert differing(texts) == []


def test_a_character_that_has_no_reading_gives_nothing() -> None:
    unread = next(chr(code) for code in range(0x3400, 0x4DBF) if code not in PINYIN_DICT)

    assert syllables(f"办{unread}理") == ("ban4", "li3")


def test_reading_a_sentence_does_not_load_the_dictionaries() -> None:
    code = (
        "import sys; from devices.codecs.mandarin import to_pinyin; to_pinyin('请A001号到3号窗口办理');"
        "print('pypinyin' in sys.modules)"
    )

    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert said.stdout.strip() == "False"
