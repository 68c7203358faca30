"""Sentences by key, one TOML file per language.  Every language has the same keys (tested)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")


class Catalog:
    """The sentences of one language.  Call it with a key and the values of the sentence's `{places}`."""

    def __init__(self, language: str, sentences: dict[str, str]) -> None:
        self.language = language
        self._sentences = sentences

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence.  Raises KeyError for an unknown key or a missing value."""
        return self._sentences[key].format(**values)

    def keys(self) -> frozenset[str]:
        """Return every key."""
        return frozenset(self._sentences)


@cache
def load(language: str) -> Catalog:
    """Return the catalog of one of LANGUAGES; any other language gets the first of them."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    text = Path(__file__).with_name(f"{known}.toml").read_text(encoding="utf-8")
    return Catalog(known, _flat(tomllib.loads(text)))


def _flat(table: dict[str, object], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = str(value)
    return flat
