"""One recording on the page, what is asked about it, and what the page shows of it.

Call ──view_of──► CallView, JSON
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from edged.contract.call_report import Customer, Voice
from edged.web.calls.messages import Analysed, Channel, Inspected, Progress, VoiceNumber

State = Literal["checking", "choose", "splitting", "queued", "running", "done", "failed"]
Question = Literal["channel", "voice", "speaker"]  # that a call in the state choose asks


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
    question: Question | None = None
    customer: Customer | None = None
    voices: list[Voice] = field(default_factory=list)  # of a mono call
    turns: Path | None = None  # who speaks when, by a split or by a file that was sent
    speakers: list[str] = field(default_factory=list)  # in that file
    speaker: str = "customer"  # the customer's name in it
    voice: VoiceNumber | None = None
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
    question: Question | None
    voices: list[Voice]
    speakers: list[str]
    customer: Customer | None
    ahead: int  # calls that are analysed before it
    progress: float | None  # share of the recording; null: not known
    done_s: float | None
    result: Analysed | None
    sentence: str | None
    kept: bool


def view_of(call: Call, ahead: int) -> CallView:
    """``call`` as the page shows it, with the number of calls ``ahead`` of it."""
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
        question=call.question,
        voices=call.voices,
        speakers=call.speakers,
        customer=call.customer,
        ahead=ahead,
        progress=share,
        done_s=None if progress is None else progress.done_s,
        result=call.result,
        sentence=call.sentence,
        kept=call.keep and call.recording is not None,
    )
