"""Clips heard under worse conditions: noise, a room, a telephone, MP3, from far away.

    samples (n,) ──condition──► samples ──Windows, as on the device──► int8 scores ──► UAR by condition

From sound: of clips of which only log-mel is at hand nothing can be told.  Noises are those of the gate's test side,
rooms the measured impulse responses; which of them a clip gets follows from its name, so that every bundle hears the
same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from convert.augment.conditions import NOISES_DB, conditions
from convert.card.tables import TITLES, table
from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.data.surroundings import Surroundings
from convert.score.clip_scores import Heard, answered
from convert.score.isolated import apart
from convert.score.rows import routings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Windows
from edged.models.bundle import Bundle
from edged.models.interpreter import installed_runtimes

_MOST = 600  # clips of a corpus, drawn at random
NAMES = {
    "clean": "as recorded",
    **{f"noise_{db}": f"noise, {db} dB" for db in NOISES_DB},
    "room": "room",
    "telephone": "300 to 3400 Hz",
    "mp3": "MP3, 32 kbit/s",
    "softer": "20 dB softer",
}
PROTOCOL = (
    f"UAR on test clips of which there is sound (of a corpus {_MOST} at most, drawn at random): with ESC-10's and other"
    " noises of the gate's test side under them, so many dB below the clip's rms; with the response of a measured room;"
    " band-limited as on a telephone; through MP3; 20 dB softer, at 16 bits. The gate is not asked."
)


def judged(bundle: Bundle, groups: Mapping[str, Sequence[Clip]], around: Surroundings) -> dict[str, Any]:
    """By group with sound: clips, and by condition UAR and ECE of the default routing and of the first model alone."""
    found: dict[str, Any] = {}
    for name, clips in groups.items():
        spoken = [clip for clip in clips if clip.audio]
        # Drawn, for an index in its own order has one gender, or one label, in every other row.
        drawn = np.random.default_rng(len(spoken)).permutation(len(spoken))[:_MOST]
        chosen = [spoken[place] for place in sorted(drawn.tolist())]
        if chosen:
            rows = apart(_rows, bundle, chosen, around)
            found[name] = {"clips": len(chosen), "speakers": len({clip.speaker for clip in chosen}), "rows": rows}
    return found


def tables(found: Mapping[str, Any], default: str) -> str:
    """The tables, in Markdown."""
    names = list(dict.fromkeys(name for group in found.values() for name in group["rows"]))
    head = ["clips of", "by", *(NAMES[name] for name in names)]
    rows = [
        [TITLES.get(group, group), kind, *(f"{own['rows'][name][way]['uar']:.3f}" for name in names)]
        for group, own in found.items()
        for way, kind in ((default, default), ("first", "M1 alone"))
    ]
    return f"{PROTOCOL}\n\n{table(head, rows)}"


def _rows(bundle: Bundle, clips: Sequence[Clip], around: Surroundings) -> dict[str, Any]:
    manifest = bundle.manifest
    n_labels = {name: len(model.labels) for name, model in manifest.models.items()}
    sounds = [recordings.samples(clip.audio, clip.padded_s) for clip in clips if clip.audio]
    found: dict[str, Any] = {}
    for name, change in tqdm(conditions(around).items(), desc="conditions", leave=False, disable=None):
        images, owner = [], []
        for place, (clip, samples) in enumerate(zip(clips, sounds, strict=True)):
            rng = np.random.default_rng([*clip.id.encode()])
            own = _images(change(samples, rng))
            images += own
            owner += [place] * len(own)
        windows = Heard(list(clips), np.array(images), np.array(owner, np.int64))
        raw = answered(bundle.contents, n_labels, installed_runtimes()[0], windows.images)
        rows = routings(manifest, raw, windows)
        kept = ("uar", "uar_95", "ece")
        found[name] = {way: {key: rows[way][key] for key in kept} for way in {manifest.routes.default, "first"}}
    return found


def _images(samples: Floats) -> list[Any]:
    """The windows (n_frames, n_bands) uint8 of a clip, as the device cuts them."""
    windows = Windows(GEOMETRY, dataset.STRIDE_FRAMES * GEOMETRY.hop)
    heard = [*windows.push(samples, 0), *windows.finish()]
    return [(window.image ^ np.int8(-128)).view(np.uint8) for window in heard]
