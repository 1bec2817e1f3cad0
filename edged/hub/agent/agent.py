"""The agent: one thread that asks a language model about each new mood, and runs the action that it calls, if allowed.

    MoodEvent ──queue──► Budget ──► prompt ──► chat ──► allowed ──► MQTT publish | HTTP request
        └─────────────────────────────► AgentDecision on <root>/place/<place>/agent, whatever the outcome

The hub's thread only queues.  A model that hangs delays only the next question; a mood that waited longer than a
question may take is dropped, since it is over.  If the model makes several calls, the first is used.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import msgspec

from edged.config.hub.structs import Action, Agent
from edged.contract.fields import rfc3339
from edged.contract.mood import AgentDecision, MoodEvent, Outcome
from edged.contract.topics import AGENT, Kind, Topic, place_topic
from edged.errors import AgentError, counted
from edged.host.secret import secret
from edged.host.uuid7 import new_id
from edged.hub.agent.allowed import Approved, Refused, checked
from edged.hub.agent.budget import Budget
from edged.hub.agent.chat import ask
from edged.hub.agent.http import Http
from edged.hub.agent.prompt import is_asked_about, messages, tools, usable
from edged.mqtt.security.password import credential

_KEY_CREDENTIAL = "agent_key"
_MAX_WAITING = 100  # moods
_CLOSE_S = 1.5

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """A publisher, as the agent needs it."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str) -> None:
        """Take a payload for ``topic``; never blocks."""


class _Answer(NamedTuple):
    """The outcome of a question."""

    outcome: Outcome
    message: str
    call: Approved | None = None
    action: str | None = None
    latency_s: float | None = None


class _Waiting(NamedTuple):
    event: MoodEvent
    since_s: float


class MoodAgent:
    """A ``MoodListener``; ``with`` starts and ends its thread."""

    def __init__(  # noqa: PLR0913 -- its config, and the two ends of the hub
        self,
        agent: Agent,
        actions: Mapping[str, Action],
        *,
        key: str | None,
        tokens: Mapping[str, str],
        root: str,
        sink: Sink,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``tokens`` are by action; ``root`` is that of the hub's topics."""
        self._agent, self._actions, self._key, self._tokens = agent, actions, key, tokens
        self._root, self._sink, self._clock = root, sink, clock
        self._budget = Budget(agent.per_day, agent.cooldown_s)
        self._refused = 0
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_MAX_WAITING)
        self._is_full = self._closing = False
        self._http = Http(agent.timeout_s)
        self._thread = threading.Thread(target=self._run, name="agent", daemon=True)

    def __enter__(self) -> Self:
        """Starts."""
        self._http.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Ends; a pending question is left to its thread, which ignores the answer."""
        self._closing = True
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            _log.debug("agent: ends with %s unasked", counted(self._queue.qsize(), "mood"))
        self._http.__exit__(kind, fault, trace)
        self._thread.join(_CLOSE_S)

    def mood_changed(self, event: MoodEvent) -> None:
        """See ``MoodListener``."""
        if not is_asked_about(event, self._agent.places, self._agent.emotions):
            return
        try:
            self._queue.put_nowait(_Waiting(event, self._clock()))
        except queue.Full:
            if not self._is_full:
                _log.warning("agent: %d moods wait for it, further ones are dropped until it answers", _MAX_WAITING)
            self._is_full = True
        else:
            self._is_full = False

    def decide(self, event: MoodEvent) -> AgentDecision:
        """Asks about ``event``, runs an approved action, and publishes the outcome."""
        result = self._answer(event)
        decision = AgentDecision(
            id=new_id(),
            mood_id=event.id,
            time=rfc3339(time.time()),
            place=event.place,
            emotion=event.event_type,
            outcome=result.outcome,
            action=result.call.name if result.call else result.action,
            arguments={name: str(value) for name, value in result.call.arguments.items()} if result.call else {},
            message=result.message,
            latency_s=result.latency_s,
            left_today=self._budget.left(self._clock()),
            refused=self._refused,
        )
        _log.info("agent: %s %s: %s, %s", event.place, event.event_type, result.outcome, result.message)
        self._sink.publish(place_topic(event.place, AGENT, self._root), decision)
        return decision

    def _run(self) -> None:
        while (waiting := self._queue.get()) is not None and not self._closing:
            if self._clock() - waiting.since_s > self._agent.timeout_s + self._agent.cooldown_s:
                continue  # the mood of minutes ago
            self.decide(waiting.event)

    def _answer(self, event: MoodEvent) -> _Answer:
        now_s = self._clock()
        match self._budget.refusal(event.place, now_s):
            case "cooling_down":
                return _Answer("cooling_down", f"not asked, hub.agent.cooldown_s is {self._agent.cooldown_s:g}")
            case "over_budget":
                return _Answer("over_budget", f"not asked, hub.agent.per_day is {self._agent.per_day}")
        self._budget.count(event.place, now_s)
        own = usable(self._actions, event.place)
        try:
            calls = ask(self._http, self._agent, self._key, messages(event, self._agent.instructions), tools(own))
        except AgentError as exc:
            return _Answer("failed", str(exc), latency_s=self._since(now_s))
        latency_s = self._since(now_s)
        if not calls:
            return _Answer("nothing", "it called no action", latency_s=latency_s)
        call = checked(calls[0].name, calls[0].arguments, own)
        if isinstance(call, Refused):
            self._refused += 1
            return _Answer("refused", call.message, action=call.action, latency_s=latency_s)
        return self._done(call, latency_s)

    def _done(self, call: Approved, latency_s: float) -> _Answer:
        if self._closing:
            return _Answer("failed", "the hub ends", call, latency_s=latency_s)
        if self._agent.dry_run:
            return _Answer("dry_run", f"{call.name} would be done", call, latency_s=latency_s)
        try:
            self._do(call)
        except AgentError as exc:
            return _Answer("failed", str(exc), call, latency_s=latency_s)
        return _Answer("done", f"{call.name} done", call, latency_s=latency_s)

    def _do(self, call: Approved) -> None:
        action, payload = call.action, call.payload
        if action.url:
            body = None if action.method == "GET" else payload
            self._http.request(action.method, action.url, body, self._tokens.get(call.name))
            return
        word = payload if isinstance(payload, str) else msgspec.json.encode(payload).decode()
        kind: Kind = "state" if action.retain else "moment"
        self._sink.publish(Topic(f"/{action.topic}", action.qos, kind, ""), word)

    def _since(self, began_s: float) -> float:
        return round(max(0.0, self._clock() - began_s), 3)


def agent_for(agent: Agent | None, actions: Mapping[str, Action], root: str, sink: Sink) -> MoodAgent | None:
    """The agent of a config; None where it has none.

    Raises:
        ConfigError: a file with a key or token cannot be used.
    """
    if agent is None:
        return None
    path = Path(agent.key_file) if agent.key_file else credential(_KEY_CREDENTIAL)
    key = None if path is None else secret("hub.agent.key_file", path)
    tokens = {
        name: secret(f"hub.actions.{name}.token_file", Path(action.token_file))
        for name, action in actions.items()
        if action.token_file
    }
    return MoodAgent(agent, actions, key=key, tokens=tokens, root=root, sink=sink)
