"""The figures of a score in words, for the reader of a report.

rules, score ──► the formula ──► "The score is 5.5 + 4.5 x (0.62 - 0.21) = 7.3 …"
"""

from collections.abc import Sequence

from edged.contract.call_report import Interval, Rules, Voice, Window

SAME_SOUND = "both channels hold the same sound, so no channel is the customer's alone: see --turns"


def not_apart_reason(voices: Sequence[Voice]) -> str:
    """Why a recording whose only channel holds both parties has no score."""
    if voices:
        names = " or ".join(f"--voice {voice.number} (speaks first at {voice.first_s:.1f} s)" for voice in voices)
        return f"one channel has both speakers; choose the customer's voice: {names}, or give --turns"
    return (
        "one channel holds both parties, and their voices cannot be separated by sound: record one party per channel,"
        " or give --turns with who speaks when"
    )


def formula(rules: Rules, score: Interval | None) -> str:
    """How the score is made, with this call's figures where it has one."""
    weights = ", ".join(f"{label} {weight:g}" for label, weight in rules.weights.items() if weight)
    how = (
        "Each window of 3 s with the customer's voice has a distress from 0 to 1: the sum of its scores, each times the"
        f" weight of its label ({weights}; all others 0). The opening is the mean of the first {rules.opening_windows}"
        " windows. The rest is averaged with weights 1, 2, 3 and so on, so what comes later counts more. The score is"
        " 5.5 + 4.5 x (opening - rest), from 1 to 10: above 5.5 the customer ended calmer than they began."
    )
    if score is None:
        return how
    return f"{how} Here: 5.5 + 4.5 x ({score.opening:.2f} - {score.later:.2f}) = {score.value:.1f}."


def moment_reason(window: Window, opening: float) -> str:
    """Why this window moved the score."""
    distress = window.distress or 0.0
    side = "calmer" if distress < opening else "more distressed"
    emotion = "no clear label" if window.label == "uncertain" else window.label
    return f"{side} than at the opening: {emotion}, distress {distress:.2f}, at the opening {opening:.2f}"
