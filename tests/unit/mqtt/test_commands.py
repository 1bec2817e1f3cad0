"""Commands: obeyed in order, refused in bounds, whoever sends them; a clock that stands still unless it is moved."""

import json
import logging
from typing import TYPE_CHECKING

import pytest

from edged.config.load import parse_config
from edged.config.structs import Mqtt
from edged.contract.commands import FORMS, MAX_BYTES, READ_ONLY, Arguments, Mute
from edged.contract.payloads import Result, encoded, rfc3339
from edged.contract.topics import Received
from edged.mqtt.commands import Bucket, Commands

if TYPE_CHECKING:
    from edged.contract.topics import Topic

BELOW = "edged/lab/cmd/"


class Obedient:
    """Notes each command, and answers that it is done."""

    def __init__(self) -> None:
        self.obeyed: list[tuple[str, Arguments]] = []

    def obey(self, name: str, given: Arguments) -> Result:
        """Notes it."""
        self.obeyed.append((name, given))
        return Result(time=rfc3339(0), command=name, ok=True, message="done")


class Bench:
    """Commands with a clock of its own, and what it published."""

    def __init__(self, mode: str = "on") -> None:
        mqtt = parse_config(f"mqtt: {{commands: {mode}}}", "test").mqtt
        self.now_s = 1000.0
        self.obedient = Obedient()
        self.published: list[tuple[Topic, Result]] = []
        self.commands = Commands(mqtt, "lab", clock=lambda: self.now_s)

    def send(self, name: str, payload: bytes = b"", *, retained: bool = False) -> None:
        """As paho's thread hands it over."""
        self.commands.received(Received(BELOW + name, payload, retained))

    def obey(self) -> None:
        """As the pipeline does between two reads."""
        self.published += self.commands.results(self.obedient.obey)

    def answers(self) -> list[tuple[str, bool, str]]:
        """Topic, ok and message of what was published since the last call."""
        answers = [(topic.name, result.ok, result.message) for topic, result in self.published]
        self.published.clear()
        return answers


def test_command_is_obeyed_in_the_next_tick() -> None:
    """Not in the thread that received it; its answer has its id, at QoS 1, kept nowhere."""
    bench = Bench()
    bench.send("mute", b'{"muted": true, "id": "7"}')
    assert bench.obedient.obeyed == []
    bench.obey()
    assert bench.obedient.obeyed == [("mute", Mute(muted=True, id="7"))]
    ((topic, result),) = bench.published
    assert (topic.name, topic.qos, topic.kind) == ("cmd/mute/result", 1, "moment")
    assert (result.command, result.ok, result.id) == ("mute", True, "7")


def test_commands_are_obeyed_in_order() -> None:
    """Muted and unmuted at once is unmuted."""
    bench = Bench()
    bench.send("mute", b"ON")
    bench.send("mute", b"OFF")
    bench.obey()
    assert [given for _, given in bench.obedient.obeyed] == [Mute(muted=True), Mute(muted=False)]


def test_malformed_command_is_refused_with_its_id() -> None:
    """What was wrong, and to whom it is said."""
    bench = Bench()
    bench.send("mute", b'{"muted": 5, "id": "7"}')
    bench.obey()
    ((topic, result),) = bench.published
    assert (topic.name, result.ok, result.id) == ("cmd/mute/result", False, "7")
    assert result.message.endswith('expected ON, OFF or {"muted": true}')


def test_oversized_command_is_cut_and_refused() -> None:
    """A payload of megabytes is not even held."""
    bench = Bench()
    bench.send("mute", b" " * 5_000_000 + b"ON")
    assert len(bench.commands._inbox[0][1]) == MAX_BYTES + 1  # noqa: SLF001 -- it is memory that is asked about
    bench.obey()
    assert bench.answers() == [
        ("cmd/mute/result", False, 'the payload has more than 1000 bytes, expected ON, OFF or {"muted": true}')
    ]


@pytest.mark.parametrize(
    "name",
    ["", "reboot", "unknown", "result", "Mute", "mute ", "💥", "\u202emute", "mu\nte", "x" * 60_000, "$SYS", "<name>"],
)
def test_hostile_name_never_becomes_a_topic(name: str) -> None:
    """Whatever the name, the answer is on the one topic for all that are none, short and on one line."""
    bench = Bench()
    bench.send(name, b"ON")
    bench.obey()
    ((topic, result),) = bench.published
    assert topic.name == "cmd/unknown/result"
    assert (result.command, result.ok) == ("unknown", False)
    assert len(result.message) < 250
    assert result.message.isprintable()
    assert json.loads(encoded(result))["message"] == result.message


