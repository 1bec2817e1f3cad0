"""The section ``hub``: what is taken, and one line with the whole key for what is not."""

import pytest

from edged.config.hub.presets import complete
from edged.config.hub.structs import Input
from edged.config.load import parse_config
from edged.errors import ConfigError

_EXAMPLE = """
hub:
  places:
    kitchen:
      voice: [edged-1a2b3c4d]
      window_s: 5
      method: pool
      inputs:
        - {kind: text,  topic: hermes/asr/textCaptured, text: text, where: {siteId: kitchen}}
        - {kind: label, name: face, topic: "moodcam/kitchen/emotion", label: dominant_emotion, scores: emotion,
           scale: 100, map: {joy: happy}, reliability: 0.55}
  agent: {base_url: "http://localhost:11434/v1", model: llama3.2, places: [kitchen], emotions: [angry]}
  actions:
    dim: {description: Dim the light, topic: home/light/set, payload: {state: ON}, arguments: {level: [10, 50]}}
    call: {description: Ring, url: "https://example.org/ring", method: GET}
"""


def refusal(text: str) -> str:
    """The message for a faulty config."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "config.yaml")
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix("config.yaml: ")


def place(keys: str) -> str:
    """A config with one place that has these keys."""
    return f"hub: {{places: {{kitchen: {{{keys}}}}}}}"


def test_example_is_taken() -> None:
    """The issue's example, and an agent with two actions."""
    hub = parse_config(_EXAMPLE, "").hub
    assert hub.places["kitchen"].voice == ["edged-1a2b3c4d"]
    text, face = hub.places["kitchen"].inputs
    assert (text.kind, text.where) == ("text", {"siteId": "kitchen"})
    assert (face.scale, face.map, face.reliability) == (100, {"joy": "happy"}, 0.55)
    assert hub.agent is not None
    assert hub.actions["dim"].arguments == {"level": [10, 50]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hub: {places: [1]}", "hub.places is [1], expected at most 1000 places by name, each with its keys"),
        ("hub: {places: {a b: {voice: [x]}}}", "hub.places: the name is 'a b', expected at most 64 of"),
        (place("window_s: x"), "hub.places.kitchen.window_s is 'x', expected a number, 1 to 120"),
        (place("window_s: 121"), "hub.places.kitchen.window_s is 121, expected a number, 1 to 120"),
        (place("voice: kitchen"), "hub.places.kitchen.voice is 'kitchen', expected at most 64 names"),
        (place("voice: [a/b]"), "hub.places.kitchen.voice[0] is 'a/b', expected at most 64 of a-z"),
        (place("voices: [a]"), "hub.places.kitchen.voices is not a key, expected keys among voice, inputs"),
        (place("method: mean"), "hub.places.kitchen.method is 'mean', expected pool or rule"),
        (place("prior: {neutral: 2}"), "hub.places.kitchen.prior.neutral is 2, expected a number, 0 to 1"),
        (
            place("inputs: [{topic: a/+}]"),
            "hub.places.kitchen.inputs[0].topic is 'a/+', expected a topic without + and",
        ),
        (place("inputs: [{kind: sound}]"), "hub.places.kitchen.inputs[0].kind is 'sound', expected '' or text or"),
        (place("inputs: [5]"), "hub.places.kitchen.inputs[0] is 5, expected keys among preset, kind"),
        (place("inputs: [{reliability: 2}]"), "hub.places.kitchen.inputs[0].reliability is 2, expected a number, 0 to"),
        ("hub: {labels: [angry]}", "hub.labels is ['angry'], expected 2 to 32 labels"),
        ("hub: {agent: {model: a}}", "hub.agent.base_url is missing, expected a URL that starts with http://"),
        ("hub: {agent: {base_url: ftp://a, model: a}}", "hub.agent.base_url is 'ftp://a', expected a URL"),
        ("hub: {actions: {a: {topic: b}}}", "hub.actions.a.description is missing, expected text of at most 500"),
        (
            "hub: {actions: {a: {description: b, topic: c, arguments: {level: []}}}}",
            "hub.actions.a.arguments.level is [], expected",
        ),
        (
            "hub: {actions: {a: {description: b, topic: c, qos: 2}}}",
            "hub.actions.a.qos is 2, expected 0 or 1",
        ),
    ],
)
def test_wrong_value_is_named(text: str, message: str) -> None:
    """However deep it is."""
    assert refusal(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hub: {part: 3/2}", "hub.part is 3/2, expected a number of at most 2"),
        ("hub: {labels: [a, a]}", "hub.labels is ['a', 'a'], expected each label once"),
        ("hub: {labels: [a, none]}", "hub.labels has none, which is a mood without a label"),
        (place("window_s: 5"), "hub.places.kitchen.voice is empty, expected nodes there, or inputs"),
        (place("voice: [a], prior: {calm: 1}"), "hub.places.kitchen.prior names calm, expected some of angry, disgust"),
        (
            place("voice: [a], prior: {sad: 0.6, angry: 0.6}"),
            "hub.places.kitchen.prior has shares of 1.2 together, expected at most 1",
        ),
        (place("inputs: [{topic: a}]"), "hub.places.kitchen.inputs[0].kind is empty, expected text or label, or a pre"),
        (place("inputs: [{kind: text}]"), "hub.places.kitchen.inputs[0].topic is empty, expected the topic"),
        (place("inputs: [{preset: esphome}]"), "hub.places.kitchen.inputs[0].topic is empty, expected the topic"),
        (
            place("inputs: [{kind: text, topic: a}, {preset: rhasspy}]"),
            "hub.places.kitchen.inputs[1].name is text, expected another name for each input",
        ),
        (
            place("inputs: [{kind: text, topic: a, name: voice}]"),
            "hub.places.kitchen.inputs[0].name is voice, expected",
        ),
        (place("inputs: [{kind: text, topic: a, scores: b}]"), "hub.places.kitchen.inputs[0].kind is text, expected l"),
        (place("inputs: [{kind: label, topic: a, text: b}]"), "hub.places.kitchen.inputs[0].kind is label, expected t"),
        (
            place("inputs: [{kind: label, topic: a, label: b..c}]"),
            "hub.places.kitchen.inputs[0].label is 'b..c', expec",
        ),
        (
            place("inputs: [{kind: label, topic: a, map: {x: gay}}]"),
            "hub.places.kitchen.inputs[0].map.x is gay, expect",
        ),
        ("hub: {actions: {a: {description: b}}}", "hub.actions.a.topic is empty, expected it, or url"),
        (
            "hub: {actions: {a: {description: b, topic: c, url: 'http://d'}}}",
            "hub.actions.a.topic is set beside url, expected one",
        ),
        (
            "hub: {actions: {a: {description: b, topic: c, word: 'ON', payload: {x: 1}}}}",
            "hub.actions.a.word is set, expected it to be empty beside payload and arguments",
        ),
        (
            "hub: {actions: {a: {description: b, topic: c, payload: {x: 1}, arguments: {x: [1]}}}}",
            "hub.actions.a.arguments.x is in payload too, expected each name once",
        ),
        (
            "hub: {actions: {a: {description: b, url: 'http://d', method: GET, payload: {x: 1}}}}",
            "hub.actions.a.method is GET, expected POST or PUT beside a payload",
        ),
        (
            "hub: {actions: {a: {description: b, topic: c, token_file: d}}}",
            "hub.actions.a.token_file is set, expected it to be empty beside topic",
        ),
        (
            "hub: {actions: {a: {description: b, topic: c, places: [attic]}}}",
            "hub.actions.a.places names attic, expected some of no name",
        ),
        (
            "hub: {agent: {base_url: 'http://a', model: b, emotions: [calm]}}",
            "hub.agent.emotions names calm, expected some of angry",
        ),
    ],
)
def test_keys_must_fit_together(text: str, message: str) -> None:
    """A value that is right alone and wrong beside others."""
    assert refusal(text).startswith(message)


