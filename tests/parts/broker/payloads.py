"""Sample payloads for tests of publishers and viewers."""

from typing import Literal

from edged.contract.device import Info
from edged.contract.health import Health
from edged.contract.payloads import EmotionState, EpisodeEnd, EpisodeStart

TIME = "2025-03-01T12:00:00.000Z"
EPISODE_ID = "01890a5d-ac96-7b2d-8c3d-0123456789ab"
EVENT_ID = "01890a5d-ac97-7b2d-8c3d-0123456789ab"


def emotion_state(emotion: str, confidence: float | None = 0.5, scores: dict[str, float] | None = None) -> EmotionState:
    """A typical state with this emotion."""
    return EmotionState(
        time=TIME, emotion=emotion, speech=emotion != "none", since=TIME, confidence=confidence, scores=scores
    )


def episode_start(label: str, start_s: float = 1.0) -> EpisodeStart:
    """Start of an episode; ``start_s`` identifies it."""
    return EpisodeStart(
        id=EVENT_ID,
        episode_id=EPISODE_ID,
        event_type=label,
        time=TIME,
        start_s=start_s,
        confidence=0.84,
        probability=0.84,
        scores={label: 0.84},
    )


def episode_end(
    label: str,
    reason: Literal["faded", "replaced", "silence", "discontinuity", "stopped"] = "replaced",
    start_s: float = 1.0,
) -> EpisodeEnd:
    """End of the same episode."""
    return EpisodeEnd(
        id=EVENT_ID,
        episode_id=EPISODE_ID,
        event_type=label,
        time=TIME,
        start_s=start_s,
        duration_s=7.25,
        confidence=0.75,
        confidence_peak=0.91,
        scores={label: 0.75},
        reason=reason,
    )


def health() -> Health:
    """Metrics of a healthy daemon."""
    return Health(
        time=TIME,
        uptime_s=60,
        microphone="default",
        sample_rate_hz=16_000,
        capture="online",
        microphone_silent=False,
        level_dbfs=-40,
        peak_dbfs=-20,
        clipping=False,
        windows=120,
        windows_speech=80,
        windows_skipped=0,
        samples_dropped=0,
        overflows=0,
        gaps=0,
        recoveries=0,
        real_time_factor=0.01,
        reconnects=0,
        unacknowledged=0,
        resident_mb=98.4,
        cpu_share=0.04,
        temperature_c=48.5,
        throttling=[],
        versions={"edged": "0.1.0"},
        bundle="default",
        routing="soft",
    )


def info() -> Info:
    """A device with default settings."""
    return Info(
        time=TIME,
        node="a",
        device_id="0123456789abcdef",
        session="89abcdef",
        hardware=None,
        versions={"edged": "0.1.0"},
        bundle="default 0.1.0",
        routing="hard",
        labels=["angry", "sad"],
        model_card={},
        listening=True,
        thresholds={"angry": 0.5, "sad": 0.5},
        log_level="info",
        commands="on",
        config_digest="0123456789abcdef",
        restart_required=[],
    )
