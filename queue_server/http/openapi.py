"""The API's description, completed: who may, every answer there is, the write's key, examples.

What every route has in common is said here once, from the routes themselves, so that a new route is
described as completely as an old one; tests/queue_server/test_openapi_conformance.py compares it with what
the server really answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from queue_server.contracts.auth import Role
from queue_server.domain.errors import QueueError
from queue_server.http.deps import ROLES_OF
from queue_server.http.examples import example_of

OWN, LAB = "/api/v1/", "/lab/api/"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
PROBLEM_MEDIA = "application/problem+json"
CODES = {
    "400": ("The body is not JSON.", QueueError("validation", reason="body: JSON decode error")),
    "401": ("Nobody, or nobody known, is asking.", QueueError("unauthenticated")),
    "403": ("Not for this role, or a cookie's write from another site.", QueueError("forbidden")),
    "404": ("No such thing.", QueueError("not-found", what="window 99")),
    "409": (
        "Not in the present state; `code` says why.",
        QueueError("not-allowed", number="A001", state="done", action="call"),
    ),
    "413": (
        "The body is larger than 64 KiB.",
        QueueError("validation", reason="the body is larger than 64 KiB"),
    ),
    "422": (
        "A value is not valid, or the key was used for something else.",
        QueueError("validation", reason="body.service_id: Field required"),
    ),
    "423": ("Too many wrong passwords.", QueueError("locked-out", minutes=15)),
    "429": ("Too many requests; Retry-After says when to come again.", QueueError("rate-limited")),
    "503": ("Busy; Retry-After says when to come again.", QueueError("server-busy")),
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this write: a repeat with the same key and body gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
    "example": "0b6f7c1e-6f0e-4a55-9d3c-7f1f0f6c2b11",
}
REPLAY = {
    "Idempotent-Replay": {
        "description": "`true` when this is the first answer again.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
SCHEMES = {
    "machine": {"type": "http", "scheme": "bearer", "description": "a machine's token"},
    "person": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tingtong_session",
        "description": "a person's session, from POST /api/v1/auth/login",
    },
}


class DescribedApi(FastAPI):
    """A FastAPI application whose description is complete."""

    def include_router(self, router: APIRouter, *, prefix: str = "", **more: Any) -> None:
        """Include `router`; who may use its routes is remembered for the description."""
        super().include_router(router, prefix=prefix, **more)
        for route in router.routes:
            if isinstance(route, APIRoute):
                roles = next((ROLES_OF[call] for call in _calls(route.dependant) if call in ROLES_OF), ())
                for method in route.methods or ():
                    self._roles[method.lower(), prefix + route.path_format] = roles

    @cached_property
    def _roles(self) -> dict[tuple[str, str], tuple[Role, ...]]:
        return {}

    def openapi(self) -> dict[str, Any]:
        """Return the description; completed once after each change of the routes."""
        described = super().openapi()
        if "securitySchemes" not in described["components"]:
            _complete(described, self._roles)
        return described


def _calls(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def _complete(described: dict[str, Any], roles: dict[tuple[str, str], tuple[Role, ...]]) -> None:
    shapes = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            allowed = roles.get((method, path), ())
            if path.startswith((OWN, LAB)):
                _refusals(operation, _codes(path, method, operation, guarded=bool(allowed)))
            if path.startswith(OWN) and method == "post" and "/auth/" not in path:
                operation.setdefault("parameters", []).append(KEY)
                for status in [one for one in operation["responses"] if one.startswith("2")]:
                    operation["responses"][status].setdefault("headers", {}).update(REPLAY)
            if allowed:
                operation["security"] = [{"machine": []}, {"person": []}]
                operation["x-roles"] = [role.value for role in allowed]
                about = operation.get("description", "")
                operation["description"] = f"{about}\n\nFor: {', '.join(operation['x-roles'])}."
            _add_examples(operation, shapes)
    described["components"]["securitySchemes"] = SCHEMES
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own; ours are Problems
        shapes.pop(unused, None)


def _codes(path: str, method: str, operation: dict[str, Any], *, guarded: bool) -> set[str]:
    """Return what this operation may answer besides what its route says itself."""
    codes = {"503"}
    if path.startswith(LAB):
        codes |= {"403", "404", "409"}
    if guarded:
        codes |= {"401", "403"}
    if "{" in path:
        codes |= {"404", "422"}
    if operation.get("parameters"):
        codes.add("422")
    if method == "post":
        codes |= {"400", "409", "413", "422"}
    return codes


def _refusals(operation: dict[str, Any], more: set[str]) -> None:
    """Say each refusal as the problem it is, with an example."""
    responses = operation["responses"]
    for status in sorted(more | (set(CODES) & set(responses))):
        about, error = CODES[status]
        example = {
            "type": f"urn:tingtong:problem:{error.error_code}",
            "title": error.error_code.replace("-", " "),
            "status": int(status),
            "detail": error.detail("en"),
            "code": error.error_code,
        }
        content = {PROBLEM_MEDIA: {"schema": PROBLEM, "example": example}}
        responses[status] = {"description": about, "content": content}
    operation["responses"] = dict(sorted(responses.items()))


def _add_examples(operation: dict[str, Any], shapes: dict[str, Any]) -> None:
    """Give every JSON body, asked and answered, an example."""
    for holder in (operation.get("requestBody", {}), *operation["responses"].values()):
        media = holder.get("content", {}).get("application/json")
        if media is not None and media.get("schema") and not {"example", "examples"} & set(media):
            media["example"] = example_of(media["schema"], shapes)
