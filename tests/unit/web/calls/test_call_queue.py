"""call_queue: one analysis at a time, each can be cancelled, recordings are deleted; the worker is a script here."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edged.config.structs import Calls as CallsConfig
from edged.config.structs import Config
from edged.contract.call_report import Span, Voice
from edged.web.calls import call_queue
from edged.web.calls.call import Call
from edged.web.calls.call_queue import Calls
from edged.web.calls.messages import VOICE_NUMBERS, VOICE_TURNS, Analysed, Inspected, Progress, Task, Voices
from edged.web.calls.previews import preview, voice_preview
from edged.web.calls.worker_process import WorkerFault
from tests.parts.web.until import until

_DEADLINE_S = 60
LEFT = Config(calls=CallsConfig(customer="left"))
VOICES = [
    Voice(number=number, first_s=number, speech_s=9.0, sample=Span(start_s=1.0, end_s=9.0)) for number in VOICE_NUMBERS
]
_REPORT = Analysed(outcome="calmed", score=7.0, reason=None, low=6.0, high=8.0, duration_s=60.0)


class _Worker:
    """Stands for the worker process: analyses end when they are let go."""

    def __init__(self) -> None:
        self.n_channels = 2
        self.fault: str | None = None
        self.tasks: list[Task] = []
        self.n_running = self.most_running = 0
        self.go = asyncio.Event()

    async def worked(self, task: Task, progress: Callable[[Progress], None]) -> Inspected | Voices | Analysed:
        self.tasks.append(task)
        if task.kind == "inspect":
            for channel in ("left", "right"):
                preview(Path(task.folder), channel).touch()
            return Inspected(n_channels=self.n_channels, duration_s=60.0)
        if task.kind == "split":
            for number in VOICE_NUMBERS:
                voice_preview(Path(task.folder), number).touch()
            (Path(task.folder) / VOICE_TURNS).write_text("start_s,end_s,speaker\n0,1,voice 1\n", encoding="utf-8")
            return Voices(voices=VOICES)
        self.n_running += 1
        self.most_running = max(self.most_running, self.n_running)
        try:
            progress(Progress(done_s=15.0, total_s=60.0))
            await self.go.wait()
        finally:
            self.n_running -= 1
        if self.fault is not None:
            raise WorkerFault(self.fault)
        return _REPORT


def _run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    test: Callable[[Calls, _Worker], Awaitable[None]],
    config: Config | None = None,
) -> None:
    async def run() -> None:
        worker = _Worker()
        monkeypatch.setattr(call_queue, "worked", worker.worked)
        calls = Calls(tmp_path, config or LEFT)
        async with asyncio.timeout(_DEADLINE_S), calls.running():
            await test(calls, worker)

    asyncio.run(run())


def _started(calls: Calls, name: str = "a.wav", *, keep: bool = False) -> Call:
    call = calls.reserve()
    call.name, call.keep, call.recording = name, keep, call.folder / "recording.wav"
    call.recording.write_bytes(b"sound")
    calls.start(call)
    return call


def test_queue_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls wait for the first; the page shows how many are ahead and how far the first is."""

    async def test(calls: Calls, worker: _Worker) -> None:
        started = [_started(calls, f"{number}.wav") for number in range(3)]
        await until(lambda: [call.state for call in started] == ["running", "queued", "queued"])
        views = calls.views()
        assert [view.name for view in views] == ["2.wav", "1.wav", "0.wav"]
        assert [view.ahead for view in views] == [2, 1, 0]
        assert views[-1].progress == 0.25
        worker.go.set()
        await until(lambda: all(call.state == "done" for call in started))
        assert worker.most_running == 1
        assert [task.name for task in worker.tasks if task.kind == "analyse"] == ["0.wav", "1.wav", "2.wav"]

    _run(tmp_path, monkeypatch, test)


@pytest.mark.parametrize("keep", [True, False])
def test_queue_recording_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool) -> None:
    """With its report made, the recording is there only if it is kept on purpose; the previews never are."""

    async def test(calls: Calls, worker: _Worker) -> None:
        worker.go.set()
        call = _started(calls, keep=keep)
        await until(lambda: call.state == "done")
        await until(lambda: call.task is not None and call.task.done())
        assert [path.name for path in call.folder.iterdir()] == (["recording.wav"] if keep else [])
        assert calls.views()[0].kept is keep
        assert calls.views()[0].result == _REPORT

    _run(tmp_path, monkeypatch, test)


