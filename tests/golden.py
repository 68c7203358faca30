"""Frames that are known to be right, with their sources: tests/vectors/*.json."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent / "vectors"


@lru_cache
def vectors(file: str) -> dict[str, dict[str, Any]]:
    """Return a file's vectors by id."""
    content = json.loads((_HERE / file).read_text("utf-8"))
    return {one["id"]: one for one in content["vectors"]}


def golden(file: str, vector_id: str) -> bytes:
    """Return the bytes of one vector."""
    return bytes.fromhex(vectors(file)[vector_id]["hex"])
