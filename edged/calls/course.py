"""The customer's windows to those of the report: each with its scores, its place on the line and its part in the score.

scores (n_speech, n_labels), score ──► list of Window, one each stride ──the five that moved the score most──► Moments
"""

from collections import Counter

import numpy as np

from edged.calls.score import Scored, distress
from edged.calls.sound.windows import CallWindows, seconds
from edged.calls.timeline import line, valence
from edged.calls.words import moment_reason
from edged.contract.call_report import Learned, Moment, Rules, Window
from edged.events.tracker import NONE, UNCERTAIN
from edged.features.logmel import Floats

_N_MOMENTS = 5


class CustomerScores:
    """The customer's windows with speech, with the values derived from their scores."""

    def __init__(
        self, scores: Floats, learned: Learned, rules: Rules, *, labels: tuple[str, ...], margin: float
    ) -> None:
        """``scores`` (n, n_labels) of the second pass; a label stands out if it leads by ``margin``."""
        self.scores, self.learned, self.rules, self.labels = scores, learned, rules, labels
        n = len(scores)
        self.distress = distress(scores, tuple(rules.weights.values())) if n else np.zeros(0)
        self.names: list[str] = []  # by window the label with the highest score, or "uncertain"
        if n:
            ranked = np.sort(scores, axis=1)
            clear = ranked[:, -1] - ranked[:, -2] >= margin
            best = scores.argmax(axis=1)
            self.names = [labels[index] if leads else UNCERTAIN for index, leads in zip(best, clear, strict=True)]
        counts = Counter(self.names).most_common()
        self.shares = {label: round(count / n, 4) for label, count in counts}  # most frequent first

    @property
    def uncertain(self) -> float | None:
        """Share of windows in which no label stands out; None without speech."""
        return self.shares.get(UNCERTAIN, 0.0) if self.names else None


def report_windows(measured: CallWindows, customer: CustomerScores, result: Scored) -> list[Window]:
    """All windows in order."""
    labels = customer.labels
    starts, ends = seconds(measured.starts), seconds(measured.ends)
    speech = np.array(measured.speech, bool)
    values = valence(customer.scores, labels, customer.distress) if len(customer.names) else np.zeros(0)
    course = np.full(len(starts), np.nan)
    course[speech] = values
    smooth = line(course, customer.rules.stride_s)
    windows = []
    at = 0  # among the windows with speech
    for index, (start_s, end_s) in enumerate(zip(starts, ends, strict=True)):
        first_s, last_s = round(float(start_s), 3), round(float(end_s), 3)
        if not speech[index]:
            windows.append(Window(start_s=first_s, end_s=last_s, speech=False, label=NONE))
            continue
        row = customer.scores[at]
        has_score = result.interval is not None
        is_opening = at < customer.rules.opening_windows
        windows.append(
            Window(
                start_s=first_s,
                end_s=last_s,
                speech=True,
                label=customer.names[at],
                confidence=round(float(row.max()), 4),
                scores={label: round(float(value), 4) for label, value in zip(labels, row, strict=True)},
                distress=round(float(customer.distress[at]), 4),
                valence=round(float(values[at]), 4),
                smooth=round(float(smooth.smooth[index]), 4),
                low=round(float(smooth.low[index]), 4),
                high=round(float(smooth.high[index]), 4),
                part=None if not has_score else "opening" if is_opening else "later",
                contribution=round(float(result.contributions[at]), 6) if has_score else None,
            )
        )
        at += 1
    return windows


def moments(windows: list[Window], result: Scored) -> list[Moment]:
    """The windows that moved the score most, the greatest first; none without a score."""
    if result.interval is None:
        return []
    later = [window for window in windows if window.part == "later"]
    later.sort(key=lambda window: -abs(window.contribution or 0.0))
    return [
        Moment(
            start_s=window.start_s,
            end_s=window.end_s,
            label=window.label,
            distress=window.distress or 0.0,
            contribution=round(window.contribution or 0.0, 3),
            reason=moment_reason(window, result.interval.opening),
        )
        for window in later[:_N_MOMENTS]
    ]
