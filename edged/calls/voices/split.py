"""A mono recording to its two voices: who speaks when, by their sound alone.

    file ──speech gate──► frames with speech, their level
         ──windows of 1.6 s with speech, 0.8 s apart──VoiceEncoder──► (n, 256) ──two sides──► each frame's side
         ──smoothed──► turns of voice 1, which speaks first, and of voice 2

A window may hold both voices, so a frame is decided by all windows that contain it, most of all by those centred near
it, and a change of voice costs as much as a fifth of a second of clear evidence gains.  The file is read twice, a
little at a time, because the encoder needs the level of the speech.  One embedding per 0.8 s is stored: 4.6 MB for an
hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from edged.calls.settings import CallSettings, Turn
from edged.calls.sound.parties import Parties
from edged.calls.sound.speech import Bools, SpeechFrames
from edged.calls.sound.windows import AgentGate, Progress
from edged.calls.voices.clusters import two_sides
from edged.calls.voices.encoder import GEOMETRY as MEL
from edged.calls.voices.encoder import N_FRAMES, N_UNITS, VoiceEncoder, gain
from edged.contract.call_report import Span, Voice
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.cascade import preferred_runtime

NAMES = ("voice 1", "voice 2")
_STEP = 80  # frames of 10 ms between windows
_WIDTH = round(N_FRAMES * MEL.hop / GEOMETRY.hop)  # of a window, in frames of the front end
_AT_ONCE = 64  # windows whose embeddings are computed together
_USED = 0.5  # share of speech that a window needs to be used
_CHANGE = 12.0  # evidence that a change of voice costs, in frames of 16 ms with a mean window's evidence
_SAMPLE_S = 8.0  # seconds of a voice to recognise it by
_MIN_SHARE = 0.02  # of all speech; with less there is no second voice


@dataclass(frozen=True, slots=True)
class Split:
    """Two voices; empty if there is too little speech, or only one voice."""

    turns: tuple[Turn, ...] = ()
    voices: list[Voice] = field(default_factory=list)
    alike: float = 1.0  # cosine of both voices' mean embeddings; 0.74 to 0.95 of two people, 0.83 and more of one


def needs_split(file: Path, settings: CallSettings) -> bool:
    """Whether only their sound can separate the parties of ``file``.

    Raises:
        RecordingError, UsageError: as ``Parties``.
    """
    with Parties(file, settings) as parties:
        return parties.separated_by is None


def known_split(settings: CallSettings) -> Split:
    """The voices that ``settings`` already have as turns, as an earlier ``split`` made them."""
    if settings.voice is None or not settings.turns:
        return Split()
    return Split(settings.turns, [_voice(1, settings.turns), _voice(2, settings.turns)])


def with_voice(settings: CallSettings, found: Split) -> CallSettings:
    """``settings`` with the turns of ``found``, if there are two voices and the customer's is named."""
    if settings.voice is None or not found.turns:
        return replace(settings, voice=None)
    return replace(settings, turns=found.turns, speaker=NAMES[settings.voice - 1])


def split(file: Path, settings: CallSettings, progress: Progress, encoder: VoiceEncoder | None = None) -> Split:
    """The voices of the mono recording ``file``, by ``encoder`` or the one that is shipped.

    Raises:
        RecordingError, UsageError: as ``Parties``.
        ModelError: the encoder's weights, or the bundle's gate, cannot be used.
    """
    speech, level = _speech(file, settings, lambda done_s, total_s: progress(done_s / 2, total_s))
    windows = _Windows(encoder or VoiceEncoder(), speech, level)
    with Parties(file, settings) as parties:
        for sound in parties.sound():
            windows.push(sound.customer)
            done_s = parties.n_samples / GEOMETRY.sample_rate_hz
            progress((done_s + (parties.duration_s or done_s)) / 2, parties.duration_s)
    return voices_of(windows.embeddings(), np.array(windows.starts), speech)


def _speech(file: Path, settings: CallSettings, progress: Progress) -> tuple[Bools, float]:
    """The frames (k,) with speech, and the rms of the sound in them."""
    speech = SpeechFrames(settings.config.gate.min_dbfs)
    gate = AgentGate(settings.config, settings.bundle, preferred_runtime())
    powers: list[Floats] = []
    rest = np.zeros(0, np.float32)
    with Parties(file, settings) as parties:
        for sound in parties.sound():
            for window, has_speech in gate.windows(sound.customer, sound.start):
                speech.add(window, speech=has_speech)
            rest = np.concatenate([rest, sound.customer])
            whole = len(rest) // GEOMETRY.hop * GEOMETRY.hop
            powers.append(np.square(rest[:whole]).reshape(-1, GEOMETRY.hop).mean(axis=1))
            rest = rest[whole:]
            progress(parties.n_samples / GEOMETRY.sample_rate_hz, parties.duration_s)
    for window, has_speech in gate.finish():
        speech.add(window, speech=has_speech)
    power = np.concatenate(powers) if powers else np.zeros(0, np.float32)
    frames = speech.frames(len(power))
    return frames, float(np.sqrt(power[frames].mean())) if frames.any() else 0.0


