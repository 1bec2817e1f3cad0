"""What is counted: a program that waits before each part and after it, so that valgrind counts the part alone.

    stdin: a line ──► the next part ──► stdout: "done", then the number of classified windows

``python -m benchmarks.instructions.workload`` prints "ready" once all is loaded and warm.
"""

import sys
from collections.abc import Callable, Iterable
from functools import partial

import soundfile

from edged.config.structs import Config
from edged.demo.sample import SAMPLE
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd
from edged.features.windows import Windows
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.pipeline.classifier import WindowClassifier

AT_ONCE, LIVE, WINDOW = "log-mel of 3 s at once", "log-mel of a stride of live sound", "window of speech, soft"
REPEATS = {AT_ONCE: 1, LIVE: 2, WINDOW: 2}  # each is the same number of instructions; a few show that it is
_STRIDE = 31 * GEOMETRY.hop
_WARM = {AT_ONCE: 1, LIVE: 7, WINDOW: 8}  # calls before the counted ones: six strides fill a window
_FIRST = GEOMETRY.sample_rate_hz  # of the sample: a voice speaks from here on


def main() -> None:
    """Warm up, then run each part when a line comes."""
    n_strides = max(_WARM[name] + REPEATS[name] for name in REPEATS)
    speech, _ = soundfile.read(SAMPLE, frames=n_strides * _STRIDE, start=_FIRST, dtype="float32")
    pieces = [(speech[at : at + _STRIDE], at) for at in range(0, len(speech), _STRIDE)]
    parts = {
        AT_ONCE: _calls(partial(_at_once, FrontEnd(), speech[: GEOMETRY.window]), pieces),
        LIVE: _calls(Windows(GEOMETRY, _STRIDE).push, pieces),
        WINDOW: _calls(WindowClassifier(Config(), load_bundle(DEFAULT_BUNDLE)).classify, pieces),
    }
    for name, calls in parts.items():
        for call in calls[: _WARM[name]]:
            call()
    _wait("ready")
    for name, calls in parts.items():
        n_answers = sum(call() for call in calls[_WARM[name] :][: REPEATS[name]])
        _wait(f"done {n_answers}")


def _calls(
    push: Callable[[Floats, int], Iterable[object]], pieces: list[tuple[Floats, int]]
) -> list[Callable[[], int]]:
    return [partial(_n_classified, push, piece, at) for piece, at in pieces]


def _n_classified(push: Callable[[Floats, int], Iterable[object]], piece: Floats, at: int) -> int:
    """The number of windows that a piece completes and that a model answered for."""
    return sum(getattr(one, "answer", None) is not None for one in push(piece, at))


def _at_once(front_end: FrontEnd, samples: Floats, _piece: Floats, _at: int) -> tuple[()]:
    front_end.clip_levels(samples)
    return ()


def _wait(word: str) -> None:
    print(word, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
