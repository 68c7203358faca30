"""Chinese characters as pinyin syllables with tone numbers: `银行` -> `yin2`, `hang2`.

The words and readings are pypinyin's (its two JSON files).  They are searched, not loaded: as Python objects
they take 54 MB, more than all drivers of an agent together; as text 3 MB, and a look takes under a
millisecond.  What comes out is what pypinyin says with `tone_sandhi`; tests/devices/test_pinyin.py compares.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

_DECODER = json.JSONDecoder()
_MARKS = {
    mark: (letter, tone)
    for letter, marked in {
        "a": "āáǎà", "e": "ēéěè", "o": "ōóǒò", "i": "īíǐì", "u": "ūúǔù", "v": "ǖǘǚǜ",
        "n": "\0ńňǹ", "m": "\0ḿ\0\0",
    }.items()
    for tone, mark in enumerate(marked, 1)
}  # fmt: skip
_COMBINED = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0300": 4}  # on letters that have no mark of their own
_LONGEST_ENTRY = 1000


@lru_cache(maxsize=512)
def syllables(hanzi: str) -> tuple[str, ...]:
    """Return the syllables of `hanzi`, tone 1-5 behind each; a character that has no reading gives none."""
    said: list[str] = []
    for word in _words(hanzi):
        readings = _phrase(word) or [reading for char in word if (reading := _reading(char))]
        tones = [_numbered(reading) for reading in readings]
        said += _changed_tones(word, tones) if len(tones) == len(word) else tones
    return tuple(said)


def _words(text: str) -> list[str]:
    """Split into the longest words that the dictionary has, from left to right."""
    words: list[str] = []
    while text:
        end, longest = 1, 0
        while end <= len(text) and _begins_a_phrase(text[:end]):
            longest = end if _phrase(text[:end]) else longest
            end += 1
        if not longest and end > len(text):  # the rest only begins a word: character by character
            return [*words, *text]
        words.append(text[: longest or 1])
        text = text[longest or 1 :]
    return words


@cache
def _text_of(name: str) -> bytes:
    """Return one of pypinyin's files without its line ends; the package itself is not imported."""
    spec = find_spec("pypinyin")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin is not installed; install the extra [devices]")
    return (Path(spec.submodule_search_locations[0]) / name).read_bytes().replace(b"\n", b"")


def _entry(name: str, key: str) -> object:
    text, quoted = _text_of(name), f'"{key}": '.encode()
    at = text.find(quoted)
    if at < 0:
        return None
    start = at + len(quoted)
    return _DECODER.raw_decode(text[start : start + _LONGEST_ENTRY].decode("utf-8", "ignore"))[0]


@lru_cache(maxsize=4096)
def _begins_a_phrase(start: str) -> bool:
    return f'"{start}'.encode() in _text_of("phrases_dict.json")


@lru_cache(maxsize=4096)
def _phrase(word: str) -> list[str]:
    """Return a word's readings, one for each character; empty when it is no word."""
    found = _entry("phrases_dict.json", word)
    return [one[0] for one in found] if isinstance(found, list) else []


@lru_cache(maxsize=4096)
def _reading(char: str) -> str:
    """Return a character's most usual reading, empty when it has none."""
    found = _entry("pinyin_dict.json", str(ord(char)))
    return found.split(",")[0] if isinstance(found, str) else ""


def _numbered(reading: str) -> str:
    """Return `zhong1` for `zhōng`, `de5` for `de`."""
    tone, letters = 5, ""
    for char in reading:
        if char in _COMBINED:
            tone = _COMBINED[char]
            continue
        letter, marked = _MARKS.get(char, (char, 0))
        letters += "v" if letter == "ü" else letter
        tone = marked or tone
    return f"{letters}{tone}"


def _changed_tones(word: str, said: list[str]) -> list[str]:
    """Apply what the neighbours in a word change: third tones, 不 and 一."""
    said = _third_tones(said)
    for char, alone in (("不", "4"), ("一", "1")):
        for place, one in enumerate(word):
            if one != char or said[place].endswith("5"):
                continue
            if place + 1 == len(said):
                said[place] = said[place][:-1] + alone
            elif not said[place + 1].endswith("4"):
                said[place] = said[place][:-1] + "4"
            elif said[place].endswith("4"):  # a yi1 stays: as in 第一号, the dictionary knows better
                said[place] = said[place][:-1] + "2"
    return said


def _third_tones(said: list[str]) -> list[str]:
    """Of third tones at a word's end only the last stays one."""
    count = 0
    for one in said:
        count = count + 1 if one.endswith("3") else 0
    left = count - 1 if count >= 2 else 0
    changed = list(said)
    for place, one in enumerate(said):
        if left and one.endswith("3"):
            changed[place] = one[:-1] + "2"
            left -= 1
    return changed
