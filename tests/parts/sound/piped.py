"""Runs the whole pipeline over chunks of sound and returns what it publishes; fixtures to import.

samples ──chunks──► FakeSource ──► Daemon, with the shipped bundle ──► RecordingSink
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edged.audio.ring import AudioChunk
from edged.config.structs import Config
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.pipeline.daemon import Daemon
from tests.parts.fakes import FakeSource, RecordingSink
from tests.parts.sound.speech import RATE_HZ, clips

EPOCH_S = 1_700_000_000.0
ANY_LEADER = "tracker: {enter: 0, leave: 0, margin: 0, min_duration_s: 0}"  # every leading label becomes an episode


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The shipped bundle."""
    return load_bundle(DEFAULT_BUNDLE)


@pytest.fixture(scope="module")
def speech(corpora: Path) -> Floats:
    """About 20 s of several speakers in turn, with the pauses of the clips."""
    return np.concatenate(clips(corpora, "emodb", 8))


def chunks(sound: Floats, n_block: int, *, start: int = 0) -> Iterator[AudioChunk]:
    """Cut ``sound`` (n,) into blocks, as a driver would."""
    for place in range(0, len(sound), n_block):
        yield AudioChunk(sound[place : place + n_block], start + place, EPOCH_S + (start + place) / RATE_HZ)


def run(bundle: Bundle, source: FakeSource, config: Config | None = None) -> RecordingSink:
    """What the daemon publishes for ``source``."""
    sink = RecordingSink()
    Daemon(config or Config(), bundle, source, sink).run(threading.Event())
    return sink
