"""Payloads of a live call: the running score, and the event at its end."""

from typing import Annotated, Literal

import msgspec

from edged.contract.fields import VERSION, Score, Seconds, Seq, Time, Uuid7

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
    later: Score | None = None  # distress afterwards, in which later windows count more
    reason: str | None = None  # why there is no score
