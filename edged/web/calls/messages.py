"""The messages between the program and its worker process, one JSON line each.

program ──Task──► worker ──Progress…──► then one of Inspected, Voices, Analysed, Failed ──► program
"""

from typing import Literal

import msgspec

from edged.contract.call_report import Customer, Outcome, Voice

Channel = Literal["left", "right"]
VoiceNumber = Literal[1, 2]
VOICE_NUMBERS: tuple[VoiceNumber, ...] = (1, 2)
VOICE_TURNS = "voices.csv"  # of a split, in the call's folder
CHANNELS: tuple[Channel, ...] = ("left", "right")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do with one recording."""

    kind: Literal["inspect", "split", "analyse"]
    recording: str  # path
    name: str  # shown in the report and in messages
    folder: str  # for what is made
    config: msgspec.Raw  # the Config
    customer: Customer | None = None
    turns: str | None = None  # path of a file with who speaks when
    speaker: str = "customer"  # the customer's name in it
    voice: VoiceNumber | None = None  # the customer's, if the turns come from a split
    keep: bool = False  # the recording stays beside the report
    max_s: float  # a longer recording is refused


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How far an analysis is."""

    done_s: float
    total_s: float | None  # None: the file does not say its length


class Inspected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Facts about a recording."""

    n_channels: int
    duration_s: float | None
    silent: list[Channel] = []  # channels without sound in the inspected part


class Voices(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A mono recording is split: its turns and a bit of each voice are written."""

    voices: list[Voice]  # none: too little speech


class Analysed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The report is written."""

    outcome: Outcome
    score: float | None
    reason: str | None  # why there is none, in words
    low: float | None
    high: float | None
    duration_s: float


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The recording cannot be used: why, in one sentence."""

    sentence: str


Message = Progress | Inspected | Voices | Analysed | Failed
