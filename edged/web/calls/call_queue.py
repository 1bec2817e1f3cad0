"""The calls of this run: each waits, is inspected, asked about, analysed, and has a report until it is removed.

    add ──► checking ──stereo──► choose ──person──► queued ──► running ──► done
                     └──mono, or web's config says──┘             └──────► failed

One recording is analysed at a time, in the order in which they became ready.  A recording is deleted when its report is
made, when it fails and when it is removed; one that is kept on purpose when it is removed, or the program ends.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from edged.config.structs import Config
from edged.contract.call_report import Customer
from edged.web.calls.messages import CHANNELS, Analysed, Channel, Inspected, Progress, Task
from edged.web.calls.previews import preview
from edged.web.calls.worker_process import WorkerFault, worked
from edged.web.work_folder import remove

State = Literal["checking", "choose", "queued", "running", "done", "failed"]
_ID_BYTES = 12
_STEREO = 2

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Call:
    """One recording and what becomes of it."""

    identifier: str
    folder: Path
    name: str = ""  # as the client calls it; shown, never a path
    recording: Path | None = None  # None: deleted, or not there yet
    keep: bool = False
    state: State = "checking"
    inspected: Inspected | None = None
    customer: Customer | None = None
    progress: Progress | None = None
    result: Analysed | None = None
    sentence: str | None = None  # why it failed
    chosen: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """A call as the page shows it."""

    id: str
    name: str
    state: State
    duration_s: float | None
    silent: list[Channel]
    customer: Customer | None
    ahead: int  # calls that are analysed before it
    progress: float | None  # share of the recording; null: not known
    done_s: float | None
    result: Analysed | None
    sentence: str | None
    kept: bool


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
        if call.state == "choose" and not call.chosen.is_set():
            call.customer = customer
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
        ahead, views = int(any(call.state == "running" for call in self._calls.values())), []
        for call in self._calls.values():
            views.append(_view(call, ahead if call.state == "queued" else 0))
            ahead += call.state == "queued"
        return views[::-1]

    async def _life(self, call: Call) -> None:
        try:
            async with self._inspecting:
                inspected = await worked(self._task(call, "inspect"), lambda _progress: None)
            assert isinstance(inspected, Inspected)  # noqa: S101 -- what this kind of task ends with
            call.inspected = inspected
            await self._choice(call)
            call.state = "queued"
            async with self._analysing:
                call.state = "running"
                result = await worked(self._task(call, "analyse"), lambda progress: setattr(call, "progress", progress))
            assert isinstance(result, Analysed)  # noqa: S101 -- as above
            call.result, call.state = result, "done"
        except WorkerFault as exc:
            call.sentence, call.state = str(exc), "failed"
        except Exception:  # noqa: BLE001 -- a fault of the program: the log has it, the page a sentence
            _log.exception("a call failed")
            call.sentence, call.state = "The analysis failed by a fault of the program; its log says more.", "failed"
        finally:
            self._tidy(call)

    async def _choice(self, call: Call) -> None:
        """Waits until it is known which channel is the customer's."""
        if call.inspected is None or call.inspected.n_channels != _STEREO:
            return
        by_config = self._config.calls.customer
        if by_config != "ask":
            call.customer = by_config
            return
        call.state = "choose"
        await call.chosen.wait()

    def _task(self, call: Call, kind: Literal["inspect", "analyse"]) -> Task:
        return Task(
            kind=kind,
            recording=str(call.recording),
            name=call.name,
            folder=str(call.folder),
            config=msgspec.Raw(msgspec.json.encode(self._config)),
            customer=call.customer,
            keep=call.keep,
            max_s=self._config.web.max_hours * 3600,
        )

    def _tidy(self, call: Call) -> None:
        """Deletes what the report no longer needs."""
        for channel in CHANNELS:
            remove(preview(call.folder, channel))
        if call.recording is not None and not (call.keep and call.state == "done"):
            remove(call.recording)
            call.recording = None


def _view(call: Call, ahead: int) -> CallView:
    inspected, progress = call.inspected, call.progress
    share = None
    if progress is not None and progress.total_s:
        share = min(1.0, progress.done_s / progress.total_s)
    return CallView(
        id=call.identifier,
        name=call.name,
        state=call.state,
        duration_s=None if inspected is None else inspected.duration_s,
        silent=[] if inspected is None else inspected.silent,
        customer=call.customer,
        ahead=ahead,
        progress=share,
        done_s=None if progress is None else progress.done_s,
        result=call.result,
        sentence=call.sentence,
        kept=call.keep and call.recording is not None,
    )
