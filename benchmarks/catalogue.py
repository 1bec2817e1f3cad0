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

    def load(self) -> Module:
        """Its module, with the packages that it needs."""
        return cast("Module", import_module(f"benchmarks.{self.module}"))


ENTRIES = (
    Entry("front-end", "single.front_end", 300, "log-mel of 3 s at once, against three packages"),
    Entry("live-front-end", "single.live_front_end", 300, "log-mel of live sound, against the same"),
    Entry("window", "single.window", 400, "a window of the pipeline over its models alone, and against peers"),
)
