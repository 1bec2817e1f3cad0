"""The pipeline after its start: what it allocates a window, and how often Python collects garbage.

an hour's windows of speech ──whole pipeline──► collections, growth of live blocks and of memory
"""

import gc
import os
import sys
from itertools import pairwise

from benchmarks.daemon import memory_mb
from benchmarks.result import Outcome
from benchmarks.single.pipeline import Pipeline
from benchmarks.single.window import speech_only
from benchmarks.sound import STRIDE, conversation
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY

_HOUR = 3600 * GEOMETRY.sample_rate_hz // STRIDE  # windows
_PARTS = 6


def measured() -> Outcome:
    """Figures of an hour's windows, after a sixth of an hour to warm up."""
    speech, _ = speech_only(conversation())
    pipeline = Pipeline(Config(), speech, _HOUR // _PARTS)
    pipeline()
    blocks, collections, memory = [], [], []
    for _ in range(_PARTS + 1):
        blocks.append(float(sys.getallocatedblocks()))
        collections.append([float(generation["collections"]) for generation in gc.get_stats()])
        memory.append(memory_mb(os.getpid(), "Rss"))
        if len(blocks) <= _PARTS:
            pipeline()
    first, last = collections[0], collections[-1]
    figures = {
        f"collections an hour, generation {generation}": after - before
        for generation, (before, after) in enumerate(zip(first, last, strict=True))
    }
    figures["collections an hour"] = sum(last) - sum(first)
    figures["Python blocks gained in the hour"] = blocks[-1] - blocks[0]
    figures["largest gain in a sixth of it"] = max(after - before for before, after in pairwise(blocks))
    figures["memory gained in the hour, MB"] = memory[-1] - memory[0]
    return Outcome(figures=figures)
