"""Commands: executed in order, refused beyond the rate limit, whoever sends them; with a fake clock."""

import json
import logging
from typing import TYPE_CHECKING

import pytest

from edged.config.load import parse_config
from edged.config.structs import Mqtt
from edged.contract.commands import FORMS, MAX_BYTES, READ_ONLY, Arguments, Mute
from edged.contract.device import Result
from edged.contract.fields import rfc3339
from edged.contract.payloads import encoded
from edged.contract.topics import Received
from edged.mqtt.commands import Bucket, Commands

if TYPE_CHECKING:
    from edged.contract.topics import Topic

BELOW = "edged/lab/cmd/"


class RecordingControl:
    """Records each command and reports success, or its fault."""

    def __init__(self) -> None:
        self.obeyed: list[tuple[str, Arguments]] = []
        self.fault = ""

    def obey(self, name: str, arguments: Arguments) -> Result:
        """Record the command."""
        self.obeyed.append((name, arguments))
        return Result(time=rfc3339(0), command=name, ok=not self.fault, message=self.fault or "done")


class Bench:
    """Commands with a fake clock, and their published results."""

    def __init__(self, mode: str = "on") -> None:
        mqtt = parse_config(f"mqtt: {{commands: {mode}}}", "test").mqtt
        self.now_s = 1000.0
        self.control = RecordingControl()
        self.published: list[tuple[Topic, Result]] = []
        self.commands = Commands(mqtt, "lab", clock=lambda: self.now_s)

    def send(self, name: str, payload: bytes = b"", *, retained: bool = False) -> None:
        """Deliver a message as paho's thread does."""
        self.commands.received(Received(BELOW + name, payload, retained))

    def obey(self) -> None:
        """Execute commands as the pipeline does between two reads."""
        self.published += self.commands.results(self.control.obey)

    def results(self) -> list[tuple[str, bool, str]]:
        """Topic, ok and message of the results since the last call."""
        results = [(topic.name, result.ok, result.message) for topic, result in self.published]
        self.published.clear()
        return results


def test_command_is_obeyed_in_the_next_tick() -> None:
    """The receiving thread executes nothing; the result has the command's id, QoS 1, and is not retained."""
    bench = Bench()
    bench.send("mute", b'{"muted": true, "id": "7"}')
    assert bench.control.obeyed == []
    bench.obey()
    assert bench.control.obeyed == [("mute", Mute(muted=True, id="7"))]
    ((topic, result),) = bench.published
    assert (topic.name, topic.qos, topic.kind) == ("cmd/mute/result", 1, "moment")
    assert (result.command, result.ok, result.id) == ("mute", True, "7")


def test_commands_are_obeyed_in_order() -> None:
    """Mute, then unmute in one go leaves the device unmuted."""
    bench = Bench()
    bench.send("mute", b"ON")
    bench.send("mute", b"OFF")
    bench.obey()
    assert [arguments for _, arguments in bench.control.obeyed] == [Mute(muted=True), Mute(muted=False)]


def test_malformed_command_is_refused_with_its_id() -> None:
    """The result has the fault and the id."""
    bench = Bench()
    bench.send("mute", b'{"muted": 5, "id": "7"}')
    bench.obey()
    ((topic, result),) = bench.published
    assert (topic.name, result.ok, result.id) == ("cmd/mute/result", False, "7")
    assert result.message.endswith('expected ON, OFF or {"muted": true}')


def test_oversized_command_is_cut_and_refused() -> None:
    """A payload of megabytes is not stored."""
    bench = Bench()
    bench.send("mute", b" " * 5_000_000 + b"ON")
    assert len(bench.commands._inbox[0][1]) == MAX_BYTES + 1  # noqa: SLF001 -- this is about memory
    bench.obey()
    assert bench.results() == [
        ("cmd/mute/result", False, 'the payload has more than 1000 bytes, expected ON, OFF or {"muted": true}')
    ]


@pytest.mark.parametrize(
    "name",
    ["", "reboot", "unknown", "result", "Mute", "mute ", "💥", "\u202emute", "mu\nte", "x" * 60_000, "$SYS", "<name>"],
)
def test_hostile_name_never_becomes_a_topic(name: str) -> None:
    """Results for unknown names, of any content, go to one topic as one short line."""
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
def test_results_are_no_commands(topic: str) -> None:
    """Results and deeper topics are ignored, even if another filter delivers them."""
    bench = Bench()
    bench.commands.received(Received(topic, b"{}", retained=False))
    bench.commands.received(Received("homeassistant/status", b"online", retained=False))
    bench.obey()
    assert bench.results() == []


