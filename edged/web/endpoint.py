"""The interface of a page: addresses, and functions from a request to a reply.

    GET /calls ──Endpoint.handler──► Reply, or Fault: a status and one sentence

Nothing here knows the web framework; ``application`` does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

Method = Literal["GET", "POST", "DELETE"]


class Request(Protocol):
    """The part of a request that pages use."""

    @property
    def path_params(self) -> dict[str, Any]:
        """The variable parts of the path."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by name in any case."""

    def stream(self) -> AsyncIterator[bytes]:
        """The body, in pieces as they come."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply, or a file; ``download`` is the name under which a browser saves it."""

    content: bytes | Path
    media_type: str
    status: int = HTTPStatus.OK
    download: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address; ``{name}`` in the path is any text without a slash."""

    method: Method
    path: str
    handler: Handler


class Fault(Exception):  # noqa: N818 -- an answer, not an error of the program
    """The request cannot be served: a status, and a sentence that says why."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Disconnected(Exception):  # noqa: N818 -- as above
    """The client went away while its request was read; nobody reads a reply."""


def page(markup: str, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """A page."""
    return Reply(markup.encode(), "text/html; charset=utf-8", status)


def json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """A value as JSON."""
    return Reply(msgspec.json.encode(value), "application/json", status)


def redirect(path: str) -> Reply:
    """To another page of this program."""
    return Reply(b"", "text/plain", HTTPStatus.SEE_OTHER, headers={"location": path})


async def small_body(request: Request, max_bytes: int = 4096) -> bytes:
    """The whole body of a request that has few bytes; raises ``Fault`` for more."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise Fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.")
    return body
