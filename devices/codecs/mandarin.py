"""A hall's sentences as a voice must read them: pinyin with tone numbers, or English words.

`请A001号到3号窗口办理` -> `qing3 ei1 ling2 ling2 yi1 hao4 , dao4 san1 hao4 chuang1 kou3 ban4 li3`

Ticket letters by their English names, ticket digits one by one (1 is yi1, not yao1), all other numbers as
cardinals (window 12 is shi2 er4).  espeak-ng reads hanzi with wrong polyphones, so pypinyin's words do it.
Source: domain, section 2.4.  The letter table is our own approximation: have a speaker check it.
"""

from __future__ import annotations

import re

from devices.codecs.pinyin import syllables

LETTERS = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2 fu5", "G": "ji4", "H": "ei2 chi5",
    "I": "ai4", "J": "zhei4", "K": "kei4", "L": "ai2 lou5", "M": "ai2 mu5", "N": "en1", "O": "ou1",
    "P": "pi4", "Q": "kiu4", "R": "a4", "S": "ai2 si5", "T": "ti4", "U": "you4", "V": "wei4",
    "W": "da2 bu5 liu5", "X": "ai2 ke5 si5", "Y": "wai4", "Z": "zei4",
}  # fmt: skip
DIGITS = ("ling2", "yi1", "er4", "san1", "si4", "wu3", "liu4", "qi1", "ba1", "jiu3")
_UNITS = ("", "shi2", "bai3", "qian1")
_MAX_CARDINAL = 9999
_PAUSE = ","
_PUNCTUATION = frozenset("，。、；：！？,.;:!?")
_TOKEN = re.compile(
    r"(?P<ticket>[A-Za-z]{1,3}-?\d{1,6})(?P<hao>号?)"
    r"|(?P<number>\d+)"
    r"|(?P<letters>[A-Za-z]+)"
    r"|(?P<hanzi>[\u3400-\u4dbf\u4e00-\u9fff]+)"
    r"|(?P<mark>.)",
    re.DOTALL,
)
_CALL = re.compile(
    r"请\s*(?P<ticket>[A-Za-z]*\d+)\s*号?\s*到\s*第?\s*(?P<window>\w+?)\s*号?窗口.*", re.DOTALL
)


def to_pinyin(text: str) -> str:
    """Return `text` as pinyin syllables with tone numbers, `,` for a pause, all separated by spaces."""
    said: list[str] = []
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "hao":
                said += [*_ticket(token["ticket"]), *(["hao4", _PAUSE] if token["hao"] else [])]
            case "number":
                said += _number(token["number"], after=text[token.end() : token.end() + 1])
            case "letters":
                said += [LETTERS[letter] for letter in token["letters"].upper()]
            case "hanzi":
                said += syllables(token["hanzi"])
            case _ if token[0] in _PUNCTUATION:
                said.append(_PAUSE)
    return re.sub(r"( ,)+$", "", re.sub(r"(, )+", ", ", " ".join(said)))


def to_english(text: str) -> str:
    """Return what an English voice reads; a Chinese call sentence becomes the English one."""
    call = _CALL.fullmatch(text.strip())
    if call is not None:
        return english_call(call["ticket"], call["window"])
    return re.sub(r"\b([A-Za-z]{1,3})(\d{1,6})\b", lambda found: _spelled(found[0]), text)


def english_call(number: str, window: str) -> str:
    """Return `Ticket A 0 0 1, please go to window 3`."""
    return f"Ticket {_spelled(number)}, please go to window {window}"


def _spelled(number: str) -> str:
    return " ".join(char.upper() for char in number if char.isalnum())


def cardinal(value: int) -> list[str]:
    """Return a number from 0 to 9999 as it is counted: 12 is shi2 er4, 105 yi1 bai3 ling2 wu3."""
    if not 0 <= value <= _MAX_CARDINAL:
        raise ValueError(f"{value} is not between 0 and {_MAX_CARDINAL}")
    if value == 0:
        return [DIGITS[0]]
    said: list[str] = []
    skipped = False
    for place in range(len(str(value)) - 1, -1, -1):
        digit = value // 10**place % 10
        if digit == 0:
            skipped = bool(said)
            continue
        if skipped:
            said.append(DIGITS[0])
            skipped = False
        if not (place == 1 and digit == 1 and not said):  # ten is shi2, not yi1 shi2
            said.append(DIGITS[digit])
        said += [_UNITS[place]] if place else []
    return said


def _ticket(number: str) -> list[str]:
    said = []
    for char in number.upper():
        if char.isdigit():
            said.append(DIGITS[int(char)])
        elif char in LETTERS:
            said.append(LETTERS[char])
    return said


def _number(digits: str, after: str) -> list[str]:
    """Return a bare number: a cardinal, or digit by digit when it starts with 0 or is too long."""
    if (
        not digits.isascii()
        or len(digits) > len(str(_MAX_CARDINAL))
        or (len(digits) > 1 and digits[0] == "0")
    ):
        return [DIGITS[int(digit)] for digit in digits]
    if digits == "2" and after in ("人", "位", "个"):
        return ["liang3"]
    return cardinal(int(digits))
