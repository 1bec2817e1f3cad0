"""Stand-ins for faults and cuts that the real parts cannot be made to show."""

from collections.abc import Iterable
from typing import ClassVar, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.audio.ring import AudioChunk
from edged.contract.payloads import CaptureState, EmotionState, EpisodeEnd, EpisodeStart, Health, WindowScores
from edged.contract.status import SinkStatus, SourceStatus
from edged.contract.topics import CAPTURE, Topic
from edged.errors import EdgedError
from edged.features.logmel import Floats


class FakeSource:
    """A source that hands out given chunks, then raises ``fault`` or ends; None is a read in vain."""

    def __init__(
        self, chunks: Iterable[AudioChunk | None], *, live: bool = False, fault: EdgedError | None = None
    ) -> None:
        self.status = SourceStatus(name="fake", live=live, sample_rate_hz=16_000)
        self._chunks = iter(chunks)
        self._fault = fault

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as the microphone's
        """As the microphone, at once."""
        trouble = "muted by command or config, the microphone is closed" if muted else ""
        self.change(muted=muted, state="muted" if muted else "online", trouble=trouble)

    def change(self, **values: object) -> None:
        """Other values in ``status``."""
        self.status = msgspec.structs.replace(self.status, **values)

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The next one."""
        del timeout_s
        for chunk in self._chunks:
            return chunk
        self.change(ended=True)
        if self._fault is not None:
            raise self._fault
        return None


class KeepingSink:
    """A sink that keeps every payload in order."""

    status = SinkStatus(tls="verified")

    def __init__(self) -> None:
        self.all: list[tuple[Topic, msgspec.Struct | str]] = []
        self.windows: list[WindowScores] = []
        self.events: list[EpisodeStart | EpisodeEnd] = []
        self.captured: list[float | None] = []  # of each event
        self.states: list[EmotionState] = []
        self.captures: list[CaptureState] = []
        self.figures: list[Health] = []

    def tick(self) -> None:
        """Nothing is due."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Keeps it, with those of its kind and among all."""
        self.all.append((topic, payload))
        match payload:
            case WindowScores():
                self.windows.append(payload)
            case EpisodeStart() | EpisodeEnd():
                self.events.append(payload)
                self.captured.append(captured_s)
            case EmotionState():
                self.states.append(payload)
            case Health():
                self.figures.append(payload)
            case str() if topic == CAPTURE:
                self.captures.append(cast("CaptureState", payload))

    def of(self, topic: Topic) -> list[msgspec.Struct | str]:
        """All that was published on ``topic``."""
        return [payload for on, payload in self.all if on == topic]


class FixedInterpreter:
    """A model that answers ``fixed`` to every image, whatever file it was made of."""

    fixed: ClassVar[Floats]

    def __init__(self, name: str, content: bytes, n_labels: int, *, n_threads: int, runtime: str) -> None:
        """Takes what the real one takes."""

    def scores(self, image: NDArray[np.int8]) -> Floats:
        """(n_labels,) the same each time."""
        assert image.shape == (188, 64)
        return self.fixed
