"""The service reloaded, hung, killed, restarted or stopped: what systemd does, and what it does not."""

import time

import pytest

from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, wait_until  # noqa: F401 -- a fixture
from tests.parts.sound.pulse import VirtualMicrophone
from tests.parts.system.container import Container
from tests.parts.system.installed import CONFIG, UNIT, WATCHDOG_S, config, restart

pytestmark = pytest.mark.systemd

_FIRST_MINUTE_S = 62.0
_NAMED = "config read again: gate.margin_db 12.0 -> 20.0; needs a restart: node"
_REFUSED = (
    "config refused, the old one stays in force: /etc/edged/config.yaml: gate.margin_db is 'loud', expected a number"
)


@pytest.mark.parametrize(
    ("text", "line"),
    [(config(node="attic", gate="{margin_db: 20}"), _NAMED), (config(gate="{margin_db: loud}"), _REFUSED)],
    ids=["changed", "faulty"],
)
def test_reload(service: Container, text: str, line: str) -> None:
    """``systemctl reload`` keeps the process and logs in one line what needs a restart, or the fault."""
    restart(service, config())
    before = service.unit_property(UNIT, "MainPID")
    service.write(CONFIG, text)
    service.systemctl("reload", UNIT)
    wait_until(lambda: line in service.journal(UNIT), line)
    wait_until(lambda: service.unit_property(UNIT, "ActiveState") == "active", "active again")
    assert service.unit_property(UNIT, "MainPID") == before


def test_hung_pipeline_is_restarted_by_the_watchdog(service: Container) -> None:
    """A frozen process stops feeding the watchdog: systemd kills it and starts one that listens again."""
    restart(service, config())
    hung = service.unit_property(UNIT, "MainPID")
    service.systemctl("kill", "--signal=STOP", UNIT)
    wait_until(lambda: service.unit_property(UNIT, "MainPID") not in {hung, "0"}, "another process")
    wait_until(lambda: service.unit_property(UNIT, "StatusText").startswith("Listening"), "it listens")
    assert int(service.unit_property(UNIT, "NRestarts")) == 1
    assert "watchdog" in service.journal(UNIT).lower()


def test_fed_watchdog_leaves_a_working_pipeline_alone(service: Container) -> None:
    """A working pipeline runs longer than the watchdog's time without a restart."""
    restart(service, config(health_s="5"))
    before = service.unit_property(UNIT, "MainPID")
    began_s = time.monotonic()
    wait_until(lambda: time.monotonic() - began_s > 2.5 * WATCHDOG_S, "two and a half times the watchdog's time")
    assert service.unit_property(UNIT, "MainPID") == before
    assert " windows, " in service.unit_property(UNIT, "StatusText")


def test_wrong_config_is_not_tried_again(service: Container) -> None:
    """Status 78 leaves the unit failed, with the fault in the log; with a corrected config it starts."""
    service.write(CONFIG, config(health_s="soon"))
    service.systemctl("restart", UNIT, check=False)
    assert service.unit_property(UNIT, "SubState") == "failed"
    assert service.unit_property(UNIT, "ExecMainStatus") == "78"
    assert service.unit_property(UNIT, "NRestarts") == "0"
    assert "health_s is 'soon', expected a whole number" in service.journal(UNIT)
    restart(service, config())
    assert service.unit_property(UNIT, "ActiveState") == "active"


def test_restart_by_command_is_a_fresh_process(
    service: Container,
    idle_mosquitto: Mosquitto,  # noqa: F811
) -> None:
    """Status 75 makes systemd start a new process that listens; in the first minute the command is refused."""
    idle_mosquitto.start()
    restart(service, config(node="lab", mqtt=f"{{host: 127.0.0.1, port: {idle_mosquitto.port}}}"))
    began_s = time.monotonic()
    before = service.unit_property(UNIT, "MainPID")
    with Commander(idle_mosquitto.port) as commander:
        wait_until(lambda: commander.received["capture"][-1:] == [b"online"], "it hears")
        refused = commander.give("restart")
        assert not refused.ok
        assert refused.message.startswith("the daemon started less than 60 s ago")
        wait_until(lambda: time.monotonic() - began_s > _FIRST_MINUTE_S, "its first minute is over", 90)
        assert service.unit_property(UNIT, "MainPID") == before
        commander.received.clear()
        assert commander.give("restart").message == "exits now, and systemd starts it again"
        wait_until(
            lambda: commander.received["availability"][-2:] == [b"offline", b"online"], "offline, then online", 60
        )
        wait_until(lambda: commander.received["capture"][-2:] == [b"offline", b"online"], "it hears again")
    assert service.unit_property(UNIT, "MainPID") not in {before, "0"}
    assert service.unit_property(UNIT, "NRestarts") == "1"
    assert service.unit_property(UNIT, "ActiveState") == "active"
    assert "status=75" in service.journal(UNIT)


def test_killed_daemon_is_started_again(service: Container) -> None:
    """systemd restarts the daemon after a SIGKILL, as from the kernel when memory is short."""
    restart(service, config())
    killed = service.unit_property(UNIT, "MainPID")
    service.systemctl("kill", "--signal=KILL", UNIT)
    wait_until(lambda: service.unit_property(UNIT, "MainPID") not in {killed, "0"}, "another process")
    wait_until(lambda: service.unit_property(UNIT, "ActiveState") == "active", "active")


def test_stop_takes_at_most_five_seconds_with_broker_and_microphone_hung(
    service: Container,
    idle_mosquitto: Mosquitto,  # noqa: F811
    microphone: VirtualMicrophone,
) -> None:
    """SIGTERM ends the daemon in time although broker and microphone hang."""
    idle_mosquitto.start()
    restart(service, config(mqtt=f"{{host: 127.0.0.1, port: {idle_mosquitto.port}}}"))
    wait_until(lambda: ": connected" in service.journal(UNIT).rpartition("Starting")[2], "connected")
    idle_mosquitto.pause()
    microphone.freeze()
    try:
        began_s = time.monotonic()
        service.systemctl("stop", UNIT)
        assert time.monotonic() - began_s < 6
    finally:
        microphone.thaw()
    assert service.unit_property(UNIT, "SubState") in {"dead", "failed"}
