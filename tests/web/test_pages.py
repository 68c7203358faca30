"""What the server sends: complete pages, a strict policy, nothing from elsewhere."""

from __future__ import annotations

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.web.fake_app import busy_hall, create_fake_app

WEB = Path(__file__).parents[2] / "queue_server/web"
PAGES = ("/", "/console", "/wall", "/window/3", "/tablet/3", "/t/t-A001", "/appointments", "/lab")


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_fake_app(asyncio.run(busy_hall())))


class Elements(HTMLParser):
    """Collects (tag, attributes) and the text of data blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_its_language_and_has_a_strict_policy(
    client: TestClient, path: str, language: str
) -> None:
    answer = client.get(path, params={"lang": language})

    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert ("frame-src" in policy) == (path == "/lab")
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_no_inline_code_and_loads_only_files_of_ours_that_exist(
    client: TestClient, path: str
) -> None:
    for tag, attributes in elements(client.get(path).text):
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script" and attributes.get("type") != "application/json":
            assert attributes["src"]
        source = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if source and source.startswith("/static/") and "/vendor/" not in source:
            assert client.get(source).status_code == 200, source


def test_no_file_of_the_pages_names_an_outside_address() -> None:
    files = [file for kind in ("html", "css", "js", "svg", "toml") for file in WEB.rglob(f"*.{kind}")]
    ours = [file for file in files if "vendor" not in file.parts]
    named = {url for file in ours for url in re.findall(r"https?://[^\s\"')]+", file.read_text("utf-8"))}

    assert len(ours) > 30
    assert named <= {"http://www.w3.org/2000/svg"}


def test_every_icon_a_page_shows_is_in_the_sprite_and_none_is_there_for_nothing() -> None:
    listed = set((WEB / "icons.txt").read_text("utf-8").split())
    sources = [*WEB.glob("templates/*.html"), *WEB.glob("static/js/*.js"), WEB / "data/rating.toml"]
    text = "\n".join(source.read_text("utf-8") for source in sources)

    asked = set(re.findall(r"""icon\(["']([a-z-]+)["']\)""", text))
    assert asked <= listed
    assert {name for name in listed if f'"{name}"' not in text and f"'{name}'" not in text} == set()


def test_what_the_hall_says_cannot_become_markup(client: TestClient) -> None:
    hall = asyncio.run(busy_hall())
    hall.data["hall"]["name"] = "</script><script>alert(1)</script>"
    html = TestClient(create_fake_app(hall)).get("/wall").text

    assert "<script>alert" not in html
    block = html.partition('id="page-data">')[2].partition("</script>")[0]
    assert json.loads(block)["board"]["hall"]["name"] == "</script><script>alert(1)</script>"


def test_people_get_the_browsers_language_and_hall_screens_stay_chinese(client: TestClient) -> None:
    english = {"Accept-Language": "en-US,en;q=0.9"}

    assert '<html lang="en"' in client.get("/console", headers=english).text
    assert '<html lang="zh-CN"' in client.get("/wall", headers=english).text


def test_an_unknown_window_or_view_is_refused(client: TestClient) -> None:
    assert client.get("/window/999").status_code == 404
    assert client.get("/tablet/999").status_code == 404
    assert client.get("/wall", params={"view": "nonsense"}).status_code == 422


@pytest.mark.parametrize("path", ["/nonsense", "/window/99", "/tablet/99"])
@pytest.mark.parametrize(("language", "words"), [("zh", "没有这个页面"), ("en", "There is no such page")])
def test_a_browser_that_goes_astray_gets_a_page_with_the_way_home(
    client: TestClient, path: str, language: str, words: str
) -> None:
    answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": language})

    assert answer.status_code == 404
    assert words in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert f"/?lang={language}" in {attributes.get("href") for _, attributes in elements(answer.text)}


@pytest.mark.parametrize("path", ["/api/v1/nonsense", "/lab/api/nonsense", "/nonsense"])
def test_a_program_that_goes_astray_gets_no_page(client: TestClient, path: str) -> None:
    accept = "application/json" if path == "/nonsense" else "text/html"
    answer = client.get(path, headers={"Accept": accept})

    assert answer.status_code == 404
    assert "<html" not in answer.text


def test_a_hall_without_simulated_machines_has_no_lab_and_no_link_to_one() -> None:
    client = TestClient(create_fake_app(asyncio.run(busy_hall()), lab=False))

    assert client.get("/lab").status_code == 404
    assert "/lab" not in {
        (attributes.get("href") or "").partition("?")[0] for _, attributes in elements(client.get("/").text)
    }


def test_our_files_are_asked_about_again_and_pinned_ones_are_kept(client: TestClient) -> None:
    ours = client.get("/static/js/live.js")

    assert ours.headers["cache-control"] == "no-cache"
    again = client.get("/static/js/live.js", headers={"If-None-Match": ours.headers["etag"]})
    assert again.status_code == 304
