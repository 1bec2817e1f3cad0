"""Pairs of one gender to the share of speech that the split of their composed mono calls gives to the wrong voice.

people, directions ──mono_call──► a file ──edged.calls.voices.split──► turns ──against the truth──► error of a call
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from convert.data import recordings
from convert.stream.call_plans import telephone
from convert.voices.mono_calls import Person, Truth, mono_call, wrong_share
from edged.calls.settings import CallSettings
from edged.calls.voices.encoder import VoiceEncoder
from edged.calls.voices.split import NAMES, Split, split
from edged.features.geometry import GEOMETRY

BANDS = ("wide", "telephone")


def call_errors(
    pairs: Iterable[tuple[Person, Person, VoiceEncoder]], settings: CallSettings, seed: int
) -> list[dict[str, Any]]:
    """Of each pair, in both bands: the names, the error, how many voices were found and how alike they are."""
    rows = []
    with TemporaryDirectory() as name:
        file = Path(name) / "call.wav"
        for number, (customer, other, encoder) in enumerate(pairs):
            mono, truth = mono_call(customer, other, [seed, number])
            for band in BANDS:
                if band == "telephone":
                    recordings.write_narrow(file, telephone(mono[:, None]))
                else:
                    recordings.write(file, mono)
                found = split(file, settings, lambda _done_s, _total_s: None, encoder)
                rows.append(
                    {
                        "customer": customer.name,
                        "other": other.name,
                        "band": band,
                        "wrong": round(wrong_share(frames_of(found, len(truth)), truth), 4) if found.voices else None,
                        "alike": round(found.alike, 3),
                    }
                )
    return rows


def frames_of(found: Split, n_frames: int) -> Truth:
    """(n_frames,) 0 nobody, 1 and 2 the voices of ``found``."""
    frames = np.zeros(n_frames, np.int8)
    for turn in found.turns:
        first, last = (round(seconds / GEOMETRY.hop_s) for seconds in (turn.start_s, turn.end_s))
        frames[first:last] = NAMES.index(turn.speaker) + 1
    return frames


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """By band: calls, the mean error over those that were split, the worst, and how many were not split."""
    found = {}
    for band in BANDS:
        own = [row["wrong"] for row in rows if row["band"] == band]
        split_ones = [value for value in own if value is not None]
        found[band] = {
            "calls": len(own),
            "mean": round(float(np.mean(split_ones)), 4) if split_ones else None,
            "median": round(float(np.median(split_ones)), 4) if split_ones else None,
            "worst": max(split_ones, default=None),
            "not_split": len(own) - len(split_ones),
        }
    return found
