"""The pipeline in its steady state: memory does not grow, and each window needs the same little of it."""

import gc
import threading
import tracemalloc
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from edged.audio.ring import AudioChunk
from edged.config.load import parse_config
from edged.contract.topics import Topic
from edged.host.process.memory import Collector
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon
from tests.parts.fakes import FakeSource, RecordingSink
from tests.parts.models.trunk_bundles import trunk_bundle
from tests.parts.sound.speech import noise

STRIDE, N_WINDOWS = 7936, 60


class Nowhere(RecordingSink):
    """Keeps nothing."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Drops it."""


@pytest.fixture(params=["windows", "trunk"])
def any_bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The shipped one, and one whose models see the features of a trunk."""
    if request.param == "windows":
        return load_bundle(DEFAULT_BUNDLE)
    return trunk_bundle(tmp_path_factory.mktemp("bundle"), "float")


def test_windows_leave_nothing_behind(any_bundle: Bundle) -> None:
    """Over sixty windows of speech-like noise: no growth, no collection, and at most a megabyte in between."""
    config = parse_config("gate: {kind: level, min_dbfs: -96, margin_db: 3}", "test")
    sound = noise(20.0) * np.repeat(np.tile([0.01, 1.0], 20), 8000).astype(np.float32)
    after: list[int] = []
    peaks: list[int] = []

    def chunks() -> Iterator[AudioChunk]:
        for n in range(N_WINDOWS):
            start = n * STRIDE
            current, peak = tracemalloc.get_traced_memory()
            after.append(current)
            peaks.append(peak - (after[-2] if n else 0))
            tracemalloc.reset_peak()
            yield AudioChunk(sound[(start + np.arange(STRIDE)) % len(sound)], start, start / 16_000)

    daemon = Daemon(
        config, any_bundle, FakeSource(chunks(), live=True), Nowhere(), adaptation=AdaptationStore(config, any_bundle)
    )
    stop = threading.Event()
    with Collector(lambda: 0.0):
        before = [one["collections"] for one in gc.get_stats()]
        tracemalloc.start()
        try:
            daemon.run(stop)
        finally:
            tracemalloc.stop()
        assert [one["collections"] for one in gc.get_stats()] == before
    settled = after[N_WINDOWS // 2 :]
    assert max(settled) - min(settled) < 60_000, settled
    assert max(peaks[N_WINDOWS // 2 :]) < 1_000_000, peaks
