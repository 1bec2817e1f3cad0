"""What may hear the broker through the publisher's connection, and which thread calls it.

    broker ──paho's thread──► connected(), received(Received)          the pipeline's thread ──► tick()

A listener leaves what it received where ``tick`` finds it: nothing that takes time, and no lock, may happen in paho's
thread.  It is told of every message that any listener asked for, and passes over what is not its own.
"""

from typing import Protocol

from edged.contract.topics import Received


class Listener(Protocol):
    """Heard and spoken to by a publisher; each is optional: a broker that refuses its filters is published to."""

    @property
    def filters(self) -> tuple[str, ...]:
        """Whole topic filters that it wants."""

    def connected(self) -> None:
        """The broker takes messages, for the first time or again; paho's thread."""

    def lost(self) -> None:
        """The broker is away, or refuses us; paho's thread."""

    def received(self, received: Received) -> None:
        """A message that matches a filter of this listener or of another; paho's thread."""

    def tick(self) -> None:
        """Called by the pipeline between two reads, at least each half second; it may publish."""
