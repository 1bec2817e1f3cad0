"""Windows that are scored once give the episodes of ``edged replay``."""

import dataclasses
from pathlib import Path

import msgspec
import pytest

from convert.card.stream_section import stream_section
from convert.stream import rendering
from convert.stream.scenes import scenes
from convert.stream.stage import SHORT, VALIDATION, prepared, streamed
from convert.stream.traces import traces, tracked
from edged.config.load import parse_config
from edged.models.bundle import BUNDLES, DEFAULT_BUNDLE, Manifest, load_bundle
from tests.convert.stream.replayed import replayed
from tests.convert.test_stream_scenes import around, clips

# Low thresholds, so that tones over noise start episodes that can be compared.
_RESTLESS = "tracker: {enter: 0.2, leave: 0.1, margin: 0, min_duration_s: 0.5, span_s: 2}\n"


@pytest.mark.parametrize("size", ["small", "large"])
def test_tracked_is_replayed(tmp_path: Path, size: str) -> None:
    """The same windows of the same sound give the same events, states and counts, with adaptation and without."""
    config, shipped = parse_config(_RESTLESS, "test"), load_bundle(BUNDLES / size)
    bundle = dataclasses.replace(shipped, manifest=_open(shipped.manifest))
    script = scenes("g", clips(tmp_path, "a"), "emotions", around(tmp_path), tmp_path / "cache", 60)[0]
    sound = rendering.sound(script)
    published = [replayed(bundle, config, sound, learn=learn) for learn in (False, True)]
    found = traces(bundle, config, [script], tmp_path / "cache")[0]
    assert min(device.n_speech for device in published) > 10
    assert min(len(device.events) for device in published) > 1
    for device, learn in zip(published, (False, True), strict=True):
        again = tracked(bundle, config, found, learn=learn)
        assert [(event.label, event.start_s, event.published_s) for event in again.events] == [
            (event.label, event.start_s, event.published_s) for event in device.events
        ]
        assert [event.confidence for event in again.events] == pytest.approx(
            [event.confidence for event in device.events], abs=5e-3
        )
        assert (again.n_windows, again.n_speech) == (device.n_windows, device.n_speech)
        assert again.n_uncertain == device.n_uncertain


def test_streamed_rows(tmp_path: Path) -> None:
    """Each group and kind has a row with and without adaptation, each setting a point; the card prints them."""
    bundle = load_bundle(DEFAULT_BUNDLE)
    groups = {VALIDATION: clips(tmp_path, "a"), "c": clips(tmp_path, "b")}
    rooms = around(tmp_path)
    sides = {"test": rooms, "validation": rooms}
    prepared(groups, sides, tmp_path / "cache")
    found = streamed(bundle, groups, sides, tmp_path / "cache", SHORT)
    kinds = [(row["group"], row["kind"], row["from"], row["adaptation"]) for row in found["rows"]]
    assert kinds == [
        (group, kind, "sound", learn)
        for group, kind in (
            (VALIDATION, "emotions"), (VALIDATION, "neutral"), ("c", "emotions"), ("c", "neutral"),
            ("other", "other"), ("validation other", "other"),
        )
        for learn in (False, True)
    ]  # fmt: skip
    shipped = [point for point in found["trade_off"] if point["shipped"]]
    assert [point["group"] for point in shipped] == [VALIDATION, "c"]
    text = stream_section(found)
    assert "- At most 0.5 false episodes per hour without speech: m" in text
    assert "| c | sound | yes |" in text


def _open(manifest: Manifest) -> Manifest:
    """With a gate that passes every loud window: tones are not speech."""
    assert manifest.gate is not None
    return msgspec.structs.replace(manifest, gate=msgspec.structs.replace(manifest.gate, threshold=0.0))
