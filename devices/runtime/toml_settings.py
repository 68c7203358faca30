"""Settings from a TOML file, overridden by environment variables, checked by a pydantic model.

An unknown key is an error that names file, line and nearest key; a bad value names file, line and reason.
`TINGTONG_HTTP__PORT=8081` overrides `port` of the table `[http]`.  Several programs share the prefix, so a
variable whose first word is no key of this program's model is left to the others.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"))*)\s*=""")


_PLAIN = {
    "string_type": 'write it as text, in quotes, like "3"',
    "int_type": "write a whole number, without quotes",
    "int_parsing": "write a whole number, without quotes",
    "int_from_float": "write a whole number, without a point",
    "float_type": "write a number, without quotes",
    "float_parsing": "write a number, without quotes",
    "bool_type": "write true or false, without quotes",
    "bool_parsing": "write true or false, without quotes",
    "list_type": "write a list, [ … ] or a table under [[ … ]]",
    "dict_type": "write a table, { … = … }",
    "model_type": "write a table under [ … ], or { … = … }",
}
"""Kind of pydantic's mistake -> what to do, where its own words need a programmer."""


class SettingsError(ValueError):
    """The settings cannot be used; the text is one line for a person."""


def load(
    path: Path | str | None,
    model: type[Model],
    env_prefix: str = "TINGTONG_",
    environ: Mapping[str, str] | None = None,
) -> Model:
    """Return the settings of `path` (None: defaults only) with the environment's overrides.

    Raises SettingsError: file missing or unreadable, not TOML, unknown key, bad value.
    """
    text, name = _read(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name}: not valid TOML: {error}; correct what stands there") from error
    from_env = _override(data, model, env_prefix, os.environ if environ is None else environ)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise SettingsError(_explain(error, model, name, text, from_env)) from None


def _read(path: Path | str | None) -> tuple[str, str]:
    if path is None:
        return "", "settings"
    try:
        return Path(path).read_text(encoding="utf-8-sig"), str(
            path
        )  # editors on Windows put a mark before it
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such settings file; give another one with --config") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text; save it again with the encoding UTF-8") from None
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); give another one with --config"
        ) from error


def _override(
    data: dict[str, Any], model: type[BaseModel], prefix: str, environ: Mapping[str, str]
) -> dict[Place, str]:
    """Put the environment's values into `data`; return which places they set, with the variable's name."""
    places: dict[Place, str] = {}
    for variable, value in sorted(environ.items()):
        if not variable.startswith(prefix):
            continue
        words = [word.lower() for word in variable[len(prefix) :].split("__")]
        if words[0] not in model.model_fields:
            continue
        table = data
        for word in words[:-1]:
            inner = table.setdefault(word, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"{variable}: {word!r} is not a table")
            table = inner
        table[words[-1]] = _value(value)
        places[tuple(words)] = variable
    return places


def _value(text: str) -> Any:
    """Lists and inline tables are written as in TOML; everything else stays text for the model to read."""
    if text[:1] in ("[", "{"):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _explain(
    error: ValidationError, model: type[BaseModel], name: str, text: str, from_env: dict[Place, str]
) -> str:
    """Describe the first mistake in one line."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place: Place = first["loc"]
    where = from_env.get(place) or _with_line(name, _lines(text), place)
    dotted = ".".join(str(part) for part in place)
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key {dotted!r}; {nearest(str(place[-1]), _fields(model, place[:-1]))}"
    if first["type"] == "missing":
        return f"{where}: key {dotted!r} is missing"
    return f"{where}: {dotted or 'settings'}: {plainly(first['type'], first['msg'])}"


def nearest(key: str, known: Sequence[str]) -> str:
    """Return what somebody who wrote `key` may have meant."""
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known)) or 'none'}"


def plainly(kind: str, message: str) -> str:
    """Return pydantic's `message` about a mistake of `kind` in words for somebody who only edits settings."""
    return _PLAIN.get(kind) or message.removeprefix("Value error, ")


def _with_line(name: str, lines: dict[Place, int], place: Place) -> str:
    """Add the line of `place`, or of the nearest table around it."""
    while place:
        if place in lines:
            return f"{name}:{lines[place]}"
        place = place[:-1]
    return name


def _lines(text: str) -> dict[Place, int]:
    """Return the line on which each table and key stands; array items by their index, from 0."""
    found: dict[Place, int] = {}
    arrays: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _resolve(_words(header[2]), arrays, opens_item=header[1] == "[[")
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_words(key[1])), number)
    return found


def _words(dotted: str) -> list[str]:
    return [word.strip().strip("\"'") for word in dotted.split(".")]


def _resolve(words: list[str], arrays: dict[Place, int], *, opens_item: bool) -> Place:
    """Turn header words into a place, following arrays of tables to their newest item."""
    place: Place = ()
    for index, word in enumerate(words):
        place = (*place, word)
        if opens_item and index == len(words) - 1:
            arrays[place] = arrays.get(place, -1) + 1
        if place in arrays:
            place = (*place, arrays[place])
    return place


def _fields(model: type[BaseModel], place: Place) -> list[str]:
    """Return the keys known at `place`."""
    current: type[BaseModel] | None = model
    for part in place:
        if isinstance(part, int) or current is None:
            continue
        field = current.model_fields.get(part)
        current = _model_in(field.annotation) if field is not None else None
    return [info.alias or name for name, info in current.model_fields.items()] if current else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model inside `X`, `X | None`, `list[X]`, `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if (inner := _model_in(argument)) is not None:
            return inner
    return None
