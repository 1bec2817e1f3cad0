"""call_queue: what a call asks for before its analysis, the channel or the voice; the worker is a script here."""

from pathlib import Path

import pytest

from edged.config.structs import Config
from edged.web.calls.call_queue import Calls
from edged.web.calls.messages import VOICE_TURNS
from tests.parts.web.queued import VOICES, Worker, run_queue, started_call
from tests.parts.web.until import until


def test_queue_asks_for_the_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stereo call waits for its customer, others do not wait for it; only the first choice counts."""

    async def test(calls: Calls, worker: Worker) -> None:
        worker.go.set()
        asked, other = started_call(calls), started_call(calls)
        await until(lambda: asked.state == other.state == "choose")
        assert asked.question == "channel"
        calls.choose(other, "left")
        await until(lambda: other.state == "done")
        calls.choose(asked, "right")
        calls.choose(asked, "left")
        await until(lambda: asked.state == "done")
        assert worker.tasks[-1].customer == "right"

    run_queue(tmp_path, monkeypatch, test, Config())


@pytest.mark.parametrize("n_channels", [1, 2])
def test_queue_asks_for_the_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_channels: int) -> None:
    """A mono call, or a stereo one with both voices on both channels, is split and asks whose voice is the customer's.

    The answer goes to the analysis with the turns of the split; afterwards nothing of it is left.
    """

    async def test(calls: Calls, worker: Worker) -> None:
        worker.go.set()
        worker.n_channels = n_channels
        call = started_call(calls)
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

    run_queue(tmp_path, monkeypatch, test, Config())


def test_queue_takes_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a voice, a file of turns may be sent, and one of its speakers named; or neither."""

    async def test(calls: Calls, worker: Worker) -> None:
        worker.go.set()
        worker.n_channels = 1
        call, without = started_call(calls), started_call(calls)
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

    run_queue(tmp_path, monkeypatch, test)


def test_queue_channel_by_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A config that says which channel it is leaves nothing to ask."""

    async def test(calls: Calls, worker: Worker) -> None:
        worker.go.set()
        call = started_call(calls)
        await until(lambda: call.state == "done")
        assert call.customer == "left"

    run_queue(tmp_path, monkeypatch, test)
