"""Why a server cannot start."""

from __future__ import annotations


class ServeProblem(Exception):
    """The text is one line that names the thing and the remedy."""
