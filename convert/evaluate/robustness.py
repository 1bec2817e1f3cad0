"""A bundle under worse conditions: noise, a room, a telephone, MP3, a soft voice.

    samples (n,) ──condition──► samples ──Windows, as on the device──► int8 scores ──► UAR by condition

Clips that come as log-mel only are left out.  Noises are those of the gate's test side, rooms are measured impulse
responses.  A clip's name determines which of them it gets, so every bundle is tested on the same sound.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from convert.augment.conditions import conditions
from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.data.surroundings import Surroundings
from convert.score.clip_scores import ClipWindows, model_scores
from convert.score.isolated import each_apart
from convert.score.rows import routing_metrics
from convert.train.heads import bundle_windows
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Windows
from edged.models.bundle import Bundle
from edged.models.interpreter import installed_runtimes
from edged.models.trunk import Trunk

MAX_CLIPS = 600  # of a corpus, drawn at random
_METRICS = ("uar", "uar_95", "ece")


def robustness(bundle: Bundle, groups: Mapping[str, Sequence[Clip]], around: Surroundings) -> dict[str, Any]:
    """By group with sound: clips, and by condition UAR and ECE of the default routing and of the first model alone."""
    chosen = {name: some for name, clips in groups.items() if (some := audible(clips, MAX_CLIPS))}
    rows = each_apart(_rows, {name: (bundle, clips, around) for name, clips in chosen.items()}, "conditions")
    return {
        name: {"clips": len(clips), "speakers": len({clip.speaker for clip in clips}), "rows": rows[name]}
        for name, clips in chosen.items()
    }


def audible(clips: Sequence[Clip], max_clips: int) -> list[Clip]:
    """At most ``max_clips`` of those with sound, in their order, the same ones at each call."""
    with_sound = [clip for clip in clips if clip.audio]
    # Drawn at random: every other row of an index may be of one gender, or of one label.
    drawn = np.random.default_rng(len(with_sound)).permutation(len(with_sound))[:max_clips]
    return [with_sound[index] for index in sorted(drawn.tolist())]


def _rows(bundle: Bundle, clips: Sequence[Clip], around: Surroundings) -> dict[str, Any]:
    manifest = bundle.manifest
    n_labels = {name: len(model.labels) for name, model in manifest.models.items()}
    runtime = installed_runtimes()[0]
    trunk = Trunk(bundle, runtime=runtime) if manifest.trunk else None
    recorded = [recordings.samples(clip.audio, clip.padded_s) for clip in clips if clip.audio]
    rows: dict[str, Any] = {}
    for name, change in tqdm(conditions(around).items(), desc="conditions", leave=False, disable=None):
        images: list[Any] = []
        owner: list[int] = []
        for index, (clip, samples) in enumerate(zip(clips, recorded, strict=True)):
            rng = np.random.default_rng([*clip.id.encode()])
            changed = change(samples, rng)
            of_clip = bundle_windows.features_of_sound(bundle, trunk, changed) if trunk else _images(changed)
            images += of_clip
            owner += [index] * len(of_clip)
        windows = ClipWindows(list(clips), np.array(images), np.array(owner, np.int64))
        raw = model_scores(bundle.contents, n_labels, runtime, windows.images)
        metrics = routing_metrics(manifest, raw, windows)
        ways = {manifest.routes.default, "first"}
        rows[name] = {way: {key: metrics[way][key] for key in _METRICS} for way in ways}
    return rows


def _images(samples: Floats) -> list[Any]:
    """The windows (n_frames, n_bands) uint8 of a clip, as the device cuts them."""
    windows = Windows(GEOMETRY, dataset.STRIDE_FRAMES * GEOMETRY.hop)
    return [(window.image ^ np.int8(-128)).view(np.uint8) for window in (*windows.push(samples, 0), *windows.finish())]
