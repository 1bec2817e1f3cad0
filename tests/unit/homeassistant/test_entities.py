"""Complete entity configs: which there are, what they need, their ids and their labels."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edged.homeassistant.entities import entities
from edged.homeassistant.entity import Device
from edged.homeassistant.place_entities import PlaceDevice, place_entities
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.kitchen import KITCHEN, LABELS

PLACE = PlaceDevice(place="kitchen", hub="hub-1", labels=LABELS, version="0.1.0")


def test_whole_of_it() -> None:
    """All entities match entities.json, which a person has reviewed."""
    expected = json.loads((Path(__file__).parent / "entities.json").read_text(encoding="utf-8"))
    assert entities(KITCHEN) == expected


def test_what_can_be_set_needs_the_node_alone() -> None:
    """A muted device can be unmuted, and metrics are shown without a microphone."""
    for key, entity in entities(KITCHEN).items():
        needs_sound = key.split("_")[-1] in {"emotion", "confidence", "speech", "level", "microphone"}
        assert (len(entity["availability"]) == 2) == needs_sound, key
        assert entity["availability"][0] == {"topic": "edged/kitchen/availability"}
        assert entity["availability_mode"] == "all"


@pytest.mark.parametrize(
    ("commands", "there"),
    [("off", set()), ("read-only", {"button"}), ("on", {"switch", "number", "button"})],
)
def test_only_what_is_obeyed_can_be_set(commands: Any, there: set[str]) -> None:  # noqa: ANN401 -- a Literal
    """A device without commands has no switches."""
    built = entities(msgspec.structs.replace(KITCHEN, commands=commands))
    platforms = {entity["platform"] for entity in built.values()}
    assert platforms - {"event", "sensor", "binary_sensor"} == there


def test_calibration_needs_a_bundle_that_adapts_features() -> None:
    """Without one there is no button for it; the button that takes it back sends FORGET."""
    without = entities(msgspec.structs.replace(KITCHEN, calibrates=False))
    gone = {"button_calibrate", "button_forget_calibration", "sensor_calibration"}
    assert entities(KITCHEN).keys() - without.keys() == gone
    assert entities(KITCHEN)["button_forget_calibration"]["payload_press"] == "FORGET"


def test_numbers_have_statistics_and_a_precision() -> None:
    """Every numeric sensor has a state class, and one with decimals its display precision; texts have neither."""
    device = entities(msgspec.structs.replace(KITCHEN, calls=True))
    found = {**device, **{f"place {key}": one for key, one in place_entities(PLACE).items()}}
    sensors = {key: one for key, one in found.items() if one["platform"] == "sensor"}
    shown = {key: (one.get("state_class"), one.get("suggested_display_precision")) for key, one in sensors.items()}
    assert shown == {
        "sensor_emotion": (None, None),
        "sensor_confidence": ("measurement", 0),
        "sensor_level": ("measurement", 0),
        "sensor_call_score": ("measurement", 1),
        "sensor_latency": ("measurement", 2),
        "sensor_skipped_windows": ("total_increasing", None),
        "sensor_outbox_depth": ("measurement", None),
        "sensor_calibration": (None, None),
        "place sensor_mood": (None, None),
        "place sensor_confidence": ("measurement", 0),
        "place sensor_agreement": ("measurement", 0),
        "place sensor_summary": (None, None),
    }


def test_another_bundle_has_its_own_labels() -> None:
    """Event types, options and thresholds follow the bundle's labels."""
    built = entities(Device(node="a", device_id="f" * 16, labels=("calm", "tense"), version="1"))
    assert built["event_emotion"]["event_types"] == ["calm", "tense"]
    assert built["sensor_emotion"]["options"] == ["calm", "tense", "uncertain", "none"]
    assert [key for key in built if key.startswith("number_")] == ["number_threshold_calm", "number_threshold_tense"]


def test_labels_of_the_bundle_that_is_shipped() -> None:
    """The reference file uses the labels of the shipped bundle."""
    assert load_bundle(DEFAULT_BUNDLE).manifest.labels == LABELS


def test_ids_stay_apart_and_the_same() -> None:
    """Two nodes on one machine share no id, and a new version keeps all ids."""

    def ids(device: Device) -> set[str]:
        return {entity["unique_id"] for entity in entities(device).values()}

    assert len(ids(KITCHEN)) == len(entities(KITCHEN))
    assert not ids(KITCHEN) & ids(msgspec.structs.replace(KITCHEN, node="hall"))
    assert ids(KITCHEN) == ids(msgspec.structs.replace(KITCHEN, version="2", health_s=5, suggested_area="x"))


def test_only_periodic_figures_expire() -> None:
    """Only periodic values expire, after three periods; states published on change never do."""
    expiring = {key: entity["expire_after"] for key, entity in entities(KITCHEN).items() if "expire_after" in entity}
    assert expiring == {
        "sensor_level": 180,
        "sensor_latency": 180,
        "sensor_skipped_windows": 180,
        "sensor_outbox_depth": 180,
    }
    assert entities(msgspec.structs.replace(KITCHEN, health_s=10))["sensor_latency"]["expire_after"] == 30
