"""Ready-made inputs: what other programs' payloads look like, and what an input means without one.

    {preset: rhasspy, where: {siteId: kitchen}} ──► Input(kind="text", topic="hermes/asr/textCaptured", text="text", …)

Recorded payloads of each, with their sources, are in tests/unit/hub/payloads.
"""

import msgspec

from edged.config.hub.structs import Input

RELIABILITY = {"text": 0.05, "label": 0.55}  # text: docs/fusion.md#fusion
NAMES = {"text": "text", "label": "face"}

# Names that other programs give to our labels, and '' for what is none of ours.  Everything else is unknown.
USUAL = {
    "anger": "angry",
    "mad": "angry",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "scared": "fear",
    "happiness": "happy",
    "joy": "happy",
    "calm": "neutral",
    "sadness": "sad",
    "surprise": "",
    "surprised": "",
    "contempt": "",
    "other": "",
    "unknown": "",
    "none": "",
    "uncertain": "",
}

PRESETS = {
    # https://rhasspy.readthedocs.io/en/latest/reference/#speech-to-text: {"text": "…", "siteId": "kitchen", …}
    "rhasspy": Input(kind="text", topic="hermes/asr/textCaptured", text="text"),
    # on_stt_end of ESPHome's voice_assistant, published by mqtt.publish as docs/hub.md shows: {"text": "…"}
    "esphome": Input(kind="text", text="text"),
    # DeepFace.analyze(actions=["emotion"]): {"dominant_emotion": "happy", "emotion": {"happy": 93.1, …}}
    "deepface": Input(kind="label", label="dominant_emotion", scores="emotion", scale=100.0),
}


def complete(given: Input) -> Input:
    """``given`` with the values of its preset and of its kind; ``map`` has the usual names too."""
    defaults = Input()
    values = {
        name: getattr(given, name) if getattr(given, name) != getattr(defaults, name) else getattr(preset, name)
        for preset in [PRESETS.get(given.preset, defaults)]
        for name in Input.__struct_fields__
    }
    kind = values["kind"]
    if values["reliability"] is None:
        values["reliability"] = RELIABILITY.get(kind)
    values["name"] = values["name"] or NAMES.get(kind, "")
    values["map"] = {**USUAL, **values["map"]}
    return msgspec.structs.replace(given, **values)
