"""Frames in which each party speaks to talk time, silence and overlap.

speech of the customer, of the agent (k,) bool ──► Talk: spans and seconds of each, of both at once, of nobody
"""

import numpy as np

from edged.calls.sound.speech import Bools, SpeechFrames, seconds, spans
from edged.contract.call_report import Party, Role, Talk
from edged.features.geometry import GEOMETRY

_SILENCE_S = 1.0  # a shorter pause is no silence worth listing


def talk(customer: SpeechFrames, agent: SpeechFrames | None, duration_s: float) -> Talk:
    """The talk of a recording of ``duration_s``; without ``agent`` the customer's frames are those of both parties."""
    n_frames = round(duration_s / GEOMETRY.hop_s)
    first = customer.frames(n_frames)
    second = np.zeros(n_frames, bool) if agent is None else agent.frames(n_frames)
    parties = [_party("both" if agent is None else "customer", first, duration_s)]
    if agent is not None:
        parties.append(_party("agent", second, duration_s))
    silent, both = ~(first | second), first & second
    return Talk(
        parties=parties,
        silence_s=seconds(silent),
        overlap_s=seconds(both),
        silences=spans(silent, _SILENCE_S),
        overlaps=spans(both),
    )


def _party(role: Role, frames: Bools, duration_s: float) -> Party:
    speech_s = seconds(frames)
    share = min(1.0, speech_s / duration_s) if duration_s else 0.0
    return Party(role=role, speech_s=speech_s, share=round(share, 4), spans=spans(frames))
