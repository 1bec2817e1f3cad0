"""Live calls: from windows to messages, at the times of the sound."""

from collections.abc import Iterable
from itertools import pairwise

import msgspec
import pytest

from edged.calls.live import LiveCalls
from edged.config.structs import Calls, Config
from edged.contract.call import CallEnd, CallState
from edged.contract.payloads import WindowScores
from edged.contract.status import SinkStatus
from edged.contract.topics import CALL, EVENT_CALL, LEVEL, WINDOW, Topic
from edged.errors import ConfigError

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad")
STRIDE_S = 0.496
CONFIG = Config(calls=Calls(live="on", end_after_s=20.0))


class Messages:
    """A sink that keeps what comes."""

    status = SinkStatus()

    def __init__(self) -> None:
        self.sent: list[tuple[str, object]] = []

    def tick(self) -> None:
        """Does nothing."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Keeps the message."""
        del captured_s
        self.sent.append((topic.name, payload))

    def states(self) -> list[CallState]:
        """Those on `call`."""
        return [payload for _, payload in self.sent if isinstance(payload, CallState)]

    def ends(self) -> list[CallEnd]:
        """Those on `event/call`."""
        return [payload for _, payload in self.sent if isinstance(payload, CallEnd)]


def windows(labels: Iterable[str | None], first_s: float = 0.0) -> list[WindowScores]:
    """A window each stride; None is one without speech."""
    made = []
    for index, label in enumerate(labels):
        scores = None if label is None else {one: 0.9 if one == label else 0.02 for one in LABELS}
        made.append(
            WindowScores(
                time="2026-11-26T10:00:00.000Z",
                start_s=first_s + index * STRIDE_S,
                duration_s=2.992,
                speech=label is not None,
                level_dbfs=-30.0,
                scores=scores,
            )
        )
    return made


def play(labels: Iterable[str | None], config: Config = CONFIG) -> Messages:
    """What a sink gets of a device that publishes these windows and then stops."""
    messages = Messages()
    with LiveCalls(messages, config, LABELS) as calls:
        for window in windows(labels):
            calls.publish(WINDOW, window)
    return messages


def test_calming_call() -> None:
    """40 s of anger and 60 s of calm: the score comes with enough speech, and the event has the outcome."""
    messages = play(["angry"] * 80 + ["neutral"] * 120)
    states = messages.states()
    assert states[0].score is None
    assert "at least 30 s needed" in (states[0].reason or "")
    assert states[-1].active is False
    assert {state.trend for state in states} >= {None, "steady", "falling"}
    gaps = [later.duration_s - earlier.duration_s for earlier, later in pairwise(states[:-1])]
    assert min(gaps) >= 5
    (end,) = messages.ends()
    assert end.event_type == "calmed"
    assert end.score is not None
    assert end.score > 7
    assert end.call_id == states[0].call_id
    assert end.duration_s == pytest.approx(199 * STRIDE_S + 2.992)
    assert end.speech_s == pytest.approx(end.duration_s, abs=0.1)


def test_silence_ends_a_call() -> None:
    """After `end_after_s` without speech the call ends, and the next speech begins another."""
    messages = play(["angry"] * 20 + [None] * 30 + ["angry"] * 20 + [None] * 60 + ["neutral"] * 10)
    first, second = messages.ends()
    assert first.call_id != second.call_id
    assert first.duration_s == pytest.approx(69 * STRIDE_S + 2.992)
    assert (second.event_type, second.score) == ("no_score", None)


def test_everything_else_passes_through() -> None:
    """Other messages and windows arrive as they are; without speech there is no call."""
    messages = Messages()
    with LiveCalls(messages, CONFIG, LABELS) as calls:
        calls.publish(LEVEL, "level")
        for window in windows([None] * 5):
            calls.publish(WINDOW, window)
        assert calls.status is messages.status
    assert [name for name, _ in messages.sent] == [LEVEL.name, *[WINDOW.name] * 5]


def test_unknown_label_is_refused() -> None:
    """A weight for a label that the bundle lacks is an error of the config."""
    with pytest.raises(ConfigError, match=r"calls\.weights has furious"):
        LiveCalls(Messages(), Config(calls=Calls(weights={"furious": 1.0})), LABELS)


def test_topics() -> None:
    """The state is retained, the event is stored until the broker has it."""
    assert CALL.retained
    assert EVENT_CALL.kind == "event"
