"""Payloads: one struct per message, the only source of what is published.

    events, states, metrics ──► structs below ──msgspec──► one JSON object, one line

Times are RFC 3339 in UTC with milliseconds, durations are seconds, scores are an object by label.  ``v`` is the version
of this schema: within one version no field changes its meaning and none is removed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args

import msgspec

from edged.features.geometry import SILENCE_DBFS

VERSION = 1

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Availability = Literal["online", "offline"]  # the whole payload of ``availability``, a bare word
CaptureState = Literal["online", "offline", "stalled", "muted"]  # the whole payload of ``capture``, a bare word
Trust = Literal["verified", "insecure", "none"]  # whether the broker's certificate is checked
Uuid7 = Annotated[  # sorts by time
    str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
Seq = Annotated[int, msgspec.Meta(ge=1)]
Dbfs = Annotated[float, msgspec.Meta(ge=SILENCE_DBFS, le=0)]  # dB of full scale; silence is -96
Arousal = Literal["high", "low"]
Valence = Literal["positive", "neutral", "negative"]
SpeechState = Literal["ON", "OFF"]  # the whole payload of ``speech``, a bare word


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


class CardMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics of the bundle on one corpus, from its model card."""

    uar: Score  # unweighted average recall on speakers not trained on
    speakers: int
    clips: int
    never_trained: bool  # whether this corpus was left out of training


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """Identity and settings of the device; published retained as ``info`` at the start and when it changes."""

    v: int = VERSION  # version of this schema
    time: Time
    node: str
    device_id: str  # of the machine; a new installation keeps it
    session: str  # of this run; two at once are two devices with the same node
    hardware: str | None  # the board, if it is known
    versions: dict[str, str]
    bundle: str  # name and version
    routing: str  # `hard` or `soft`
    labels: list[str]  # of the bundle, in its order
    model_card: dict[str, CardMetrics]  # by corpus
    listening: bool  # false while muted by command or config
    thresholds: dict[str, Score]  # by label: probability at which its episode starts
    log_level: str
    commands: str  # as `mqtt.commands`
    config_digest: str  # changes when any setting in force changes
    restart_required: list[str]  # keys that changed in the file and need a restart


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Which device answered ``identify``."""

    node: str
    device_id: str
    host: str
    addresses: list[str]
    microphone: str
    hardware: str | None
    uptime_s: Seconds  # of the daemon


class Calibrated(msgspec.Struct, frozen=True, kw_only=True):
    """How far a calibration is."""

    state: Literal["listening", "done", "refused", "forgotten"]  # listening: another result follows
    speech_s: Seconds = 0.0  # seconds of speech
    sentences: int = 0
    change: dict[str, float] = {}  # by label: by how much the log of its score is lower than before, on average


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did, or why not; commands that change a setting return its value."""

    v: int = VERSION  # version of this schema
    time: Time
    command: str  # "unknown" if there is no such command
    ok: bool  # whether it was obeyed
    message: str  # what was done, or why not
    id: str | msgspec.UnsetType = msgspec.UNSET  # the `id` of the command
    muted: bool | msgspec.UnsetType = msgspec.UNSET
    thresholds: dict[str, Score] | msgspec.UnsetType = msgspec.UNSET
    log_level: str | msgspec.UnsetType = msgspec.UNSET
    baseline: str | msgspec.UnsetType = msgspec.UNSET  # `baseline.mode` in force
    calibration: Calibrated | msgspec.UnsetType = msgspec.UNSET
    restart_required: list[str] | msgspec.UnsetType = msgspec.UNSET
    device: Identity | msgspec.UnsetType = msgspec.UNSET


class OutboxMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Events that the broker has not acknowledged."""

    depth: int  # number of waiting events
    oldest_s: Seconds  # running time that the oldest has waited
    dropped: int  # events lost for lack of room, since the start
    on_disk: bool  # whether they survive the process
    fault: str = ""  # why they are not on disk, if they should be
    set_aside: str = ""  # name of a damaged file that was replaced since the start
    latency_p50_s: Seconds | None = None  # end of the deciding window to acknowledgement: median of the last 200
    latency_p95_s: Seconds | None = None  # 95th percentile of the same; includes waiting for an absent broker


class FeatureMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """How far the features are adapted to room and voices."""

    speech_s: Seconds  # seconds of speech listened to; older ones count less
    calibration_s: Seconds  # seconds of speech of `calibrate`; 0 without it
    since: Time | None = None  # of the first speech learned from; null if none, or if the clock was wrong
    calibrated: Time | None = None  # of `calibrate`; null without it, or if the clock was wrong
    distance: Annotated[float, msgspec.Meta(ge=0)]  # of this place; 1 is that of one speaker from the mean of all
    effect: dict[str, float]  # by label: by how much the log of its score is lowered, on average; empty if not known


class AdaptationMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """State of the adaptation to room and voices."""

    heard_s: Seconds  # seconds of speech learned from; older ones count less
    shift: dict[str, float]  # by label: what is subtracted from the log of its score; empty if scores are not adapted
    frozen: bool  # whether learning is stopped
    features: FeatureMetrics | None = None  # null if the bundle adapts scores only


CallOutcome = Literal["calmed", "unchanged", "escalated", "nothing_to_calm", "no_score"]
CallScore = Annotated[float, msgspec.Meta(ge=1, le=10)]


class CallState(msgspec.Struct, frozen=True, kw_only=True):
    """The running call; published retained as ``call`` about every five seconds of speech, with ``calls.live``."""

    v: int = VERSION  # version of this schema
    time: Time  # of the newest speech
    active: bool  # whether the call runs; false after its end
    call_id: Uuid7  # the same in its `event/call`
    duration_s: Seconds  # from the first speech to the newest
    speech_s: Seconds
    distress: Score  # mean of the newest windows
    trend: Literal["rising", "falling", "steady"] | None = None  # of the distress; null while there are too few windows
    score: CallScore | None = None  # customer calming score so far; null: see `reason`
    low: CallScore | None = None  # 90 % interval of the score
    high: CallScore | None = None
    reason: str | None = None  # why there is no score yet


class CallEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="call"):
    """A call ends; published as ``event/call``, with ``calls.live``."""

    v: int = VERSION  # version of this schema
    id: Uuid7  # of this event; the same if it arrives twice
    seq: Seq | msgspec.UnsetType = msgspec.UNSET  # number of this event among the node's; the publisher sets it
    replayed: bool = False  # late: it waited for the broker, or may have arrived before
    call_id: Uuid7  # the same in `call`
    event_type: CallOutcome
    time: Time  # of the last speech
    start_s: Seconds  # when it started, counted from the start of the source
    duration_s: Seconds  # from the first speech to the last
    speech_s: Seconds
    score: CallScore | None = None  # customer calming score, above 5.5: ended calmer than it began; null: see `reason`
    low: CallScore | None = None  # 90 % interval of the score
    high: CallScore | None = None
    opening: Score | None = None  # distress at the opening
    later: Score | None = None  # distress afterwards, what comes later counts more
    reason: str | None = None  # why there is no score


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics of the daemon; published retained as ``health`` each minute."""

    v: int = VERSION  # version of this schema
    time: Time
    uptime_s: Seconds
    microphone: str  # as the system names it
    sample_rate_hz: int  # of the microphone, before resampling
    capture: CaptureState
    channel: int | None = None  # of the microphone, from 1: the config's, or the one with speech; null while closed
    offset: float | None = None  # mean of the microphone's samples, of full scale, before it is removed
    hum_hz: int | None = None  # 50 or 60 if the microphone picks up the mains; null if not
    hum_dbfs: float | None = None  # level of that hum before it is removed
    microphone_silent: bool  # a constant value for `audio.silent_after_s`
    level_dbfs: float  # RMS of the newest window, at least -96
    peak_dbfs: float  # highest sample since the last health message, at least -96
    clipping: bool  # whether samples reached full scale since then
    windows: int  # classified since the start
    windows_speech: int  # those with speech
    windows_skipped: int  # skipped because the device was too slow
    samples_dropped: int  # lost in the ring or in the driver
    overflows: int  # reported by the driver
    gaps: int  # times that sound was lost, for any reason
    recoveries: int  # times that a lost microphone came back
    real_time_factor: float  # busy time of the pipeline / duration of sound, since the last health message
    tls: Trust = "none"  # whether the broker's certificate is checked
    reconnects: int  # connections to the broker after the first
    unacknowledged: int  # messages that the broker has not acknowledged
    resident_mb: float  # resident memory
    cpu_share: float  # CPU time of all threads / elapsed time, since the last health message; 1 is one core
    temperature_c: float | None  # of the hottest sensor
    throttling: list[str] | None  # why the board slows down: under_voltage, …; with _before: since boot, not now
    versions: dict[str, str]
    bundle: str
    routing: str
    baseline: AdaptationMetrics | None = None  # null if off
    outbox: OutboxMetrics | None = None  # null if nothing is published
    name_taken_by: str | None = None  # device id of another device that uses this node
    max_packet_bytes: int | None = None  # largest MQTT packet that the broker takes; null while no limit is known
    left_out: list[str] = []  # topics whose newest message was larger than that and was not sent


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


def rfc3339(utc_s: float) -> str:
    """Seconds since the Unix epoch as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(round(utc_s, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
