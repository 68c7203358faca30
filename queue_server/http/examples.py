"""Examples for the API's description, made from its own shapes: none can be forgotten, each one is valid.

A leaf takes the example of its name in FIELDS when the type fits, else one of its type.  Where a shape has
rules that its schema cannot say, MODELS has the whole example.  All persons are invented.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
AT = "2026-11-23T10:00:00+08:00"
FIELDS: dict[str, Any] = {
    "id": "t_3f0c9a5be2d14c07",
    "ticket_id": "t_3f0c9a5be2d14c07",
    "number": "A001",
    "rate_number": "A001",
    "service_id": "A",
    "service": "企业开办",
    "service_en": "Start-up",
    "prefix": "A",
    "zone": "Z1",
    "zone_name": "一区",
    "zone_en": "Zone one",
    "floor": "1F",
    "window": "3",
    "window_id": "3",
    "name": "3号窗口",
    "en": "Window 3",
    "display_name": "三号窗口",
    "username": "operator1",
    "password": "correct horse battery",
    "citizen": "张*",
    "id_number": "11010519491231002X",
    "language": "zh",
    "reason": "取材料",
    "outcome": "printed",
    "actor": "person:operator1",
    "source": "127.0.0.1",
    "action": "POST /tickets",
    "result": "ok",
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "token": "mV0c3Qm9rZW5leGFtcGxl",
    "secret": "JBSWY3DPEHPK3PXP",
    "uri": "otpauth://totp/Tingtong:operator1?secret=JBSWY3DPEHPK3PXP",
    "track_url": "http://127.0.0.1:8080/t/mV0c3Qm9rZW5leGFtcGxl",
    "ticket_text": "A001",
    "key": "2026-11-23",
    "site": "demo",
    "seq": 1024,
    "ahead": 3,
    "waiting": 3,
    "low_s": 300,
    "likely_s": 540,
    "high_s": 900,
}
MODELS: dict[str, Any] = {
    "TransferIn": {"service_id": "B", "position": "keep"},
    "EvaluationIn": {"ticket_id": FIELDS["ticket_id"], "level": 5, "options": ["510"]},
    "ClockIn": {"advance_s": 3600},
    "DeviceCommandIn": {"name": "beep", "window": "3"},
    "LoginIn": {"username": "operator1", "password": FIELDS["password"]},
    "UserIn": {"username": "operator7", "password": FIELDS["password"], "role": "operator", "window": "7"},
    "MachineIn": {"name": "kiosk-2", "role": "kiosk"},
    "TicketIn": {
        "service_id": "A",
        "channel": "kiosk",
        "citizen": {"name": "张三", "id_type": "resident", "id_number": FIELDS["id_number"]},
        "language": "zh",
        "terminal": "kiosk-1",
    },
}
MOST_DEEP = 12
"""A shape that holds itself ends here."""


def example_of(schema: Schema, shapes: dict[str, Schema], name: str = "", depth: int = 0) -> Any:
    """Return an example of `schema`; `shapes` are the description's components."""
    if "$ref" in schema:
        model = schema["$ref"].rsplit("/", 1)[-1]
        return MODELS[model] if model in MODELS else example_of(shapes[model], shapes, name, depth + 1)
    for given in ("example", "const", "default"):
        if schema.get(given) is not None:
            return schema[given]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], shapes, name, depth + 1)
    if schema.get("type") == "object":
        return _object(schema, shapes, depth)
    if schema.get("type") == "array":
        few = depth >= MOST_DEEP or schema.get("maxItems") == 0
        return [] if few else [example_of(schema.get("items", {}), shapes, name, depth + 1)]
    return _leaf(schema, name)


def _object(schema: Schema, shapes: dict[str, Schema], depth: int) -> dict[str, Any]:
    """Required fields, and of the others those that FIELDS knows."""
    required = schema.get("required", [])
    return {
        name: example_of(about, shapes, name, depth + 1)
        for name, about in schema.get("properties", {}).items()
        if name in required or (name in FIELDS and depth < MOST_DEEP and "default" not in about)
    }


def _leaf(schema: Schema, name: str) -> Any:
    kind, known = schema.get("type", "string"), FIELDS.get(name)
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return known if isinstance(known, int) else max(schema.get("minimum", 0), 1)
    if kind == "null":
        return None
    by_format = {"date-time": AT, "date": AT[:10], "uuid": "00000000-0000-4000-8000-000000000000"}
    if schema.get("format") in by_format:
        return by_format[schema["format"]]
    text = known if isinstance(known, str) else name or "text"
    return text[: schema.get("maxLength", len(text))]
