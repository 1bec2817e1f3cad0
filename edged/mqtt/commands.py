"""Commands from the broker to the pipeline, and their results.

    cmd/<name> ──paho's thread──► inbox of 64 ──results: the pipeline's thread──► obey ──► cmd/<name>/result
                                                   └── unknown, malformed, too many ──► refused, with a result too

paho's thread only queues a command; the pipeline's thread obeys it between two reads, so no lock is needed.  A flood of
commands causes no flood of results: commands and refusals have a budget each, and refusals beyond it are counted in the
next result.  The log says of each refused command, within a budget of its own, from what topic it came and why.  It
never has a malformed payload: somebody may have sent a password to the wrong topic.

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
_LINES_BURST, _LINES_PER_S = 5, 1 / 60  # log lines, each about one refused command
_SAY_S = 60.0  # from a refused command without a line to the log line that counts those of the minute
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
        self._retained_name = ""  # of the newest retained command, cut
        self._budget = Bucket(_BURST, _PER_S, clock)
        self._refusals = Bucket(_REFUSALS_BURST, _REFUSALS_PER_S, clock)
        self._lines = Bucket(_LINES_BURST, _LINES_PER_S, clock)
        self._restart_from_s = clock() + _RESTART_S
        self._unanswered = 0  # refusals since the last answered one
        self._seen = (0, 0)  # overflowed and retained commands that are already counted
        self._unlogged, self._unlogged_from_s = 0, 0.0  # refusals without a log line, not counted yet, and since when

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
            self._retained_name = name[: _MAX_NAME + 1]
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
        self._leave_out(overflowed - self._seen[0])
        if retained and not self._seen[1]:
            topic = self._topic(self._retained_name)
            _log.warning("%s: a retained command is ignored, as all are: publish commands without retain", topic)
        self._seen = (overflowed, retained)
        if self._unlogged and self._clock() - self._unlogged_from_s >= _SAY_S:
            _log.warning("commands refused: %d more", self._unlogged)
            self._unlogged = 0

    def _result(self, name: str, payload: bytes, obey: Callable[[str, Arguments], Result]) -> Result | None:
        given = self._checked(name, payload)
        if isinstance(given, Fault):
            self._log_refusal(name, given.logged)
            return self._refusal(name if name in FORMS else UNKNOWN, given)
        result = msgspec.structs.replace(obey(name, given), id=given.id)
        if name in _LOGGED:
            return result
        if result.ok:
            _log.info("command %s: %s", name, result.message)
        else:
            self._log_refusal(name, result.message)
        return result

    def _checked(self, name: str, payload: bytes) -> Arguments | Fault:
        """What ``obey`` gets, or why it gets nothing."""
        if not self._budget.take():
            return _fault(f"too many commands, expected at most {_PER_S:g} a second after {_BURST}")
        if name not in FORMS:
            return _fault(f"the command is {shown(name)}, expected {', '.join(FORMS)}")
        if self._mode != "on" and name not in READ_ONLY:
            return _fault(f"mqtt.commands is {self._mode}, expected {' or '.join(READ_ONLY)}")
        given = arguments(name, payload)
        if name == "restart" and not isinstance(given, Fault) and self._clock() < self._restart_from_s:
            wait_s = self._restart_from_s - self._clock()
            message = f"the daemon started less than {_RESTART_S:g} s ago, try again in {wait_s:.0f} s"
            return _fault(message, given.id)
        return given

    def _refusal(self, name: str, fault: Fault) -> Result | None:
        if not self._refusals.take():
            self._unanswered += 1
            return None
        message = fault.message
        if self._unanswered:
            message += f"; {self._unanswered} more were refused without an answer"
            self._unanswered = 0
        return Result(time=rfc3339(time.time()), command=name, ok=False, message=message, id=fault.id)

    def _log_refusal(self, name: str, why: str) -> None:
        if self._lines.take():
            _log.warning("%s: command refused: %s", self._topic(name), why)
        else:
            self._leave_out(1)

    def _leave_out(self, count: int) -> None:
        if not self._unlogged:
            self._unlogged_from_s = self._clock()
        self._unlogged += count

    def _topic(self, name: str) -> str:
        return self._below + shown(name)[1:-1]  # without quotes: on one line, and of bounded length


def _fault(message: str, id_: str | msgspec.UnsetType = msgspec.UNSET) -> Fault:
    return Fault(message, id_, message)
