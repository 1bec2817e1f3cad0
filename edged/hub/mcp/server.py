"""The MCP server: tools and resources that read moods, over stdio or streamable HTTP.

    Moods, Reliability ──list_places, current_mood, mood_history, explain──► an agent

It only reads.  The same is offered as tools and as resources, since some clients know only tools.  Over HTTP, Host and
Origin must be those of this address, and a token must be given for any address but loopback.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import AnyHttpUrl

from edged.contract.mood import Mood
from edged.host.addresses import in_url, is_loopback
from edged.hub.mcp.moods import MAX_HOURS, Moods
from edged.hub.mcp.reliability import Reliability

INSTRUCTIONS = """\
Moods of rooms, from a sensor that guesses emotions from voices, sometimes helped by words and faces. It was trained on
actors, and it is often wrong: call explain before you rely on an answer. "uncertain" means that speech was detected but
no emotion stood out; pass it on as such. A mood is valid while its hub_online is true; otherwise it may be outdated,
and the mood is unknown. It is no diagnosis, and nothing about a person may be decided by it.
"""
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


class Answers:
    """What the tools answer, as plain values."""

    def __init__(self, moods: Moods, reliabilities: Sequence[Reliability]) -> None:
        self._moods, self._reliabilities = moods, reliabilities

    def places(self) -> dict[str, Any]:
        """Every place with its mood in a sentence."""
        return {
            "places": [
                {"place": place, "mood": self._sentence(self._known(place)), "hub_online": self._moods.is_online(place)}
                for place in self._moods.places()
            ]
        }

    def current(self, place: str) -> dict[str, Any]:
        """The mood of a place.

        Raises:
            ValueError: no hub has published one.
        """
        mood = self._known(place)
        return {**_plain(mood), "sentence": self._sentence(mood), "hub_online": self._moods.is_online(place)}

    def history(self, place: str, hours: float) -> dict[str, Any]:
        """Changes of the mood of a place, oldest first, and the mood now.

        Raises:
            ValueError: no such place, or hours beyond 24.
        """
        if not 0 < hours <= MAX_HOURS:
            raise ValueError(f"hours is {hours:g}, expected more than 0 and at most {MAX_HOURS}")
        mood = self._known(place)
        events = self._moods.history(place, hours)
        return {
            "place": place,
            "hours": hours,
            "note": "from the start of this server on; earlier changes are not kept",
            "changes": [{"time": one.time, "mood": one.event_type, "sentence": one.sentence} for one in events],
            "now": {"mood": mood.emotion, "since": mood.since, "sentence": self._sentence(mood)},
        }

    def explain(self, place: str) -> dict[str, Any]:
        """Which sources say so, how sure they are, and how often such an answer is right.

        Raises:
            ValueError: no hub has published a mood of ``place``.
        """
        mood = self._known(place)
        return {
            "place": place,
            "mood": mood.emotion,
            "sentence": self._sentence(mood),
            "hub_online": self._moods.is_online(place),
            "confidence": mood.confidence,
            "agreement": mood.agreement,
            "senses": {name: _plain(share) for name, share in mood.sources.items()},
            "how_often_right": [
                {
                    "voices_of": one.corpus,
                    "models_know_this_corpus": not one.never_trained,
                    "average_recall": round(one.uar, 2),
                    "right_when_it_says_this": one.right.get(mood.emotion),
                }
                for one in self._reliabilities
            ],
            "note": "By the model card: the voice alone, on acted speech of speakers that it was not trained on."
            " Corpora that the models do not know are what to expect at home.",
        }

    def _sentence(self, mood: Mood) -> str:
        if self._moods.is_online(mood.place) is False:
            return f"unknown, as its hub is offline; the last was: {mood.sentence}"
        return mood.sentence

    def _known(self, place: str) -> Mood:
        mood = self._moods.current(place)
        if mood is None:
            known = ", ".join(self._moods.places()) or "none yet"
            raise ValueError(f"no mood of this place is known, expected one of: {known}")
        return mood


def server(answers: Answers, version: str, token: str | None = None, url: str = "") -> MCPServer[Any]:
    """The server; with ``token`` its HTTP form, at ``url``, takes requests with this bearer token only."""
    auth: dict[str, Any] = {}
    if token is not None:
        address = AnyHttpUrl(url)
        auth = {
            "token_verifier": _OneToken(token),
            "auth": AuthSettings(issuer_url=address, resource_server_url=address),
        }
    made: MCPServer[Any] = MCPServer(
        "edged", title="Moods of rooms", instructions=INSTRUCTIONS, version=version, log_level="WARNING", **auth
    )

    @made.tool(annotations=_READS)
    def list_places() -> dict[str, Any]:
        """The rooms that have a mood, each with its mood in a sentence."""
        return answers.places()

    @made.tool(annotations=_READS)
    def current_mood(place: str) -> dict[str, Any]:
        """The mood of a room now: emotion, confidence, scores, which senses say so, since when."""
        return _answered(ToolError, lambda: answers.current(place))

    @made.tool(annotations=_READS)
    def mood_history(place: str, hours: float = 1.0) -> dict[str, Any]:
        """How the mood of a room changed in the last hours, at most 24, oldest first."""
        return _answered(ToolError, lambda: answers.history(place, hours))

    @made.tool(annotations=_READS)
    def explain(place: str) -> dict[str, Any]:
        """Why a room has this mood: which senses, how sure each is, and how often such an answer is right."""
        return _answered(ToolError, lambda: answers.explain(place))

    @made.resource("mood://places", mime_type="application/json")
    def places() -> str:
        """The rooms that have a mood."""
        return _json(answers.places())

    @made.resource("mood://places/{place}", mime_type="application/json")
    def of_place(place: str) -> str:
        """The mood of a room now."""
        return _json(_answered(ResourceError, lambda: answers.current(place)))

    @made.resource("mood://places/{place}/history", mime_type="application/json")
    def history_of_place(place: str) -> str:
        """How the mood of a room changed in the last 24 hours."""
        return _json(_answered(ResourceError, lambda: answers.history(place, MAX_HOURS)))

    @made.resource("mood://places/{place}/explanation", mime_type="application/json")
    def explanation_of_place(place: str) -> str:
        """Why a room has this mood."""
        return _json(_answered(ResourceError, lambda: answers.explain(place)))

    return made


def run_stdio(made: MCPServer[Any]) -> None:
    """Serves stdin and stdout until stdin ends."""
    made.run("stdio")


def run_http(made: MCPServer[Any], host: str, port: int) -> None:
    """Serves HTTP at /mcp until SIGTERM or SIGINT."""
    names = [f"{in_url(host)}:{port}"] + ([f"localhost:{port}"] if is_loopback(host) else [])
    security = TransportSecuritySettings(allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names])
    made.run("streamable-http", host=host, port=port, transport_security=security, stateless_http=True)


class _OneToken:
    """The SDK's verifier of a token that a file holds."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def verify_token(self, token: str) -> AccessToken | None:
        """Whether it is the one."""
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return None
        return AccessToken(token=token, client_id="edged", scopes=[])


def _answered(kind: type[Exception], answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer; a fault in the question is raised as the SDK's error ``kind``, so the client gets it in words."""
    try:
        return answer()
    except ValueError as exc:
        raise kind(str(exc)) from exc


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(value)
    return found


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
