"""Settings and the command line: one clear line for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.__main__ import main
from kiosk.settings import KioskSettings, ServerTable

EXAMPLE = Path(__file__).parents[2] / "config" / "kiosk.example.toml"


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "kiosk.toml"
    path.write_text("", encoding="utf-8")
    return path


@pytest.mark.parametrize("app", ["allinone", "identity", "tax"])
def test_an_app_that_is_not_built_says_so(app: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--app", app]) == 1
    assert f"{app!r} is not built yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('terminl = "X"', "did you mean 'terminal'"),
        ('[server]\nurl = "http://queue.hall.example"', "must be https"),
        ('timezone = "Mars/Olympus"', "no time zone"),
        ('[server]\ntoken = "a"\ntoken_file = "b"', "either token or token_file"),
        ('[server]\ntoken_file = "/no/such/token"', "/no/such/token"),
        ("[lab]\nport = 99999", "lab.port"),
    ],
)
def test_a_mistake_in_the_settings_is_named_in_one_line(
    settings_file: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings_file.write_text(text, encoding="utf-8")

    assert main(["check-config", "--config", str(settings_file)]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1


def test_the_token_is_in_no_text_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, settings_file: Path
) -> None:
    from devices.runtime.toml_settings import load

    monkeypatch.setenv("TINGTONG_SERVER__TOKEN", "hush-hush")
    settings = load(settings_file, KioskSettings)

    assert settings.server.read_token() == "hush-hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    "url", ["https://q.example", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"]
)
def test_https_and_this_machine_are_private_enough(url: str) -> None:
    assert ServerTable(url=url).url == url


def test_the_example_names_no_key_that_does_not_exist() -> None:
    import tomllib

    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))

    assert KioskSettings.model_validate(data).terminal == "QK01"
