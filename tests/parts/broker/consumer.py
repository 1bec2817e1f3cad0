"""Consumer of events done right: persistent session, QoS 1, every received event recorded.

    edged/+/event/# ──► paho, clean_session=False ──► Consumer.events: every payload, in order

Tests use the records to find the first delivery, duplicates and losses.
"""

from typing import Self

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edged.contract.payloads import EpisodeEnd, EpisodeStart

_DECODER = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)


class Consumer:
    """Use with ``with``; reconnects at once and subscribes after each connection."""

    def __init__(self, port: int, username: str = "", password: str = "") -> None:
        self.subscribed = False
        self.events: list[EpisodeStart | EpisodeEnd] = []
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="consumer", clean_session=False)
        if username:
            self._client.username_pw_set(username, password)
        # paho annotates whole seconds, but accepts floats.
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
        """Each event once, in order of first arrival."""
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
