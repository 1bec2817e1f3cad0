"""The hub with a real mosquitto: moods and events, bounds, floods, lost connections, and words that leave no trace."""

import logging
import time
from collections.abc import Mapping
from typing import Self

import pytest

from edged.contract.mood import MoodEvent
from tests.parts.broker.hub import NAME, running_hub
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.unit.hub.test_inputs import Words

__all__ = ["idle_mosquitto", "mosquitto"]

_KITCHEN = """
hub:
  places:
    kitchen:
      voice: [a]
      window_s: 4
      hold_s: 0.2
      inputs:
        - {preset: rhasspy, where: {siteId: kitchen}}
        - {preset: deepface, topic: cam/kitchen, reliability: 0.8}
    attic:
      hold_s: 0.2
      inputs:
        - {kind: label, topic: cam/attic, reliability: 0.8}
        - {preset: rhasspy, where: {siteId: attic}}
"""
_HAPPY = '{"dominant_emotion": "happy", "emotion": {"happy": 99, "sad": 1}}'


class Recorder:
    """A listener that records."""

    def __init__(self) -> None:
        self.events: list[MoodEvent] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        pass

    def mood_changed(self, event: MoodEvent) -> None:
        """Record it."""
        self.events.append(event)

    def of(self, place: str) -> list[str]:
        """The labels of the events of ``place``."""
        return [event.event_type for event in self.events if event.place == place]


def test_voice_words_and_face_become_one_mood(mosquitto: Mosquitto) -> None:
    """It begins with none, changes, holds, fades and ends; a listener gets the events."""
    recorder = Recorder()
    with running_hub(mosquitto, _KITCHEN, scorer=Words(), listeners=(recorder,)) as hub:
        assert hub.wait_for_mood("none").sources == {}
        hub.speak("a", "angry", time.time())
        assert hub.wait_for_mood("angry").sentence.endswith("by voice alone")
        hub.send("hermes/asr/textCaptured", '{"text": "I hate it", "siteId": "kitchen"}')
        hub.send("cam/kitchen", _HAPPY)
        mood = hub.wait_for_sources("kitchen", 3)
        assert mood.emotion == "angry"
        assert {name: source.label for name, source in mood.sources.items()} == {
            "voice": "angry",
            "text": "angry",
            "face": "happy",
        }
        assert mood.agreement is not None
        assert 0.5 < mood.agreement < 1
        assert mood.sentence.endswith("voice and words agree, face says happy")
        assert hub.wait_for_event("angry").previous == "none"
        hub.speak("a", "none", time.time())
        hub.wait_for_mood("none")
        assert hub.wait_for_event("none").previous in {"angry", "uncertain"}  # words outlive the voice
        published = [event.event_type for event in hub.events if event.place == "kitchen"]
        # The broker may be faster than the hub, which tells its listeners after it has published.
        wait_until(lambda: len(recorder.of("kitchen")) >= len(published), "the listener gets every event")
        assert recorder.of("kitchen")[: len(published)] == published
        assert hub.hub.health().latency_p95_s is not None
        assert hub.hub.health().inputs.accepted == 4
    retained = mosquitto.retained()
    assert b'"emotion":"none"' in retained["edged/place/kitchen/mood"]
    assert retained[f"edged/{NAME}/availability"] == b"offline"
    assert f"edged/{NAME}/hub" in retained
    assert "edged/place/kitchen/event/mood" not in retained


def test_retained_late_large_and_foreign_payloads_are_ignored(mosquitto: Mosquitto) -> None:
    """Each is counted, and none makes a mood."""
    with running_hub(mosquitto, _KITCHEN) as before:
        before.send("cam/attic", "happy", retained=True)
        before.wait_for_mood("happy", "attic")
    with running_hub(mosquitto, _KITCHEN, scorer=Words()) as hub:
        hub.wait_for_count("retained", 1)
        hub.speak("a", "angry", time.time() - 60)
        hub.wait_for_count("late", 1)
        hub.send("cam/attic", "x" * 4097)
        hub.wait_for_count("too_large", 1)
        hub.send("hermes/asr/textCaptured", '{"text": "I hate it", "siteId": "cellar"}')
        hub.wait_for_count("elsewhere", 1)
        hub.send("cam/kitchen", b"\x00\xff{")
        hub.wait_for_count("malformed", 1)
        hub.send("cam/attic", "woozy")
        hub.wait_for_count("unknown_labels", 1)
        hub.send("hermes/asr/textCaptured", '{"text": "quite so", "siteId": "attic"}')
        hub.wait_for_count("no_evidence", 1)
        hub.poll()
        assert {mood.emotion for mood in hub.moods} == {"none"}
        assert hub.hub.health().inputs.accepted == 0


