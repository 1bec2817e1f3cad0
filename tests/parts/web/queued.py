"""A queue of calls whose worker is a script, and calls that are started in it."""

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

_DEADLINE_S = 60
LEFT = Config(calls=CallsConfig(customer="left"))
VOICES = [
    Voice(number=number, first_s=number, speech_s=9.0, sample=Span(start_s=1.0, end_s=9.0)) for number in VOICE_NUMBERS
]
REPORT = Analysed(outcome="calmed", score=7.0, reason=None, low=6.0, high=8.0, duration_s=60.0)


class Worker:
    """Stands for the worker process: analyses end when they are let go."""

    def __init__(self) -> None:
        self.n_channels = 2
        self.fault: str | None = None
        self.tasks: list[Task] = []
        self.n_running = self.most_running = 0
        self.go = asyncio.Event()

    async def worked(self, task: Task, progress: Callable[[Progress], None]) -> Inspected | Voices | Analysed:
        """What the worker process answers to ``task``."""
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
        return REPORT


def run_queue(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    test: Callable[[Calls, Worker], Awaitable[None]],
    config: Config | None = None,
) -> None:
    """Run ``test`` with calls below ``tmp_path`` and their worker."""

    async def run() -> None:
        worker = Worker()
        monkeypatch.setattr(call_queue, "worked", worker.worked)
        calls = Calls(tmp_path, config or LEFT)
        async with asyncio.timeout(_DEADLINE_S), calls.running():
            await test(calls, worker)

    asyncio.run(run())


def started_call(calls: Calls, name: str = "a.wav", *, keep: bool = False) -> Call:
    """A call that was started, with a recording of this name."""
    call = calls.reserve()
    call.name, call.keep, call.recording = name, keep, call.folder / "recording.wav"
    call.recording.write_bytes(b"sound")
    calls.start(call)
    return call
