"""Words: none missing, none unused, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import kiosk
from kiosk.i18n.catalog import LANGUAGES, Catalog, load

PACKAGE = Path(kiosk.__file__).parent
KEY = re.compile(r"""words\(\s*["']([a-z_.]+)["']""")
PLACE = re.compile(r"\{(\w+)")


def used_keys() -> set[str]:
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.kv")]
    return {key for path in sources for key in KEY.findall(path.read_text(encoding="utf-8"))}


def test_every_key_the_code_asks_for_exists_in_every_language() -> None:
    missing = {language: used_keys() - load(language).keys() for language in LANGUAGES}

    assert missing == {language: set() for language in LANGUAGES}


def test_no_key_is_unused() -> None:
    unused = {language: load(language).keys() - used_keys() for language in LANGUAGES}

    assert unused == {language: set() for language in LANGUAGES}


def test_a_sentence_has_the_same_places_in_every_language() -> None:
    def places(words: Catalog, key: str) -> set[str]:
        values = dict.fromkeys(PLACES, "x")
        return {name for name in PLACES if words(key, **values) != words(key, **{**values, name: "y"})}

    zh, en = load("zh"), load("en")
    keys = zh.keys()
    assert {key: places(zh, key) for key in keys} == {key: places(en, key) for key in keys}


PLACES = sorted(
    {
        name
        for language in LANGUAGES
        for name in PLACE.findall((PACKAGE / "i18n" / f"{language}.toml").read_text("utf-8"))
    }
)


def test_an_unknown_language_reads_chinese() -> None:
    assert load("fr").language == "zh"
