"""Commands from the broker to the pipeline, and their results.

    cmd/<name> ──paho's thread──► inbox of 64 ──results: the pipeline's thread──► obey ──► cmd/<name>/result
                                                   └── unknown, malformed, too many ──► refused, with a result too

paho's thread only queues a command; the pipeline's thread obeys it between two reads, so no lock is needed.  A flood of
commands causes no flood of results: commands and refusals have a budget each, and refusals beyond it are counted in the
next result and in the log.

Results go to topics made of known names.  All other names, however hostile, are answered on ``cmd/unknown/result``,
which our subscription does not match, so the daemon never answers itself.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from edged.config.structs import Mqtt
from edged.contract.commands import FORMS, MAX_BYTES, READ_ONLY, UNKNOWN, Arguments, Fault, arguments
from edged.contract.device import Result
from edged.contract.fields import rfc3339
from edged.contract.topics import Received, Topic, result_of
from edged.errors import shown

_MAX_WAITING = 64  # commands between two reads; further ones are refused
_MAX_NAME = 64  # characters of a name; the longest of ours has 9
_BURST, _PER_S = 10, 1.0  # commands, malformed ones included
_REFUSALS_BURST, _REFUSALS_PER_S = 5, 1.0  # answered refusals
_RESTART_S = (
    60.0  # from the start to the first restart by command: a command that is sent again and again must not cause a loop
)
_SAY_S = 60.0  # between two log lines about refused commands
_LOGGED = ("reload", "identify")  # whoever obeys these logs the outcome, also where no command asked for it

_log = logging.getLogger(__name__)


class Bucket:
    """A token bucket: ``burst`` tokens, refilled at ``per_s`` per second."""

    def __init__(self, burst: int, per_s: float, clock: Callable[[], float]) -> None:
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._left, self._at_s = float(burst), clock()

    def take(self) -> bool:
        """Take one token; False if there is none."""
        before_s, self._at_s = self._at_s, self._clock()
        self._left = min(self._burst, self._left + (self._at_s - before_s) * self._per_s)
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Commands:
    """A listener of the publisher; ``results`` obeys what it received."""

    def __init__(self, mqtt: Mqtt, node: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._mode = mqtt.commands
        self._below = f"{mqtt.root}/{node}/cmd/"
        self.filters = () if mqtt.commands == "off" else (f"{self._below}+",)
        self._clock = clock
        self.on_received: Callable[[], None] = lambda: None  # called by paho's thread when a command waits
        self._inbox: deque[tuple[str, bytes]] = deque()  # name and payload, both truncated
        self._n_overflowed = self._n_retained = 0  # written by paho's thread alone
        self._budget = Bucket(_BURST, _PER_S, clock)
        self._refusals = Bucket(_REFUSALS_BURST, _REFUSALS_PER_S, clock)
        self._restart_from_s = clock() + _RESTART_S
        self._unanswered = 0  # refusals since the last answered one
        self._seen = (0, 0)  # overflowed and retained commands that are already counted
        self._refused, self._said_s = 0, -_SAY_S  # refusals since the last log line, and its time

    def connected(self) -> None:
        """Nothing to do: nobody asks for commands."""

    def lost(self) -> None:
        """Nothing to do: commands received before are still obeyed."""

    def received(self, received: Received) -> None:
        """Queues a command; paho's thread."""
        name = received.topic.removeprefix(self._below)
        if not self.filters or not received.topic.startswith(self._below) or "/" in name:
            return
        if received.retained:  # old, and it would be obeyed again after each connection
            self._n_retained += 1
        elif len(self._inbox) >= _MAX_WAITING:
            self._n_overflowed += 1
        else:
            self._inbox.append((name[: _MAX_NAME + 1], received.payload[: MAX_BYTES + 1]))
            self.on_received()

    def results(self, obey: Callable[[str, Arguments], Result]) -> Iterator[tuple[Topic, Result]]:
        """Obeys the commands received since the last call, in order; what to publish, and where."""
        for _ in range(len(self._inbox)):  # not those that arrive meanwhile: sound waits too
            name, payload = self._inbox.popleft()
            result = self._result(name, payload, obey)
            if result is not None:
                yield result_of(result.command), result
        overflowed, retained = self._n_overflowed, self._n_retained
        self._unanswered += overflowed - self._seen[0]
        self._refused += overflowed - self._seen[0]
        if retained and not self._seen[1]:
            _log.warning("a retained command is ignored, as all of them are: publish commands without retain")
        self._seen = (overflowed, retained)
        if self._refused and self._clock() - self._said_s >= _SAY_S:
            _log.warning("commands refused: %d", self._refused)
            self._refused, self._said_s = 0, self._clock()

    def _result(self, name: str, payload: bytes, obey: Callable[[str, Arguments], Result]) -> Result | None:
        known = name if name in FORMS else UNKNOWN
        if not self._budget.take():
            return self._refusal(known, f"too many commands, expected at most {_PER_S:g} a second after {_BURST}")
        if known == UNKNOWN:
            return self._refusal(known, f"the command is {shown(name)}, expected {', '.join(FORMS)}")
        if self._mode != "on" and name not in READ_ONLY:
            return self._refusal(known, f"mqtt.commands is {self._mode}, expected {' or '.join(READ_ONLY)}")
        given = arguments(name, payload)
        if isinstance(given, Fault):
            return self._refusal(known, given.message, given.id)
        if name == "restart" and self._clock() < self._restart_from_s:
            wait_s = self._restart_from_s - self._clock()
            message = f"the daemon started less than {_RESTART_S:g} s ago, try again in {wait_s:.0f} s"
            return self._refusal(known, message, given.id)
        result = msgspec.structs.replace(obey(name, given), id=given.id)
        if name not in _LOGGED:
            _log.info("command %s: %s", name, result.message)
        return result

    def _refusal(self, name: str, message: str, id_: str | msgspec.UnsetType = msgspec.UNSET) -> Result | None:
        self._refused += 1
        if not self._refusals.take():
            self._unanswered += 1
            return None
        if self._unanswered:
            message += f"; {self._unanswered} more were refused without an answer"
            self._unanswered = 0
        return Result(time=rfc3339(time.time()), command=name, ok=False, message=message, id=id_)
