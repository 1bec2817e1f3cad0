"""A command to a device over the broker, and the answers.

    node, name, payload ──cmd/<name>──► the device ──cmd/<name>/result──► Result, one after the other

The id in the payload separates the answers to this command from those to others.
"""

import queue
import secrets
from types import TracebackType
from typing import Any, Self

import msgspec

from edged.config.structs import Mqtt
from edged.contract.device import Result
from edged.contract.topics import Received, command_of, full_name, result_of
from edged.decoding import MALFORMED
from edged.errors import PublishError
from edged.mqtt.connection import Connection

_CONNECT_S = 5.0
_MAX_WAITING = 100


class CommandRequest:
    """One command, sent on entry, and its answers; use with ``with``."""

    def __init__(self, mqtt: Mqtt, node: str, name: str, **arguments: Any) -> None:  # noqa: ANN401 -- the command's
        self._id = secrets.token_hex(8)
        self._mqtt, self._node, self._name = mqtt, node, name
        self._payload = msgspec.json.encode({**arguments, "id": self._id})
        self._answers: queue.Queue[Result] = queue.Queue(_MAX_WAITING)
        self._broker = f"broker {mqtt.host}:{mqtt.tcp_port}"
        self._connection = Connection(
            mqtt,
            f"edged-ask-{secrets.token_hex(4)}",
            subscriptions=[full_name(mqtt.root, node, result_of(name))],
            on_received=self._keep,
        )

    def __enter__(self) -> Self:
        """Sends the command.

        Raises:
            PublishError: the broker is out of reach, or refuses the connection or the message.
            ConfigError: the password cannot be read, or the host is not a valid name.
        """
        self._connection.__enter__()
        topic = full_name(self._mqtt.root, self._node, command_of(self._name))
        if (
            not self._connection.wait_connected(_CONNECT_S)
            or self._connection.send(topic, self._payload, 1, retained=False) is None
        ):
            reason = self._connection.reason
            self._connection.__exit__(None, None, None)
            raise PublishError(f"{self._broker}: {reason}, expected one that accepts commands")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Disconnects."""
        self._connection.__exit__(kind, error, where)

    def answer(self, within_s: float) -> Result:
        """The next answer.

        Raises:
            PublishError: none came in time.
        """
        try:
            return self._answers.get(timeout=within_s)
        except queue.Empty:
            raise PublishError(
                f"node {self._node} at {self._broker} did not answer {self._name} within {within_s:g} s: is it online,"
                " does mqtt.commands allow it, and does the access list let this user read the answer?"
            ) from None

    def _keep(self, received: Received) -> None:
        try:
            result = msgspec.json.decode(received.payload, type=Result)
        except MALFORMED:  # anyone may publish there
            return
        if result.id == self._id and not self._answers.full():
            self._answers.put_nowait(result)
