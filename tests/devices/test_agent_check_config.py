"""`device-agent check-config`: every mistake is one clear line with what to do, for who never programmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.agent import __main__ as device_agent

HEAD = 'id = "a"\n'
LED = HEAD + '[[device]]\nid = "led-1"\ndriver = "ledboard-onbon-font"\nwire = "tcp://10.0.0.1:5005"\n'
TICKETS = '[[device]]\nid = "{}"\ndriver = "printer-escpos"\nwire = "serial:/dev/ttyUSB0"\n'


def checked(
    text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    path = tmp_path / "agent.toml"
    path.write_bytes(text)
    monkeypatch.setattr("sys.argv", ["device-agent", "check-config", "--config", str(path)])
    code = device_agent.main()
    return code, capsys.readouterr().err.strip()


@pytest.mark.parametrize(
    "text, words",
    [
        (LED + "window = 3\n", 'agent.toml:6: device.0.window: write it as text, in quotes, like "3"'),
        (LED, 'a led-board needs to know whom it serves; add window = "3"'),
        (LED.replace("led-1", "LED 1"), "'LED 1' is no name; use a to z, 0 to 9 and -"),
        (LED.replace("5005", "99999"), "has no port between 1 and 65535"),
        (LED.replace("tcp:", "ftp:"), "is not a wire; write serial:"),
        (LED + 'window = "3"\n' + LED.removeprefix(HEAD), "two devices are called 'led-1'; give each an id"),
        (HEAD + TICKETS.format("p-1") + TICKETS.format("p-2"), "/dev/ttyUSB0 is the wire of p-1 already"),
        (HEAD + TICKETS.format("p") + "settings = { columsn = 48 }\n", "unknown key 'settings.columsn'; "),
        (HEAD + 'log_level = "chatty"\n', "should be 'debug', 'info', 'warning' or 'error'"),
        (HEAD + "[[device\n", "(at line 2, column 9); correct what stands there"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_the_remedy(
    text: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, said = checked(text.encode(), tmp_path, monkeypatch, capsys)

    assert code == 1
    assert words in said
    assert "\n" not in said
    assert "Value error" not in said


def test_a_file_saved_in_another_encoding_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = checked("# 一号机柜\n".encode("gbk"), tmp_path, monkeypatch, capsys)

    assert code == 1
    assert said.endswith("is not UTF-8 text; save it again with the encoding UTF-8")


def test_the_mark_that_windows_editors_put_before_a_text_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(HEAD.encode("utf-8-sig"), tmp_path, monkeypatch, capsys) == (0, "")


@pytest.mark.parametrize("seconds", ["-5", "0", "inf", "nan", "long"])
def test_a_recording_has_an_end(
    seconds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["device-agent", "trace", "led-3", f"--for={seconds}"])

    with pytest.raises(SystemExit, match="2"):
        device_agent.main()
    assert "is no time; write seconds, 1 to 3600" in capsys.readouterr().err
