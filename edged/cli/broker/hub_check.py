"""``edged check --hub``: tries what the hub needs, for real: places, text model, the agent's files, broker.

config ─► places ─► text ─► agent, where there is one ─► broker, stage by stage, as the hub connects
"""

from edged.cli.broker.hub import hub_config
from edged.cli.broker.hub_parts import agent_for, announcer_for, routes_for
from edged.cli.sensor.report import Report
from edged.config.hub.structs import Agent
from edged.config.structs import Config
from edged.contract.fields import rfc3339
from edged.contract.mood import Mood, SourceShare
from edged.contract.payloads import encoded
from edged.contract.topics import INFO, full_name
from edged.errors import counted
from edged.host.identity import hub_name
from edged.host.instance_lock import InstanceLock
from edged.hub.routes import Routes, my_places
from edged.mqtt.probe import LiveClient, stages
from edged.mqtt.publisher import Publisher

_MAX_SOURCES = 17  # of a place: sixteen inputs and the voice


def check_hub(report: Report, config: Config, file: str) -> None:
    """Print a line per part; ``file`` stands for the config in messages."""
    if report.part("places", lambda: hub_config(config, "", file), _about_places) is None:
        return
    routes = report.part("text", lambda: routes_for(config), _about_text)
    if routes is None:
        return
    if (agent := config.hub.agent) is not None:
        report.part("agent", lambda: _about_agent(config, agent), str)
    for name, attempt in stages(config.mqtt, _live_client(config, routes)):
        if report.part(f"broker {name}", attempt, str) is None:
            break


def _about_places(config: Config) -> str:
    places = my_places(config.hub)
    return f"{', '.join(places) or 'none'} (part {config.hub.part} of {len(config.hub.places)})"


def _about_text(routes: Routes) -> str:
    return "loaded, the words are scored in memory and dropped" if routes.has_words else "no place has words"


def _about_agent(config: Config, agent: Agent) -> str:
    """Which model would be asked; its key and the actions' tokens are read, and nobody is asked."""
    agent_for(config, Publisher(config.mqtt, hub_name(config.hub.name)))
    return f"{agent.model}, {counted(len(config.hub.actions), 'action')}"


def _live_client(config: Config, routes: Routes) -> LiveClient:
    """The client that the hub would be: its id, subscriptions and message sizes."""
    name, mqtt = hub_name(config.hub.name), config.mqtt
    announcer = announcer_for(config, name)
    filters = [*routes.topics, full_name(mqtt.root, name, INFO), *(announcer.filters if announcer else ())]
    pid = InstanceLock(name, mqtt.root, mqtt.tcp_port).holder()
    discovery = announcer.largest if announcer else (0, 0)
    return LiveClient(node=name, filters=filters, sizes={"a mood": _largest_mood(config)}, discovery=discovery, pid=pid)


def _largest_mood(config: Config) -> int:
    """Bytes of a mood with all its sources."""
    label, now = max(config.hub.labels, key=len), rfc3339(0)
    names = [f"{number:064}" for number in range(_MAX_SOURCES)]
    mood = Mood(
        time=now,
        hub=hub_name(config.hub.name),
        place=max(config.hub.places, key=len),
        emotion=label,
        confidence=0.1234,
        scores=dict.fromkeys(config.hub.labels, 0.1234),
        sources={name: SourceShare(label=label, age_s=1.2, weight=0.123) for name in names},
        agreement=0.123,
        since=now,
        method="pool",
        sentence=", ".join(f"{name} says {label}" for name in names),
    )
    return len(encoded(mood))
