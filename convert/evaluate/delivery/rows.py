"""A bundle on the same clips delivered in other ways: its recall, and how many labels stay the same.

    clip ──change──► samples ──windows, gate──► those with speech ──models──► mean score ──► label

This needs sound.  Windows are cut and gated as on the device, since silence before an utterance is no speech.  A clip
without a window in which the gate detects speech is counted, and scored by all of its windows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.evaluate.delivery.changes import AS_RECORDED, changes
from convert.evaluate.robustness import audible
from convert.score.clip_scores import ClipWindows, model_scores
from convert.score.isolated import each_apart
from convert.score.rows import by_way, score_metrics
from edged.features.geometry import GEOMETRY
from edged.features.late_frames import LateFrames
from edged.features.logmel import Floats
from edged.features.windows import Windows
from edged.models.bundle import Bundle
from edged.models.interpreter import installed_runtimes
from edged.models.level_gate import GateSettings
from edged.models.speech_gate import ModelGate
from edged.models.trunk import Trunk

MAX_CLIPS = 300  # of a corpus, drawn at random
_GATE = GateSettings(margin_db=3, min_dbfs=-96, min_frames=25)  # of any level, else as by default
_METRICS = ("uar", "uar_95", "ece")


def delivery(bundle: Bundle, groups: Mapping[str, Sequence[Clip]]) -> dict[str, Any]:
    """By group with sound: clips, and by change UAR, ECE, the shares of equal labels and of clips without speech."""
    chosen = {name: some for name, clips in groups.items() if (some := audible(clips, MAX_CLIPS))}
    rows = each_apart(_rows, {name: (bundle, clips) for name, clips in chosen.items()}, "deliveries")
    return {
        name: {"clips": len(clips), "speakers": len({clip.speaker for clip in clips}), "rows": rows[name]}
        for name, clips in chosen.items()
    }


def _rows(bundle: Bundle, clips: Sequence[Clip]) -> dict[str, Any]:
    manifest = bundle.manifest
    n_labels = {name: len(model.labels) for name, model in manifest.models.items()}
    ear = _Device(bundle)
    recorded = [recordings.samples(clip.audio, clip.padded_s) for clip in clips if clip.audio]
    rows: dict[str, Any] = {}
    own = np.zeros(len(clips), np.int64)
    for name, change in tqdm(changes().items(), desc="deliveries", leave=False, disable=None):
        seen: list[Any] = []
        owner: list[int] = []
        n_silent = 0
        for index, (clip, samples) in enumerate(zip(clips, recorded, strict=True)):
            changed = change(samples, np.random.default_rng([*clip.id.encode()]))
            windows, spoken = ear.windows(changed)
            n_silent += not spoken
            seen += windows
            owner += [index] * len(windows)
        windows_of_all = ClipWindows(list(clips), np.array(seen), np.array(owner, np.int64))
        raw = model_scores(bundle.contents, n_labels, ear.runtime, windows_of_all.images)
        scores = by_way(manifest, raw, windows_of_all)[manifest.routes.default]
        labels = np.asarray(scores.argmax(axis=1), np.int64)
        own = labels if name == AS_RECORDED else own
        metrics = score_metrics(manifest.labels, scores, windows_of_all)
        rows[name] = {
            **{key: metrics[key] for key in _METRICS},
            "same": round(float(np.mean(labels == own)), 4),
            "silent": round(n_silent / len(clips), 4),
        }
    return rows


class _Device:
    """The windows and the gate of a device with the bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.runtime = installed_runtimes()[0]
        self._geometry = bundle.geometry
        self._gate = ModelGate(bundle, _GATE, runtime=self.runtime) if bundle.manifest.gate else None
        self._trunk = Trunk(bundle, runtime=self.runtime) if bundle.manifest.trunk else None

    def windows(self, samples: Floats) -> tuple[list[Any], bool]:
        """The models' input for the windows with speech, or for all if there is none; and whether there is one."""
        cut = Windows(GEOMETRY, dataset.STRIDE_FRAMES * GEOMETRY.hop)
        found = [*cut.push(samples, 0), *cut.finish()]
        frames = None if self._geometry == GEOMETRY else LateFrames(self._geometry, behind=len(samples))
        if frames is not None:
            frames.push(samples, 0)
            frames.finish()
        gate = self._gate
        spoken = [window for window in found if gate is None or gate.detects_speech(window.speech_dbfs, window.image)]
        seen: list[Any] = []
        for window in spoken or found:
            levels = None if frames is None else frames.window(window.end)
            if self._trunk is not None:
                seen.append(self._trunk.features(window.image if levels is None else levels))
            else:
                seen.append((window.image ^ np.int8(-128)).view(np.uint8))
        return seen, bool(spoken)
