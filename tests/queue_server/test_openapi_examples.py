"""The API's description is complete: a fitting example for every body, and the roles that are asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.queue_server.serving import running
from tests.queue_server.test_access import OWN, PUBLIC, ROLES

SPECIAL = {"POST evaluations"}
"""Also by the ticket's own token: its route asks itself."""


@pytest.fixture
async def described(tmp_path: Path) -> dict[str, Any]:
    async with running(tmp_path) as run:
        found: dict[str, Any] = run.server.app.openapi()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is asked and answered: where, and the media type's object."""
    for where, holder in (("body", operation.get("requestBody", {})), *operation["responses"].items()):
        for media, told in holder.get("content", {}).items():
            if media.endswith("json") and told.get("schema"):
                yield where, told


async def test_every_json_body_has_an_example_that_fits_its_shape(described: dict[str, Any]) -> None:
    wrong = []
    for name, operation in operations(described):
        for where, told in bodies(operation):
            schema = told["schema"] | {"components": described["components"]}
            if "example" not in told:
                wrong.append(f"{name} {where}: no example")
            elif not jsonschema_rs.is_valid(schema, told["example"]):
                wrong.append(
                    f"{name} {where}: {jsonschema_rs.validator_for(schema).evaluate(told['example'])}"
                )

    assert wrong == []


async def test_every_operation_says_what_it_does_and_how_it_refuses(described: dict[str, Any]) -> None:
    own = {name: told for name, told in operations(described) if f" {OWN}" in name}

    assert len(own) > 40
    assert [name for name, told in own.items() if not told.get("description")] == []
    assert [name for name, told in own.items() if "503" not in told["responses"]] == []
    assert [name for name, told in own.items() if "x-roles" in told and "403" not in told["responses"]] == []
    posts = {name: told for name, told in own.items() if name.startswith("POST") and "/auth/" not in name}
    keyed = {
        name
        for name, told in posts.items()
        if any(one["name"] == "Idempotency-Key" for one in told["parameters"])
    }
    assert keyed == set(posts)


async def test_the_description_names_the_roles_of_the_table(described: dict[str, Any]) -> None:
    told = {name.replace(OWN, ""): set(one.get("x-roles", ())) for name, one in operations(described)}
    table = {name: roles for name, roles in ROLES.items() if roles != PUBLIC and name not in SPECIAL}

    differing = {name: (told[name], roles) for name, roles in table.items() if told[name] != roles}
    assert {name for name in differing if name not in ("GET auth/me",)} == set()
