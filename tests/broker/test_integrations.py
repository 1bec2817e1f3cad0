"""Files of docs/integrations: their topics and fields exist, and the bridge between two brokers works."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edged.contract.commands import FORMS
from edged.contract.payloads import PAYLOADS, WORDS, EpisodeStart
from edged.contract.topics import EMOTION, EVENT_START
from edged.mqtt.publisher import Publisher
from tests.parts.broker.consumer import Consumer
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.parts.broker.payloads import emotion_state, episode_start
from tests.parts.broker.raw_subscriber import raw_subscriber

INTEGRATIONS = Path(__file__).parents[2] / "docs" / "integrations"
OUTAGE = 30  # events published while the link is down


def test_telegraf_reads_fields_that_there_are() -> None:
    """The file is valid TOML, its topic exists, and each path is a field of its payload."""
    (consumer,) = tomllib.loads((INTEGRATIONS / "telegraf" / "edged.conf").read_text(encoding="utf-8"))["inputs"][
        "mqtt_consumer"
    ]
    (topic,) = consumer["topics"]
    fields = PAYLOADS[topic.removeprefix("edged/+/")].__struct_fields__
    (metric,) = consumer["json_v2"]
    paths = [one["path"] for kind in ("tag", "field") for one in metric[kind]]
    assert {*paths, metric["timestamp_path"]} <= set(fields)
    (parsing,) = consumer["topic_parsing"]
    assert parsing["topic"] == topic
    assert len(parsing["tags"].split("/")) == len(topic.split("/"))


def test_openhab_reads_topics_and_fields_that_there_are() -> None:
    """Each topic exists, each JSON path is a field of its payload, and each item's channel exists."""
    folder = INTEGRATIONS / "openhab"
    things, items = ((folder / f"edged.{kind}").read_text(encoding="utf-8") for kind in ("things", "items"))
    channels = re.findall(r"Type \w+ +: (\w+) .*\[ (.*) \]", things)
    assert len(channels) == 6
    for name, settings in channels:
        topic = re.search(r'stateTopic="edged/kitchen/([^"]+)"', settings)
        path = re.search(r'JSONPATH:\$\.(\w+)"', settings)
        command = re.search(r'commandTopic="edged/kitchen/cmd/(\w+)"', settings)
        assert topic or command, name
        if path:
            assert topic is not None
            assert path[1] in PAYLOADS[topic[1]].__struct_fields__
        elif topic:
            assert topic[1] in WORDS
        if command:
            assert {"ON", "OFF"} <= set(FORMS[command[1]].words)
    used = set(re.findall(r"mqtt:topic:home:kitchen:(\w+)", items))
    assert used <= {name for name, _ in channels}


class Site:
    """A site's mosquitto with the bridge to the home broker, without certificates."""

    def __init__(self, folder: Path, home: Mosquitto) -> None:
        self.folder = folder
        self.broker = Mosquitto(folder, mosquitto_program())
        text = (INTEGRATIONS / "mosquitto" / "bridge.conf").read_text(encoding="utf-8")
        text = text.replace("broker.example.org:8883", f"127.0.0.1:{home.port}").replace("timeout 5 60", "timeout 1")
        secure = ("bridge_capath", "remote_username", "remote_password")  # tested with edged itself
        lines = [line for line in text.splitlines() if not line.startswith(secure)]
        self._lines = [f"persistence_location {folder}/", *lines]

    def start(self) -> None:
        """Start it like its system."""
        self.broker.start(further=self._lines)

    def has_saved(self, ids: list[str]) -> bool:
        """Whether its persistence file has these events."""
        file = self.folder / "mosquitto.db"
        content = file.read_bytes() if file.exists() else b""
        return all(one.encode() in content for one in ids)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Mosquitto]:
    """The central broker, with persistent sessions."""
    folder = tmp_path / "home"
    folder.mkdir()
    with Mosquitto(folder, mosquitto_program()) as broker:
        broker.persistent = True
        broker.start()
        yield broker


@pytest.fixture
def site(tmp_path: Path, home: Mosquitto) -> Iterator[Site]:
    """A running remote broker."""
    folder = tmp_path / "site"
    folder.mkdir()
    site = Site(folder, home)
    with site.broker:
        site.start()
        yield site


def test_bridge_passes_on_and_keeps_over_an_outage(home: Mosquitto, site: Site) -> None:
    """Events arrive at home; events during an outage with a power cut at the site follow in order."""
    with Consumer(home.port) as consumer, Publisher(site.broker.mqtt, "attic") as publisher:
        wait_until(lambda: consumer.subscribed, "the home's subscriber")
        publisher.publish(EMOTION, emotion_state("happy"))
        publisher.publish(EVENT_START, event := with_id(0))
        wait_until(lambda: [one.id for one in consumer.first_seen()] == [event.id], "the first event at home")
        home.stop()
        late = [with_id(number) for number in range(1, 1 + OUTAGE)]
        for event in late:
            publisher.publish(EVENT_START, event)
        assert publisher.wait_settled(60)
        wait_until(lambda: site.has_saved([one.id for one in late]), "the site's file")
        site.broker.kill()
        site.start()
        home.start()
        wait_until(lambda: len(consumer.first_seen()) == 1 + OUTAGE, "what came in the outage")
        assert [one.id for one in consumer.first_seen()][1:] == [one.id for one in late]


def test_bridge_passes_on_states_and_commands(home: Mosquitto, site: Site) -> None:
    """States are retained at home too, and commands from home reach the site."""
    with (
        Publisher(site.broker.mqtt, "attic") as publisher,
        raw_subscriber(site.broker.port, "edged/attic/cmd/+") as (_, commands),
    ):
        publisher.publish(EMOTION, emotion_state("sad"))
        assert publisher.wait_settled(60)
        with raw_subscriber(home.port, "edged/attic/emotion") as (client, states):
            wait_until(lambda: states and b'"sad"' in states[-1].payload, "the state at home")

            def command_arrived() -> bool:  # publishes repeatedly: the bridge may not have subscribed yet
                client.publish("edged/attic/cmd/identify", b"PRESS", qos=1).wait_for_publish(60)
                return bool(commands)

            wait_until(command_arrived, "the command at the site")
            assert (commands[0].topic, commands[0].payload) == ("edged/attic/cmd/identify", b"PRESS")
        with raw_subscriber(home.port, "edged/attic/emotion") as (_, retained):
            wait_until(lambda: retained, "the state that home has retained")
            assert retained[0].retain


def with_id(number: int) -> EpisodeStart:
    """An event with a distinct id."""
    return msgspec.structs.replace(episode_start("angry"), id=f"01890a5d-ac97-7b2d-8c3d-{number:012x}")
