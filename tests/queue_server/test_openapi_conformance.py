"""Every operation of the OpenAPI with requests made from its description, right and wrong, by every role.

Whoever asks: never a 5xx, no answer that the description does not have, no write without the right role.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.queue_server.serving import BASE, Running, running, ticket_body
from tests.queue_server.test_access import EVERYBODY, OWN, PUBLIC, ROLES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ENDLESS = {"GET /api/v1/events"}
"""tests/queue_server/test_events_stream.py has it."""
ENDS_SESSIONS = ("/auth/", "/users/", "/users", "/tokens", "/lab/api/clock")
"""Asked last: they take credentials away or move the hall's clock."""


class Asked:
    """One server, a client for every role, and everything that its description offers."""

    def __init__(self, runner: asyncio.Runner, run: Running) -> None:
        self.runner, self.run = runner, run
        self.clients: dict[str, httpx.AsyncClient] = {"": run.client()}
        for role in sorted(EVERYBODY):
            self.clients[role] = runner.run(run.any_role(role))
        self.described = run.server.app.openapi()
        schema = schemathesis.openapi.from_dict(deepcopy(self.described))
        found = [one.ok() for one in schema.get_all_operations()]
        self.operations = sorted(found, key=lambda one: any(part in one.path for part in ENDS_SESSIONS))
        self.real = self._real_things()

    def _real_things(self) -> dict[str, list[str]]:
        """Return values that path parameters may have, so that requests reach further than not-found."""
        kiosk, staff = self.clients["kiosk"], self.clients["supervisor"]
        made = [
            self.runner.run(kiosk.post("/api/v1/tickets", json=ticket_body(one))).json() for one in "AABBCDDE"
        ]
        for act in ("call-next", "start", "finish"):
            self.runner.run(staff.post(f"/api/v1/windows/1/{act}"))
        tokens = [one["track_url"].rsplit("/", 1)[-1] for one in made]
        return {
            "ticket_id": [one["id"] for one in made],
            "window_id": ["1", "2", "62"],
            "window": ["1", "3"],
            "service_id": ["A", "B"],
            "service": ["A", "B"],
            "language": ["zh", "en"],
            "token": tokens,
            "kind": ["day", "hours", "windows"],
        }

    def example_of(self, operation: Any) -> Any:
        """Return the description's example of a body, None where there is no body."""
        told = self.described["paths"][operation.path][operation.method.lower()].get("requestBody", {})
        return told.get("content", {}).get("application/json", {}).get("example")

    def ask(self, case: Case, role: str) -> httpx.Response:
        """Send what was made, with a role's proof."""
        told = case.as_transport_kwargs(base_url=BASE)
        sent = {name: told.get(name) for name in ("params", "headers", "json")}
        data = told.get("data")
        content = data if isinstance(data, str | bytes) else None
        headers = {
            name: value
            for name, value in dict(told.get("headers") or {}).items()
            if name.lower() not in ("authorization", "cookie")
        }
        client = self.clients[role]
        request = client.build_request(
            told["method"],
            told["url"],
            params=sent["params"],
            headers=headers,
            json=sent["json"],
            content=content,
        )
        return self.runner.run(client.send(request))


@contextmanager
def asked(folder: Path) -> Iterator[Asked]:
    with asyncio.Runner() as runner:
        server = running(folder)
        run = runner.run(server.__aenter__())
        try:
            yield Asked(runner, run)
        finally:
            runner.run(server.__aexit__(None, None, None))


def requests_for(operation: Any, example: Any, real: dict[str, list[str]]) -> st.SearchStrategy[Case]:
    """Return requests as described and against it, and the description's example; about things that exist."""
    made = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @st.composite
    def cases(draw: st.DrawFn) -> Case:
        case: Case = draw(made)
        if example is not None and draw(st.integers(0, 2)) == 0:
            case.body, case.media_type = deepcopy(example), "application/json"
        for told in (case.path_parameters, case.query, case.body):
            if isinstance(told, dict) and draw(st.booleans()):
                for name in sorted(set(told) & set(real)):
                    told[name] = draw(st.sampled_from(real[name]))
        return case

    return cases()


def askers(operation: Any, everybody: list[str]) -> st.SearchStrategy[str]:
    """Return who asks: mostly somebody who may, so that requests get past the door."""
    roles = ROLES.get(f"{operation.method.upper()} {operation.path.removeprefix(OWN)}", PUBLIC)
    allowed = everybody if roles == PUBLIC else sorted(roles)
    return st.one_of(st.sampled_from(allowed), st.sampled_from(allowed), st.sampled_from(everybody))


def may_write(method: str, path: str, role: str) -> bool:
    """Say whether the table of test_access lets `role` do this."""
    if method == "GET" or not path.startswith(OWN):
        return True
    roles = ROLES[f"{method} {path.removeprefix(OWN)}"]
    return roles == PUBLIC or role in roles or path == f"{OWN}evaluations"


def try_operation(server: Asked, operation: Any, examples: int) -> None:
    """Ask one operation in many ways.  Raises what schemathesis found."""

    @given(
        case=requests_for(operation, server.example_of(operation), server.real),
        role=askers(operation, sorted(server.clients)),
    )
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < 50,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def tried(case: Case, role: str) -> None:
        answer = server.ask(case, role)
        case.validate_response(answer, checks=CHECKS)
        method, path = operation.method.upper(), operation.path
        assert not answer.is_success or may_write(method, path, role), (
            f"{role or 'nobody'} did {method} {path}"
        )

    tried()


@pytest.mark.parametrize("examples", [12, pytest.param(150, marks=pytest.mark.long)])
def test_no_request_of_anybody_gets_an_answer_that_is_not_described(tmp_path: Path, examples: int) -> None:
    found: list[str] = []
    with asked(tmp_path) as server:
        for operation in server.operations:
            name = f"{operation.method.upper()} {operation.path}"
            if name in ENDLESS:
                continue
            try:
                try_operation(server, operation, examples)
            except Exception as error:
                found.append(f"{name}: {type(error).__name__} {told(error)}")

    assert found == [], "\n\n".join(found)


def told(error: BaseException) -> str:
    """Return what schemathesis found, and how to ask it again."""
    inner = getattr(error, "exceptions", ())
    return "\n".join([str(error)[:1200], *(str(one)[:1200] for one in inner)])
