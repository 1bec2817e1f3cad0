"""What receives messages through the publisher's connection.

    broker ──paho's thread──► connected(), lost(), received(Received)

All three are called in paho's thread, so a listener only queues what it got: it may neither take long nor wait for a
lock.  It gets every message that any listener subscribed to, and ignores those of others.
"""

from typing import Protocol

from edged.contract.topics import Received


class Listener(Protocol):
    """Optional for a publisher: a broker that refuses its subscriptions is still published to."""

    @property
    def filters(self) -> tuple[str, ...]:
        """Topic filters to subscribe to."""

    def connected(self) -> None:
        """The broker takes messages, for the first time or again."""

    def lost(self) -> None:
        """The broker is away, or refuses us."""

    def received(self, received: Received) -> None:
        """A message that matches a filter of this listener or of another."""
