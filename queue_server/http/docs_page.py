"""`/api/docs`: the API to read, made from the OpenAPI description alone; nothing is loaded from outside."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

_STYLE = """
body{font:16px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
code,pre{font:14px/1.4 monospace} h2{margin-top:2rem;border-bottom:2px solid #0a5bd3}
details{margin:.4rem 0;padding:.4rem .8rem;border:1px solid #ccd3dc;border-radius:6px}
summary{cursor:pointer} b.m{display:inline-block;min-width:4rem;color:#0a5bd3}
table{border-collapse:collapse} td,th{border:1px solid #ccd3dc;padding:.2rem .6rem;text-align:left}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def add(app: FastAPI) -> None:
    """Serve the page."""

    @app.get("/api/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(render(app.openapi()), headers={"Content-Security-Policy": _POLICY})


def render(openapi: dict[str, Any]) -> str:
    """Return the page of an OpenAPI description."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(path, method, operation))
    schemas = openapi.get("components", {}).get("schemas", {})
    parts = [f"<h2>{escape(tag)}</h2>{''.join(rows)}" for tag, rows in by_tag.items()]
    shapes = "".join(_schema(name, schema) for name, schema in sorted(schemas.items()))
    title = escape(f"{openapi['info']['title']} {openapi['info']['version']}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(openapi['info'].get('description', ''))}</p>"
        f'<p>Machine-readable: <a href="/api/openapi.json">/api/openapi.json</a></p>'
        f"{''.join(parts)}<h2>shapes</h2>{shapes}</html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    body = "".join(f"<p>Body: {_type(one.get('schema', {}))}</p>" for one in content.values())
    query = "".join(
        f"<li><code>{escape(one['name'])}</code> ({escape(one['in'])}): {_type(one.get('schema', {}))}</li>"
        for one in operation.get("parameters", [])
    )
    answers = "".join(
        f"<li>{escape(status)}: {escape(one.get('description', ''))} "
        + " ".join(_type(media.get("schema", {})) for media in one.get("content", {}).values())
        + "</li>"
        for status, one in operation.get("responses", {}).items()
    )
    return (
        f'<details><summary><b class="m">{method.upper()}</b> <code>{escape(path)}</code> '
        f"{escape(operation.get('description', ''))}</summary>"
        f"<ul>{query}</ul>{body}<ul>{answers}</ul></details>"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{_type(about)}</td></tr>"
        for field, about in schema.get("properties", {}).items()
    )
    values = " ".join(f"<code>{escape(str(value))}</code>" for value in schema.get("enum", []))
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<p>{escape(schema.get('description', ''))}</p>{values}<table>{rows}</table></details>"
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}"><code>{name}</code></a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return f"<code>{escape(str(schema.get('format') or schema.get('type', 'any')))}</code>"
