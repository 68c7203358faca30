from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from devices.runtime import logs
from devices.runtime.toml_settings import SettingsError, load


class Http(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Desk(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    skills: list[str] = []


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")
    http: Http = Http()
    desk: list[Desk] = []


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "server.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[http]\nport = 1\nhost = 'x'\n")

    read = load(path, Model, environ={"TINGTONG_HTTP__PORT": "8081", "TINGTONG_OTHER__KEY": "x"})

    assert (read.http.port, read.http.host) == (8081, "x")


def test_an_unknown_key_names_file_line_and_nearest_key(tmp_path: Path) -> None:
    path = written(tmp_path, "# first\n[http]\nhost = 'x'\nprot = 8081\n")

    with pytest.raises(SettingsError) as caught:
        load(path, Model, environ={})

    assert str(caught.value) == f"{path}:4: unknown key 'http.prot'; did you mean 'port'?"


def test_an_unknown_key_in_the_second_table_of_an_array_names_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "[[desk]]\nname = 'a'\n\n[[desk]]\nname = 'b'\nskill = []\n")

    with pytest.raises(SettingsError, match=r"server\.toml:6: unknown key 'desk\.1\.skill'.*'skills'"):
        load(path, Model, environ={})


def test_a_bad_value_in_a_variable_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^TINGTONG_HTTP__PORT: http\.port: "):
        load(None, Model, environ={"TINGTONG_HTTP__PORT": "many"})


@pytest.mark.parametrize(
    "text, message",
    [("[http", "not valid TOML"), ("[[desk]]\n", "key 'desk.0.name' is missing")],
)
def test_a_broken_file_is_explained_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load(written(tmp_path, text), Model, environ={})

    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: no such settings file"):
        load(tmp_path / "none.toml", Model)


def test_a_log_line_is_one_json_object_with_its_extra_fields() -> None:
    root, out = logging.getLogger(), io.StringIO()
    before = (root.handlers[:], root.level)
    try:
        logs.setup("info", json=True, stream=out)
        logging.getLogger("a.b").warning("lost %s", "pad1", extra={"device": "pad1"})
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])

    line = json.loads(out.getvalue())
    assert (line["level"], line["logger"], line["message"], line["device"]) == (
        "warning",
        "a.b",
        "lost pad1",
        "pad1",
    )
