"""Both ways from a scene to its episodes say the same, and they are the device's."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np

from convert.card.stream_section import section
from convert.data import recordings
from convert.stream import rendering
from convert.stream.hearing import all_replayed, followed, trace
from convert.stream.rendering import Heard
from convert.stream.scenes import scenes
from convert.stream.stage import SHORT, VALIDATION, prepared, streamed
from edged.config.load import parse_config
from edged.features.geometry import GEOMETRY
from edged.features.windows import Windows
from edged.models.bundle import DEFAULT_BUNDLE, Manifest, load_bundle
from tests.convert.test_stream_scenes import around, clips

# Restless, so that tones over noise bring episodes and the comparison has something to compare.
_RESTLESS = "tracker: {enter: 0.2, leave: 0.1, margin: 0, min_duration_s: 0.5, span_s: 2}"


def heard(file: Path, min_dbfs: float) -> Heard:
    """The windows of a recording, as the device cuts them."""
    windows = Windows(GEOMETRY, rendering.STRIDE_FRAMES * GEOMETRY.hop)
    found = [*windows.push(recordings.samples(file), 0), *windows.finish()]
    return Heard(
        np.array([window.start for window in found]),
        np.array([window.end for window in found]),
        np.array([window.image for window in found]),
        np.array([np.count_nonzero(window.speech_dbfs > min_dbfs) for window in found]),
    )


def test_followed_is_replayed(tmp_path: Path) -> None:
    """The same windows give the same events, states and counts, with a baseline and without."""
    config, shipped = parse_config(_RESTLESS, "test"), load_bundle(DEFAULT_BUNDLE)
    bundle = dataclasses.replace(shipped, manifest=_open(shipped.manifest))
    script = scenes("g", clips(tmp_path, "a"), "moods", around(tmp_path), tmp_path / "cache", 60)[0]
    told = all_replayed(bundle, config, [script], (False, True))[0]
    recordings.write(tmp_path / "scene.wav", rendering.sound(script))
    found = trace(bundle, heard(tmp_path / "scene.wav", config.gate.min_dbfs), 25)
    assert min(device.n_speech for device in told) > 10
    assert min(len(device.events) for device in told) > 1
    for device, learn in zip(told, (False, True), strict=True):
        again = followed(bundle, config, found, learn=learn)
        assert [(event.label, event.start_s, event.told_s) for event in again.events] == [
            (event.label, event.start_s, event.told_s) for event in device.events
        ]
        assert (again.n_windows, again.n_speech) == (device.n_windows, device.n_speech)
        assert again.n_uncertain == device.n_uncertain


def test_streamed_rows(tmp_path: Path) -> None:
    """Each group and kind has a row with and without a baseline, each threshold a point; the card tells them."""
    bundle = load_bundle(DEFAULT_BUNDLE)
    groups = {VALIDATION: clips(tmp_path, "a"), "c": clips(tmp_path, "b")}
    rooms = around(tmp_path)
    sides = {"test": rooms, "validation": rooms}
    prepared(groups, sides, tmp_path / "cache")
    found = streamed(bundle, groups, sides, tmp_path / "cache", SHORT)
    kinds = [(row["group"], row["kind"], row["from"], row["baseline"]) for row in found["rows"]]
    assert kinds == [
        (group, kind, "sound", learn)
        for group, kind in (
            (VALIDATION, "moods"), (VALIDATION, "neutral"), ("c", "moods"), ("c", "neutral"),
            ("other", "other"), ("validation other", "other"),
        )
        for learn in (False, True)
    ]  # fmt: skip
    shipped = [point for point in found["trade_off"] if point["shipped"]]
    assert [point["group"] for point in shipped] == [VALIDATION, "c"]
    told = section(found)
    assert "0.5 false episodes an hour without speech or fewer: m" in told
    assert "| c | sound | yes |" in told


def _open(manifest: Manifest) -> Manifest:
    """With a gate that lets everything through that is loud: tones are no speech."""
    assert manifest.gate is not None
    return msgspec.structs.replace(manifest, gate=msgspec.structs.replace(manifest.gate, threshold=0.0))
