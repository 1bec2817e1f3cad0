"""call_queue: one analysis at a time, each can be cancelled, recordings are deleted; the worker is a script here."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edged.config.structs import Config
from edged.web.calls.call_queue import Calls
from tests.parts.web.queued import REPORT, Worker, run_queue, started_call
from tests.parts.web.until import until

if TYPE_CHECKING:
    from edged.web.calls.call import Call


def test_queue_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls wait for the first; the page shows how many are ahead and how far the first is."""

    async def test(calls: Calls, worker: Worker) -> None:
        started = [started_call(calls, f"{number}.wav") for number in range(3)]
        await until(lambda: [call.state for call in started] == ["running", "queued", "queued"])
        views = calls.views()
        assert [view.name for view in views] == ["2.wav", "1.wav", "0.wav"]
        assert [view.ahead for view in views] == [2, 1, 0]
        assert views[-1].progress == 0.25
        worker.go.set()
        await until(lambda: all(call.state == "done" for call in started))
        assert worker.most_running == 1
        assert [task.name for task in worker.tasks if task.kind == "analyse"] == ["0.wav", "1.wav", "2.wav"]

    run_queue(tmp_path, monkeypatch, test)


@pytest.mark.parametrize("keep", [True, False])
def test_queue_recording_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool) -> None:
    """With its report made, the recording is there only if it is kept on purpose; the previews never are."""

    async def test(calls: Calls, worker: Worker) -> None:
        worker.go.set()
        call = started_call(calls, keep=keep)
        await until(lambda: call.state == "done")
        await until(lambda: call.task is not None and call.task.done())
        assert [path.name for path in call.folder.iterdir()] == (["recording.wav"] if keep else [])
        assert calls.views()[0].kept is keep
        assert calls.views()[0].result == REPORT

    run_queue(tmp_path, monkeypatch, test)


def test_queue_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that cannot be used is deleted, kept on purpose or not, and the next one follows."""

    async def test(calls: Calls, worker: Worker) -> None:
        worker.fault = "No speech."
        worker.go.set()
        first, second = started_call(calls, keep=True), started_call(calls)
        await until(lambda: first.state == second.state == "failed")
        assert first.sentence == "No speech."
        assert list(first.folder.iterdir()) == []

    run_queue(tmp_path, monkeypatch, test)


@pytest.mark.parametrize("state", ["choose", "running", "queued", "done"])
def test_queue_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """A call can be removed in any state: its task ends, its folder is gone, the others go on."""

    async def test(calls: Calls, worker: Worker) -> None:
        if state == "done":
            worker.go.set()
        first = started_call(calls, "first.wav")
        await until(lambda: first.state in {"running", "done", "choose"})
        second = started_call(calls, "second.wav")
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

    run_queue(tmp_path, monkeypatch, test, Config() if state == "choose" else None)


def test_queue_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the program ends, what runs and what waits is cancelled, and its recordings are deleted."""
    started: list[Call] = []

    async def test(calls: Calls, _worker: Worker) -> None:
        started.extend(started_call(calls) for _ in range(2))
        await until(lambda: started[0].state == "running")

    run_queue(tmp_path, monkeypatch, test)
    assert all(call.task is not None and call.task.cancelled() for call in started)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
