"""Every decoder of devices.codecs with bytes it understands: what the fuzzing test and the benchmark run.

A decoder takes bytes that somebody else sent.  `test_fuzz_codecs` fails for one that is not in the list.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import devices.codecs
from devices.codecs import (
    alphasign,
    apdu,
    ascii_lamps,
    cbor,
    crt541,
    ddp,
    escpos_replies,
    ff68,
    gm65,
    id_text,
    input_event,
    modbus,
    mqtt_buttons,
    onbon,
    onbon_image,
    onbon_picture,
    onbon_stream,
    onbon_text,
    samv,
    samv_content,
    scan_text,
    ssc,
    stx,
    tax_link,
    tlv,
    tunion,
    utterance,
    wav,
)
from devices.codecs.wav import Sound, make_wav
from devices.contracts.health import Storage
from devices.errors import DeviceFault, ProtocolError

REFUSALS = (ProtocolError, DeviceFault, ValueError)
"""How a decoder of one block says that it is none."""


@dataclass(frozen=True)
class Decoder:
    """`decode` takes one input; `samples` are bytes it understands; only `refusals` may come out of it."""

    name: str
    decode: Callable[[bytes], Any]
    samples: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...] = ()
    stream: Callable[[], Any] | None = None


def _block(name: str, decode: Callable[[bytes], Any], *samples: bytes | str) -> Decoder:
    raw = tuple(bytes.fromhex(one) if isinstance(one, str) else one for one in samples)
    return Decoder(name, decode, raw, REFUSALS)


def _words(name: str, explain: Callable[[bytes], str], *samples: bytes | str) -> Decoder:
    """Return what says in words, for transcripts, what came: it has no right to raise at all."""
    return replace(_block(name, explain, *samples), refusals=())


def _stream(name: str, make: Callable[[], Any], *samples: bytes | str) -> Decoder:
    """Return a decoder of a stream, fed in three parts; it must not throw away more than it got."""
    raw = tuple(bytes.fromhex(one) if isinstance(one, str) else one for one in samples)

    def decode(data: bytes) -> list[Any]:
        codec = make()
        third = len(data) // 3
        parts = (data[:third], data[third : 2 * third], data[2 * third :])
        found = [one for part in parts for one in codec.feed(part)]
        assert 0 <= getattr(codec, "discarded", 0) <= len(data)
        assert 0 <= getattr(codec, "held", 0) <= len(data)
        return found

    return Decoder(name, decode, raw, (), make)


_IMAGE_AREA = onbon_picture.Area(0, 0, 16, 1, (onbon_picture.Page(bitmap=b"\xff\x81", valid_width=16),))
_CARD = id_text.CardText(
    kind="citizen", name="张三", sex="1", id_number="990000199001011239", birth=date(1990, 1, 1)
)
_DYNAMIC = onbon_text.DynamicText(b"A001", 80, 32)
_HOLDER_RECORD = "08123131303130353139343931323331303032589000"

DECODERS: tuple[Decoder, ...] = (
    _stream(
        "alphasign.AlphaCodec",
        alphasign.AlphaCodec,
        "0000000000015a30300241411b266241303031202d3e2033033032444104",
    ),
    _block("alphasign.text_file", alphasign.text_file, "41411b266241303031202d3e2033"),
    _block("apdu.split", apdu.split, "6114", _HOLDER_RECORD),
    _stream("ascii_lamps.LampCodec", ascii_lamps.LampCodec, ascii_lamps.LampCommand(1, 2).encode()),
    _block("cbor.decode", cbor.decode, cbor.encode({"a": [1, -2, "x", b"y", None, True]})),
    _block("crt541.answer_from", lambda raw: crt541.answer_from(raw, {"0": Storage.OK}), b"30", b"04"),
    _stream("ddp.DdpCodec", ddp.DdpCodec, "41000101000000000006ff000000ff00"),
    _stream(
        "escpos_replies.ReplyDemultiplexer",
        escpos_replies.ReplyDemultiplexer,
        "16",
        "10000000",
        "5f4550534f4e00",
        b"\x37\x22A001\x00",
    ),
    _stream(
        "ff68.PadCodec",
        lambda: ff68.PadCodec(max_l=16),
        "ff6803036801010c0e16",
        "ff6808086801020a0a0a0002032616",
    ),
    _words("ff68.explain", lambda raw: ff68.explain("rx", raw), "ff6803036801010c0e16"),
    _stream("gm65.ScannerCodec", gm65.ScannerCodec, "02000001003331", "e7a5a8e58fb7413030310d0a"),
    _stream("gm65.RequestCodec", gm65.RequestCodec, "7e00080100020102da", "7e000701002a02d80f"),
    _block("id_text.decode", id_text.decode, id_text.encode(_CARD)),
    _stream(
        "input_event.InputCodec",
        input_event.InputCodec,
        input_event.encode(input_event.InputEvent(input_event.EV_KEY, 30, 1), 1.5),
    ),
    _stream(
        "modbus.RtuCodec", modbus.RtuCodec, "01060000ffff887a", modbus.encode(modbus.Adu(1, 0x86, b"\2"))
    ),
    _stream(
        "modbus.RtuCodec(requests)", lambda: modbus.RtuCodec(requests=True), "0110007000020441303031356c"
    ),
    _stream(
        "onbon.OnbonCodec",
        onbon.OnbonCodec,
        "a5a5a5a5a5a5a5a501000080000000000000fe020500a20001000068f85a",
        "a5a5a5a5a5a5a5a500800100000000000000fe020500a00103000095205a",
    ),
    _stream(
        "onbon_image.OnbonImageCodec",
        onbon_image.OnbonImageCodec,
        "a5a5a5a5a5a5a5a5feff00800700540600008e3b90019610000000000000060068c400dc01a2050100015a5a",
    ),
    _block("onbon_image.read_command", onbon_image.read_command, onbon_image.command(b"\xa2\x05", b"\x01")),
    _block(
        "mqtt_buttons.pushes",
        lambda raw: [
            *mqtt_buttons.pushes("zigbee2mqtt", "zigbee2mqtt/b", raw),
            *mqtt_buttons.pushes("tasmota", "stat/b/RESULT", raw),
            *mqtt_buttons.pushes("shelly-1", "shellies/b/input_event/0", raw),
            *mqtt_buttons.pushes("shelly-2", "b/events/rpc", raw),
        ],
        b'{"action": "single", "battery": 97}',
        b'{"Button1": {"Action": "SINGLE"}}',
        b'{"event": "S", "event_cnt": 7}',
    ),
    _block("mqtt_buttons.is_online", mqtt_buttons.is_online, b'{"state": "online"}', b"online"),
    _block(
        "onbon_image.read_answer",
        onbon_image.read_answer,
        onbon_image.answer(onbon_image.Answer(b"\xa2\0", 0)),
    ),
    _block("onbon_picture.decode_area", onbon_picture.decode_area, _IMAGE_AREA.encode()),
    _block(
        "onbon_picture.unpack",
        lambda raw: onbon_picture.unpack(raw[:8].ljust(8, b"\0"), 16, 4, "one"),
        "ff810000ff810000",
    ),
    _stream(
        "onbon_stream.FrameStream",
        lambda: onbon_stream.FrameStream(lambda body: body or None, 64),
        onbon_stream.wrap(b"\xa5\x5a\xa6\x5b hello"),
    ),
    _block("onbon_stream.unescaped", onbon_stream.unescaped, "a602a6015b02"),
    _block("onbon_text.decode_areas", onbon_text.decode_areas, _DYNAMIC.encode("clear")),
    _block("onbon_text.half_columns", onbon_text.half_columns, "请A001".encode("gb2312")),
    _block("onbon_text.from_gb2312", onbon_text.from_gb2312, "请A001".encode("gb2312")),
    _stream("samv.SamvCodec", samv.SamvCodec, "aaaaaa9669000800009f0000000097", "aaaaaa9669000400004145"),
    _words("samv.explain", lambda raw: samv.explain("rx", raw), "aaaaaa9669000400004145"),
    _block(
        "samv_content.blobs",
        lambda raw: samv_content.blobs(raw[:2], raw[2:]),
        b"\x30\x01\x01\x00\x04\x00" + bytes(256 + 1024),
    ),
    _block("samv_content.sam_number", samv_content.sam_number, "05000300deab3201 40e20100 d2029649"),
    _block(
        "samv_content.newest_address", samv_content.newest_address, "新地址".ljust(35).encode("utf-16-le")
    ),
    _block("scan_text.decode", scan_text.decode, "e7a5a8e58fb741303031", "c6b1bac541303031"),
    _block("ssc.value_of", lambda raw: ssc.value_of(ssc.ID_NUMBER, raw), _HOLDER_RECORD[:-4]),
    _stream("stx.StxCodec", stx.StxCodec, "0244430306", "025346383030032c"),
    _stream(
        "stx.StxCodec(address)",
        lambda: stx.StxCodec(b"01", from_host=True),
        "02303133300303",
        "02303141500311",
    ),
    _block("stx.bits_of", lambda raw: stx.bits_of(raw, stx.D1000_BITS), b"SF800", b"SF0018"),
    _stream(
        "tax_link.LinkCodec",
        tax_link.LinkCodec,
        tax_link.encode(tax_link.Frame(1, 7, tax_link.Kind.CMD, 0x0101, {"a": 1})),
    ),
    _words("stx.explain", lambda raw: stx.explain("rx", raw), "025346383030032c"),
    _words(
        "tax_link.explain",
        tax_link.explain,
        tax_link.encode(tax_link.Frame(1, 7, tax_link.Kind.CMD, 0x0101, {"a": 1})),
    ),
    _block(
        "tlv.items",
        lambda raw: list(tlv.items(raw)),
        "6f318408a000000632010105a5259f0801029f0c1e01011000ffffffff020103105170010170987904201908062040010100000000",
    ),
    _block("tlv.find", lambda raw: tlv.find(raw, 0x6F, 0xA5), "6f0da50b9f0801029f0c0401011000"),
    _block("tunion.decode", tunion.decode, "01011000ffffffff0201031051700101709879042019080620400101"),
    _block("tunion.balance_fen", tunion.balance_fen, "000004d2"),
    _block(
        "tunion.decode_journey",
        tunion.decode_journey,
        "0007000000000000c806112233445566202401150830159000"[:46],
    ),
    _stream(
        "utterance.UtteranceDecoder",
        utterance.UtteranceDecoder,
        utterance.encode_utterance(utterance.Utterance("请A001号", 1.5, b"RIFF")),
    ),
    _block("wav.parse_wav", wav.parse_wav, make_wav(Sound(8000, wav.silence(0.01, 8000).samples))),
)

NOT_DECODERS = {
    "apdu.select": "builds a command",
    "apdu.send": "builds a command; test_fuzz_codecs runs whole readings through it",
    "escpos.qr": "builds a command",
    "escpos.raster": "builds a command",
    "framing.crc16_arc": "a sum",
    "framing.crc16_modbus": "a sum",
    "framing.sum8": "a sum",
    "framing.xor8": "a sum",
    "modbus.write_registers": "builds a frame",
    "onbon_image.command": "builds a frame",
    "onbon_stream.wrap": "builds a frame",
    "samv.encode": "builds a frame",
    "samv.reply": "builds a frame",
    "tlv.encode": "builds an object",
    "wedge_text.TypedLines": "takes events of input_event.InputCodec, no bytes",
}


def takers_of_bytes() -> Iterator[str]:
    """Yield `module.name` of the codecs' public functions that take bytes, and of classes that are fed."""
    for found in pkgutil.iter_modules(devices.codecs.__path__):
        module = importlib.import_module(f"devices.codecs.{found.name}")
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(thing):
                takes = hasattr(thing, "feed")
            else:
                takes = inspect.isfunction(thing) and any(
                    "bytes" in str(one.annotation) for one in inspect.signature(thing).parameters.values()
                )
            if takes:
                yield f"{found.name}.{name}"
