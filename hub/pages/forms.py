"""What a person decides: forms that post, are done in one transaction, and lead back to a page that says so."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from litestar import Response, post
from litestar.exceptions import ClientException
from litestar.params import FromPath

from hub import devices
from hub.devices import NotDone
from hub.pages.page import HEADERS, Asked
from rules.tables import Ownership
from rules.words import sentence

Job = Callable[[sa.Connection], Any]


async def _do(request: Asked, job: Job, leads_to: str | Callable[[Any], str], done: str) -> Response[None]:
    """Run a job in a transaction and lead on. What can't be done becomes a page with its one sentence."""
    try:
        result = await request.app.state.hub.database.write_soon(job)
    except NotDone as why:
        raise ClientException(detail=why.args[0]) from why
    path = leads_to if isinstance(leads_to, str) else leads_to(result)
    headers = {**HEADERS, "Location": f"{path}{'&' if '?' in path else '?'}done={done}"}
    return Response(None, status_code=303, headers=headers)


async def _fields(request: Asked) -> Mapping[str, str]:
    form = await request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


def _device(device_id: str) -> str:
    return f"/devices/{quote(device_id, safe='')}"


def _needed(fields: Mapping[str, str], name: str, expected: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise ClientException(detail=expected)
    return value


@post("/devices/{device_id:str}/retire", include_in_schema=False)
async def retire(request: Asked, device_id: FromPath[str]) -> Response[None]:
    """Retire a device."""
    now = request.app.state.hub.clock()
    return await _do(request, lambda on: devices.retire(on, device_id, now), _device(device_id), "retired")


@post("/devices/{device_id:str}/unretire", include_in_schema=False)
async def unretire(request: Asked, device_id: FromPath[str]) -> Response[None]:
    """Take a retired device back."""
    return await _do(request, lambda on: devices.unretire(on, device_id), _device(device_id), "unretired")


@post("/devices/{device_id:str}/ownership", include_in_schema=False)
async def ownership(request: Asked, device_id: FromPath[str]) -> Response[None]:
    """Say whether a device is the school's."""
    said = (await _fields(request)).get("ownership")
    if said not in set(Ownership):
        raise ClientException(detail=sentence("Choose whether the device is the school's or not."))
    whose = Ownership(said)
    return await _do(
        request, lambda on: devices.set_ownership(on, device_id, whose), _device(device_id), whose.value
    )  # fmt: skip


@post("/devices/{device_id:str}/room", include_in_schema=False)
async def room(request: Asked, device_id: FromPath[str]) -> Response[None]:
    """Write down where a device stands."""
    fields = await _fields(request)
    chosen = _needed(fields, "room", sentence("Choose the room in which the device stands."))
    back = "/unassigned" if fields.get("back") == "unassigned" else _device(device_id)
    return await _do(request, lambda on: devices.set_room(on, device_id, chosen), back, "room")


@post("/devices/{device_id:str}/merge", include_in_schema=False)
async def merge(request: Asked, device_id: FromPath[str]) -> Response[None]:
    """Make one device of two: this one goes into the other."""
    fields = await _fields(request)
    into = _needed(fields, "into", sentence("Choose the device that this one is the same as."))
    if fields.get("sure") != "yes":
        raise ClientException(detail=sentence("Tick that you are sure: a merge can't be undone by itself."))
    now = request.app.state.hub.clock()
    return await _do(request, lambda on: devices.merge(on, device_id, into, now), _device(into), "merged")


@post("/devices/{device_id:str}/split", include_in_schema=False)
async def split(request: Asked, device_id: FromPath[str]) -> Response[None]:
    """Make a device of its own of the machine behind one run of an agent."""
    run = _needed(await _fields(request), "stream", sentence("Choose the run of the agent that is another machine."))
    now = request.app.state.hub.clock()
    return await _do(request, lambda on: devices.split(on, device_id, run, now), _device, "split")


@post("/conflicts/{conflict_id:int}/dismiss", include_in_schema=False)
async def dismiss(request: Asked, conflict_id: FromPath[int]) -> Response[None]:
    """Take a contradiction off the list."""
    now = request.app.state.hub.clock()
    return await _do(request, lambda on: devices.dismiss(on, conflict_id, now), "/conflicts", "dismissed")


handlers = [retire, unretire, ownership, room, merge, split, dismiss]
