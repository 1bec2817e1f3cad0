"""Endpoints to an ASGI application; the only file that knows Starlette.

request ──guard──► endpoint ──► Reply ──► response with the headers of ``guard``
           │           └──Fault──► ``fault_page``: status and sentence, as a page or as JSON
           └──refusal──► 403 or 421, as well
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from edged.web.endpoint import Disconnected, Endpoint, Fault, Reply
from edged.web.fault_page import fault_reply
from edged.web.guard import HEADERS, refusal

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]
_CLOSED_REQUEST = 499  # nginx's number for a client that went away; nobody reads it
_NO_PAGE = "There is no page at this address."
_FAILED = "The request failed because of an error in the program. Its log has the details."


def application(
    endpoints: Sequence[Endpoint], names: Collection[str], running: Callable[[], AbstractAsyncContextManager[None]]
) -> _App:
    """The application; ``running`` is open while it serves, ``names`` are those it answers to."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with running():
            yield

    return Starlette(
        routes=[Route(one.path, _adapted(one), methods=[one.method]) for one in endpoints],
        middleware=[Middleware(_Guarded, names=frozenset(names))],
        exception_handlers={HTTPException: _not_found, Exception: _failed},
        lifespan=lifespan,
    )


def _adapted(endpoint: Endpoint) -> Callable[[StarletteRequest], Awaitable[Response]]:
    async def call(request: StarletteRequest) -> Response:
        try:
            return _response(await endpoint.handler(_Adapter(request)))
        except Fault as exc:
            return _response(fault_reply(exc.status, exc.sentence, request.headers))
        except Disconnected:
            return Response(status_code=_CLOSED_REQUEST)

    return call


class _Adapter:
    """Starlette's request as ``endpoint.Request``."""

    def __init__(self, request: StarletteRequest) -> None:
        self._request = request
        self.path_params: dict[str, Any] = request.path_params
        self.headers = request.headers

    async def stream(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._request.stream():
                yield piece
        except ClientDisconnect as exc:
            raise Disconnected from exc


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    if reply.download is not None:
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(reply.download, safe='')}"
    if isinstance(reply.content, Path):
        return FileResponse(reply.content, reply.status, headers, reply.media_type)  # serves ranges, for players
    return Response(reply.content, reply.status, headers, reply.media_type)


class _Guarded:
    """Refuses foreign requests, and gives every response the headers."""

    def __init__(self, app: _App, names: frozenset[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        refused = refusal(scope["method"], headers, self._names)
        if refused is None:
            await self._app(scope, receive, send_with_headers)
        else:
            reply = fault_reply(refused.status, refused.sentence, headers)
            await _response(reply)(scope, receive, send_with_headers)


def _not_found(request: StarletteRequest, exc: Exception) -> Response:
    status = HTTPStatus(exc.status_code) if isinstance(exc, HTTPException) else HTTPStatus.NOT_FOUND
    sentence = _NO_PAGE if status == HTTPStatus.NOT_FOUND else f"{status.phrase}."
    return _response(fault_reply(status, sentence, request.headers))


def _failed(request: StarletteRequest, _exc: Exception) -> Response:
    return _response(fault_reply(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED, request.headers))
