"""The control interface of simulated machines (interfaces, section 5), on loopback only.

`GET /devices`, `GET /devices/{id}`, `POST /devices/{id}/do {"action": …}`, `GET /devices/{id}/files/{name}`.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from devices.sim.base import NotPossible
from devices.sim.hall import SimHall, UnknownDevice
from devices.sim.speaker import SimSpeaker

HALL: web.AppKey[SimHall] = web.AppKey("hall", SimHall)


def problem(status: int, code: str, detail: str) -> web.Response:
    """Return an RFC 9457 answer."""
    body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/problem+json"
    )


@web.middleware
async def _only_this_machine(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse what a strange page in this machine's browser could send: other names, other origins."""
    host = request.host.rsplit(":", 1)[0]
    if host not in ("127.0.0.1", "localhost", "[::1]"):
        return problem(403, "forbidden", "only for programs of this machine")
    if request.method == "POST" and request.content_type != "application/json":
        return problem(415, "validation", "send application/json")
    answer: web.StreamResponse = await handler(request)
    return answer


@web.middleware
async def _errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except UnknownDevice as error:
        return problem(404, "not-found", str(error.args[0]))
    except NotPossible as error:
        return problem(409, "not-possible", str(error))
    except (ValueError, TypeError, KeyError) as error:
        return problem(422, "validation", str(error))
    return answer


async def _list(request: web.Request) -> web.Response:
    return web.json_response({"items": [device.listed() for device in request.app[HALL].devices()]})


async def _one(request: web.Request) -> web.Response:
    return web.json_response(request.app[HALL].device(request.match_info["id"]).detailed())


async def _do(request: web.Request) -> web.Response:
    device = request.app[HALL].device(request.match_info["id"])
    body = await request.json()
    if not isinstance(body, dict) or not isinstance(body.get("action"), str):
        raise ValueError('send {"action": name, …}')
    params = {key: value for key, value in body.items() if key != "action"}
    known = {action["name"] for action in device.listed()["actions"]}
    if body["action"] not in known:
        raise ValueError(f"{device.id} cannot {body['action']!r}; it can: {', '.join(sorted(known))}")
    device.do(body["action"], params)
    return web.json_response(device.listed())


async def _file(request: web.Request) -> web.Response:
    device = request.app[HALL].device(request.match_info["id"])
    sim, name = device.host.sim, request.match_info["name"]
    if isinstance(sim, SimSpeaker) and name.endswith(".wav"):
        wav = sim.wav(int(name.removesuffix(".wav")))
        if wav is not None:
            return web.Response(body=wav, content_type="audio/wav")
    return problem(404, "not-found", f"{device.id} has no file {name}")


def make_app(hall: SimHall) -> web.Application:
    """Return the control interface of `hall`."""
    app = web.Application(middlewares=[_only_this_machine, _errors])
    app[HALL] = hall
    app.add_routes(
        [
            web.get("/devices", _list),
            web.get("/devices/{id}", _one),
            web.post("/devices/{id}/do", _do),
            web.get("/devices/{id}/files/{name}", _file),
        ]
    )
    return app


async def serve(hall: SimHall, port: int) -> web.AppRunner:
    """Listen on loopback.  Raises OSError when the port is in use."""
    runner = web.AppRunner(make_app(hall), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner
