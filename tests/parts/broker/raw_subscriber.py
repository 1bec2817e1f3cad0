"""Plain paho client that records what a broker delivers, without any code of edged.

broker ──topic_filter──► raw_subscriber(port, topic_filter): the client, and its messages in order
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.parts.broker.mosquitto import WITHIN_S


@contextmanager
def raw_subscriber(
    port: int,
    topic_filter: str,
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
    options: SubscribeOptions | None = None,
) -> Iterator[tuple[Client, list[MQTTMessage]]]:
    """The subscribed client and its messages so far; ``options`` are for MQTT 5."""
    messages: list[MQTTMessage] = []
    in_force = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
    client.on_message = lambda _client, _userdata, message: messages.append(message)
    client.on_subscribe = lambda *_: in_force.set()
    client.connect("127.0.0.1", port)
    client.subscribe(topic_filter, qos=0 if options else 1, options=options)  # paho accepts only one of the two
    client.loop_start()
    try:
        assert in_force.wait(WITHIN_S)
        yield client, messages
    finally:
        client.disconnect()
        client.loop_stop()
