"""``convert prepare`` against the number of clips: CPU time and peak memory.

    n WAV files of 3 s ──convert.data.dataset.prepare──► log-mel in the cache; ten times the clips in ten times the time

The clips are the sample conversation cut at other places, so that no two have the same hash.
"""

import sys
import tempfile
import time
from pathlib import Path

import msgspec
import soundfile

from benchmarks.growth.child import child
from benchmarks.result import Curve, Outcome, Plot
from benchmarks.sound import conversation
from benchmarks.usage import own_peak_mb
from convert.corpora.clip import Clip
from convert.data.dataset import prepare
from edged.features.geometry import GEOMETRY

_SIZES = (100, 300, 1000)
_STEP = 800  # samples between the beginnings of two clips
_NAME = "benchmarks.growth.corpus"


def measured() -> Outcome:
    """Two plots."""
    found = [child(_NAME, str(size)) for size in _SIZES]
    sizes = [float(size) for size in _SIZES]
    figures = {f"CPU time of {_SIZES[-1] // _SIZES[0]} times the clips": found[-1]["s"] / found[0]["s"]}
    return Outcome(
        figures=figures,
        plots={
            "corpus": Plot(
                "CPU time of convert prepare",
                "clips of 3 s",
                "s",
                [Curve("prepare", sizes, [one["s"] for one in found])],
            ),
            "corpus-memory": Plot(
                "Peak memory of convert prepare",
                "clips of 3 s",
                "MB",
                [Curve("prepare", sizes, [one["MB"] for one in found])],
            ),
        },
    )


def main(size: int) -> None:
    """Prepare so many clips, and print the figures."""
    sound, clips = conversation(), []
    with tempfile.TemporaryDirectory() as name:
        for number in range(size):
            file, at = Path(name) / f"{number}.wav", number * _STEP
            soundfile.write(file, sound[at : at + GEOMETRY.window], GEOMETRY.sample_rate_hz)
            clips.append(
                Clip(id=str(number), corpus="bench", speaker="", gender="", emotion="sad", label="sad", audio=file)
            )
        cache = Path(name) / "cache"
        cache.mkdir()
        began_s = time.process_time()
        prepare(clips, cache)
        busy_s = time.process_time() - began_s
    figures = {"s": busy_s, "MB": own_peak_mb()}
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
