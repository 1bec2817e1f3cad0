"""Recordings at a given speed: each chunk arrives when a microphone would deliver it, divided by the speed."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import soundfile

from edged.audio.recording import Recording
from tests.parts.sound.speech import RATE_HZ, tone

if TYPE_CHECKING:
    from edged.audio.ring import AudioChunk


class Pace:
    """Replaces ``time`` in the recording module with a clock that only waiting advances."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        """Seconds waited so far."""
        return self.now_s

    def time(self) -> float:
        """Wall clock time, the same as ``monotonic``."""
        return self.now_s

    def Event(self) -> threading.Event:  # noqa: N802 -- as of threading
        """An event whose waits advance only this clock."""
        pace = self

        class Waited(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                pace.now_s += timeout or 0.0
                return self.is_set()

        return Waited()


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """Fake clock in the recording module."""
    made = Pace()
    monkeypatch.setattr("edged.audio.recording.time", made)
    monkeypatch.setattr("edged.audio.recording.threading", SimpleNamespace(Event=made.Event))
    return made


@pytest.mark.parametrize(("speed", "duration_s"), [(1, 0.6), (100, 60), (0.5, 0.3)])
def test_speed_divides_the_time(tmp_path: Path, pace: Pace, speed: float, duration_s: float) -> None:
    """Each chunk arrives when a microphone would deliver it, divided by the speed."""
    soundfile.write(tmp_path / "a.wav", tone(duration_s=duration_s), RATE_HZ)
    n = 0
    with Recording(tmp_path / "a.wav", speed=speed) as recording:
        while (chunk := recording.read(5)) is not None:
            n += len(chunk.samples)
            assert pace.now_s - 1000 == pytest.approx(n / RATE_HZ / speed)
    assert n == round(duration_s * RATE_HZ)


def test_read_that_is_not_due_returns_in_time(tmp_path: Path, pace: Pace) -> None:
    """A chunk not due within the timeout is returned by a later read; early reads lose nothing."""
    soundfile.write(tmp_path / "a.wav", tone(duration_s=0.25), RATE_HZ)
    received: list[AudioChunk | None] = []
    with Recording(tmp_path / "a.wav", speed=1) as recording:
        while not recording.ended:
            received.append(recording.read(0.05))
            assert pace.now_s - 1000 <= 0.05 * len(received) + 1e-9
    # Two chunks of 0.125 s, then the end.
    assert [chunk is None for chunk in received] == [True, True, False, True, True, False, True]
    assert sum(len(chunk.samples) for chunk in received if chunk) == round(0.25 * RATE_HZ)


def test_stop_ends_a_read_that_waits(tmp_path: Path) -> None:
    """Stopped from another thread, a slow recording ends at once."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE_HZ)
    with Recording(tmp_path / "a.wav", speed=0.001) as recording:
        stopper = threading.Thread(target=recording.stop)
        stopper.start()
        assert recording.read(60) is None
        stopper.join(60)
        assert recording.ended


def test_speed_of_nothing_is_refused() -> None:
    """At speed 0 a recording would never end."""
    with pytest.raises(ValueError, match="speed 0"):
        Recording("a.wav", speed=0)
