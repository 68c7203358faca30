"""What the pages say, in each language: one TOML catalogue per language, `[page]` tables of flat keys.

A key is written `page.name` everywhere (template, module, test), so a search finds every use of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_FOLDER = Path(__file__).parent / "texts"


class UnknownText(KeyError):
    """A page asks for a key that its catalogue does not have."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All texts of one language by `page.name`."""

    language: Language
    messages: Mapping[str, str]

    def text(self, key: str, **values: object) -> str:
        """Return the text of `key` with `{name}` places filled.  Raises UnknownText."""
        try:
            return self.messages[key].format(**values)
        except KeyError as missing:
            raise UnknownText(f"{key} ({self.language}): {missing}") from missing

    def of(self, *pages: str) -> dict[str, str]:
        """Return the texts of these pages, as a page hands them to its module."""
        return {key: text for key, text in self.messages.items() if key.partition(".")[0] in pages}


@cache
def catalogue(language: Language) -> Catalogue:
    """Return the catalogue of `language`; read once."""
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    flat = {f"{page}.{name}": str(text) for page, table in tables.items() for name, text in table.items()}
    return Catalogue(language, flat)


def chosen_language(asked: str | None, accept_language: str | None) -> Language:
    """Return the language of `?lang=`, else the browser's best of ours, else Chinese.

    `accept_language` is the header as sent (RFC 9110, section 12.5.4), or None to ignore it.
    """
    for language in LANGUAGES:
        if asked == language:
            return language
    ranked: list[tuple[float, int, Language]] = []
    for place, part in enumerate((accept_language or "").split(",")):
        tag, _, quality = part.strip().partition(";q=")
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language:
                ranked.append((-_quality(quality), place, language))
    return min(ranked)[2] if ranked else "zh"


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
