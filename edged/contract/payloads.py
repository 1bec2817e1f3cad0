"""The payloads: one struct a message, the only source of what is published.

    Result, Episode ──► structs below ──msgspec──► one JSON object, one line

Times are RFC 3339 in UTC with milliseconds, durations are seconds, scores are an object by label.  ``v`` is the version
of this schema: within one version no field changes its meaning and none is removed.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args

import msgspec

VERSION = 1

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Availability = Literal["online", "offline"]  # the whole payload of ``availability``, a bare word
CaptureState = Literal["online", "offline", "stalled", "muted"]  # the whole payload of ``capture``, a bare word
Trust = Literal["verified", "insecure", "none"]  # how the broker proved who it is
Uuid7 = Annotated[  # sorts by time
    str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
Seq = Annotated[int, msgspec.Meta(ge=1)]
Dbfs = Annotated[float, msgspec.Meta(ge=-96, le=0)]  # dB of full scale; silence is -96
Arousal = Literal["high", "low"]
Valence = Literal["positive", "neutral", "negative"]
SpeechState = Literal["ON", "OFF"]  # the whole payload of ``speech``, a bare word


class WindowScores(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="window"):
    """What one window of sound was found to be; label, confidence and scores only where the gate heard speech."""

    v: int = VERSION  # of this schema
    time: Time  # of the window's end
    start_s: Seconds  # from the start of the source to the window's first sample
    duration_s: Seconds
    speech: bool  # whether the gate heard any
    level_dbfs: float  # rms of its newest stride, never below -96
    label: str | None = None  # of the greatest score
    confidence: Score | None = None  # its score
    scores: dict[str, Score] | None = None  # by label; their sum is 1
    asked: list[str] | None = None  # the models that ran, in order
    discontinuous: bool = False  # the first window after the start or after lost sound


class EpisodeStart(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="start"):
    """An emotion holds from now on; published as ``event/start``."""

    v: int = VERSION  # of this schema
    id: Uuid7  # of this event: one that comes twice has the same
    seq: Seq | msgspec.UnsetType = msgspec.UNSET  # of this event among the node's; set by what publishes it
    replayed: bool = False  # it comes late: it waited for the broker, or may have come before
    episode_id: Uuid7  # the same in its end
    event_type: str  # the label
    time: Time  # when the episode began
    start_s: Seconds  # the same, from the start of the source
    confidence: Score  # mean score of the label in the windows that decided
    scores: dict[str, Score]  # mean scores in those windows
    previous: str | None = None  # the label of the episode before this one


class EpisodeEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="end"):
    """The same emotion no longer holds; published as ``event/end`` with its start's ``episode_id``."""

    v: int = VERSION  # of this schema
    id: Uuid7  # of this event: one that comes twice has the same
    seq: Seq | msgspec.UnsetType = msgspec.UNSET  # of this event among the node's; set by what publishes it
    replayed: bool = False  # it comes late: it waited for the broker, or may have come before
    episode_id: Uuid7  # of its start
    event_type: str  # the label
    time: Time  # when the episode ended
    start_s: Seconds  # when it began, from the start of the source
    duration_s: Seconds  # from its start to its end
    confidence: Score  # mean score of the label over the episode
    confidence_peak: Score  # the greatest of the label in one window
    scores: dict[str, Score]  # mean scores over the episode
    reason: Literal["faded", "replaced", "silence", "discontinuity", "stopped"]


class EmotionState(msgspec.Struct, frozen=True, kw_only=True):
    """How it is now; published retained as ``emotion`` whenever it changes."""

    v: int = VERSION  # of this schema
    time: Time  # of the sound that it is about
    emotion: str  # a label, "uncertain" (speech, but no label stands out) or "none" (no speech)
    speech: bool  # whether the newest window held any
    since: Time  # when this emotion began to be the state
    confidence: Score | None = None  # score of the label, or the greatest one; null without speech
    scores: dict[str, Score] | None = None  # by label, smoothed; null without speech
    arousal: Arousal | None = None  # the stronger side of the scores; null without speech
    valence: Valence | None = None  # likewise
    level_dbfs: Dbfs | None = None  # rms of the newest stride of sound


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """How loud it was in the last five seconds; published as ``level`` when it moved by 3 dB, and each minute."""

    v: int = VERSION  # of this schema
    time: Time  # of the end of the five seconds
    level_dbfs: Dbfs  # rms
    peak_dbfs: Dbfs
    clipping: bool  # whether the microphone was too loud for its converter


class CardFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the model card says of the bundle on one corpus."""

    uar: Score  # unweighted average recall on speakers not trained on
    speakers: int
    clips: int
    never_trained: bool  # nothing of this corpus was in training


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What this device is and how it is set; published retained as ``info`` at the start and when it changes."""

    v: int = VERSION  # of this schema
    time: Time
    node: str
    device_id: str  # of the machine, the same after a new installation
    session: str  # of this run: two of them at once are two devices of one name
    hardware: str | None  # the board, where it says
    versions: dict[str, str]
    bundle: str  # name and version of the models
    routing: str  # `hard` or `soft`
    labels: list[str]  # of the bundle, in its order
    model_card: dict[str, CardFigures]  # by corpus
    listening: bool  # false while muted by command or config
    thresholds: dict[str, Score]  # by label the score from which its episode begins
    log_level: str
    commands: str  # which are obeyed: off, read-only or on
    config_digest: str  # changes with any value in force
    restart_required: list[str]  # keys that were changed in the file and wait for a restart


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Which device it is that answered ``identify``."""

    node: str
    device_id: str
    host: str
    addresses: list[str]
    microphone: str
    hardware: str | None
    uptime_s: Seconds  # of the daemon


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did, or why not; what is in force now comes with those that change it."""

    v: int = VERSION  # of this schema
    time: Time
    command: str  # "unknown" where there is none of that name
    ok: bool  # whether it was obeyed
    message: str  # what was done, or why not
    id: str | msgspec.UnsetType = msgspec.UNSET  # the command's own
    muted: bool | msgspec.UnsetType = msgspec.UNSET
    thresholds: dict[str, Score] | msgspec.UnsetType = msgspec.UNSET
    log_level: str | msgspec.UnsetType = msgspec.UNSET
    baseline: str | msgspec.UnsetType = msgspec.UNSET  # the mode
    restart_required: list[str] | msgspec.UnsetType = msgspec.UNSET
    device: Identity | msgspec.UnsetType = msgspec.UNSET


class OutboxFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands with the events that the broker has not acknowledged."""

    depth: int  # how many there are
    oldest_s: Seconds  # how long the oldest of them has waited while the daemon ran
    dropped: int  # since the start: those for which there was no room
    on_disk: bool  # whether they outlive the daemon
    fault: str = ""  # why they do not, where they should
    set_aside: str = ""  # name of the damaged file that was replaced since the start
    latency_p50_s: Seconds | None = None  # from the end of the window that caused an event to its acknowledgement …
    latency_p95_s: Seconds | None = None  # … of the last 200, with the waiting for a broker that was away


class BaselineFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the device has learned of its room and its voices."""

    heard_s: Seconds  # of speech, those long ago counted less
    shift: dict[str, float]  # by label what is taken off the log of its score now
    frozen: bool  # nothing is added to it


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the daemon about itself; published retained as ``health`` each minute."""

    v: int = VERSION  # of this schema
    time: Time
    uptime_s: Seconds
    microphone: str  # as the system names it
    sample_rate_hz: int  # of the microphone, before resampling
    capture: CaptureState
    microphone_silent: bool  # nothing but one value for audio.silent_after_s
    level_dbfs: float  # rms of the newest window; never below -96
    peak_dbfs: float  # greatest sample since the last health message; never below -96
    clipping: bool  # whether the microphone was too loud for its converter since then
    windows: int  # judged since the start
    windows_speech: int  # those with speech among them
    windows_skipped: int  # left out because the device was too slow
    samples_dropped: int  # lost in the ring or at the driver
    overflows: int  # reported by the driver
    gaps: int  # times that sound was lost, for whatever reason
    recoveries: int  # times that the microphone was gone and came again
    real_time_factor: float  # busy time of the pipeline by time of sound, since the last health message
    tls: Trust = "none"  # whether the broker proved who it is; insecure: it need not
    reconnects: int  # of the broker
    unacknowledged: int  # messages that the broker has not confirmed
    resident_mb: float  # memory in use
    cpu_share: float  # CPU time of all threads by time, since the last health message; 1 is one core
    temperature_c: float | None  # of the hottest part that has a thermometer
    throttling: list[str] | None  # why the board slows down: under_voltage, …; with _before: since the boot, not now
    versions: dict[str, str]
    bundle: str
    routing: str
    baseline: BaselineFigures | None = None  # null where nothing is learned
    outbox: OutboxFigures | None = None  # null where nothing is published
    name_taken_by: str | None = None  # device id of another device that publishes under this node's name now


class ClipScores(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="clip"):
    """What ``edged classify`` says of a file."""

    v: int = VERSION  # of this schema
    file: str
    label: str  # "none" where no window holds speech
    confidence: Score | None
    scores: dict[str, Score] | None  # mean over the windows with speech
    duration_s: Seconds
    windows: int


PAYLOADS: dict[str, type[msgspec.Struct]] = {
    "emotion": EmotionState,
    "event/start": EpisodeStart,
    "event/end": EpisodeEnd,
    "window": WindowScores,
    "level": Level,
    "health": Health,
    "info": Info,
    "cmd/<name>/result": Result,
    "clip": ClipScores,
}

# What is a word and no JSON: the whole payload, as it stands.
WORDS: dict[str, tuple[str, ...]] = {
    "availability": get_args(Availability),
    "capture": get_args(CaptureState),
    "speech": get_args(SpeechState),
}


def encoded(payload: msgspec.Struct) -> bytes:
    """The payload as one line of JSON."""
    return msgspec.json.encode(payload)


def rfc3339(utc_s: float) -> str:
    """Seconds of the Unix epoch as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(round(utc_s, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_schemas() -> dict[str, Any]:
    """JSON Schema 2020-12 of every payload, by topic (``clip`` is a line of classify)."""
    _, components = msgspec.json.schema_components(PAYLOADS.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"edged payloads, version {VERSION}",
        "topics": {
            **{topic: {"enum": list(words), "description": "A bare word, no JSON."} for topic, words in WORDS.items()},
            **{topic: {"$ref": f"#/$defs/{payload.__name__}"} for topic, payload in PAYLOADS.items()},
        },
        "$defs": components,
    }
