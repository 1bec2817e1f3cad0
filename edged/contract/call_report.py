"""What ``edged calls`` says about one recorded call: ``report.json``, and a line of ``summary.csv``.

    windows, turns, score, band, adaptation ──► Report ──► report.json ──► report.html, timeline.csv, timeline.png

Times are seconds from the start of the recording.  ``v`` is the version of this schema: within one version no field
changes its meaning and none is removed.  There is no field for who the agent was: a report is about a call.
"""

from typing import Annotated, Any, Literal

import msgspec

from edged.contract.call import CallOutcome, CallScore
from edged.contract.fields import Score, Seconds, Time

VERSION = 1

Outcome = CallOutcome
Customer = Literal["left", "right", "mono"]
Role = Literal["customer", "agent", "both"]  # both: a mono call whose speakers are not separated
Signed = Annotated[float, msgspec.Meta(ge=-1, le=1)]

NOTICE = (
    "This report is about one call. It has no field for who the agent was, and no comparison of agents, on purpose: "
    "inferring the emotions of people at work is prohibited in the European Union (AI Act, Article 5(1)(f)), customers "
    "must be told that their emotions are inferred (Article 50(3)), and scoring staff is high-risk (Annex III 4(b)). "
    "The labels are often wrong; they are no evidence and must decide nothing about a person."
)

INTERVAL_NOTE = (
    "The interval covers the sampling noise of this call's windows. It does not cover the bias of the models: if they"
    " misread a voice or a line from beginning to end, the score is wrong, and the interval does not show it."
)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the recording."""

    start_s: Seconds
    end_s: Seconds


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The recording."""

    file: str  # its name, without a folder
    duration_s: Seconds
    sample_rate_hz: int  # of the file
    n_channels: int
    customer: Customer  # channel that reached the models; mono: one channel for both
    separated_by: Literal["channels", "turns", "voices"] | None  # what separates the parties; null: nothing does
    crosstalk_s: Seconds = 0.0  # of the agent's voice, alone on the customer's channel: left out
    crosstalk_db: float | None = None  # how loud it is there, against the agent's channel
    voice: Literal[1, 2] | None = None  # the customer's, if voices separate the parties


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two voices of a mono recording, by their sound; voice 1 speaks first."""

    number: Literal[1, 2]
    first_s: Seconds  # when it speaks first
    speech_s: Seconds  # its turns, with the short pauses in them
    sample: Span  # in which it speaks alone, to recognise it by


class BandLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The loss of accuracy by telephone sound on one corpus, from the model card."""

    corpus: str
    uar_clean: Score  # unweighted average recall
    uar_telephone: Score


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Which frequencies the customer's speech has."""

    kind: Literal["wide", "telephone", "unknown"]  # unknown: too little speech
    highest_hz: float | None = None  # above it, speech has nothing that stands out of the recording's noise
    losses: list[BandLoss] = []  # of the bundle; empty where the card has none


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One window of the customer's channel; everything after ``label`` only with speech."""

    start_s: Seconds
    end_s: Seconds
    speech: bool
    label: str  # label with the highest score, "uncertain" where no label stands out, "none" without speech
    confidence: Score | None = None  # the highest score
    scores: dict[str, Score] | None = None  # by label; they add up to 1
    distress: Score | None = None
    valence: Signed | None = None  # of this window alone
    smooth: Signed | None = None  # valence, smoothed over its neighbours
    low: Signed | None = None  # 90 % band of the smoothed valence
    high: Signed | None = None
    part: Literal["opening", "later"] | None = None  # in the score; null without a score
    contribution: float | None = None  # points of the score that this window adds or takes; all add up to score - 5.5


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One of the windows that moved the score most."""

    start_s: Seconds
    end_s: Seconds
    label: str
    distress: Score
    contribution: float  # points; above 0 the customer was calmer than at the opening
    reason: str  # in words


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """The customer calming score and its 90 % interval, which covers sampling noise, not the recogniser's bias."""

    value: CallScore
    low: CallScore
    high: CallScore
    opening: Score  # O: mean distress of the opening
    later: Score  # M: mean distress afterwards, in which later windows count more
    n_windows: int  # with speech


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """When one party speaks, by the speech gate or by the given turns."""

    role: Role  # both: a mono call whose speakers are not separated
    speech_s: Seconds
    share: Score  # of the recording
    spans: list[Span]


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """Speech, silence and overlap."""

    parties: list[Party]  # customer first
    silence_s: Seconds  # nobody speaks
    overlap_s: Seconds  # both speak
    silences: list[Span]  # of a second and more
    overlaps: list[Span]


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What the first pass learned of this voice, and the second pass removed."""

    method: Literal["scores", "features", "none"]  # none: the bundle cannot adapt, or the config says off
    speech_s: Seconds  # learned from
    shift: dict[str, float]  # by label: what is subtracted from the log of its score


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that the score was made with."""

    stride_s: float
    weights: dict[str, Score]  # distress of a label
    opening_windows: int
    min_speech_s: float
    max_uncertain: Score
    max_interval: float
    calm_below: Score


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    v: int = VERSION  # version of this schema
    created: Time
    made_of: str  # digest of recording and settings: the same call need not be analysed twice
    call: Recorded
    outcome: Outcome
    score: Interval | None  # null: see ``reason``
    reason: str | None  # why there is no score, in words
    formula: str  # how the score is made, in words, with this call's figures
    note: str  # what the interval covers and what it does not
    moments: list[Moment]  # at most five, the one that moved the score most first
    emotions: dict[str, Score]  # by label, with "uncertain": share of the customer's windows with speech
    uncertain: Score | None  # share of the customer's windows with speech; null without speech
    talk: Talk
    band: Band
    learned: Learned
    rules: Rules
    windows: list[Window]
    voices: list[Voice] = []  # of a mono recording without turns; empty where it was not split, or holds one voice
    versions: dict[str, str]  # edged, bundle, runtime
    notice: str = NOTICE


class SummaryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One call in ``summary.csv``."""

    file: str
    report: str  # folder of the report, relative to the summary
    duration_s: Seconds
    outcome: Outcome
    score: CallScore | None
    low: CallScore | None
    high: CallScore | None
    opening: Score | None
    later: Score | None
    reason: str | None
    customer_speech_s: Seconds | None  # null where the speakers are not separated
    agent_speech_s: Seconds | None
    silence_s: Seconds
    overlap_s: Seconds | None
    uncertain: Score | None
    emotion: str  # the most frequent label, "none" without speech
    band: Literal["wide", "telephone", "unknown"]


def summary_row(report: Report, folder: str) -> SummaryRow:
    """The line of ``report``, whose files lie in ``folder``."""
    speech = {party.role: party.speech_s for party in report.talk.parties}
    score = report.score
    apart = "both" not in speech
    return SummaryRow(
        file=report.call.file,
        report=folder,
        duration_s=report.call.duration_s,
        outcome=report.outcome,
        score=None if score is None else score.value,
        low=None if score is None else score.low,
        high=None if score is None else score.high,
        opening=None if score is None else score.opening,
        later=None if score is None else score.later,
        reason=report.reason,
        customer_speech_s=speech.get("customer"),
        agent_speech_s=speech.get("agent"),
        silence_s=report.talk.silence_s,
        overlap_s=report.talk.overlap_s if apart else None,
        uncertain=report.uncertain,
        emotion=max(report.emotions, key=report.emotions.__getitem__, default="none"),
        band=report.band.kind,
    )


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of ``report.json``."""
    (_,), components = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"report.json of edged calls, version {VERSION}",
        "$ref": "#/$defs/Report",
        "$defs": components,
    }