def test_preset_is_completed() -> None:
    """Given keys replace the preset's; the usual names of labels are known."""
    rhasspy = complete(Input(preset="rhasspy", where={"siteId": "kitchen"}))
    assert (rhasspy.kind, rhasspy.topic, rhasspy.text, rhasspy.name, rhasspy.reliability) == (
        *("text", "hermes/asr/textCaptured", "text", "text"),
        0.05,
    )
    face = complete(Input(preset="deepface", topic="cam", map={"joy": "sad"}, reliability=0))
    assert (face.label, face.scores, face.scale, face.name, face.reliability) == (
        *("dominant_emotion", "emotion", 100, "face"),
        0,
    )
    assert (face.map["joy"], face.map["anger"], face.map["surprise"]) == ("sad", "angry", "")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            "topic: frigate/events, label: after.label",
            "topic is 'frigate/events', expected another: that program says who",
        ),
        ("topic: double-take/matches/david", "topic is 'double-take/matches/david', expected another"),
        ("topic: nvr/events, label: after.sub_label", "label is after.sub_label, expected another field"),
        ("topic: nvr/events, label: after.sub_label.0", "label is after.sub_label.0, expected another field"),
        ("topic: faces, scores: matches.0.name", "scores is matches.0.name, expected another field"),
        ("topic: faces, where: {match.name: david}", "where.match.name says who somebody is, expected another field"),
    ],
)
def test_who_somebody_is_is_never_read(keys: str, message: str) -> None:
    """Neither as a label nor as a filter, whatever the topic is called."""
    assert refusal(place(f"inputs: [{{kind: label, {keys}}}]")).startswith(f"hub.places.kitchen.inputs[0].{message}")


def test_labels_that_are_called_names_are_taken() -> None:
    """Other programs call an emotion a name."""
    config = parse_config(
        place("inputs: [{kind: label, topic: cam, label: emotion.name, where: {camera: kitchen}}]"), ""
    )
    assert config.hub.places["kitchen"].inputs[0].label == "emotion.name"
