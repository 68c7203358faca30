"""The table `[[package]]` of `hall.toml`: chains of services with a name (docs/chains.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from pydantic import Field

from devices.runtime.toml_settings import SettingsError
from queue_server.adapters.hall_hours import Strict
from queue_server.domain.chain import Package, check_chain
from queue_server.domain.errors import QueueError


class PackageTable(Strict):
    """`[[package]]`: `services` in the order of the stops."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    name: str
    en: str = ""
    services: list[str] = Field(min_length=1)


def packages_of(
    path: Path, tables: Iterable[PackageTable], services: Collection[str], most_stops: int
) -> dict[str, Package]:
    """Return the packages by id, in the file's order.  Raises SettingsError for one nobody can walk."""
    found: dict[str, Package] = {}
    for one in tables:
        if one.id in found:
            raise SettingsError(f"{path}: package {one.id!r} stands there twice")
        first, *rest = one.services
        try:
            check_chain("", (first,), services, 1)
            check_chain(first, rest, services, most_stops)
        except QueueError as error:
            raise SettingsError(f"{path}: package {one.id}: {error}") from None
        found[one.id] = Package(one.id, one.name, one.en, tuple(one.services))
    return found
