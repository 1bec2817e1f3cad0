"""A hub's config that is read again: what is live, what waits for a restart, and the line that says so."""

import pytest

from edged.config.hub.reload import LIVE, LIVE_OF_HUB, Reread, reread
from edged.config.hub.structs import Hub
from edged.config.load import parse_config

_KITCHEN = "kitchen: {voice: [a], enter: 0.5}"


def read_again(old: str, new: str) -> Reread:
    """The section ``new`` after ``old``."""
    before, after = (parse_config(f"hub: {{{text}}}", "hub.yaml") for text in (old, new))
    return reread(before, after)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f"places: {{{_KITCHEN}}}", f"places: {{{_KITCHEN}}}", "nothing changed"),
        (
            f"places: {{{_KITCHEN}}}",
            "places: {kitchen: {voice: [a, b], enter: 0.6}}",
            "hub.places.kitchen.voice changed, hub.places.kitchen.enter 0.5 -> 0.6",
        ),
        (
            f"places: {{{_KITCHEN}}}",
            "places: {attic: {voice: [a]}}",
            "hub.places.attic added, hub.places.kitchen removed",
        ),
        (f"places: {{{_KITCHEN}}}", f"part: 1/2, places: {{{_KITCHEN}}}", "hub.part '1/1' -> '1/2'"),
        ("part: 1/1", "labels: [good, bad]", "hub.labels"),
        (
            "agent: {base_url: 'http://u:secret@h', model: m}",
            "agent: {base_url: 'http://h', model: m}",
            "base_url changed",
        ),
        ("agent: {base_url: 'http://h', model: m}", "part: 1/1", "hub.agent changed"),
        (
            "actions: {a: {description: d, topic: t}}",
            "actions: {a: {description: e, topic: t}, b: {description: d, topic: t}}",
            "hub.actions.a.description changed, hub.actions.b added",
        ),
    ],
)
def test_live_keys_of_the_hub(old: str, new: str, words: str) -> None:
    """They take effect; the line has names and numbers, and no text, which might be a secret."""
    again = read_again(old, new)
    assert words in again.summary
    assert "secret" not in again.summary
    assert "restart" not in again.summary
    assert again.config == parse_config(f"hub: {{{new}}}", "hub.yaml")


def test_other_keys_wait() -> None:
    """Name, broker and discovery; what a hub does not use is not named."""
    old = "hub: {name: one}"
    new = (
        "{hub: {name: two}, mqtt: {port: 2}, homeassistant: {prefix: ha}, health_s: 30, log_level: debug,"
        " node: x, audio: {device: usb}, tracker: {enter: 0.9}}"
    )
    again = reread(parse_config(old, "old"), parse_config(new, "new"))
    assert again.waiting == ("hub.name", "mqtt.port", "homeassistant.prefix")
    assert again.live == ("health_s 60 -> 30", "log_level info -> debug")
    assert again.summary.endswith("; needs a restart: hub.name, mqtt.port, homeassistant.prefix")
    kept = parse_config("{hub: {name: one}, health_s: 30, log_level: debug}", "kept")
    assert again.config == kept


def test_every_key_of_the_hub_is_live_or_named() -> None:
    """A key that is added later must be decided on."""
    assert {*LIVE_OF_HUB, "name"} == set(Hub.__struct_fields__)
    assert set(LIVE) < set(parse_config("", "").__struct_fields__)
