"""A recording of a call to the sound of each party, two seconds at a time.

    file ──SoundFile──► block (n, 1 or 2) ──the customer's channel, the agent's──► 16 kHz, filtered as on the device
         ──two channels: the customer's silenced where it holds the agent's voice alone──► PartySound
         ──turns of a mono call: silence where the party does not speak──► PartySound(start, customer, agent)

Only ``customer`` may reach the models.  In a mono call with turns each party gets a copy of the channel that is silent
outside its own turns: the models were trained on windows with silence, and never with a second voice.
At most two seconds of sound are in memory, however long the call is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from edged.audio.condition import conditioner_for
from edged.audio.resample import Resampler
from edged.audio.ring import AudioChunk
from edged.audio.sound_file import SoundFile
from edged.calls.settings import CallSettings, Turn
from edged.calls.sound.crosstalk import CrosstalkFilter, Leak
from edged.config.structs import Audio
from edged.contract.call_report import Customer
from edged.errors import RecordingError, UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_STEREO = 2  # channels
_BLOCK_S = 2.0  # decoded at once: a second at a time takes a twentieth more CPU time, three 2 MB more memory
_FADE = 160  # samples, 10 ms at each end of a turn: a cut inside a vowel would click in all bands
_SAME = 0.999  # two channels with at least this correlation hold the same sound
_COLUMN: dict[Customer, int] = {"left": 0, "right": 1, "mono": 0}


@dataclass(frozen=True, slots=True)
class PartySound:
    """Contiguous sound of both parties at 16 kHz."""

    start: int  # sample count of the first sample
    customer: Floats  # (n,)
    agent: Floats | None  # (n,); None where nothing tells the parties apart


class Parties:
    """Both sides of one recording; ``with`` opens and closes the file."""

    def __init__(self, file: Path, settings: CallSettings) -> None:
        self._shown = settings.name or str(file)
        self._settings = settings
        self._file = SoundFile(file, settings.name)
        self._products = np.zeros(3)  # sums of left * left, right * right, left * right
        self.customer: Customer = "mono"
        self.separated_by: Literal["channels", "turns", "voices"] | None = None
        self._crosstalk = CrosstalkFilter()
        self.n_samples = 0  # at 16 kHz, so far

    def __enter__(self) -> Self:
        """Opens the file and settles whose channel is whose.

        Raises:
            RecordingError: it cannot be read, or has more than two channels.
            UsageError: it has two channels, and nobody said which is the customer's.
        """
        self._file.__enter__()
        try:
            self.customer = self._customer()
        except (RecordingError, UsageError):
            self._file.close()
            raise
        if self.customer != "mono":
            self.separated_by = "channels"
        elif self._settings.turns:
            self.separated_by = "turns" if self._settings.voice is None else "voices"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Closes the file."""
        self._file.close()

    @property
    def duration_s(self) -> float | None:
        """The length that the header promises; None if it promises none."""
        return self._file.duration_s

    @property
    def sample_rate_hz(self) -> int:
        """Of the file."""
        return self._file.sample_rate_hz

    @property
    def n_channels(self) -> int:
        """Of the file."""
        return self._file.n_channels

    @property
    def same_sound(self) -> bool:
        """Whether the two channels so far hold the same sound, so that they are really one."""
        left, right, both = self._products
        return bool(left > 0 and right > 0 and abs(both) >= _SAME * math.sqrt(left * right))

    @property
    def leak(self) -> Leak:
        """The agent's voice that was silenced on the customer's channel so far."""
        return self._crosstalk.leak

    def sound(self) -> Iterator[PartySound]:
        """All of the recording.

        Raises:
            RecordingError: it is damaged or cut off.
        """
        audio = self._settings.config.audio
        streams = [_Stream(self.sample_rate_hz, audio) for _ in range(2 if self.separated_by == "channels" else 1)]
        column = _COLUMN[self.customer]
        crosstalk = self._crosstalk
        for block in self._file.blocks(_BLOCK_S):
            if self.separated_by == "channels":
                left_right = np.ascontiguousarray(block.T)
                self._count(*left_right)
                sides = [left_right[column], left_right[1 - column]]
            else:
                sides = [block.mean(axis=1) if self.n_channels > 1 else block[:, 0]]
            made = [one.push(side) for one, side in zip(streams, sides, strict=True)]
            yield from self._split(list(crosstalk.push(*made)) if len(made) > 1 else made)
        made = [one.flush() for one in streams]
        if len(made) > 1:
            yield from self._split(list(crosstalk.push(*made)))
            made = list(crosstalk.flush())
        yield from self._split(made)

    def _split(self, sides: list[Floats]) -> Iterator[PartySound]:
        start, n = self.n_samples, len(sides[0])
        if not n:
            return
        self.n_samples += n
        if self.separated_by in {"turns", "voices"}:
            turns, name = self._settings.turns, self._settings.speaker.casefold()
            own = [turn for turn in turns if turn.speaker.casefold() == name]
            others = [turn for turn in turns if turn.speaker.casefold() != name]
            sides = [sides[0] * weights(start, n, own), sides[0] * weights(start, n, others)]
        yield PartySound(start, sides[0], sides[1] if len(sides) > 1 else None)

    def _count(self, left: Floats, right: Floats) -> None:
        self._products += [float(left @ left), float(right @ right), float(left @ right)]

    def _customer(self) -> Customer:
        settings, n = self._settings, self.n_channels
        if n > _STEREO:
            raise RecordingError(f"{self._shown}: has {n} channels, expected one or two")
        if n < _STEREO:
            return "mono"
        wanted = settings.customer or settings.config.calls.customer
        if wanted == "ask":
            raise UsageError(
                f"{self._shown}: has two channels, expected the customer's to be named: --customer left or right,"
                " or calls.customer in the config (mono: both channels hold both voices)"
            )
        return wanted


class _Stream:
    """One party's way from the file's rate to conditioned sound at 16 kHz."""

    def __init__(self, rate_hz: int, audio: Audio) -> None:
        self._resampler = Resampler(rate_hz)
        self._conditioner = conditioner_for(audio)
        self._count = 0

    def push(self, samples: Floats) -> Floats:
        """(m,) what ``samples`` (n,) complete."""
        return self._conditioned(self._resampler.push(np.ascontiguousarray(samples)))

    def flush(self) -> Floats:
        """(m,) the rest."""
        return self._conditioned(self._resampler.flush())

    def _conditioned(self, samples: Floats) -> Floats:
        chunk = AudioChunk(samples, self._count, 0.0)
        self._count += len(samples)
        return self._conditioner.conditioned(chunk).samples


def weights(start: int, n: int, turns: list[Turn]) -> Floats:
    """(n,) 1 inside ``turns``, 0 outside, with short slopes, for the samples from count ``start``."""
    weight = np.zeros(n, np.float32)
    at = start + np.arange(n)
    for turn in turns:
        first, last = (round(seconds * GEOMETRY.sample_rate_hz) for seconds in (turn.start_s, turn.end_s))
        if first < start + n and last > start:
            slope = np.minimum(at - first, last - at) / _FADE
            weight = np.maximum(weight, np.clip(slope, 0, 1).astype(np.float32))
    return weight
