"""Calls put together from recorded clips: `请A001号到12号窗口办理` is made of

    qing A 0 0 1 hao | dao shi 2 hao-chuangkou banli

Clips are WAV files (16-bit, one channel, all of one rate) named as above: the digits 0 to 9, the letters A to
Z that the hall uses, and WORDS.  Digits of a ticket one by one, a window's number as a cardinal.
Source: domain, section 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from devices.codecs.wav import Sound, join, parse_wav, silence
from devices.errors import DeviceFault, ProtocolError

WORDS = {
    "qing": "请",
    "hao": "号",
    "dao": "到",
    "shi": "十",
    "bai": "百",
    "hao-chuangkou": "号窗口",
    "banli": "办理",
}
PAUSE = ""
"""In a plan: a short silence, as at a comma."""
MOST_BYTES = 4 * 1024 * 1024
"""Of one clip: more is no clip but somebody's mistake."""
_CALL = re.compile(r"请([A-Z]{0,3})(\d{1,6})号?到第?(\d{1,3})号?窗口(?:办理)?(?:业务)?[。.]?")


def plan(text: str) -> tuple[str, ...] | None:
    """Return the clips of a call in their order, or None for a sentence that is no call."""
    call = _CALL.fullmatch(text.upper().replace(" ", ""))
    if call is None:
        return None
    letters, digits, window = call.groups()
    return ("qing", *letters, *digits, "hao", PAUSE, "dao", *_cardinal(int(window)), "hao-chuangkou", "banli")


def _cardinal(number: int) -> list[str]:
    """Return 0 to 999 as counted: 12 is shi 2, 20 is 2 shi, 105 is 1 bai 0 5, 110 is 1 bai 1 shi."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    said = [str(hundreds), "bai"] if hundreds else []
    if tens:
        said += ["shi"] if tens == 1 and not hundreds else [str(tens), "shi"]
    elif hundreds and ones:
        said.append("0")
    return [*said, str(ones)] if ones or not said else said


def load(folder: Path) -> dict[str, Sound]:
    """Return the clips of a folder by name.  Raises DeviceFault (`no-voice`) that names the file at fault."""
    try:
        paths = sorted(folder.glob("*.wav"))
        clips = {path.stem: _read(path) for path in paths}
    except OSError as error:
        raise DeviceFault("no-voice", f"clips in {folder}: {error.strerror}") from error
    if not clips:
        raise DeviceFault("no-voice", f"there are no clips (*.wav) in {folder}")
    rates = {clip.rate for clip in clips.values()}
    if len(rates) > 1:
        raise DeviceFault("no-voice", f"the clips in {folder} have different sample rates: {sorted(rates)}")
    return clips


def _read(path: Path) -> Sound:
    if path.stat().st_size > MOST_BYTES:
        raise DeviceFault("no-voice", f"{path} is longer than {MOST_BYTES} bytes")
    try:
        return parse_wav(path.read_bytes())
    except ProtocolError as error:
        raise DeviceFault("no-voice", f"{path}: {error}") from error


def missing(clips: Mapping[str, Sound], planned: tuple[str, ...]) -> list[str]:
    """Return the names that a plan needs and the folder has not."""
    return sorted({name for name in planned if name != PAUSE and name not in clips})


def sentence(clips: Mapping[str, Sound], planned: tuple[str, ...], pause_s: float) -> Sound:
    """Return the clips of a plan joined.  Raises KeyError for one that is missing."""
    rate = next(iter(clips.values())).rate
    return join(*(silence(pause_s, rate) if name == PAUSE else clips[name] for name in planned))
