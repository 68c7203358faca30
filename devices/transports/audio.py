"""A voice (espeak-ng) and two kinds of loudspeaker: this computer's, by aplay, and one on the network.

espeak-ng is GPL and is called as a program.  Text goes in by its standard input, so that no sentence can be
taken for an option.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil

from devices.codecs.utterance import DONE, Utterance, encode_utterance
from devices.codecs.wav import parse_wav
from devices.errors import DeviceFault, TransportError, WireClosed, WireTimeout
from devices.transports.voice_program import run_voice

SPEAK_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 3.0
PLAY_MARGIN_S = 5.0  # an amplifier may take so much longer than the sound lasts


async def _run(program: str, *arguments: str, stdin: bytes, timeout_s: float) -> tuple[int, bytes, str]:
    """Run a program; return its exit code, output and last words.  Raises FileNotFoundError, TimeoutError."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(program, *arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate(stdin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out, err.decode(errors="replace").strip()


class _EspeakVoice:
    """What both loudspeakers share: the voice, and one sound at a time."""

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = program
        self._playing = asyncio.Lock()

    async def speak(self, text: str, voice: str, rate_wpm: int = 150) -> bytes:
        """Return `text` as a WAV file.  Raises DeviceFault (`no-voice`)."""
        arguments = ("-v", voice, "-s", str(rate_wpm), "--stdin", "--stdout")
        try:
            code, wav, error = await _run(
                self._program, *arguments, stdin=text.encode(), timeout_s=SPEAK_TIMEOUT_S
            )
        except FileNotFoundError:
            raise DeviceFault(
                "no-voice", f"{self._program} is not installed: apt install espeak-ng"
            ) from None
        except TimeoutError:
            raise DeviceFault(
                "no-voice", f"{self._program} took longer than {SPEAK_TIMEOUT_S:.0f} s"
            ) from None
        if code != 0 or not wav:
            raise DeviceFault("no-voice", f"{self._program} -v {voice} failed ({code}): {error}")
        return wav

    async def run_voice(self, command: tuple[str, ...], text: str, language: str, limit_s: float) -> bytes:
        """Return what the site's own program makes of `text`.  Raises DeviceFault (`no-voice`)."""
        return await run_voice(command, text, language, limit_s)


class AlsaAudio(_EspeakVoice):
    """This computer's sound card; `device` is an ALSA name such as `default`."""

    def __init__(self, device: str = "default", player: str = "aplay") -> None:
        super().__init__()
        self._device = device
        self._player = player

    async def play(self, wav: bytes, caption: str) -> None:
        """Play a WAV file to its end.  Raises TransportError, WireTimeout."""
        limit_s = parse_wav(wav).seconds + PLAY_MARGIN_S
        async with self._playing:
            try:
                code, _, error = await _run(
                    self._player, "-q", "-D", self._device, "-", stdin=wav, timeout_s=limit_s
                )
            except FileNotFoundError:
                raise TransportError(f"{self._player} is not installed: apt install alsa-utils") from None
            except TimeoutError:
                raise WireTimeout(f"{self._player} did not end within {limit_s:.0f} s") from None
        if code != 0:
            raise TransportError(f"ALSA device {self._device}: {error or code}")

    async def check(self) -> None:
        """Raise TransportError when there is no player."""
        if shutil.which(self._player) is None:
            raise TransportError(f"{self._player} is not installed: apt install alsa-utils")

    async def close(self) -> None:
        """Nothing stays open between sounds."""


class NetworkAudio(_EspeakVoice):
    """An amplifier at `host:port` (see devices.codecs.utterance); connected when first needed."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def play(self, wav: bytes, caption: str) -> None:
        """Send a WAV file; return when the amplifier has played it.  Raises TransportError, WireTimeout."""
        seconds = parse_wav(wav).seconds
        async with self._playing:
            reader, writer = await self._connect()
            try:
                writer.write(encode_utterance(Utterance(caption, seconds, wav)))
                async with asyncio.timeout(seconds + PLAY_MARGIN_S):
                    await self._until_done(reader, writer)
            except TimeoutError:
                await self.close()
                raise WireTimeout(f"the amplifier at {self._where} has not played the sound") from None
            except OSError as error:
                await self.close()
                raise WireClosed(f"the amplifier at {self._where} hung up: {error}") from error
            except BaseException:
                await self.close()  # half an utterance is on the line: the next one needs a fresh one
                raise

    async def _until_done(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.drain()
        while (line := await reader.readline()) != DONE:
            if not line:
                raise ConnectionResetError("end of stream")

    async def check(self) -> None:
        """Raise TransportError when the amplifier cannot be reached."""
        async with self._playing:
            await self._connect()

    async def close(self) -> None:
        """Hang up."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and not self._streams[0].at_eof():
            return self._streams
        await self.close()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                self._streams = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as error:
            raise TransportError(f"no amplifier at {self._where}: {error}") from error
        return self._streams
