"""Static files that a browser always asks about again, except the pinned ones from npm."""

from __future__ import annotations

from os import PathLike, stat_result

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_PINNED = "public, max-age=604800"
_OURS = "no-cache"  # kept, but asked about: a 304 costs little and an update shows at once


class HallStaticFiles(StaticFiles):
    """Starlette's static files with our Cache-Control."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return the file or 304, saying how long a browser may keep it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        pinned = "/vendor/" in str(full_path)
        response.headers["Cache-Control"] = _PINNED if pinned else _OURS
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
