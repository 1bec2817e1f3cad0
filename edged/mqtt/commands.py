"""Commands from the broker to the pipeline, and what became of each back to the broker.

    cmd/<name> ──paho's thread──► inbox of 64 ──tick: the pipeline's thread──► obey ──► cmd/<name>/result
                                                └── unknown, malformed, too many ──► refused, and answered too

Nothing is parsed or done in paho's thread, and nothing while a window is judged, so that no lock is needed; a pipeline
that hangs obeys nothing.  Whoever floods the topics gets no flood of answers: both commands and refusals have a budget,
and what was refused beyond it is counted and said in the next answer, and in the log.

A result goes to a topic made of a name that is known.  All other names, however hostile, are answered on
``cmd/unknown/result``, which no filter of ours matches, or we would answer ourselves.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from edged.config.structs import Mqtt
from edged.contract.commands import FORMS, MAX_BYTES, READ_ONLY, UNKNOWN, Arguments, Fault, arguments
from edged.contract.payloads import Result, rfc3339
from edged.contract.topics import Received, Topic, result_of
from edged.errors import shown

_MAX_WAITING = 64  # commands that came since the last tick; further ones are refused
_MAX_NAME = 64  # characters kept of a name; the longest of ours has 9
_BURST, _PER_S = 10, 1.0  # commands that are looked at, malformed ones too
_REFUSALS_BURST, _REFUSALS_PER_S = 5, 1.0  # refusals that are answered
_RESTART_S = 60.0  # from the start to the first restart by command: a command that comes again must not loop
_SAY_S = 60.0  # between two log lines about refused commands

_log = logging.getLogger(__name__)


class Obeying(Protocol):
    """What commands are given to; the pipeline's thread."""

    def obey(self, name: str, given: Arguments) -> Result:
        """Does it, or says why not."""

    def tick(self) -> None:
        """Between two reads, whether there are commands or not."""


class Bucket:
    """A budget: ``burst`` at once, refilled with ``per_s`` a second."""

    def __init__(self, burst: int, per_s: float, clock: Callable[[], float]) -> None:
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._left, self._at_s = float(burst), clock()

    def take(self) -> bool:
        """Whether there is room for one more, which is taken."""
        before_s, self._at_s = self._at_s, self._clock()
        self._left = min(self._burst, self._left + (self._at_s - before_s) * self._per_s)
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Commands:
    """A listener of the publisher's; ``serve`` before the publisher is opened says who obeys and who publishes."""

    def __init__(self, mqtt: Mqtt, node: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._mode = mqtt.commands
        self._below = f"{mqtt.root}/{node}/cmd/"
        self.filters = () if mqtt.commands == "off" else (f"{self._below}+",)
        self._clock = clock
        self._inbox: deque[tuple[str, bytes]] = deque()  # name and payload, both cut
        self._n_overflowed = self._n_retained = 0  # written by paho's thread alone
        self._looked_at = Bucket(_BURST, _PER_S, clock)
        self._refusals = Bucket(_REFUSALS_BURST, _REFUSALS_PER_S, clock)
        self._restart_from_s = clock() + _RESTART_S
        self._unanswered = 0  # refusals since the last one that was answered
        self._seen = (0, 0)  # overflowed and retained ones that are accounted for
        self._refused, self._said_s = 0, -_SAY_S  # since the last log line, and when that was
        self._obeying: Obeying | None = None
        self._publish: Callable[[Topic, Result], None] = lambda _topic, _result: None

    def serve(self, obeying: Obeying, publish: Callable[[Topic, Result], None]) -> None:
        """Commands go to ``obeying``, answers to ``publish``."""
        self._obeying, self._publish = obeying, publish

    def connected(self) -> None:
        """Nothing to do: commands are not asked for."""

    def lost(self) -> None:
        """Nothing to do: what came before is obeyed all the same."""

    def received(self, received: Received) -> None:
        """Leaves a command for the next tick; paho's thread."""
        name = received.topic.removeprefix(self._below)
        if not self.filters or not received.topic.startswith(self._below) or "/" in name:
            return
        if received.retained:  # of whenever: it would be done again at each connection
            self._n_retained += 1
        elif len(self._inbox) >= _MAX_WAITING:
            self._n_overflowed += 1
        else:
            self._inbox.append((name[: _MAX_NAME + 1], received.payload[: MAX_BYTES + 1]))

    def tick(self) -> None:
        """Obeys what came since the last one, in order."""
        if self._obeying is None:
            return
        for _ in range(len(self._inbox)):  # and not what comes meanwhile: sound waits too
            self._look_at(self._obeying, *self._inbox.popleft())
        overflowed, retained = self._n_overflowed, self._n_retained
        self._unanswered += overflowed - self._seen[0]
        self._refused += overflowed - self._seen[0]
        if retained and not self._seen[1]:
            _log.warning("a command that the broker had retained is ignored, as are all such: publish it unretained")
        self._seen = (overflowed, retained)
        if self._refused and self._clock() - self._said_s >= _SAY_S:
            _log.warning("commands refused: %d", self._refused)
            self._refused, self._said_s = 0, self._clock()
        self._obeying.tick()

    def _look_at(self, obeying: Obeying, name: str, payload: bytes) -> None:
        known = name if name in FORMS else UNKNOWN
        if not self._looked_at.take():
            self._refuse(known, f"too many commands, expected at most {_PER_S:g} a second after {_BURST}")
        elif known == UNKNOWN:
            self._refuse(known, f"the command is {shown(name)}, expected {', '.join(FORMS)}")
        elif self._mode != "on" and name not in READ_ONLY:
            self._refuse(known, f"mqtt.commands is {self._mode}, expected {' or '.join(READ_ONLY)}")
        elif isinstance(given := arguments(name, payload), Fault):
            self._refuse(known, given.message, given.id)
        elif name == "restart" and self._clock() < self._restart_from_s:
            wait_s = self._restart_from_s - self._clock()
            self._refuse(known, f"it began less than {_RESTART_S:g} s ago, expected in {wait_s:.0f} s", given.id)
        else:
            result = msgspec.structs.replace(obeying.obey(name, given), id=given.id)
            _log.info("command %s: %s", name, result.message)
            self._publish(result_of(known), result)

    def _refuse(self, name: str, message: str, id_: str | msgspec.UnsetType = msgspec.UNSET) -> None:
        self._refused += 1
        if not self._refusals.take():
            self._unanswered += 1
            return
        if self._unanswered:
            message += f"; {self._unanswered} more were refused without an answer"
            self._unanswered = 0
        refused = Result(time=rfc3339(time.time()), command=name, ok=False, message=message, id=id_)
        self._publish(result_of(name), refused)
