"""For operations: alive, ready, figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from queue_server.http.deps import Ctx

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def get_health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def get_ready(context: Ctx) -> JSONResponse:
    """Say whether the hall can be served: the database reads, the relay keeps up."""
    problems = context.problems()
    seq = await context.store.read(lambda view: view.seq)
    body = {"status": "not ready" if problems else "ready", "problems": problems, "seq": seq}
    return JSONResponse(body, 503 if problems else 200)


@router.get("/metrics", response_class=PlainTextResponse)
async def get_metrics(context: Ctx) -> PlainTextResponse:
    """Return figures in Prometheus' text format."""
    figures = {
        "tingtong_event_seq": float(context.hub.seq),
        "tingtong_event_listeners": float(context.hub.listeners),
        **context.metrics(),
    }
    lines = [f"# TYPE {name} gauge\n{name} {value:g}" for name, value in sorted(figures.items())]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