@pytest.mark.parametrize("topic", ["edged/lab/cmd/mute/result", "edged/lab/cmd/unknown/result", "edged/lab/cmd/a/b"])
def test_answers_are_no_commands(topic: str) -> None:
    """Neither our own answers nor what lies deeper is looked at, should another filter bring it."""
    bench = Bench()
    bench.commands.received(Received(topic, b"{}", retained=False))
    bench.commands.received(Received("homeassistant/status", b"online", retained=False))
    bench.obey()
    assert bench.answers() == []


def test_retained_commands_are_ignored(caplog: pytest.LogCaptureFixture) -> None:
    """They would be obeyed again at each connection; that they are not is said once."""
    bench = Bench()
    for _ in range(3):
        bench.send("restart", b"PRESS", retained=True)
        bench.obey()
    assert bench.obedient.obeyed == []
    assert bench.answers() == []
    assert len([line for line in caplog.messages if "retained" in line]) == 1


def test_read_only_obeys_what_changes_nothing() -> None:
    """Every other command is refused with the key that says so."""
    bench = Bench("read-only")
    for name in FORMS:
        bench.now_s += 10
        bench.send(name, b"")
        bench.obey()
    assert sorted(name for name, _ in bench.obedient.obeyed) == sorted(READ_ONLY)
    refused = [message for _, ok, message in bench.answers() if not ok]
    assert len(refused) == len(FORMS) - 2
    assert set(refused) == {"mqtt.commands is read-only, expected identify or snapshot"}


def test_off_does_not_even_listen() -> None:
    """Nothing is subscribed to, and what comes all the same is dropped."""
    bench = Bench("off")
    assert bench.commands.filters == ()
    bench.send("mute", b"ON")
    bench.obey()
    assert (bench.obedient.obeyed, bench.answers()) == ([], [])


def test_filter_is_one_level() -> None:
    """It matches commands and no results."""
    assert Commands(Mqtt(root="home/edged"), "lab").filters == ("home/edged/lab/cmd/+",)


def test_flood_is_answered_within_bounds(caplog: pytest.LogCaptureFixture) -> None:
    """A hundred a second for ten seconds: ten and one a second obeyed, five and one a second refused in words."""
    caplog.set_level(logging.WARNING)
    bench = Bench()
    for _ in range(20):  # half seconds
        for _ in range(50):
            bench.send("snapshot")
        bench.obey()
        bench.now_s += 0.5
    answers = bench.answers()
    obeyed = [answer for answer in answers if answer[1]]
    refused = [message for _, ok, message in answers if not ok]
    assert len(obeyed) == len(bench.obedient.obeyed) == 19
    assert len(refused) == 14
    assert refused[0] == "too many commands, expected at most 1 a second after 10"
    unanswered = [int(message.split("; ")[1].split()[0]) for message in refused if "; " in message]
    bench.now_s += 60
    bench.send("nonsense")
    bench.obey()
    ((_, _, last),) = bench.answers()
    unanswered.append(int(last.split("; ")[1].split()[0]))
    assert sum(unanswered) + len(refused) + len(obeyed) == 1000
    assert len([line for line in caplog.messages if line.startswith("commands refused: ")]) == 2


def test_inbox_is_bounded() -> None:
    """While the pipeline is busy a thousand commands come: the first 64 wait, all are counted."""
    bench = Bench()
    for _ in range(1000):
        bench.send("snapshot")
    assert len(bench.commands._inbox) == 64  # noqa: SLF001 -- it is memory that is asked about
    bench.obey()
    assert len(bench.obedient.obeyed) == 10
    bench.now_s += 60
    bench.send("nonsense")
    bench.obey()
    assert bench.answers()[-1][2].endswith(f"; {1000 - 10 - 5} more were refused without an answer")


def test_restart_is_refused_in_the_first_minute() -> None:
    """One that comes again after each start must not keep the device from its work."""
    bench = Bench()
    bench.now_s += 59
    bench.send("restart")
    bench.obey()
    bench.now_s += 1
    bench.send("restart", b'{"id": "a"}')
    bench.obey()
    answers = bench.answers()
    assert answers[0] == ("cmd/restart/result", False, "the daemon started less than 60 s ago, try again in 1 s")
    assert answers[1][1]


def test_bucket_refills_to_its_brim() -> None:
    """Burst at once, then one for each time unit, and never more than the burst."""
    now_s = 0.0
    bucket = Bucket(3, 0.5, lambda: now_s)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now_s = 2.0
    assert [bucket.take(), bucket.take()] == [True, False]
    now_s = 1000.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
