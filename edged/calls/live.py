"""Windows of a running device to the score of a running call: a sink in front of the broker's.

    payloads of the daemon ──all──► the broker's sink
            WindowScores ──one each stride, with speech──► distress ──► CallState on `call`, CallEnd on `event/call`

A call begins with speech and ends after ``calls.end_after_s`` without any, or with the daemon.  All speech counts as
the customer's: this is for a device on the customer's line, not for a room with two voices.  The scores are those that
the device publishes, with its adaptation.
"""

import time
from types import TracebackType
from typing import Literal, Self

import msgspec
import numpy as np

from edged.calls import score as scoring
from edged.calls.settings import rules
from edged.config.structs import Config
from edged.contract.call import CallEnd, CallOutcome, CallState
from edged.contract.fields import rfc3339
from edged.contract.payloads import WindowScores
from edged.contract.status import SinkStatus
from edged.contract.topics import CALL, EVENT_CALL, WINDOW, Topic
from edged.host.uuid7 import new_id
from edged.pipeline.interfaces import Sink

_PUBLISH_S = 5.0  # of sound between two messages on `call`
_RECENT = 5  # windows whose mean distress is published
_STEP = 0.05  # a smaller difference of distress between their two halves counts as steady
_SPARE_S = 0.01  # for rounding: two windows a stride apart may be slightly closer


class LiveCalls:
    """A sink that also scores calls; ``with`` ends the running call."""

    def __init__(self, sink: Sink, config: Config, labels: tuple[str, ...]) -> None:
        """Publishes into ``sink``.

        Raises:
            ConfigError: ``calls.weights`` has another label than ``labels``.
        """
        self._sink = sink
        self._rules = rules(config.calls, labels)
        self._labels, self._margin = labels, config.tracker.margin
        self._end_after_s = config.calls.end_after_s
        self._stride_s = config.models.stride_s
        self._call: _Call | None = None

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """The daemon has ended, and the running call with it."""
        self.end()

    @property
    def status(self) -> SinkStatus:
        """The status of the broker's sink."""
        return self._sink.status

    def tick(self) -> None:
        """Calls that of the broker's sink."""
        self._sink.tick()

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Passes everything on, and scores each window."""
        self._sink.publish(topic, payload, captured_s)
        if topic is WINDOW and isinstance(payload, WindowScores):
            self._add(payload)

    def end(self) -> None:
        """Ends the running call, if there is one."""
        call, self._call = self._call, None
        if call is None:
            return
        result = self._scored(call)
        score = result.interval
        self._sink.publish(CALL, self._state(call, result, active=False))
        self._sink.publish(
            EVENT_CALL,
            CallEnd(
                id=new_id(),
                call_id=call.id,
                event_type=self._outcome(call, result),
                time=call.time,
                start_s=round(call.began_s, 3),
                duration_s=round(call.speech_until_s - call.began_s, 3),
                speech_s=round(call.speech_s, 1),
                score=None if score is None else score.value,
                low=None if score is None else score.low,
                high=None if score is None else score.high,
                opening=None if score is None else score.opening,
                later=None if score is None else score.later,
                reason=result.reason,
            ),
        )

    def _add(self, window: WindowScores) -> None:
        end_s = window.start_s + window.duration_s
        call = self._call
        if call is not None and end_s - call.speech_until_s >= self._end_after_s:
            self.end()
            call = None
        if window.scores is None:
            return
        if call is None:
            call = self._call = _Call(new_id(), window.start_s)
        call.speech_until_s, call.time = end_s, window.time
        call.speech_s += min(self._stride_s, window.duration_s) if call.speech_s else window.duration_s
        if window.start_s < call.next_s - _SPARE_S:
            return
        call.next_s = window.start_s + self._rules.stride_s
        row = np.array([window.scores[label] for label in self._labels])
        call.distress.append(float(scoring.distress(row[None], tuple(self._rules.weights.values()))[0]))
        ranked = np.sort(row)
        call.n_uncertain += bool(ranked[-1] - ranked[-2] < self._margin)
        if end_s - call.published_s >= _PUBLISH_S:
            call.published_s = end_s
            self._sink.publish(CALL, self._state(call, self._scored(call), active=True))

    def _scored(self, call: "_Call") -> scoring.Scored:
        d = np.array(call.distress)
        uncertain = call.n_uncertain / max(1, len(d))
        return scoring.scored(d, self._rules, speech_s=call.speech_s, uncertain=uncertain)

    def _outcome(self, call: "_Call", result: scoring.Scored) -> CallOutcome:
        return scoring.outcome(result, np.array(call.distress), self._rules)

    @staticmethod
    def _state(call: "_Call", result: scoring.Scored, *, active: bool) -> CallState:
        recent = np.array(call.distress[-_RECENT:])
        score = result.interval
        return CallState(
            time=call.time or rfc3339(time.time()),
            active=active,
            call_id=call.id,
            duration_s=round(call.speech_until_s - call.began_s, 3),
            speech_s=round(call.speech_s, 1),
            distress=round(float(recent.mean()), 4),
            trend=_trend(call.distress),
            score=None if score is None else score.value,
            low=None if score is None else score.low,
            high=None if score is None else score.high,
            reason=result.reason,
        )


class _Call:
    """A running call; times are seconds from the start of the source."""

    def __init__(self, call_id: str, began_s: float) -> None:
        self.id, self.began_s = call_id, began_s
        self.speech_until_s = began_s
        self.speech_s = 0.0
        self.time = ""  # of the newest window with speech
        self.next_s = began_s  # start of the next window that counts
        self.published_s = -_PUBLISH_S
        self.distress: list[float] = []
        self.n_uncertain = 0


def _trend(distress: list[float]) -> Literal["rising", "falling", "steady"] | None:
    """How the newest windows compare with those before; None while there are too few."""
    if len(distress) < 2 * _RECENT:
        return None
    before, now = np.mean(distress[-2 * _RECENT : -_RECENT]), np.mean(distress[-_RECENT:])
    if abs(now - before) < _STEP:
        return "steady"
    return "rising" if now > before else "falling"
