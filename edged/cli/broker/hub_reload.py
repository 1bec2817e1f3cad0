"""SIGHUP to a running hub: its config, read again, reaches all of its parts, or none.

    asked ──► load() ──► routes and agent of the new config ──► Hub, Intake, PlaceAnnouncer, Publisher
                └── at a fault one line in the log, and all stays as it is

It runs in the hub's thread, between two turns.  The connection stays: topics are subscribed to and unsubscribed from.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from edged.cli.broker.hub_parts import agent_for, announcements_for, routes_for
from edged.config.hub.reload import reread
from edged.config.structs import Config
from edged.errors import EdgedError
from edged.homeassistant.place_announcer import PlaceAnnouncer
from edged.host.process.flag import Flag
from edged.hub.hub import Hub
from edged.hub.intake import Intake
from edged.hub.interfaces import MoodListener
from edged.mqtt.publisher import Publisher

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a new config reaches."""

    hub: Hub
    name: str  # of the hub
    intake: Intake
    publisher: Publisher
    announcer: PlaceAnnouncer | None


class HubReload:
    """The config in force, and the agent, which it opens and closes; a signal handler sets ``asked``."""

    def __init__(self, config: Config, load: Callable[[], Config], parts: Parts, agent: MoodListener | None) -> None:
        """``load`` reads the file of ``config`` again, or raises ``ConfigError``."""
        self.asked = Flag()
        self._config, self._load, self._parts, self._agent = config, load, parts, agent
        self._opened = ExitStack()  # holds the agent

    def __enter__(self) -> Self:
        """Start the agent."""
        if self._agent is not None:
            self._opened.enter_context(self._agent)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the agent."""
        self._opened.__exit__(kind, fault, trace)

    def tick(self) -> None:
        """Read the config again if that was asked for."""
        if not self.asked.is_set():
            return
        self.asked.clear()  # first: a signal that comes while the file is read asks for one more reading
        try:
            read = reread(self._config, self._load())
            routes = routes_for(read.config)
            agent = self._agent_of(read.config)
        except EdgedError as exc:
            _log.error("config refused, the old one stays in force: %s", exc)
            return
        self._switch(agent)
        self._config, parts = read.config, self._parts
        parts.intake.change(routes.topics)
        if parts.announcer is not None:
            parts.announcer.change(announcements_for(read.config, parts.name))
        parts.publisher.resubscribe()
        parts.hub.change(read.config, routes, () if agent is None else (agent,))
        logging.getLogger().setLevel(read.config.log_level.upper())
        _log.log(logging.WARNING if read.waiting else logging.INFO, "%s", read.summary)

    def _agent_of(self, config: Config) -> MoodListener | None:
        """The agent of ``config``; the one that runs if nothing about it changed, so that its budget stays."""
        now, then = config.hub, self._config.hub
        if (now.agent, now.actions) == (then.agent, then.actions):
            return self._agent
        return agent_for(config, self._parts.publisher)

    def _switch(self, agent: MoodListener | None) -> None:
        if agent is self._agent:
            return
        self._opened.close()
        self._opened = ExitStack()
        self._agent = agent
        if agent is not None:
            self._opened.enter_context(agent)
