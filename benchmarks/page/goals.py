"""The goals, and how a measured value is compared with each: the first table of the page."""

from typing import NamedTuple

from benchmarks.page.numbers import number
from benchmarks.page.reasons import (
    ENCODER,
    FRONT_END,
    LIVE_FRONT_END,
    MALLOC,
    MEMORY,
    MICROPHONE,
    THREADS,
    WINDOW,
    Reason,
    Results,
    nothing,
)
from benchmarks.result import Result


class Goal(NamedTuple):
    """One value with its goal; ``result`` and ``key`` say where it is measured."""

    measure: str
    before: str  # when the goals were set, at commit 1d9c3d2
    target: float
    unit: str
    result: str
    key: str  # of a spread or a figure
    reason: Reason = nothing  # beside a goal that is not met
    at_least: bool = False  # else at most


_PEERS = ("python_speech_features", "librosa", "kaldi-native-fbank")
_ONCE = zip(_PEERS, ("2.0 x", "1.15 x", "?"), (10, 4, 4), strict=True)
_LIVE = zip(_PEERS, (30, 15, 15), strict=True)
_MISSED = "no"
_LITERT, _TFLITE = "ai-edge-litert", "tflite-runtime"

_THREE_S, _LIVE_S = "log-mel of 3 s at once", "log-mel of live sound"
_LATENCIES_MS = (("p50", 5), ("p95", 10), ("p99", 25))
_EGEMAPS, _WAV2VEC2 = "openSMILE eGeMAPS of 3 s", "wav2vec2-base of 3 s"

GOALS: tuple[Goal, ...] = (
    *(
        Goal(f"{_THREE_S}: {peer} takes", before, goal, "x", "front-end", f"over {peer}", FRONT_END, at_least=True)
        for peer, before, goal in _ONCE
    ),
    *(
        Goal(
            f"{_LIVE_S}: {peer} takes", "?", goal, "x", "live-front-end", f"over {peer}", LIVE_FRONT_END, at_least=True
        )
        for peer, goal in _LIVE
    ),
    Goal("whole window over its models alone, soft", "2.0 x", 1.25, "x", "window", "soft over its models", WINDOW),
    Goal(f"window, hard: {_EGEMAPS} takes", "?", 20, "x", "window", "eGeMAPS over hard", at_least=True),
    Goal(f"window, soft: {_EGEMAPS} takes", "?", 10, "x", "window", "eGeMAPS over soft", at_least=True),
    *(
        Goal(
            f"window, {route}: {_WAV2VEC2} takes",
            "?",
            500,
            "x",
            "window",
            f"wav2vec2-base over {route}",
            ENCODER,
            at_least=True,
        )
        for route in ("hard", "soft")
    ),
    Goal("live: CPU time of a second of sound", "3.4 %", 1, "%", "live", f"CPU share, {_LITERT} %", THREADS),
    Goal("live: Pss with LiteRT", "97 MB", 70, "MB", "live", f"Pss, {_LITERT} MB", MEMORY[_LITERT]),
    Goal("live: Pss with tflite-runtime", "?", 55, "MB", "live", f"Pss, {_TFLITE} MB", MEMORY[_TFLITE]),
    *(
        Goal(f"last sample of a window to the subscriber, {p}", "?", goal, "ms", "latency", f"latency {p} ms")
        for p, goal in _LATENCIES_MS
    ),
    *(
        Goal(f"the same with a virtual microphone, {p}", before, goal, "ms", "live", f"latency {p} ms", MICROPHONE[p])
        for (p, goal), before in zip(_LATENCIES_MS, ("84 ms", "119 ms", "?"), strict=True)
    ),
    Goal("`edged run`, process start to READY", "?", 0.7, "s", "start", "edged run to READY, s"),
    Goal("`edged --help`", "?", 0.15, "s", "start", "edged --help, s"),
    Goal("allocations a window: calls of malloc", "?", 10, "", "instructions", "calls of malloc a window", MALLOC),
    Goal("garbage collections an hour", "?", 0, "", "steady", "collections an hour"),
    Goal("events through the outbox, acknowledged", "?", 2000, "a second", "outbox", "events a second", at_least=True),
    Goal("the same: memory gained", "?", 2, "MB", "outbox", "memory gained by 20,000 events more, MB"),
    Goal("an hour's call: CPU time", "?", 20, "s", "calls", "CPU s of an hour"),
    Goal("the same: peak of memory", "?", 120, "MB", "calls", "peak, MB"),
    Goal("multiply-adds a window, all models and the gate", "100.3 M", 100, "M", "arithmetic", "soft, M a window"),
    Goal("Pi Zero 2 W on paper, soft", "?", 8, "% of a core", "arithmetic", "soft: Pi Zero 2 W on paper, % of a core"),
)


def goals_table(results: Results) -> list[str]:
    """Markdown lines."""
    rows = ["| measure | before | goal | measured | met |", "|---|--:|--:|--:|---|"]
    return rows + [_row(goal, results) for goal in GOALS]


def _row(goal: Goal, results: Results) -> str:
    target = f"{'≥' if goal.at_least else '≤'} {goal.target:,g} {goal.unit}".strip()
    measured, met = _measured(goal, results.get(goal.result))
    if met == _MISSED:
        met = f"{_MISSED}. {goal.reason(results)}".strip(" .")
    return f"| {goal.measure} | {goal.before} | {target} | {measured} | {met} |"


def _measured(goal: Goal, result: Result | None) -> tuple[str, str]:
    if result is None:
        return "", "not measured"
    outcome = result.outcome
    if goal.key in outcome.spreads:
        spread = outcome.spreads[goal.key]
        value, written = spread.median, f"{number(spread.median)} ({number(spread.low)} to {number(spread.high)})"
    elif goal.key in outcome.figures:
        value = outcome.figures[goal.key]
        written = number(value)
    else:
        return "", f"not measured: {outcome.missing}"
    met = value >= goal.target if goal.at_least else value <= goal.target
    return f"{written} {goal.unit}".strip(), "yes" if met else _MISSED
