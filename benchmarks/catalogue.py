"""The measurements by name: what each is of, and how long it may take."""

from importlib import import_module
from typing import NamedTuple, Protocol, cast

from benchmarks.result import Outcome


class Module(Protocol):
    """A measurement's module."""

    @staticmethod
    def measured() -> Outcome:
        """Measure."""


class Entry(NamedTuple):
    """One measurement."""

    name: str
    module: str  # below benchmarks
    limit_s: float  # its process is ended after this time
    about: str
    by_clock: bool = False  # times pass on the wall, not in the CPU alone

    def load(self) -> Module:
        """Its module, with the packages that it needs."""
        return cast("Module", import_module(f"benchmarks.{self.module}"))


ENTRIES = (
    Entry("front-end", "single.front_end", 300, "log-mel of 3 s at once, against three packages"),
    Entry("live-front-end", "single.live_front_end", 300, "log-mel of live sound, against the same"),
    Entry("window", "single.window", 400, "a window of speech over its models alone, and against other programs"),
    Entry("live", "single.live", 600, "edged run on live speech: CPU, memory, latency to a subscriber", by_clock=True),
    Entry("latency", "single.latency", 200, "arrival of a window's last sample to a subscriber", by_clock=True),
    Entry("start", "single.start", 300, "start of edged run and of edged --help", by_clock=True),
    Entry("steady", "single.steady", 300, "an hour's windows: garbage collections and growth"),
    Entry("outbox", "single.outbox", 300, "events through the outbox, acknowledged", by_clock=True),
    Entry("arithmetic", "single.arithmetic", 60, "multiply-adds of a window, and a Pi Zero 2 W on paper"),
    Entry("instructions", "instructions.measure", 900, "instructions and allocations, counted by valgrind"),
    Entry("replay", "single.replay", 300, "recordings, in times real time"),
    Entry("calls", "single.calls", 300, "an hour's call"),
    Entry("hub", "fleet.hub", 300, "a hub with a thousand nodes and a hundred places", by_clock=True),
    Entry("fleet", "fleet.broker", 200, "a thousand devices on one mosquitto", by_clock=True),
    Entry("cluster", "fleet.cluster", 400, "the same on a cluster of three brokers", by_clock=True),
    Entry("growth-pipeline", "growth.pipeline", 200, "growth with the stride and the models"),
    Entry("growth-outbox", "growth.depth", 200, "growth with the events that wait"),
    Entry("growth-corpus", "growth.corpus", 200, "growth with the corpus that is prepared"),
    Entry("growth-microphones", "growth.microphones", 200, "growth with the microphones of a machine", by_clock=True),
)
