"""Payloads of ``edged hub``: the mood of a place, its changes, what its agent decided, and the hub's metrics.

    voice, words, faces ──fusion──► Mood, MoodEvent ──► agent ──► AgentDecision

They follow the rules of ``payloads.py``.  There is no field for words: a sentence is scored in memory and dropped.
"""

from typing import Literal

import msgspec

from edged.contract.fields import VERSION, Score, Seconds, Time, Uuid7

Method = Literal["pool", "rule"]
UNCERTAIN, NONE = "uncertain", "none"  # in place of a label: nothing stands out; no source says anything
Outcome = Literal["done", "dry_run", "nothing", "refused", "failed", "cooling_down", "over_budget"]


class SourceShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says, and how much it counts."""

    label: str  # the likeliest, or with `rule` the most frequent
    age_s: Seconds  # since its newest message; 0 for a voice whose state holds
    weight: Score  # reliability, faded by age


class Mood(msgspec.Struct, frozen=True, kw_only=True):
    """The mood of a place; published retained as ``mood`` whenever it changes."""

    v: int = VERSION  # version of this schema
    time: Time
    hub: str  # the mood is valid while this hub's `availability` is `online`
    place: str
    emotion: str  # a label, "uncertain" (no label stands out) or "none" (no source says anything)
    confidence: Score | None = None  # score of the label, or the highest score; null without a source
    scores: dict[str, Score] | None = None  # by label, fused; they add up to 1; null without a source
    sources: dict[str, SourceShare] = {}  # by name: "voice", "text", "face", or as the config names an input
    agreement: Score | None = (
        None  # share of the sources' weight that is for the likeliest label; null below two sources
    )
    since: Time  # since when this emotion has been the mood
    method: Method
    sentence: str  # the same in plain words, such as "angry for 40 s, voice and words agree"


class MoodEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The mood changed, and holds; published as ``event/mood``."""

    v: int = VERSION  # version of this schema
    id: Uuid7  # of this event; the same if it arrives twice
    replayed: bool = False  # late: it waited for the broker, or may have arrived before
    event_type: str  # the new mood: a label, "uncertain" or "none"
    previous: str  # the mood of the event before; "none" for the first
    time: Time
    place: str
    confidence: Score | None = None  # as in `mood`
    scores: dict[str, Score] | None = None  # as in `mood`
    sources: dict[str, SourceShare] = {}  # as in `mood`
    agreement: Score | None = None  # as in `mood`
    since: Time  # since when this emotion has been the mood
    sentence: str  # as in `mood`


class AgentDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent decided about a mood, and the outcome; published as ``agent``, for the record."""

    v: int = VERSION  # version of this schema
    id: Uuid7  # of this decision
    mood_id: Uuid7  # the `id` of the event that it was asked about
    time: Time
    place: str
    emotion: str  # the mood that it was asked about
    outcome: Outcome  # nothing: it called no action; refused: an action or argument that the config does not have
    action: str | None = None  # a name of `hub.actions`; null without one, and for a refused name
    arguments: dict[str, str] = {}  # by name, as the config enumerates them; empty if refused
    message: str  # one line by edged, never by the model
    latency_s: Seconds | None = None  # from asking to the answer; null if it was not asked
    left_today: int  # questions left of the daily budget
    refused: int = 0  # calls refused since the start


class HubInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Messages from the inputs since the start, by outcome."""

    accepted: int
    retained: int = 0  # ignored: older than the subscription
    late: int = 0  # ignored: their time is too far from the hub's clock
    too_large: int = 0  # ignored: more than 4 kB
    too_many: int = 0  # ignored: over the limit of their topic
    elsewhere: int = 0  # ignored: not for this place, by `where`
    malformed: int = 0  # ignored: not JSON, or without the field that the config names
    unknown_labels: int = 0  # ignored: labels that neither the hub nor `map` has
    no_evidence: int = 0  # text that the scorer knows nothing about: another language, or no known word


class HubHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics of the hub; published retained as ``hub`` each minute."""

    v: int = VERSION  # version of this schema
    time: Time
    uptime_s: Seconds
    places: int
    topics: int  # subscribed
    moods: int  # places with a mood now
    events: int  # published since the start
    inputs: HubInputs
    latency_p50_s: Seconds | None = None  # from a message's arrival to the mood made of it: median of the last 1000
    latency_p95_s: Seconds | None = None  # 95th percentile of the same
    reconnects: int  # connections to the broker after the first
    unacknowledged: int  # messages that the broker has not acknowledged
    resident_mb: float  # resident memory
    cpu_share: float  # CPU time of all threads / elapsed time, since the last such message; 1 is one core
    versions: dict[str, str]


PAYLOADS: dict[str, type[msgspec.Struct]] = {
    "place/<place>/mood": Mood,
    "place/<place>/event/mood": MoodEvent,
    "place/<place>/agent": AgentDecision,
    "<hub>/hub": HubHealth,
}
