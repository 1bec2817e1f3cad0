"""``edged demo --hub``: the sample conversation, a simulated camera and transcripts, fused on an embedded broker.

    play ──► Publisher ─────────┐
    scenario: camera, words ────┼──► EmbeddedBroker ──► hub ──► mood ──► View ──► terminal
    scripted model ◄── agent ◄──┘                        └──► agent ──► one action: the lamp

It fails with one line if no mood was shown, no event came, or the agent did nothing.
"""

import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TextIO

import msgspec

from edged.cli.broker.hub import run_hub
from edged.cli.demo.player import Play, Player, Script
from edged.cli.screen import wrapped
from edged.cli.view import view_for
from edged.config.hub.structs import Action, Agent, Hub, Input, Place
from edged.config.structs import Config, HomeAssistant, Mqtt
from edged.contract.mood import NONE, UNCERTAIN, AgentDecision, Mood, MoodEvent
from edged.contract.topics import AGENT, AVAILABILITY, CAPTURE, MOOD, MOOD_EVENT, ONLINE, place_topic
from edged.demo.broker import EmbeddedBroker
from edged.demo.sample import Turn
from edged.demo.scenario import CAMERA_TOPIC, PLACE, scenario
from edged.demo.scripted_model import ScriptedModel
from edged.errors import PublishError, counted
from edged.host.process.flag import IsSet
from edged.mqtt.connection import Connection
from edged.mqtt.subscriber import Subscriber

NODE, _HUB = "demo", "demo-hub"
_LAMP = "home/living_room/lamp/set"
_CONNECT_S = 10.0
_LAST_S = 4.0  # after the end of the sample, for the last messages
_WAKE_S = 0.1  # between two looks at the scenario


def demo_config(port: int, base_url: str) -> Config:
    """One place with all three senses, and an agent that may turn a lamp."""
    place = Place(
        voice=[NODE],
        hold_s=1.5,
        inputs=[
            Input(preset="rhasspy", where={"siteId": PLACE}),
            Input(preset="deepface", topic=CAMERA_TOPIC),
        ],
    )
    lamp = Action(description="Turn the lamp", topic=_LAMP, arguments={"scene": ["calm", "bright", "off"]})
    agent = Agent(base_url=base_url, model="scripted", emotions=["angry"], per_day=1)
    return Config(
        node=NODE,
        mqtt=Mqtt(host="127.0.0.1", port=port),
        homeassistant=HomeAssistant(discovery="off"),
        hub=Hub(name=_HUB, places={PLACE: place}, agent=agent, actions={"lamp": lamp}),
    )


def hub_demo(play: Play, turns: Sequence[Turn], stop: IsSet, out: TextIO = sys.stdout, err: TextIO = sys.stderr) -> int:
    """Run ``play`` beside the scenario and show the moods on ``out``; returns 0, or 1 with a line on ``err``.

    Raises:
        UsageError: amqtt is not installed.
        EdgedError: whatever ``play`` or the hub raised.
    """
    with ExitStack() as opened:
        broker = opened.enter_context(EmbeddedBroker())
        model = opened.enter_context(ScriptedModel())
        config = demo_config(broker.port, model.base_url)
        moods = opened.enter_context(Subscriber(config.mqtt))
        lamp = opened.enter_context(Subscriber(msgspec.structs.replace(config.mqtt, root="home")))
        sender = opened.enter_context(Connection(config.mqtt, "edged-demo-camera"))
        for one in (moods, lamp, sender):
            if not one.wait_connected(_CONNECT_S):
                raise PublishError(f"no connection to the demo's broker on port {broker.port}: {one.reason}")
        ended = threading.Event()
        fusing = Player(lambda one: run_hub(one, _HUB, ended), config, "edged-demo-hub")
        fusing.start()
        try:
            _wait_for_hub(fusing, moods, f"{config.mqtt.root}/{_HUB}/{AVAILABILITY.name}")
            shown = _show(play, turns, config, _Ends(moods, lamp, sender), stop, out)
        finally:
            ended.set()
            fusing.join(_LAST_S)
        if fusing.fault is not None:
            raise fusing.fault
    if stop.is_set():
        print("edged demo: stopped before the end of the sample", file=err)
        return 1
    if fault := shown.fault():
        print(f"edged demo: {fault}", file=err)
        return 1
    print("", *(wrapped(line, out) for line in shown.summary().splitlines()), sep="\n", file=out, flush=True)
    return 0