def test_flood_disturbs_no_other_place(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of payloads and garbage on one topic: the other place follows its own, and the log has one line."""
    with caplog.at_level(logging.WARNING), running_hub(mosquitto, _KITCHEN) as hub:
        hub.wait_for_mood("none")
        for number in range(3000):
            hub.send("cam/attic", b"happy" if number % 2 else b"\xff" * 100, qos=0)
            if number % 1000 == 500:
                hub.send("cam/kitchen", _HAPPY)
        hub.wait_for_mood("happy")
        hub.speak("a", "sad", time.time())
        hub.wait_for_mood("sad")
        health = hub.hub.health()
        assert health.inputs.too_many > 2000
        assert health.latency_p95_s is not None
    floods = [record for record in caplog.records if "more than 20 messages" in record.message]
    assert [record.message for record in floods] == [
        "cam/attic: more than 20 messages a second; they are ignored and counted"
    ]


def test_lost_broker_ends_what_voices_say(idle_mosquitto: Mosquitto) -> None:
    """After its return the moods are published again, and states that it retained are old."""
    broker = idle_mosquitto
    broker.start()
    with running_hub(broker, _KITCHEN) as hub:
        hub.speak("a", "angry", time.time())
        hub.wait_for_mood("angry")
        broker.kill()
        wait_until(lambda: not hub.publisher.connected, "the loss")
        wait_until(lambda: hub.hub.health().moods == 0, "the end of the mood")
        broker.start()
        assert hub.publisher.wait_connected(60)
        hub.wait_for_mood("none")
        hub.speak("a", "happy", time.time())
        hub.wait_for_mood("happy")
        assert hub.hub.health().reconnects == 1


class Listening(Words):
    """A text model that takes every sentence for anger."""

    def __init__(self) -> None:
        self.n_sentences = 0

    def scores(self, sentence: str) -> Mapping[str, float] | None:
        """Count it."""
        self.n_sentences += 1
        return {"angry": 0.9, "happy": 0.1} if sentence else None


def test_canary_leaves_no_trace(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    """A word sent through every input, in every field: no log line and no message of the hub has it.

    tests/broker/test_hub_run.py looks for it in the files of a process.
    """
    canary = "Zanzibarkanarie"
    listening = Listening()
    section = f"""{_KITCHEN}
    hall:
      hold_s: 0
      inputs:
        - {{kind: text, topic: stt/bare, reliability: 0.9}}
        - {{preset: esphome, topic: stt/esphome, name: esphome}}
        - {{kind: label, topic: stt/bare, name: mixed}}
        - {{kind: label, topic: cam/hall, label: l, scores: s, where: {{w: {canary}}}}}
"""
    with caplog.at_level(logging.DEBUG), running_hub(mosquitto, section, scorer=listening) as hub:
        sent = [
            ("hermes/asr/textCaptured", f'{{"text": "{canary} hates it", "siteId": "kitchen", "x": "{canary}"}}'),
            ("hermes/asr/textCaptured", f'{{"text": "{canary}", "siteId": "{canary}"}}'),
            ("stt/bare", canary),
            ("stt/bare", f"the {canary} sings"),
            ("stt/esphome", f'{{"text": "{canary}"}}'),
            ("stt/esphome", f'{{"text": ["{canary}"]}}'),
            ("stt/esphome", f'{{"text": "{canary}'),
            ("cam/kitchen", f'{{"dominant_emotion": "oh {canary}!", "emotion": {{"the {canary}": 5}}}}'),
            ("cam/kitchen", f'{{"dominant_emotion": "happy", "caption": "{canary}"}}'),
            ("cam/attic", f"that {canary} again"),
            ("cam/hall", f'{{"l": "happy", "w": "{canary}", "s": {{"{canary} {canary}": 1}}}}'),
            ("edged/a/emotion", f'{{"{canary}": 1}}'),
            ("edged/a/capture", canary),
        ]
        for topic, payload in sent:
            hub.send(topic, payload)
        hub.wait_for_event("angry", "hall")
        wait_until(lambda: listening.n_sentences >= 4, "four sentences")
        hub.poll()
        payloads = [payload for payload in hub.payloads if canary.encode() in payload]
        ours = [payload for payload in payloads if payload.decode() not in {content for _, content in sent}]
        assert ours == []
    assert canary not in caplog.text