def test_retained_commands_are_ignored(caplog: pytest.LogCaptureFixture) -> None:
    """Retained commands would repeat at each connection; one log line says that they are ignored."""
    bench = Bench()
    for _ in range(3):
        bench.send("restart", b"PRESS", retained=True)
        bench.obey()
    assert bench.control.obeyed == []
    assert bench.results() == []
    assert len([line for line in caplog.messages if "retained" in line]) == 1


def test_read_only_obeys_what_changes_nothing() -> None:
    """Every other command is refused with the config key that forbids it."""
    bench = Bench("read-only")
    for name in FORMS:
        bench.now_s += 10
        bench.send(name, b"")
        bench.obey()
    assert sorted(name for name, _ in bench.control.obeyed) == sorted(READ_ONLY)
    refused = [message for _, ok, message in bench.results() if not ok]
    assert len(refused) == len(FORMS) - 2
    assert set(refused) == {"mqtt.commands is read-only, expected identify or snapshot"}


def test_off_does_not_even_listen() -> None:
    """Nothing is subscribed, and messages that arrive anyway are dropped."""
    bench = Bench("off")
    assert bench.commands.filters == ()
    bench.send("mute", b"ON")
    bench.obey()
    assert (bench.control.obeyed, bench.results()) == ([], [])


def test_filter_is_one_level() -> None:
    """The filter matches commands, but not results."""
    assert Commands(Mqtt(root="home/edged"), "lab").filters == ("home/edged/lab/cmd/+",)


def test_flood_gets_bounded_results(caplog: pytest.LogCaptureFixture) -> None:
    """A hundred a second for ten seconds: ten plus one a second succeed, five plus one a second get a refusal."""
    caplog.set_level(logging.WARNING)
    bench = Bench()
    for _ in range(20):  # half seconds
        for _ in range(50):
            bench.send("snapshot")
        bench.obey()
        bench.now_s += 0.5
    results = bench.results()
    obeyed = [answer for answer in results if answer[1]]
    refused = [message for _, ok, message in results if not ok]
    assert len(obeyed) == len(bench.control.obeyed) == 19
    assert len(refused) == 14
    assert refused[0] == "too many commands, expected at most 1 a second after 10"
    unanswered = [int(message.split("; ")[1].split()[0]) for message in refused if "; " in message]
    bench.now_s += 60
    bench.send("nonsense")
    bench.obey()
    ((_, _, last),) = bench.results()
    unanswered.append(int(last.split("; ")[1].split()[0]))
    assert sum(unanswered) + len(refused) + len(obeyed) == 1000
    lines = [line for line in caplog.messages if ": command refused: too many commands, expected" in line]
    counts = [int(line.split()[2]) for line in caplog.messages if line.startswith("commands refused: ")]
    assert (len(lines), len(counts)) == (5, 1)
    assert sum(counts) + len(lines) + len(obeyed) == 1000


def test_inbox_is_bounded() -> None:
    """Of a thousand commands during a busy pipeline the first 64 wait, and all are counted."""
    bench = Bench()
    for _ in range(1000):
        bench.send("snapshot")
    assert len(bench.commands._inbox) == 64  # noqa: SLF001 -- this is about memory
    bench.obey()
    assert len(bench.control.obeyed) == 10
    bench.now_s += 60
    bench.send("nonsense")
    bench.obey()
    assert bench.results()[-1][2].endswith(f"; {1000 - 10 - 5} more were refused without an answer")


def test_restart_is_refused_in_the_first_minute() -> None:
    """A restart command repeated at each start must not keep the device from working."""
    bench = Bench()
    bench.now_s += 59
    bench.send("restart")
    bench.obey()
    bench.now_s += 1
    bench.send("restart", b'{"id": "a"}')
    bench.obey()
    results = bench.results()
    assert results[0] == ("cmd/restart/result", False, "the daemon started less than 60 s ago, try again in 1 s")
    assert results[1][1]


def test_bucket_refills_to_its_brim() -> None:
    """A burst, then one per time unit, and never more than the burst."""
    now_s = 0.0
    bucket = Bucket(3, 0.5, lambda: now_s)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now_s = 2.0
    assert [bucket.take(), bucket.take()] == [True, False]
    now_s = 1000.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_command_wakes_the_pipeline() -> None:
    """Once for each command that waits; a retained one and a foreign topic wake nobody."""
    commands, woken = Commands(parse_config("mqtt: {commands: on}", "test").mqtt, "lab"), []
    commands.on_received = lambda: woken.append(1)
    commands.received(Received(f"{BELOW}mute", b'{"on": true}', retained=False))
    commands.received(Received(f"{BELOW}mute", b'{"on": true}', retained=True))
    commands.received(Received("edged/other/cmd/mute", b"", retained=False))
    assert woken == [1]
