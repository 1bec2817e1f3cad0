"""Payloads: one struct per message, the only source of what is published.

    events, states ──► structs below; ``health``, ``device``, ``call`` beside it ──msgspec──► one JSON object, one line

Scores are an object by label.  ``v`` is the version of this schema: within one version no field changes its meaning and
none is removed.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from edged.contract.call import CallEnd, CallState
from edged.contract.device import Info, Result
from edged.contract.fields import (
    VERSION,
    Arousal,
    Availability,
    CaptureState,
    Dbfs,
    Score,
    Seconds,
    Seq,
    SpeechState,
    Time,
    Uuid7,
    Valence,
)
from edged.contract.health import Health


class WindowScores(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="window"):
    """Classification of one window; label, confidence and scores only if the speech gate detected speech."""

    v: int = VERSION  # version of this schema
    time: Time  # of the window's end
    start_s: Seconds  # from the start of the source to the window's first sample
    duration_s: Seconds
    speech: bool  # whether the speech gate detected speech
    level_dbfs: float  # RMS of its newest stride, at least -96
    label: str | None = None  # label with the highest score
    confidence: Score | None = None  # its score
    scores: dict[str, Score] | None = None  # by label; they add up to 1
    asked: list[str] | None = None  # models that ran, in order
    discontinuous: bool = False  # first window after the start or after lost sound
    intensity: Score | msgspec.UnsetType = msgspec.UNSET  # how strongly it is shown; if the bundle has it
    arousal: Score | msgspec.UnsetType = msgspec.UNSET  # calm (0) to excited (1); if the bundle has it
    valence: Score | msgspec.UnsetType = msgspec.UNSET  # unpleasant (0) to pleasant (1); if the bundle has it
    dominance: Score | msgspec.UnsetType = msgspec.UNSET  # weak (0) to in control (1); if the bundle has it
    file: str | msgspec.UnsetType = msgspec.UNSET  # the sound file; only in lines of `edged replay --jsonl`


class EpisodeStart(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="start"):
    """An episode starts; published as ``event/start``."""

    v: int = VERSION  # version of this schema
    id: Uuid7  # of this event; the same if it arrives twice
    seq: Seq | msgspec.UnsetType = msgspec.UNSET  # number of this event among the node's; the publisher sets it
    replayed: bool = False  # late: it waited for the broker, or may have arrived before
    episode_id: Uuid7  # the same in its `event/end`
    event_type: str  # the label
    time: Time  # when the episode started
    start_s: Seconds  # the same time, counted from the start of the source
    confidence: Score  # mean score of the label in the deciding windows
    probability: Score | None = None  # smoothed, at the deciding window: what `tracker.enter` is compared with
    scores: dict[str, Score]  # mean scores in the deciding windows
    previous: str | None = None  # label of the previous episode
    intensity: Score | msgspec.UnsetType = msgspec.UNSET  # how strongly it is shown; if the bundle has it
    arousal: Score | msgspec.UnsetType = msgspec.UNSET  # calm (0) to excited (1); if the bundle has it
    valence: Score | msgspec.UnsetType = msgspec.UNSET  # unpleasant (0) to pleasant (1); if the bundle has it
    dominance: Score | msgspec.UnsetType = msgspec.UNSET  # weak (0) to in control (1); if the bundle has it
    file: str | msgspec.UnsetType = msgspec.UNSET  # the sound file; only in lines of `edged replay --jsonl`


class EpisodeEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="end"):
    """An episode ends; published as ``event/end`` with the ``episode_id`` of its start."""

    v: int = VERSION  # version of this schema
    id: Uuid7  # of this event; the same if it arrives twice
    seq: Seq | msgspec.UnsetType = msgspec.UNSET  # number of this event among the node's; the publisher sets it
    replayed: bool = False  # late: it waited for the broker, or may have arrived before
    episode_id: Uuid7  # the same in its `event/start`
    event_type: str  # the label
    time: Time  # when the episode ended
    start_s: Seconds  # when it started, counted from the start of the source
    duration_s: Seconds  # from start to end
    confidence: Score  # mean score of the label over the episode
    confidence_peak: Score  # highest score of the label in one window
    probability: Score | None = None  # smoothed, at the last window with speech: what `tracker.leave` is compared with
    scores: dict[str, Score]  # mean scores over the episode
    reason: Literal["faded", "replaced", "silence", "discontinuity", "stopped"]  # why it ended
    intensity: Score | msgspec.UnsetType = msgspec.UNSET  # how strongly it is shown; if the bundle has it
    arousal: Score | msgspec.UnsetType = msgspec.UNSET  # calm (0) to excited (1); if the bundle has it
    valence: Score | msgspec.UnsetType = msgspec.UNSET  # unpleasant (0) to pleasant (1); if the bundle has it
    dominance: Score | msgspec.UnsetType = msgspec.UNSET  # weak (0) to in control (1); if the bundle has it
    file: str | msgspec.UnsetType = msgspec.UNSET  # the sound file; only in lines of `edged replay --jsonl`


class EmotionState(msgspec.Struct, frozen=True, kw_only=True):
    """The current state; published retained as ``emotion`` whenever it changes."""

    v: int = VERSION  # version of this schema
    time: Time  # of the sound that it describes
    emotion: str  # a label, "uncertain" (speech, but no label stands out) or "none" (no speech)
    speech: bool  # whether the newest window holds speech
    since: Time  # since when this emotion has been the state
    confidence: Score | None = None  # score of the label, or the highest score; null without speech
    probability: Score | None = None  # smoothed, as the thresholds see it, of the label or the likeliest; null if none
    scores: dict[str, Score] | None = None  # by label, smoothed; null without speech
    arousal: Arousal | None = None  # side with the highest sum of scores; null without speech
    valence: Valence | None = None  # the same
    level_dbfs: Dbfs | None = None  # RMS of the newest stride of sound


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """Loudness of the last five seconds; published as ``level`` after a change of 3 dB, and each minute."""

    v: int = VERSION  # version of this schema
    time: Time  # of the end of the five seconds
    level_dbfs: Dbfs  # RMS
    peak_dbfs: Dbfs
    clipping: bool  # whether samples reached full scale


class ClipScores(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="clip"):
    """Result of ``edged classify`` for one file."""

    v: int = VERSION  # version of this schema
    file: str
    label: str  # "none" if no window holds speech
    reason: str | None = None  # why the label is "none": no speech detected, or too quiet
    confidence: Score | None
    scores: dict[str, Score] | None  # mean over the windows with speech
    duration_s: Seconds
    windows: int
    intensity: Score | msgspec.UnsetType = msgspec.UNSET  # how strongly it is shown; if the bundle has it
    arousal: Score | msgspec.UnsetType = msgspec.UNSET  # calm (0) to excited (1); if the bundle has it
    valence: Score | msgspec.UnsetType = msgspec.UNSET  # unpleasant (0) to pleasant (1); if the bundle has it
    dominance: Score | msgspec.UnsetType = msgspec.UNSET  # weak (0) to in control (1); if the bundle has it


PAYLOADS: dict[str, type[msgspec.Struct]] = {
    "emotion": EmotionState,
    "event/start": EpisodeStart,
    "event/end": EpisodeEnd,
    "event/call": CallEnd,
    "call": CallState,
    "window": WindowScores,
    "level": Level,
    "health": Health,
    "info": Info,
    "cmd/<name>/result": Result,
    "clip": ClipScores,
}

# Payloads that are a bare word instead of JSON.
WORDS: dict[str, tuple[str, ...]] = {
    "availability": get_args(Availability),
    "capture": get_args(CaptureState),
    "speech": get_args(SpeechState),
}


def encoded(payload: msgspec.Struct) -> bytes:
    """The payload as one line of JSON."""
    return msgspec.json.encode(payload)


def json_schemas(kinds: Mapping[str, type[msgspec.Struct]] = PAYLOADS) -> dict[str, Any]:
    """JSON Schema 2020-12 of every payload, by topic (``clip`` is a line of classify)."""
    _, components = msgspec.json.schema_components(kinds.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"edged payloads, version {VERSION}",
        "topics": {
            **{topic: {"enum": list(words), "description": "A bare word, not JSON."} for topic, words in WORDS.items()},
            **{topic: {"$ref": f"#/$defs/{payload.__name__}"} for topic, payload in kinds.items()},
        },
        "$defs": components,
    }
