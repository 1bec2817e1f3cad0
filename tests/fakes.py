"""Stand-ins for faults and cuts that the real parts cannot be made to show."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edged.audio.ring import Stretch
from edged.errors import EdgedError
from edged.events.schema import CaptureState, EmotionState, EpisodeEnd, EpisodeStart, Health, WindowScores
from edged.features.logmel import Floats


class FakeSource:
    """A source that hands out given stretches, then raises ``fault`` or ends; None is a read in vain."""

    name = "fake"
    sample_rate_hz = 16_000
    n_tries = n_dropped = n_overflows = n_gaps = n_recoveries = n_clipped = 0
    state: CaptureState = "online"
    trouble = ""
    silent = False

    def __init__(
        self, stretches: Iterable[Stretch | None], *, live: bool = False, fault: EdgedError | None = None
    ) -> None:
        self.live = live
        self.ended = False
        self._stretches = iter(stretches)
        self._fault = fault

    def read(self, timeout_s: float) -> Stretch | None:
        """The next one."""
        del timeout_s
        for stretch in self._stretches:
            return stretch
        self.ended = True
        if self._fault is not None:
            raise self._fault
        return None


class KeepingSink:
    """A sink that keeps every payload in order."""

    reconnects = 0
    unacknowledged = 0
    outbox = None

    def __init__(self) -> None:
        self.windows: list[WindowScores] = []
        self.events: list[EpisodeStart | EpisodeEnd] = []
        self.states: list[EmotionState] = []
        self.captures: list[CaptureState] = []
        self.figures: list[Health] = []

    def window(self, payload: WindowScores) -> None:
        """Keeps it."""
        self.windows.append(payload)

    def start(self, payload: EpisodeStart) -> None:
        """Keeps it."""
        self.events.append(payload)

    def end(self, payload: EpisodeEnd) -> None:
        """Keeps it."""
        self.events.append(payload)

    def state(self, payload: EmotionState) -> None:
        """Keeps it."""
        self.states.append(payload)

    def capture(self, state: CaptureState) -> None:
        """Keeps it."""
        self.captures.append(state)

    def health(self, payload: Health) -> None:
        """Keeps it."""
        self.figures.append(payload)


class FixedInterpreter:
    """A model that answers ``fixed`` to every image, whatever file it was made of."""

    fixed: ClassVar[Floats]

    def __init__(self, name: str, content: bytes, n_labels: int, *, n_threads: int, runtime: str) -> None:
        """Takes what the real one takes."""

    def scores(self, image: NDArray[np.int8]) -> Floats:
        """(n_labels,) the same each time."""
        assert image.shape == (188, 64)
        return self.fixed
