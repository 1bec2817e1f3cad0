"""The calls of this run: each waits, is inspected, asked about, analysed, and has a report until it is removed.

    add ──► checking ──stereo──► choose the channel ───────────────────────────► queued ──► running ──► done
                     └──mono──► queued ──► splitting ──► choose the voice, or turns ──┘           └──► failed

One recording is analysed at a time, in the order in which they became ready.  A recording is deleted when its report is
made, when it fails and when it is removed; one that is kept on purpose when it is removed, or the program ends.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec

from edged.config.structs import Config
from edged.contract.call_report import Customer
from edged.web.calls.call import Call, CallView, Question, view_of
from edged.web.calls.messages import (
    CHANNELS,
    VOICE_NUMBERS,
    VOICE_TURNS,
    Analysed,
    Inspected,
    Task,
    VoiceNumber,
    Voices,
)
from edged.web.calls.previews import preview, voice_preview
from edged.web.calls.worker_process import WorkerFault, worked
from edged.web.work_folder import remove

_ID_BYTES = 12
_STEREO = 2

_log = logging.getLogger(__name__)


class Calls:
    """All calls of this run, below ``folder``."""

    def __init__(self, folder: Path, config: Config) -> None:
        self._folder, self._config = folder, config
        self._calls: dict[str, Call] = {}
        self._inspecting, self._analysing = asyncio.Semaphore(1), asyncio.Semaphore(1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Afterwards no worker is left."""
        try:
            yield
        finally:
            tasks = [call.task for call in self._calls.values() if call.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def __len__(self) -> int:
        """How many there are, in any state."""
        return len(self._calls)

    def reserve(self) -> Call:
        """A call with a folder of its own, which ``start`` or ``drop`` must follow."""
        identifier = secrets.token_urlsafe(_ID_BYTES)
        folder = self._folder / identifier
        folder.mkdir(mode=0o700)
        return Call(identifier, folder)

    def start(self, call: Call) -> None:
        """Inspect and analyse ``call``, whose recording is there."""
        self._calls[call.identifier] = call
        call.task = asyncio.create_task(self._life(call), name=f"edged-call-{call.identifier}")

    def drop(self, call: Call) -> None:
        """Remove a call that was not started."""
        remove(call.folder)

    def call(self, identifier: str) -> Call | None:
        """The call, if there is one."""
        return self._calls.get(identifier)

    def choose(self, call: Call, customer: Customer) -> None:
        """Say which channel is the customer's; only the first choice counts."""
        if call.question == "channel" and not call.chosen.is_set():
            call.customer = customer
            call.chosen.set()

    def choose_voice(self, call: Call, voice: VoiceNumber | None) -> None:
        """Say which voice of a mono call is the customer's; None: neither, so the report has no score."""
        if call.question in {"voice", "speaker"} and not call.chosen.is_set():
            call.voice = voice
            call.turns = None if voice is None else call.folder / VOICE_TURNS
            call.speaker = "customer" if voice is None else f"voice {voice}"
            call.chosen.set()

    def take_turns(self, call: Call, file: Path, speakers: list[str]) -> None:
        """A file says who speaks when in a mono call; the question is now which of its ``speakers`` is the customer."""
        if call.question in {"voice", "speaker"}:
            call.turns, call.speakers, call.question = file, speakers, "speaker"

    def choose_speaker(self, call: Call, speaker: str) -> None:
        """Say which speaker of the turns is the customer."""
        if call.question == "speaker" and speaker in call.speakers and not call.chosen.is_set():
            call.speaker = speaker
            call.chosen.set()

    async def remove(self, call: Call) -> None:
        """Stop what is done for ``call``, and delete all of it."""
        self._calls.pop(call.identifier, None)
        if call.task is not None:
            call.task.cancel()
            await asyncio.gather(call.task, return_exceptions=True)
        await asyncio.to_thread(remove, call.folder)

    def views(self) -> list[CallView]:
        """All calls, the newest first."""
        ahead, views = int(any(call.state in {"running", "splitting"} for call in self._calls.values())), []
        for call in self._calls.values():
            views.append(view_of(call, ahead if call.state == "queued" else 0))
            ahead += call.state == "queued"
        return views[::-1]

    async def _life(self, call: Call) -> None:
        try:
            async with self._inspecting:
                inspected = await worked(self._task(call, "inspect"), lambda _progress: None)
            assert isinstance(inspected, Inspected)  # noqa: S101 -- what this kind of task ends with
            call.inspected = inspected
            await self._channel(call)
            if call.customer not in {"left", "right"}:
                await self._voice(call)
            call.state, call.progress = "queued", None
            async with self._analysing:
                call.state = "running"
                result = await worked(self._task(call, "analyse"), lambda progress: setattr(call, "progress", progress))
            assert isinstance(result, Analysed)  # noqa: S101 -- as above
            call.result, call.state = result, "done"
        except WorkerFault as exc:
            call.sentence, call.state = str(exc), "failed"
        except Exception:  # noqa: BLE001 -- a fault of the program: the log has it, the page a sentence
            _log.exception("a call failed")
            call.sentence = "The analysis failed because of an error in the program. Its log has the details."
            call.state = "failed"
        finally:
            self._tidy(call)

    async def _channel(self, call: Call) -> None:
        """Waits until it is known which channel is the customer's."""
        if call.inspected is None or call.inspected.n_channels != _STEREO:
            return
        by_config = self._config.calls.customer
        if by_config == "ask":
            await self._answer(call, "channel")
        else:
            call.customer = by_config

    async def _voice(self, call: Call) -> None:
        """Splits a mono call into two voices, and waits until it is known which one is the customer's, or by turns."""
        call.state = "queued"
        async with self._analysing:
            call.state = "splitting"
            found = await worked(self._task(call, "split"), lambda progress: setattr(call, "progress", progress))
        assert isinstance(found, Voices)  # noqa: S101 -- what this kind of task ends with
        call.voices = found.voices
        await self._answer(call, "voice")

    async def _answer(self, call: Call, question: Question) -> None:
        call.state, call.question, call.chosen = "choose", question, asyncio.Event()
        await call.chosen.wait()
        call.question = None

    def _task(self, call: Call, kind: Literal["inspect", "split", "analyse"]) -> Task:
        return Task(
            kind=kind,
            recording=str(call.recording),
            name=call.name,
            folder=str(call.folder),
            config=msgspec.Raw(msgspec.json.encode(self._config)),
            customer=call.customer,
            turns=None if call.turns is None else str(call.turns),
            speaker=call.speaker,
            voice=call.voice,
            keep=call.keep,
            max_s=self._config.web.max_hours * 3600,
        )

    def _tidy(self, call: Call) -> None:
        """Deletes what the report no longer needs."""
        for channel in CHANNELS:
            remove(preview(call.folder, channel))
        for number in VOICE_NUMBERS:
            remove(voice_preview(call.folder, number))
        for file in {call.folder / VOICE_TURNS, *([] if call.turns is None else [call.turns])}:
            remove(file)
        if call.recording is not None and not (call.keep and call.state == "done"):
            remove(call.recording)
            call.recording = None
