"""Lines and the deliveries found for them to the conversation: one recording, and what is meant when.

Line, Found ──vocoder──► utterances ──levels, pauses, a quiet room──► samples (n,) at 16 kHz, Turn, …
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from convert.demo.lines import Line, Voice
from convert.demo.speech import RATE_HZ, Reals, analysed
from convert.demo.vocoder import Delivery, spoken
from convert.demo.voices import said
from edged.demo.sample import Turn

_LEAD_S = 1.0
_PAUSE_S = 1.4  # between turns
_ROOM_DBFS = -80.0  # no room is silent
_PEAK = 0.95  # a louder utterance is turned down to it


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A line with the way to say it."""

    line: Line
    voice: Voice
    delivery: Delivery


def conversation(lines: Sequence[Spoken], seed: int) -> tuple[Reals, tuple[Turn, ...]]:
    """(n,) the lines one after the other, and the turns; the same for the same seed.

    Raises:
        UsageError, EdgedError: a synthesiser is missing or refuses.
    """
    parts = [np.zeros(round(_LEAD_S * RATE_HZ))]
    turns = []
    for one in lines:
        utterance = spoken(analysed(said(one.voice, one.line.text)), one.delivery, seed)
        gain = min(10 ** (one.line.level_dbfs / 20), _PEAK / float(np.abs(utterance).max()))
        start = sum(map(len, parts))
        end_s = (start + len(utterance)) / RATE_HZ
        turn = Turn(start_s=round(start / RATE_HZ, 3), end_s=round(end_s, 3), meant=one.line.meant, text=one.line.text)
        turns.append(turn)
        parts += [utterance * gain, np.zeros(round(_PAUSE_S * RATE_HZ))]
    samples = np.concatenate(parts)
    room = np.random.default_rng(seed).standard_normal(len(samples)) * 10 ** (_ROOM_DBFS / 20)
    return np.clip(samples + room, -1, 1), tuple(turns)
