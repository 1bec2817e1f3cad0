"""Fakes for faults and gaps that the real parts cannot be made to show."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.audio.ring import AudioChunk
from edged.contract.health import Health
from edged.contract.payloads import EmotionState, EpisodeEnd, EpisodeStart, WindowScores
from edged.contract.status import SinkStatus, SourceStatus
from edged.contract.topics import CAPTURE, Topic
from edged.errors import EdgedError
from edged.features.logmel import Floats

if TYPE_CHECKING:
    from edged.contract.fields import CaptureState


class FakeSource:
    """Source of given chunks that then raises ``fault`` or ends; None is a read without sound."""

    def __init__(
        self, chunks: Iterable[AudioChunk | None], *, live: bool = False, fault: EdgedError | None = None
    ) -> None:
        self.status = SourceStatus(name="fake", live=live, sample_rate_hz=16_000)
        self._chunks = iter(chunks)
        self._fault = fault

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as the microphone's
        """Mute or unmute at once."""
        trouble = "muted by command or config, the microphone is closed" if muted else ""
        self.change(muted=muted, state="muted" if muted else "online", trouble=trouble)

    def await_count(self, count: int) -> None:
        """Nothing: chunks come as they are."""

    def change(self, **values: object) -> None:
        """Replace fields of ``status``."""
        self.status = msgspec.structs.replace(self.status, **values)

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The next chunk."""
        del timeout_s
        for chunk in self._chunks:
            return chunk
        self.change(ended=True)
        if self._fault is not None:
            raise self._fault
        return None


class RecordingSink:
    """Sink that records every payload in order."""

    status = SinkStatus(tls="verified")

    def __init__(self) -> None:
        self.all: list[tuple[Topic, msgspec.Struct | str]] = []
        self.windows: list[WindowScores] = []
        self.events: list[EpisodeStart | EpisodeEnd] = []
        self.captured: list[float | None] = []  # capture time of each event
        self.states: list[EmotionState] = []
        self.captures: list[CaptureState] = []
        self.health_reports: list[Health] = []

    def tick(self) -> None:
        """Do nothing."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Record the payload by kind and in the overall order."""
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
                self.health_reports.append(payload)
            case str() if topic == CAPTURE:
                self.captures.append(cast("CaptureState", payload))

    def of(self, topic: Topic) -> list[msgspec.Struct | str]:
        """Everything published on ``topic``."""
        return [payload for on, payload in self.all if on == topic]


class FixedInterpreter:
    """Model that returns ``fixed`` for every image, whatever file it was loaded from."""

    fixed: ClassVar[Floats]

    def __init__(self, name: str, content: bytes, n_labels: int, *, n_threads: int, runtime: str) -> None:
        """Accept the arguments of the real interpreter."""

    def scores(self, image: NDArray[np.int8]) -> Floats:
        """(n_labels,) the same scores for each image."""
        assert image.shape == (188, 64)
        return self.fixed
