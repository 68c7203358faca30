"""The HTTP API: parses, calls one use case, maps the answer."""
