"""Several hubs on one real mosquitto: parts share the places, and shared subscriptions would tear a place apart."""

import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from edged.cli.broker.hub import hub_config, run_hub
from edged.config.load import parse_config
from edged.config.structs import Config
from edged.contract.mood import Mood
from edged.contract.topics import Received
from edged.hub.routes import my_places
from edged.mqtt.connection import Connection
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until

__all__ = ["idle_mosquitto", "mosquitto"]

_LONG_S = 60.0
_PLACES = [f"room{number}" for number in range(8)]
_ROUNDS = 20
_SENSES = ("voice", "text", "face")


def config_of(broker: Mosquitto, part: str) -> Config:
    """All places, of which a hub takes a part."""
    places = ", ".join(f"{one}: {{hold_s: 0, inputs: [{{kind: label, topic: cam/{one}}}]}}" for one in _PLACES)
    config = parse_config(f"hub: {{places: {{{places}}}}}", "hub.yaml")
    return hub_config(msgspec.structs.replace(config, mqtt=broker.mqtt), part, "hub.yaml")


def test_parts_share_the_places(mosquitto: Mosquitto) -> None:
    """Each place has one hub, which publishes its mood; no other does, and no message is needed between them."""
    configs = {f"hub-{number}": config_of(mosquitto, f"{number}/2") for number in (1, 2)}
    owners = {place: name for name, config in configs.items() for place in my_places(config.hub)}
    assert set(owners) == set(_PLACES)
    assert set(owners.values()) == set(configs)
    moods: defaultdict[str, list[Mood]] = defaultdict(list)

    def received(message: Received) -> None:
        place = message.topic.split("/")[2]
        moods[place].append(msgspec.json.decode(message.payload, type=Mood))

    def all_have(sources: int) -> Callable[[], bool]:
        return lambda: all(moods[place] and len(moods[place][-1].sources) == sources for place in _PLACES)

    stop = threading.Event()
    with (
        ExitStack() as ending,
        Connection(mosquitto.mqtt, "test", subscriptions=["edged/place/+/mood"], on_received=received) as others,
    ):
        assert others.wait_connected(WITHIN_S)
        for name, config in configs.items():
            hub = threading.Thread(target=run_hub, args=(config, name, stop))
            hub.start()
            ending.callback(hub.join, _LONG_S)
        ending.callback(stop.set)
        wait_until(all_have(0), "a first mood of each place", _LONG_S)
        for place in _PLACES:
            assert others.send(f"cam/{place}", b"happy", 1, retained=False) is not None
        wait_until(all_have(1), "a mood of each place by its camera", _LONG_S)
        assert {place: {mood.hub for mood in moods[place]} for place in _PLACES} == {
            place: {owner} for place, owner in owners.items()
        }


def test_shared_subscription_tears_a_place_apart(mosquitto: Mosquitto) -> None:
    """Why places are not shared so: each message reaches one hub, but the senses of one place do not meet in it."""
    got: list[list[tuple[str, int]]] = [[], []]

    def hub(number: int) -> Connection:
        def received(message: Received) -> None:
            got[number].append((message.topic.split("/")[1], int(message.payload)))

        filters = ["$share/hubs/kitchen/+"]
        return Connection(mosquitto.mqtt, f"hub-{number}", subscriptions=filters, on_received=received)

    with hub(0) as first, hub(1) as second, Connection(mosquitto.mqtt, "senses") as senses:
        for connection in (first, second, senses):
            assert connection.wait_connected(WITHIN_S)
        for moment in range(_ROUNDS):
            for sense in _SENSES:
                assert senses.send(f"kitchen/{sense}", str(moment).encode(), 1, retained=False) is not None
        wait_until(lambda: len(got[0]) + len(got[1]) >= _ROUNDS * len(_SENSES), "all of them")
    assert sorted(got[0] + got[1]) == sorted((sense, moment) for moment in range(_ROUNDS) for sense in _SENSES)
    met = [
        moment for moment in range(_ROUNDS) if any({(sense, moment) for sense in _SENSES} <= set(one) for one in got)
    ]
    assert len(met) < _ROUNDS / 2
