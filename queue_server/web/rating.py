"""The levels and options of an evaluation as data: `data/rating.toml` (domain dossier, section 3.2).

The codes are the national interface's; a tablet sends codes, never words.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from queue_server.contracts.evaluations import Level
from queue_server.web.texts import Language

_FILE = Path(__file__).parent / "data" / "rating.toml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Strict):
    """One reason a citizen may tick; the first digit of `code` is the level's digit."""

    code: str = Field(pattern=r"^[1-5]\d\d$")
    zh: str
    en: str


class RatingLevel(_Strict):
    """One of the five levels; `digit` 5 is best, `icon` names a face in icons.txt."""

    level: Level
    digit: int = Field(ge=1, le=5)
    icon: str
    zh: str
    en: str
    options: tuple[Option, ...]


class RatingForm(_Strict):
    """The whole form, best level first."""

    levels: tuple[RatingLevel, ...]

    def for_page(self, language: Language) -> list[dict[str, object]]:
        """Return the form in one language: `[{level, icon, label, options: [{code, label}]}]`."""
        return [
            {
                "level": level.level.value,
                "icon": level.icon,
                "label": getattr(level, language),
                "options": [{"code": o.code, "label": getattr(o, language)} for o in level.options],
            }
            for level in self.levels
        ]


@cache
def rating_form() -> RatingForm:
    """Return the form; read once."""
    return RatingForm.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))
