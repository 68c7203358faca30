"""Colours that can be told apart by eyes that are not young."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.gui


def luminance(colour: list[float]) -> float:
    """Relative luminance, WCAG 2.1."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: list[float], other: list[float]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_text_has_a_contrast_of_four_and_a_half() -> None:
    from kiosk.ui import theme
    from tests.kiosk.gui import stage  # noqa: F401  tells Kivy where to draw

    pairs = {
        "ink on paper": (theme.INK, theme.PAPER),
        "ink on a pressed tile": (theme.INK, theme.PAPER_PRESSED),
        "soft ink on paper": (theme.INK_SOFT, theme.PAPER),
        "soft ink on ground": (theme.INK_SOFT, theme.GROUND),
        "soft ink on a closed tile": (theme.INK_SOFT, theme.PAPER_OFF),
        "soft ink on the language switch": (theme.INK_SOFT, [0.85, 0.9, 0.96]),
        "blue on paper": (theme.BLUE, theme.PAPER),
        "blue on a pressed button": (theme.BLUE, theme.PAPER_PRESSED),
        "white on blue": (theme.ON_BLUE, theme.BLUE),
        "head on its darkest": (theme.ON_BLUE_SOFT, theme.BLUE_DEEP),
        "head in the middle": (theme.ON_BLUE_SOFT, theme.BLUE),
        **{f"tone {name}": pair for name, pair in theme.TONES.items()},
    }
    weak = {name: round(contrast(*pair), 2) for name, pair in pairs.items() if contrast(*pair) < 4.5}
    icons = [round(contrast(*pair), 2) for pair in theme.ACCENTS if contrast(*pair) < 3]

    assert (weak, icons) == ({}, [])


def test_every_icon_named_in_the_code_exists() -> None:
    from fonticon_mdi7 import MDI7

    import kiosk

    package = Path(kiosk.__file__).parent
    named = set()
    for path in [*package.rglob("*.kv"), *package.rglob("presenters/*.py")]:
        text = path.read_text(encoding="utf-8")
        for line in re.findall(r"(?<!\w)(?:icon|name): ('.+)", text):
            named |= set(re.findall(r"'([a-z0-9-]+)'", line))
        named |= set(re.findall(r'(?:Fact|NoticeView)\(\s*"([a-z0-9-]+)"', text))
        named |= set(re.findall(r'\(Tone\.\w+, "([a-z0-9-]+)"\)', text))

    assert len(named) > 20
    assert [name for name in named if not hasattr(MDI7, name.replace("-", "_"))] == []