def test_queue_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that cannot be used is deleted, kept on purpose or not, and the next one follows."""

    async def test(calls: Calls, worker: _Worker) -> None:
        worker.fault = "No speech."
        worker.go.set()
        first, second = _started(calls, keep=True), _started(calls)
        await until(lambda: first.state == second.state == "failed")
        assert first.sentence == "No speech."
        assert list(first.folder.iterdir()) == []

    _run(tmp_path, monkeypatch, test)


def test_queue_asks_for_the_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stereo call waits for its customer, others do not wait for it; only the first choice counts."""

    async def test(calls: Calls, worker: _Worker) -> None:
        worker.go.set()
        asked, other = _started(calls), _started(calls)
        await until(lambda: asked.state == other.state == "choose")
        assert asked.question == "channel"
        calls.choose(other, "left")
        await until(lambda: other.state == "done")
        calls.choose(asked, "right")
        calls.choose(asked, "left")
        await until(lambda: asked.state == "done")
        assert worker.tasks[-1].customer == "right"

    _run(tmp_path, monkeypatch, test, Config())


@pytest.mark.parametrize("n_channels", [1, 2])
def test_queue_asks_for_the_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_channels: int) -> None:
    """A mono call, or a stereo one with both voices on both channels, is split and asks whose voice is the customer's.

    The answer goes to the analysis with the turns of the split; afterwards nothing of it is left.
    """

    async def test(calls: Calls, worker: _Worker) -> None:
        worker.go.set()
        worker.n_channels = n_channels
        call = _started(calls)
        if n_channels == 2:
            await until(lambda: call.question == "channel")
            calls.choose(call, "mono")
        await until(lambda: call.question == "voice")
        assert calls.views()[0].voices == VOICES
        calls.choose(call, "left")  # not what is asked
        calls.choose_voice(call, 2)
        calls.choose_voice(call, 1)
        await until(lambda: call.task is not None and call.task.done())
        assert call.state == "done"
        last = worker.tasks[-1]
        assert (last.kind, last.voice, last.speaker) == ("analyse", 2, "voice 2")
        assert last.turns == str(call.folder / VOICE_TURNS)
        assert list(call.folder.iterdir()) == []

    _run(tmp_path, monkeypatch, test, Config())


def test_queue_takes_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a voice, a file of turns may be sent, and one of its speakers named; or neither."""

    async def test(calls: Calls, worker: _Worker) -> None:
        worker.go.set()
        worker.n_channels = 1
        call, without = _started(calls), _started(calls)
        await until(lambda: call.question == without.question == "voice")
        file = call.folder / "turns.csv"
        file.touch()
        calls.take_turns(call, file, ["A", "B"])
        assert (calls.views()[1].question, calls.views()[1].speakers) == ("speaker", ["A", "B"])
        calls.choose_speaker(call, "C")  # nobody
        calls.choose_speaker(call, "B")
        calls.choose_voice(without, None)
        await until(lambda: call.state == without.state == "done")
        analysed = {task.folder: task for task in worker.tasks if task.kind == "analyse"}
        assert analysed[str(call.folder)].turns == str(file)
        assert analysed[str(call.folder)].speaker == "B"
        assert analysed[str(call.folder)].voice is None
        assert analysed[str(without.folder)].turns is None
        await until(lambda: call.task is not None and call.task.done())
        assert list(call.folder.iterdir()) == []

    _run(tmp_path, monkeypatch, test)


def test_queue_channel_by_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A config that says which channel it is leaves nothing to ask."""

    async def test(calls: Calls, worker: _Worker) -> None:
        worker.go.set()
        call = _started(calls)
        await until(lambda: call.state == "done")
        assert call.customer == "left"

    _run(tmp_path, monkeypatch, test)


@pytest.mark.parametrize("state", ["choose", "running", "queued", "done"])
def test_queue_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """A call can be removed in any state: its task ends, its folder is gone, the others go on."""

    async def test(calls: Calls, worker: _Worker) -> None:
        if state == "done":
            worker.go.set()
        first = _started(calls, "first.wav")
        await until(lambda: first.state in {"running", "done", "choose"})
        second = _started(calls, "second.wav")
        removed = second if state == "queued" else first
        await until(lambda: removed.state == state)
        await calls.remove(removed)
        assert removed.task is not None
        assert removed.task.done()
        assert not removed.folder.exists()
        assert len(calls) == 1
        worker.go.set()
        left = first if removed is second else second
        if state == "choose":
            await until(lambda: left.state == "choose")
            calls.choose(left, "left")
        await until(lambda: left.state == "done")

    _run(tmp_path, monkeypatch, test, Config() if state == "choose" else None)


def test_queue_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the program ends, what runs and what waits is cancelled, and its recordings are deleted."""
    started: list[Call] = []

    async def test(calls: Calls, _worker: _Worker) -> None:
        started.extend(_started(calls) for _ in range(2))
        await until(lambda: started[0].state == "running")

    _run(tmp_path, monkeypatch, test)
    assert all(call.task is not None and call.task.cancelled() for call in started)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
