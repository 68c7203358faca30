"""Runs a voice that the site supplies: text in, WAV out, killed with all that it started when it is late.

It runs as the agent's user but with an environment of its own: no password of the agent's is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from devices.codecs.utterance import MAX_WAV
from devices.errors import DeviceFault

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
_CHUNK = 65536
_GOODBYE_S = 2.0  # only a child that made itself a session of its own takes longer


async def run_voice(command: tuple[str, ...], text: str, language: str, limit_s: float) -> bytes:
    """Return the program's output.  Raises DeviceFault (`no-voice`)."""
    name = command[0]
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={**kept, "TINGTONG_LANGUAGE": language},
        )
    except OSError as error:
        raise DeviceFault("no-voice", f"{name} cannot be run: {error.strerror}") from None
    try:
        async with asyncio.timeout(limit_s):
            wav = await _talk(process, text)
            code = await process.wait()
    except TimeoutError:
        raise DeviceFault("no-voice", f"{name} took longer than {limit_s:g} s") from None
    finally:
        await _end(process)
    if code != 0 or not wav:
        raise DeviceFault("no-voice", f"{name} failed (exit code {code}, {len(wav)} bytes)")
    return wav


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the program and its children, and let go of the pipe: asyncio waits for its end, too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GOODBYE_S):
            while process.stdout is not None and await process.stdout.read(_CHUNK):
                pass
            await process.wait()


async def _talk(process: asyncio.subprocess.Process, text: str) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise DeviceFault("no-voice", "the voice has no pipes")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may speak without reading
        process.stdin.write(text.encode())
        await process.stdin.drain()
    process.stdin.close()
    wav = bytearray()
    while chunk := await process.stdout.read(_CHUNK):
        wav += chunk
        if len(wav) > MAX_WAV:
            raise DeviceFault("no-voice", f"the voice gave more than {MAX_WAV} bytes")
    return bytes(wav)
