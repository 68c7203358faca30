"""The catalogues: complete, used, and the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from queue_server.web.texts import LANGUAGES, UnknownText, catalogue, chosen_language

WEB = Path(__file__).parents[2] / "queue_server/web"
PAGES = "|".join(sorted({key.partition(".")[0] for key in catalogue("zh").messages}))
KEY = re.compile(rf"""["'`]((?:{PAGES})\.[a-z0-9_]*[a-z0-9])["'`]""")
STEP = re.compile(r"\(\d, \"(\w+)\", \"")


def keys_written_in_pages() -> set[str]:
    sources = [*WEB.glob("templates/*.html"), *WEB.glob("static/js/*.js")]
    found = {key for source in sources for key in KEY.findall(source.read_text("utf-8"))}
    # the lab's six steps build two keys from one word
    steps = STEP.findall((WEB / "templates/lab.html").read_text("utf-8"))
    assert len(steps) == 6
    return found | {f"lab.{kind}_{step}" for step in steps for kind in ("step", "about")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_a_page_asks_for_is_in_the_catalogue(language: str) -> None:
    missing = keys_written_in_pages() - set(catalogue(language).messages)

    assert missing == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_catalogue_is_unused(language: str) -> None:
    unused = set(catalogue(language).messages) - keys_written_in_pages()

    assert unused == set()


def test_both_languages_have_the_same_texts_with_the_same_places_to_fill() -> None:
    zh, en = catalogue("zh").messages, catalogue("en").messages

    assert set(zh) == set(en)
    places = {
        key: (set(re.findall(r"\{(\w+)\}", zh[key])), set(re.findall(r"\{(\w+)\}", en[key]))) for key in zh
    }
    assert {key: both for key, both in places.items() if both[0] != both[1]} == {}


def test_no_english_text_holds_chinese_and_no_chinese_text_is_left_in_english() -> None:
    han = re.compile(r"[一-鿿]")

    assert [key for key, text in catalogue("en").messages.items() if han.search(text)] == []
    assert [key for key, text in catalogue("zh").messages.items() if text and not han.search(text)] == []


def test_chinese_texts_have_chinese_punctuation_and_english_ones_straight_quotes() -> None:
    half_width = re.compile(r"[,:;!?()](?![^{]*\})")

    assert [key for key, text in catalogue("zh").messages.items() if half_width.search(text)] == []
    assert [key for key, text in catalogue("en").messages.items() if re.search("[“”‘’]", text)] == []


def test_a_page_uses_only_its_own_texts_and_the_common_ones() -> None:
    shared = {"common", "rating"}
    lab = ("lab_boards", "lab_drawer", "lab_faults", "lab_machines", "lab_pads", "lab_story")
    console = ("ask", "desk", "history", "line", "marks", "paper")
    owners = dict.fromkeys(lab, "lab") | {f"console_{part}": "console" for part in console}
    owners |= {f"appointments_{part}": "appointments" for part in ("cancel", "done", "form", "times")}
    common = {"live", "live_stream", "live_worker", "api", "page", "dom", "clock", "rating"}
    strangers = []
    for module in WEB.glob("static/js/*.js"):
        mine = shared if module.stem in common else shared | {owners.get(module.stem, module.stem)}
        used = {key.partition(".")[0] for key in KEY.findall(module.read_text("utf-8"))}
        strangers += [(module.stem, page) for page in used - mine]

    assert strangers == []


def test_an_unknown_key_is_an_error_that_names_it() -> None:
    with pytest.raises(UnknownText, match=r"wall\.nonsense"):
        catalogue("zh").text("wall.nonsense")


@pytest.mark.parametrize(
    ("asked", "header", "chosen"),
    [
        (None, None, "zh"),
        ("en", "zh-CN", "en"),
        ("zh", "en-US", "zh"),
        ("fr", "en", "en"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "de-DE,de;q=0.9,en;q=0.5", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en;q=0.2,zh-TW;q=0.9", "zh"),
        (None, "de, fr;q=x", "zh"),
    ],
)
def test_the_asked_language_wins_then_the_browsers_best_of_ours(
    asked: str | None, header: str | None, chosen: str
) -> None:
    assert chosen_language(asked, header) == chosen
