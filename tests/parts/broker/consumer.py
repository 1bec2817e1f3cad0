"""A consumer of events as a careful one is written: a persistent session, QoS 1, and a note of all that came.

    edged/+/event/# ──► paho, clean_session=False ──► Consumer.events: every payload, in order

The notes are what a test compares: what came first, what came twice, what never came.
"""

from typing import Self

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edged.contract.payloads import EpisodeEnd, EpisodeStart

_DECODER = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)


class Consumer:
    """Opened and closed by ``with``; comes back to its broker within a moment, and subscribes each time."""

    def __init__(self, port: int, username: str = "", password: str = "") -> None:
        self.subscribed = False
        self.events: list[EpisodeStart | EpisodeEnd] = []
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="consumer", clean_session=False)
        if username:
            self._client.username_pw_set(username, password)
        # paho's annotation says whole seconds, yet it only compares and adds them.
        self._client.reconnect_delay_set(0.02, 0.05)  # type: ignore[arg-type]
        self._client.on_connect = lambda client, *_: client.subscribe("edged/+/event/#", qos=1)
        self._client.on_subscribe = self._in_force
        self._client.on_disconnect = self._lost
        self._client.on_message = self._note
        self._client.connect_async("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def first_seen(self) -> list[EpisodeStart | EpisodeEnd]:
        """Each event once, where it came first."""
        first: dict[str, EpisodeStart | EpisodeEnd] = {}
        for event in list(self.events):
            first.setdefault(event.id, event)
        return list(first.values())

    def _in_force(self, *_: object) -> None:
        self.subscribed = True

    def _lost(self, *_: object) -> None:
        self.subscribed = False

    def _note(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.events.append(_DECODER.decode(message.payload))