def voices_of(embeddings: Floats, starts: "np.ndarray[tuple[int, ...], np.dtype[np.int_]]", speech: Bools) -> Split:
    """The voices by the ``embeddings`` (n, 256) of windows from the frames ``starts`` (n,) on, and ``speech`` (k,)."""
    found = two_sides(embeddings)
    if found is None:
        return Split()
    kernel = np.bartlett(_WIDTH + 2)[1:-1]
    evidence, weight = np.zeros(len(speech) + _WIDTH), np.zeros(len(speech) + _WIDTH)
    for start, side in zip(starts.tolist(), found.sides.tolist(), strict=True):
        evidence[start : start + _WIDTH] += side * kernel
        weight[start : start + _WIDTH] += kernel
    evidence = (evidence / np.maximum(weight, kernel.min()))[: len(speech)] * speech
    first = _smoothed(evidence)
    share = np.count_nonzero(first & speech) / max(np.count_nonzero(speech), 1)
    if not _MIN_SHARE <= share <= 1 - _MIN_SHARE:
        return Split()
    if not first[int(speech.argmax())]:
        first = ~first  # voice 1 speaks first
    turns = tuple(_turns(first, speech))
    return Split(turns, [_voice(1, turns), _voice(2, turns)], found.alike)


class _Windows:
    """Collects the embeddings of a recording's windows with enough speech."""

    def __init__(self, encoder: VoiceEncoder, speech: Bools, level: float) -> None:
        """Of a recording with the frames of ``speech`` (k,), whose rms is ``level``."""
        self._encoder, self._speech, self._gain = encoder, speech, np.float32(gain(level))
        self._sound = np.zeros(MEL.n_fft // 2, np.float32)  # frames are centred
        self._frames = np.zeros((0, MEL.n_mels), np.float32)
        self._n = 0  # windows so far, with and without speech
        self.starts: list[int] = []  # frames of the front end
        self._waiting: list[Floats] = []
        self._embeddings: list[Floats] = []

    def push(self, sound: Floats) -> None:
        """Takes the next samples (n,)."""
        self._sound = np.concatenate([self._sound, sound])
        made = self._encoder.frames(self._sound) if len(self._sound) >= MEL.n_fft else self._frames[:0]
        self._sound = self._sound[len(made) * MEL.hop :]
        self._frames = np.concatenate([self._frames, made])
        while len(self._frames) >= N_FRAMES:
            start = round(self._n * _STEP * MEL.hop / GEOMETRY.hop)
            self._n += 1
            spoken = self._speech[start : start + _WIDTH]
            if len(spoken) and spoken.mean() >= _USED:
                self.starts.append(start)
                self._waiting.append(self._frames[:N_FRAMES] * self._gain)
            self._frames = self._frames[_STEP:]
            if len(self._waiting) == _AT_ONCE:
                self._embed()

    def embeddings(self) -> Floats:
        """(n, 256) of the windows at ``starts``."""
        if self._waiting:
            self._embed()
        return np.concatenate(self._embeddings) if self._embeddings else np.zeros((0, N_UNITS), np.float32)

    def _embed(self) -> None:
        self._embeddings.append(self._encoder.embeddings(np.stack(self._waiting)))
        self._waiting = []


def _smoothed(evidence: Floats) -> Bools:
    """(n,) whether the first voice speaks, by the likeliest sequence, in which a change costs ``_CHANGE`` (Viterbi)."""
    first, second = 0.0, 0.0  # the best course so far that ends in each voice
    changed = bytearray(2 * len(evidence))  # 1 where the best course to the first voice, or the second, changes there
    for index, value in enumerate(evidence.tolist()):
        to_first, to_second = second - _CHANGE, first - _CHANGE
        if to_first > first:
            changed[2 * index], first = 1, to_first
        if to_second > second:
            changed[2 * index + 1], second = 1, to_second
        first, second = first + value, second - value
    course = np.empty(len(evidence), bool)
    state = int(second > first)
    for index in range(len(evidence) - 1, -1, -1):
        course[index] = state == 0
        state ^= changed[2 * index + state]
    return course


def _turns(first: Bools, speech: Bools) -> Iterator[Turn]:
    """Turns of one voice, each from its first frame with speech to its last, in order."""
    edges = np.flatnonzero(np.diff(first.astype(np.int8))) + 1
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), len(first)], strict=True):
        spoken = np.flatnonzero(speech[begin:end])
        if len(spoken):
            start_s, end_s = (
                round(float(at) * GEOMETRY.hop_s, 3) for at in (begin + spoken[0], begin + spoken[-1] + 1)
            )
            yield Turn(start_s, end_s, NAMES[0] if first[begin] else NAMES[1])


def _voice(number: Literal[1, 2], turns: tuple[Turn, ...]) -> Voice:
    own = [turn for turn in turns if turn.speaker == NAMES[number - 1]]
    longest = max(own, key=lambda turn: turn.end_s - turn.start_s)
    end_s = min(longest.end_s, longest.start_s + _SAMPLE_S)
    return Voice(
        number=number,
        first_s=own[0].start_s,
        speech_s=round(sum(turn.end_s - turn.start_s for turn in own), 3),
        sample=Span(start_s=longest.start_s, end_s=end_s),
    )
