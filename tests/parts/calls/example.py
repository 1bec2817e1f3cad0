"""Made-up reports: a call that calms, with everything that a report can hold, and changes of it.

changes of fields ──► Report, the same each time
"""

import math
from collections import Counter
from typing import Any

import msgspec

from edged.contract.call_report import (
    Band,
    BandLoss,
    Interval,
    Learned,
    Moment,
    Party,
    Recorded,
    Report,
    Rules,
    Span,
    Talk,
    Window,
)
from edged.contract.fields import Score

STRIDE_S = 1.5
WINDOW_S = 3.0
_WEIGHTS = {"angry": 1.0, "fear": 0.8, "disgust": 0.7, "sad": 0.4, "neutral": 0.0, "happy": 0.0}
_VALENCE = {"angry": -1.0, "fear": -1.0, "disgust": -1.0, "sad": -1.0, "neutral": 0.0, "happy": 1.0}


def calming(duration_s: float = 180.0) -> Report:
    """A stereo telephone call that begins angry and ends content, every fifth window without the customer."""
    windows = _windows(duration_s)
    spoken = [window for window in windows if window.speech]
    counted = Counter(window.label for window in spoken)
    moved = sorted(spoken, key=lambda window: -abs(window.contribution or 0))[:5]
    customer = [Span(start_s=start, end_s=start + 6.0) for start in range(2, int(duration_s) - 8, 15)]
    agent = [Span(start_s=start, end_s=start + 7.0) for start in range(7, int(duration_s) - 8, 15)]
    overlaps = [Span(start_s=start, end_s=start + 1.0) for start in range(7, int(duration_s) - 8, 15)]
    silences = [Span(start_s=start, end_s=start + 3.0) for start in range(14, int(duration_s) - 8, 15)]
    return Report(
        made_of="0" * 32,
        created="2026-11-26T20:31:07.000Z",
        call=Recorded(
            file="invoice 4711.wav",
            duration_s=duration_s,
            sample_rate_hz=8000,
            n_channels=2,
            customer="left",
            separated_by="channels",
        ),
        outcome="calmed",
        score=Interval(value=7.4, low=6.3, high=8.6, opening=0.71, later=0.29, n_windows=len(spoken)),
        reason=None,
        formula=(
            "The score is 5.5 + 4.5 x (distress of the opening - distress afterwards): 5.5 + 4.5 x (0.71 - 0.29) = 7.4."
        ),
        note="The interval holds the noise of sampling this speech. It does not hold the errors of the recogniser.",
        moments=[
            Moment(
                start_s=window.start_s,
                end_s=window.end_s,
                label=window.label,
                distress=window.distress or 0.0,
                contribution=window.contribution or 0.0,
                reason=f"{window.label}, distress {100 * (window.distress or 0):.0f} % against 71 % at the opening",
            )
            for window in moved
        ],
        emotions={label: n / len(spoken) for label, n in counted.items()},
        uncertain=counted["uncertain"] / len(spoken),
        talk=Talk(
            parties=[
                Party(role="customer", speech_s=6.0 * len(customer), share=0.4, spans=customer),
                Party(role="agent", speech_s=7.0 * len(agent), share=0.45, spans=agent),
            ],
            silence_s=3.0 * len(silences),
            overlap_s=1.0 * len(overlaps),
            silences=silences,
            overlaps=overlaps,
        ),
        band=Band(
            kind="telephone",
            highest_hz=3400.0,
            losses=[
                BandLoss(corpus="CREMA-D", uar_clean=0.63, uar_telephone=0.52),
                BandLoss(corpus="RAVDESS", uar_clean=0.41, uar_telephone=0.36),
            ],
        ),
        learned=Learned(method="scores", speech_s=92.0, shift={"angry": 0.31, "neutral": -0.12}),
        rules=Rules(
            stride_s=STRIDE_S,
            weights=_WEIGHTS,
            opening_windows=4,
            min_speech_s=30.0,
            max_uncertain=0.5,
            max_interval=4.0,
            calm_below=0.15,
        ),
        windows=windows,
        versions={"edged": "0.1.0", "bundle": "default 0.1.0", "runtime": "ai-edge-litert 2.1.0"},
    )


def changed(report: Report, **fields: Any) -> Report:  # noqa: ANN401 -- fields of any type
    """``report`` with other values."""
    return msgspec.structs.replace(report, **fields)


def named(report: Report, file: str) -> Report:
    """``report`` of a recording with this name."""
    return changed(report, call=msgspec.structs.replace(report.call, file=file))


def mono(report: Report) -> Report:
    """``report`` of a call with both voices in one channel and no turns: a timeline and no score."""
    both = report.talk.parties[0]
    talk = Talk(
        parties=[msgspec.structs.replace(both, role="both")],
        silence_s=report.talk.silence_s,
        overlap_s=0.0,
        silences=report.talk.silences,
        overlaps=[],
    )
    call = msgspec.structs.replace(report.call, n_channels=1, customer="mono", separated_by=None)
    windows = [msgspec.structs.replace(window, part=None, contribution=None) for window in report.windows]
    return changed(
        report,
        call=call,
        outcome="no_score",
        score=None,
        reason="both voices are in one channel, and nothing says which is the customer's",
        moments=[],
        talk=talk,
        windows=windows,
        band=Band(kind="wide", highest_hz=7600.0),
        learned=Learned(method="none", speech_s=0.0, shift={}),
    )


def _windows(duration_s: float) -> list[Window]:
    n = int((duration_s - WINDOW_S) / STRIDE_S) + 1
    windows = []
    for index in range(n):
        start_s = index * STRIDE_S
        if index % 9 in {6, 7}:
            windows.append(Window(start_s=start_s, end_s=start_s + WINDOW_S, speech=False, label="none"))
            continue
        windows.append(_spoken(start_s, index / (n - 1), index))
    return windows


def _spoken(start_s: float, progress: float, index: int) -> Window:
    scores = _scores(progress, 0.12 * math.sin(1.7 * index))
    label, confidence = max(scores.items(), key=lambda item: item[1])
    distress = sum(_WEIGHTS[name] * score for name, score in scores.items())
    smooth = -math.cos(math.pi * progress) * 0.7 + 0.12 * math.sin(0.9 * index)
    width = 0.14 + 0.05 * math.cos(index)
    return Window(
        start_s=start_s,
        end_s=start_s + WINDOW_S,
        speech=True,
        label="uncertain" if confidence < 0.36 else label,
        confidence=confidence,
        scores=scores,
        distress=min(distress, 1.0),
        valence=sum(_VALENCE[name] * score for name, score in scores.items()),
        smooth=max(-1.0, min(1.0, smooth)),
        low=max(-1.0, smooth - width),
        high=min(1.0, smooth + width),
        part="opening" if index < 4 else "later",
        contribution=0.0 if index < 4 else round(0.06 * (0.71 - distress), 4),
    )


def _scores(progress: float, wobble: float) -> dict[str, Score]:
    raw = {
        "angry": max(0.02, 0.75 - 1.1 * progress + wobble),
        "disgust": 0.06,
        "fear": 0.08,
        "happy": max(0.02, progress - 0.45 - wobble),
        "neutral": 0.15 + 0.3 * progress,
        "sad": 0.1 + 0.2 * math.sin(math.pi * progress),
    }
    total = sum(raw.values())
    return {label: value / total for label, value in raw.items()}
