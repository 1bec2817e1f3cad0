"""worker_process: a real worker inspects real files; a broken one gives a sentence, a dead one too."""

import asyncio
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from edged.config.structs import Config
from edged.web.calls import worker_process
from edged.web.calls.messages import Inspected, Task
from edged.web.calls.previews import preview
from edged.web.calls.worker_process import WorkerFault, worked
from tests.parts.web.recordings import TURN_S, written
from tests.parts.web.until import until

_DEADLINE_S = 60


def _inspected(recording: Path, *, max_hours: float = 1.0, name: str = "call.wav") -> Inspected:
    task = Task(
        kind="inspect",
        recording=str(recording),
        name=name,
        folder=str(recording.parent),
        config=msgspec.Raw(msgspec.json.encode(Config())),
        max_s=max_hours * 3600,
    )

    async def run() -> object:
        async with asyncio.timeout(_DEADLINE_S):
            return await worked(task, lambda _progress: None)

    result = asyncio.run(run())
    assert isinstance(result, Inspected)
    return result


def test_worker_inspects_stereo(tmp_path: Path) -> None:
    """Channels, length, and a bit of each channel in which that channel alone is heard."""
    found = _inspected(written(tmp_path / "recording.wav"))
    assert (found.n_channels, found.duration_s, found.silent) == (2, 48.0, [])
    for channel in ("left", "right"):
        samples, _ = soundfile.read(preview(tmp_path, channel))
        assert len(samples) == TURN_S * 16_000
        assert np.abs(samples).max() == pytest.approx(0.7, abs=0.01)
        loud = np.abs(samples).reshape(TURN_S, -1).max(axis=1) > 0.01
        assert loud.mean() > 0.7


def test_worker_names_silent_channel(tmp_path: Path) -> None:
    """A channel without sound is named, so that nobody wonders at a silent preview."""
    samples = np.zeros((16_000, 2), np.float32)
    samples[:, 0] = 0.1
    soundfile.write(tmp_path / "recording.wav", samples, 8000)
    assert _inspected(tmp_path / "recording.wav").silent == ["right"]


def test_worker_broken_file(tmp_path: Path) -> None:
    """The fault is a sentence without our path and without a command for a terminal."""
    (tmp_path / "recording.wav").write_bytes(b"RIFF\0\0\x10\0WAVEfmt " + b"nonsense" * 20)
    with pytest.raises(WorkerFault) as caught:
        _inspected(tmp_path / "recording.wav")
    sentence = str(caught.value)
    assert sentence.startswith("Cannot be decoded (")
    assert sentence.endswith("expected wav, flac, ogg, opus or mp3.")
    assert str(tmp_path) not in sentence


def test_worker_too_long(tmp_path: Path) -> None:
    """A length in the header above the limit is refused before anything is decoded."""
    with pytest.raises(WorkerFault, match=r"Longer than the 0\.01 hours that web\.max_hours allows\."):
        _inspected(written(tmp_path / "recording.wav"), max_hours=0.01)
    assert not preview(tmp_path, "left").exists()


def test_worker_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends without a word, as after a crash of a decoder, is a sentence."""
    monkeypatch.setattr(worker_process, "_MODULE", "token")
    with pytest.raises(WorkerFault, match="no report"):
        _inspected(tmp_path / "recording.wav")


def test_worker_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelling kills the process at once."""
    ended: list[int | None] = []
    create = asyncio.create_subprocess_exec

    async def run() -> None:
        made: list[asyncio.subprocess.Process] = []

        async def spy(*arguments: str, **settings: object) -> asyncio.subprocess.Process:
            made.append(await create(*arguments, **settings))  # type: ignore[arg-type]
            return made[-1]

        monkeypatch.setattr(asyncio, "create_subprocess_exec", spy)
        task = Task(
            kind="inspect",
            recording=str(tmp_path),
            name="x",
            folder=str(tmp_path),
            config=msgspec.Raw(b"{}"),
            max_s=1.0,
        )
        working = asyncio.create_task(worked(task, lambda _progress: None))
        async with asyncio.timeout(_DEADLINE_S):
            await until(lambda: bool(made))
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        ended.append(made[0].returncode)

    asyncio.run(run())
    assert ended == [-9]