def _wait_for_hub(fusing: Player, moods: Subscriber, topic: str) -> None:
    """Return once the hub is online: an earlier state of a voice would be retained, and so ignored."""
    deadline_s = time.monotonic() + _CONNECT_S
    while fusing.is_alive() and time.monotonic() < deadline_s:
        received = moods.received(_WAKE_S)
        if received and (received.topic, received.payload) == (topic, ONLINE.encode()):
            return
    if fusing.fault is not None:
        raise fusing.fault
    raise PublishError(f"the demo's hub is not there after {_CONNECT_S:g} s")


class _Ends:
    """The demo's connections: what the hub publishes, what the lamp gets, and the camera's and words' sender."""

    def __init__(self, moods: Subscriber, lamp: Subscriber, sender: Connection) -> None:
        self.moods, self.lamp, self.sender = moods, lamp, sender


class _Shown:
    """What the demo has shown so far."""

    def __init__(self) -> None:
        self.emotions: list[str] = []
        self.sources: set[str] = set()
        self.n_events = 0
        self.decisions: list[AgentDecision] = []
        self.lamp: list[str] = []

    def take(self, payload: Mood | MoodEvent | AgentDecision) -> None:
        """Count one message."""
        if isinstance(payload, AgentDecision):
            self.decisions.append(payload)
        elif isinstance(payload, MoodEvent):
            self.n_events += 1
        else:
            self.sources.update(payload.sources)
            if payload.emotion not in (NONE, UNCERTAIN):
                self.emotions.append(payload.emotion)

    def fault(self) -> str:
        """Why the demo failed; empty if it did not."""
        if not self.emotions or not self.n_events:
            return "no mood was received"
        if missing := {"voice", "text", "face"} - self.sources:
            return f"no mood had {', '.join(sorted(missing))} among its sources"
        return "" if self.lamp else "the agent turned no lamp"

    def summary(self) -> str:
        """In one line, and one about the agent."""
        moods = f"Moods: {', '.join(dict.fromkeys(self.emotions))}, from {', '.join(sorted(self.sources))}; "
        return (
            f"{moods}{counted(self.n_events, 'event')}.\nThe agent was asked once and set the lamp to {self.lamp[0]}."
        )


def _show(  # noqa: PLR0913, PLR0917 -- what comes, what is meant, and where it is shown
    play: Play, turns: Sequence[Turn], config: Config, ends: _Ends, stop: IsSet, out: TextIO
) -> _Shown:
    kinds: dict[str, type[Mood | MoodEvent | AgentDecision]] = {
        place_topic(PLACE, topic, config.mqtt.root).name[1:]: kind
        for topic, kind in ((MOOD, Mood), (MOOD_EVENT, MoodEvent), (AGENT, AgentDecision))
    }
    script, shown = Script(turns), _Shown()
    view = view_for(out, config.mqtt.root, column=script.meant_at)
    print(view.heading("meant", "mood"), file=out, flush=True)
    player = Player(play, config)
    player.start()
    waiting, began_s, last = scenario(turns), float("inf"), ""
    deadline_s = float("inf")
    while time.monotonic() < deadline_s:
        received = ends.moods.received(_WAKE_S)
        if received and received.topic == f"{config.mqtt.root}/{NODE}/{CAPTURE.name}" and began_s == float("inf"):
            began_s = time.monotonic()
            script.start(time.time())
        for turn in script.due(time.time()):
            print(view.quote(turn.text), file=out, flush=True)
        while waiting and time.monotonic() - began_s >= waiting[0].at_s:
            message = waiting.pop(0)
            ends.sender.send(message.topic, message.payload, 1, retained=False)
            if message.shown != last:
                print(view.note(message.shown), file=out, flush=True)
            last = message.shown
        if received and received.topic in kinds:
            shown.take(msgspec.json.decode(received.payload, type=kinds[received.topic]))
            print(view.line(received), file=out, flush=True)
        while command := ends.lamp.received(0):
            shown.lamp.append(str(msgspec.json.decode(command.payload)["scene"]))
            print(view.note(f"lamp: {shown.lamp[-1]}"), file=out, flush=True)
        if deadline_s == float("inf") and (stop.is_set() or not player.is_alive()):
            deadline_s = time.monotonic() + _LAST_S
    player.join(_LAST_S)
    if player.fault is not None:
        raise player.fault
    return shown
