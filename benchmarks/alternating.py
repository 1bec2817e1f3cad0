"""Contenders that run in turn, so that a slow minute of the machine is slow for all of them.

    {name: call} ──rounds of all, the order rotated──► {name: CPU seconds a call, by round} ──► ratios by round

Times are CPU time of all threads of this process, so other programs' load hardly counts.  A ratio is that of two
neighbours in one round; its median over the rounds is what the page reports.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from benchmarks.result import Spread, spread

_SAMPLE_S = 0.02  # a call is repeated until a sample takes this long: the clock counts in microseconds


def alternated(
    contenders: Mapping[str, Callable[[], object]], *, n_rounds: int, within_s: float
) -> dict[str, list[float]]:
    """CPU seconds a call of each contender, one value a round; fewer rounds than ``n_rounds`` after ``within_s``."""
    repeats = {name: _repeats(call) for name, call in contenders.items()}
    times_s: dict[str, list[float]] = {name: [] for name in contenders}
    names, until_s = list(contenders), time.monotonic() + within_s
    for n_done in count():
        if n_done == n_rounds or (n_done > 2 and time.monotonic() > until_s):  # noqa: PLR2004 -- three give quartiles
            return times_s
        for name in names[n_done % len(names) :] + names[: n_done % len(names)]:
            times_s[name].append(_once_s(contenders[name], repeats[name]))
    raise AssertionError("count() does not end")


def ratios(times_s: Sequence[float], ours_s: Sequence[float]) -> Spread:
    """How many times as long as ours: median and quartiles over the rounds."""
    return spread([theirs / ours for theirs, ours in zip(times_s, ours_s, strict=True)])


def milliseconds(times_s: Sequence[float]) -> Spread:
    """Median and quartiles in ms."""
    return spread([1000 * value for value in times_s])


def _repeats(call: Callable[[], object]) -> int:
    """How many calls make a sample; runs it, which also warms it up."""
    call()
    once_s = _once_s(call, 1)
    return max(1, round(_SAMPLE_S / max(once_s, 1e-6)))


def _once_s(call: Callable[[], object], n_calls: int) -> float:
    began_s = time.process_time()
    for _ in range(n_calls):
        call()
    return (time.process_time() - began_s) / n_calls
