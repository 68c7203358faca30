"""Figures of the hall, for supervisors: as JSON, CSV or a spreadsheet."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from queue_server.application.ports import View
from queue_server.application.statistics_report import report, span_of
from queue_server.contracts.base import Problem
from queue_server.contracts.statistics import StatisticsKind, StatisticsOut, StatisticsRow
from queue_server.domain.errors import QueueError
from queue_server.http.deps import Ctx, Supervisor
from queue_server.http.statistics_files import csv_of, xlsx_of

router = APIRouter(
    prefix="/statistics",
    tags=["statistics"],
    responses={code: {"model": Problem} for code in (401, 403, 422)},
)
MOST_DAYS = 93
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get(
    "/{kind}",
    response_model=StatisticsOut,
    responses={200: {"content": {"text/csv": {}, XLSX: {}}}},
)
async def get_statistics(
    kind: Annotated[StatisticsKind, Path()],
    context: Ctx,
    caller: Supervisor,
    day: date | None = None,
    until: date | None = None,
    as_format: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
) -> Response:
    """Return the figures from `day` (today) to `until` (the same day), both included; at most 93 days."""
    hall, now = context.hall, context.clock.now()
    first = day or date.fromisoformat(hall.business_day(now))
    last = until or first
    if not 0 <= (last - first).days < MOST_DAYS:
        raise QueueError("validation", reason=f"until: from day on, at most {MOST_DAYS} days")
    if not date(2000, 1, 1) <= first <= last < date(9999, 1, 1):
        raise QueueError("validation", reason="day: 2000 to 9998")

    def query(view: View) -> list[StatisticsRow]:
        return report(hall, kind, view.facts(*span_of(hall, first, last)), now)

    rows = await context.store.read(query)
    if as_format == "json":
        told = StatisticsOut(kind=kind, day=first, until=last, items=rows)
        return Response(told.model_dump_json(exclude_none=True), media_type="application/json")
    name = f"{kind.value}-{first}" + (f"-{last}" if last != first else "")
    file = {"Content-Disposition": f'attachment; filename="{name}.{as_format}"'}
    if as_format == "csv":
        return Response(csv_of(rows), media_type="text/csv; charset=utf-8", headers=file)
    book = await asyncio.get_running_loop().run_in_executor(None, xlsx_of, rows, kind.value)
    return Response(book, media_type=XLSX, headers=file)
