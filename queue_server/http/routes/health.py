"""For operations: alive, ready, figures."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from queue_server.application.statistics_estimate import accuracy_of
from queue_server.application.statistics_report import span_of
from queue_server.contracts.statistics import EstimateFigures
from queue_server.http.deps import Ctx

NEWEST_TOLD = 500
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


def estimate_figures(told: EstimateFigures) -> dict[str, float]:
    """Return how true estimates were; what is not known yet is left out."""
    named = {
        "tingtong_estimate_told": told.count,
        "tingtong_estimate_waited": told.waited,
        "tingtong_estimate_inside_ratio": told.inside_share,
        "tingtong_estimate_error_median": told.error_median,
        "tingtong_estimate_bias_seconds": told.bias_s,
    }
    return {name: float(value) for name, value in named.items() if value is not None}


@router.get("/metrics", response_class=PlainTextResponse)
async def get_metrics(context: Ctx) -> PlainTextResponse:
    """Return figures in Prometheus' text format; those of estimates are of today's newest 500 first calls."""
    hall, now = context.hall, context.clock.now()
    today, _ = span_of(hall, *[date.fromisoformat(hall.business_day(now))] * 2)
    told = accuracy_of(await context.store.read(lambda view: view.lately_told(today, NEWEST_TOLD)))
    figures = {
        "tingtong_event_seq": float(context.hub.seq),
        "tingtong_event_listeners": float(context.hub.listeners),
        **context.metrics(),
        **(estimate_figures(told) if told else {}),
    }
    lines = [f"# TYPE {name} gauge\n{name} {value:g}" for name, value in sorted(figures.items())]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
