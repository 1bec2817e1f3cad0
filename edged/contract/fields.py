"""Types of a payload's fields, and the version of the schema.

Times are RFC 3339 in UTC with milliseconds, durations are seconds, scores are 0 to 1.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

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
# What a bundle may tell by degrees beside the label, as optional fields of these names; who speaks is none of them.
DIMENSIONS = ("intensity", "arousal", "valence", "dominance")
Arousal = Literal["high", "low"]
Valence = Literal["positive", "neutral", "negative"]
SpeechState = Literal["ON", "OFF"]  # the whole payload of ``speech``, a bare word


def rfc3339(utc_s: float) -> str:
    """Seconds since the Unix epoch as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(round(utc_s, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
