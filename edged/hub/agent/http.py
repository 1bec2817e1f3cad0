"""HTTP for the agent: a JSON request, a bounded answer, one line for each fault.

    url, body, token ──POST──► JSON value, or AgentError

No redirect is followed: it would take the token to another address.
"""

from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import msgspec

from edged.errors import AgentError

_MAX_BYTES = 1_000_000  # of an answer
_CONNECT_S = 5.0


class Http:
    """One client; ``with`` opens and closes it."""

    def __init__(self, timeout_s: float) -> None:
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)), follow_redirects=False
        )

    def __enter__(self) -> Self:
        """Opens it."""
        self._client.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it; a running request fails."""
        self._client.close()

    def request(self, method: str, url: str, body: Any, token: str | None) -> bytes:  # noqa: ANN401 -- any JSON value
        """The content of the answer; ``body`` None sends no body, text is sent as it is.

        Raises:
            AgentError: no answer, a status other than success, or more than a megabyte.
        """
        headers = {"authorization": f"Bearer {token}"} if token else {}
        content = None
        if body is not None:
            content = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
            headers["content-type"] = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
        try:
            with self._client.stream(method, url, content=content, headers=headers) as response:
                found = b""
                for part in response.iter_bytes():
                    found += part
                    if len(found) > _MAX_BYTES:
                        raise AgentError(f"{shown_url(url)}: an answer of more than {_MAX_BYTES} bytes, expected less")
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as exc:  # RuntimeError: closed meanwhile
            raise AgentError(f"{shown_url(url)}: {_reason(exc)}, expected an answer") from exc
        if not response.is_success:
            raise AgentError(f"{shown_url(url)}: status {response.status_code}, expected 200")
        return found


def shown_url(url: str) -> str:
    """``url`` without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _reason(exc: Exception) -> str:
    """In words of ours: other errors quote what the peer sent."""
    if isinstance(exc, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(exc, httpx.ConnectError):
        return "no connection"
    return f"the connection failed ({type(exc).__name__})"
