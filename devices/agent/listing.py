"""Every driver with its settings, how far it is proved, and by what: for a person or as JSON."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import to_jsonable_python

from devices import registry
from devices.spec import DriverSpec


def described(spec: DriverSpec) -> dict[str, Any]:
    """Return one driver, JSON-ready."""
    settings = []
    for key, field in spec.settings.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        settings.append(
            {
                "key": key,
                "required": field.is_required(),
                "default": to_jsonable_python(default, fallback=str),
                "description": field.description or "",
            }
        )
    return {
        "name": spec.name,
        "kind": spec.kind,
        "wire": spec.wire,
        "places": list(spec.places) if spec.wire == "bytes" else [],
        "level": spec.level,
        "source": spec.source,
        "doc": spec.doc,
        "settings": settings,
    }


def as_json() -> str:
    """Return all drivers as JSON."""
    return json.dumps(
        [described(registry.find(name)) for name in registry.names()], ensure_ascii=False, indent=2
    )


def as_text() -> list[str]:
    """Return the lines of `device-agent list`."""
    lines = []
    for name in registry.names():
        one = described(registry.find(name))
        lines.append(f"{name:24} {one['kind']:16} {one['level']:7} {one['doc']}")
        if one["source"]:
            lines.append(f"    {one['source']}")
        for setting in one["settings"]:
            default = "required" if setting["required"] else f"default {setting['default']!r}"
            lines.append(f"    {setting['key']:22} {default}; {setting['description']}")
    return lines
