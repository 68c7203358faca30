"""Hypothesis strategies that several test files share."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from devices.codecs.id_text import CardText
from devices.contracts import persons

# What a card or a board may hold: no surrogates, and no spaces, which pad the fields.
LETTERS = st.characters(codec="utf-16", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"))
HANZI = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
LATIN = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))


@st.composite
def chunked(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """Cut `data` anywhere: the chunks joined are `data`."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@st.composite
def one_byte_changed(draw: st.DrawFn, data: bytes) -> bytes:
    """Change exactly one byte of `data`."""
    place = draw(st.integers(0, len(data) - 1))
    return data[:place] + bytes((data[place] ^ draw(st.integers(1, 255)),)) + data[place + 1 :]


def units(most: int, letters: st.SearchStrategy[str] = LETTERS, least: int = 0) -> st.SearchStrategy[str]:
    """Text of at most `most` UTF-16 code units."""
    text = st.text(letters, min_size=least, max_size=most)
    return text.filter(lambda one: len(one.encode("utf-16-le")) <= 2 * most)


@st.composite
def id_numbers(draw: st.DrawFn, first: str = "990000") -> str:
    """An 18-character number with a right check character; `first` are its first six digits."""
    first_17 = f"{first}{draw(DAYS):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first_17 + persons.check_character(first_17)


@st.composite
def cards(draw: st.DrawFn) -> CardText:
    """A card of any of the four kinds with every field that its kind has."""
    kind = draw(st.sampled_from(["citizen", "hmt", "foreigner-2017", "foreigner-2023"]))
    english = draw(st.lists(st.text(LATIN, min_size=1, max_size=8), max_size=4).map(" ".join))
    number = draw(id_numbers({"hmt": "810000", "foreigner-2023": "999840"}.get(kind, "990000")))
    common = {
        "kind": kind,
        "name": draw(units(15)),
        "sex": draw(st.sampled_from("0129")),
        "birth": draw(DAYS),
        "id_number": number,
        "valid_from": draw(st.none() | DAYS),
        "valid_to": draw(st.none() | DAYS),
    }
    own = {
        "citizen": {"nation": "56", "address": draw(units(35)), "issuer": draw(units(15))},
        "hmt": {"address": draw(units(35)), "issuer": draw(units(15)), "travel_permit": "H00000001"},
        "foreigner-2017": {
            "id_number": "USA990090010114",
            "english_name": english,
            "nation": "USA",
            "issuer": "9900",
            "version": "01",
        },
        "foreigner-2023": {"english_name": english, "nation": "USA", "renewals": "01", "old_link": "990"},
    }
    return CardText(**{**common, **own[kind]})
